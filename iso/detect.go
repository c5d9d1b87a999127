package iso

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
)

// maxDescription is as much of a file as Detect reads, in bytes. Such files have
// a few lines.
const maxDescription = 256 << 10

// System is what an image installs, as it says itself. Only Family is always
// known.
type System struct {
	// Family is a name that RecipeFor may know.
	Family string `json:"family"`
	// Product is the vendor's name, such as "Rocky Linux".
	Product string `json:"product,omitempty"`
	// Version is the vendor's, such as "9.4" or "8.0.2-0.0.22380479".
	Version string `json:"version,omitempty"`
	// Architecture is the processor's as uname prints it, such as "x86_64".
	Architecture string `json:"architecture,omitempty"`
}

// Detect tells the OS family and version by the files that vendors put on their
// images for this purpose, and by how Windows' and ESXi's images are made. The
// error wraps ErrUnknownFamily if nothing of the kind is there.
func (b *Base) Detect() (System, error) {
	d := detector{base: b}
	for _, probe := range []func(*detector) (System, bool){
		(*detector).coreOS, (*detector).flatcar, (*detector).esxi,
		(*detector).treeInfo, (*detector).suseMedia, (*detector).agama,
		(*detector).diskInfo, (*detector).discInfo, (*detector).windows,
	} {
		system, ok := probe(&d)
		if d.err != nil {
			return System{}, fmt.Errorf("detect system of image %q: %w", b.info.Label, d.err)
		}
		if ok {
			system.Architecture = unameArchitecture(system.Architecture)
			return system, nil
		}
	}
	return System{}, fmt.Errorf("detect system of image %q: %w: there is no .treeinfo or .discinfo (RHEL, Fedora), .disk/info (Debian, Ubuntu), "+
		"media.1/media or LiveOS (SUSE), boot.cfg (ESXi), coreos or flatcar directory, and no UDF with Windows' setup: name the family", b.info.Label, ErrUnknownFamily)
}

// detector reads descriptions and remembers the first failure to.
type detector struct {
	base *Base
	err  error
}

// text returns the content of a file, "" if there is none that can be opened.
func (d *detector) text(name string) string {
	content, err := d.base.Open(name)
	if err != nil {
		if errors.Is(err, ErrTruncated) && d.err == nil {
			d.err = err
		}
		return ""
	}
	raw, err := io.ReadAll(io.LimitReader(content, maxDescription))
	if err != nil && d.err == nil {
		d.err = fmt.Errorf("read %s: %w", name, err)
	}
	return strings.ToValidUTF8(string(raw), "?")
}

func (d *detector) has(name string) bool {
	parts, err := splitPath(name)
	if err != nil {
		return false
	}
	_, _, err = d.base.lookup(parts)
	return err == nil
}

// coreOS finds Fedora CoreOS and its kin by the area for Ignition. They say their
// version in the volume's label alone.
func (d *detector) coreOS() (System, bool) {
	if !d.has("coreos/igninfo.json") && !d.has("images/ignition.img") {
		return System{}, false
	}
	system := System{Family: "coreos", Product: "Fedora CoreOS", Architecture: d.efiArchitecture()}
	name, version, _ := strings.Cut(d.base.info.Label, "-coreos-")
	if version == "" {
		name, version, _ = strings.Cut(d.base.info.Label, "-")
	}
	if name != "fedora" {
		system.Product = name
	}
	system.Version = version
	return system, true
}

func (d *detector) flatcar() (System, bool) {
	system := System{Family: "flatcar", Product: "Flatcar Container Linux", Architecture: d.efiArchitecture()}
	return system, d.has("flatcar/vmlinuz")
}

// esxi reads the loader's configuration, which every ESXi installer has in its
// root directory.
func (d *detector) esxi() (System, bool) {
	config := ParseBootCfg([]byte(d.text("boot.cfg")))
	if !strings.Contains(config.Get("title"), "ESXi") && !strings.Contains(config.Get("kernelopt"), "runweasel") {
		return System{}, false
	}
	return System{Family: "esxi", Product: "VMware ESXi", Version: config.Get("build"), Architecture: d.efiArchitecture()}, true
}

// efiArchitecture tells the processor by the loader that UEFI starts.
func (d *detector) efiArchitecture() string {
	if d.has("EFI/BOOT/BOOTAA64.EFI") || d.has("EFI/BOOT/grubaa64.efi") {
		return "aarch64"
	}
	return "x86_64"
}

// treeInfo reads the description that Anaconda's images have, and SUSE's too.
func (d *detector) treeInfo() (System, bool) {
	info := parseINI(d.text(".treeinfo"))
	first := func(keys ...string) string {
		for _, key := range keys {
			if info[key] != "" {
				return info[key]
			}
		}
		return ""
	}
	system := System{
		Product:      first("release.name", "general.family"),
		Version:      first("release.version", "general.version"),
		Architecture: first("tree.arch", "general.arch"),
	}
	switch {
	case strings.Contains(strings.ToUpper(system.Product), "SUSE"):
		system.Family = "suse"
	case d.has("images/pxeboot/vmlinuz"):
		system.Family = "rhel"
	}
	return system, system.Product != "" && system.Family != ""
}

// discInfo reads Anaconda's older description: a time, the product with its
// version, the architecture, each on a line.
func (d *detector) discInfo() (System, bool) {
	lines := strings.Split(d.text(".discinfo"), "\n")
	if len(lines) < 3 || !d.has("images/pxeboot/vmlinuz") {
		return System{}, false
	}
	system := System{Family: "rhel", Architecture: strings.TrimSpace(lines[2])}
	system.Product, system.Version = cutVersion(strings.TrimSpace(lines[1]))
	return system, true
}

var trailingVersion = regexp.MustCompile(`^(.*?)\s*([0-9][0-9.]*)$`)

func cutVersion(text string) (product, version string) {
	if match := trailingVersion.FindStringSubmatch(text); match != nil {
		return match[1], match[2]
	}
	return text, ""
}

// Descriptions of other vendors' media.
var (
	// suseMedium is such as "SUSE - SLE-15-SP6-Full-x86_64-Build53.3-Media" or
	// "openSUSE - openSUSE-Leap-15.6-DVD-x86_64-Build709.1-Media".
	suseMedium = regexp.MustCompile(`\b(SLES?|SLED|openSUSE-Leap|Leap)-(?:SERVER-)?([0-9]+(?:\.[0-9]+)?(?:-SP[0-9]+)?)-.*?\b(x86_64|aarch64|ppc64le|s390x)\b`)
	// agamaLabel is such as "agama" or "SLES-16.0-Online-x86_64".
	agamaLabel = regexp.MustCompile(`(?i)(agama|SLE[SD]?|Leap|openSUSE)`)
	anyVersion = regexp.MustCompile(`[0-9]+\.[0-9]+`)
	// debianDisk is such as `Ubuntu-Server 24.04.1 LTS "Noble Numbat" - Release
	// amd64 (20240827)`.
	debianDisk = regexp.MustCompile(`^(Ubuntu|Debian)[^ ]*(?: GNU/Linux)? ([^ ]+).*\b(amd64|arm64|i386|ppc64el|riscv64|s390x)\b`)
)

var suseProducts = map[string]string{
	"SLE": "SUSE Linux Enterprise", "SLES": "SUSE Linux Enterprise Server", "SLED": "SUSE Linux Enterprise Desktop",
	"Leap": "openSUSE Leap", "openSUSE-Leap": "openSUSE Leap",
}

func (d *detector) suseMedia() (System, bool) {
	match := suseMedium.FindStringSubmatch(d.text("media.1/media"))
	if match == nil {
		return System{}, false
	}
	return System{Family: "suse", Product: suseProducts[match[1]], Version: match[2], Architecture: match[3]}, true
}

// agama finds SUSE's installer from version 16 on: a live system, whose label
// names the product.
func (d *detector) agama() (System, bool) {
	label := d.base.info.Label
	for _, architecture := range []string{"x86_64", "aarch64"} {
		if !d.has("LiveOS/squashfs.img") || !d.has(path.Join("boot", architecture, "loader/linux")) || !agamaLabel.MatchString(label) {
			continue
		}
		product := "SUSE Linux Enterprise"
		if lower := strings.ToLower(label); strings.Contains(lower, "leap") || strings.Contains(lower, "opensuse") {
			product = "openSUSE"
		}
		return System{Family: "agama", Product: product, Version: anyVersion.FindString(label), Architecture: architecture}, true
	}
	return System{}, false
}

func (d *detector) diskInfo() (System, bool) {
	match := debianDisk.FindStringSubmatch(d.text(".disk/info"))
	if match == nil {
		return System{}, false
	}
	system := System{Family: strings.ToLower(match[1]), Product: match[1], Version: match[2], Architecture: match[3]}
	if system.Family == "debian" {
		system.Product = "Debian GNU/Linux"
	}
	return system, true
}

// windows finds Microsoft's images, whose files are on UDF alone, and those that
// other tools have made anew.
func (d *detector) windows() (System, bool) {
	hidden := d.base.info.UDF && d.has("README.TXT") && len(d.base.trees[0].root.entries) == 1
	if !hidden && !d.has("sources/boot.wim") {
		return System{}, false
	}
	system := System{Family: "windows", Product: "Microsoft Windows", Architecture: "x86_64"}
	if strings.Contains(d.base.info.Label, "A64") {
		system.Architecture = "aarch64"
	}
	return system, true
}

// parseINI reads lines of key = value as "section.key", in lower case.
func parseINI(text string) map[string]string {
	values, section := make(map[string]string), ""
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			section = strings.ToLower(line[1 : len(line)-1])
			continue
		}
		if key, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, ";") && !strings.HasPrefix(line, "#") {
			values[section+"."+strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
		}
	}
	return values
}

// unameArchitecture translates the names that Debian and Microsoft use.
func unameArchitecture(name string) string {
	names := map[string]string{"amd64": "x86_64", "arm64": "aarch64", "ppc64el": "ppc64le"}
	if uname, ok := names[name]; ok {
		return uname
	}
	return name
}
