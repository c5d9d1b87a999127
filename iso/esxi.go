package iso

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
)

// esxi is the kickstart of ESXi's installer, which reads it from the CD it was
// started from. The path is in upper case, as its reader of ISO 9660 knows no
// other names.
func esxi() Recipe {
	return Recipe{
		Reboots: true,
		files:   map[string]string{"KS.CFG": "esxi.ks.cfg"},
		boot:    boot{args: esxiArgs},
		// Its time is UTC and its language English; packages come as VIBs, by commands.
		refuses: []string{
			"users", "partitions", "timezone", "locale", "bonds", "proxy", "source", "repositories", "packages", "kvm", "services",
		},
		needsDisk: true,
		check:     checkESXi,
	}
}

// esxiArgs keeps what starts the installer, runweasel, and takes out the argument
// that has it look for nothing but a CD's own defaults.
func esxiArgs(form) KernelArgs {
	return KernelArgs{Remove: []string{"cdromBoot"}, Set: []string{"runweasel", "ks=cdrom:/KS.CFG"}}
}

// esxiDisks is where ESXi has its disks, by names such as naa.600….
const esxiDisks = "/dev/disks/"

func checkESXi(a Answers) error {
	var p problems
	if a.Disk.Serial != "" {
		p.add("disk.serial", "ESXi's installer does not know disks by it: give wwn, volume or model")
	}
	if a.Disk.Path != "" && !strings.HasPrefix(a.Disk.Path, esxiDisks) {
		p.add("disk", "want wwn, volume or model, or ESXi's own name such as "+esxiDisks+"naa.600508b1001c0000")
	}
	networks := a.withDefaults().Networks
	if len(networks) > 1 {
		p.add("networks", "ESXi's installer configures one interface: make others with postInstall")
	}
	for _, n := range networks {
		if len(n.texts()) > 1 || len(n.prefixes(false)) > 0 {
			p.add("network.address", "ESXi's installer takes one IPv4 address: add others with postInstall")
		}
	}
	if !slices.Contains(esxiKeyboards, a.withDefaults().esxiKeyboard()) {
		p.add("keyboard", fmt.Sprintf("%q: ESXi knows us, uk, de, fr, es, it, jp, br and ru", a.Keyboard))
	}
	if a.RootPassword == "" && a.RootPasswordHash == "" {
		p.add("rootPassword", "missing: ESXi's root must have one")
	}
	if a.RootPasswordHash != "" && !strings.HasPrefix(a.RootPasswordHash, "$5$") && !strings.HasPrefix(a.RootPasswordHash, "$6$") {
		p.add("rootPasswordHash", "ESXi knows SHA-256 and SHA-512 alone: make it with openssl passwd -6")
	}
	return errors.Join(p...)
}

// esxiKeyboards are those layouts of ESXi that have a name in X too.
var esxiKeyboards = []string{
	"US Default", "United Kingdom", "German", "French", "Spanish", "Italian", "Japanese", "Brazilian", "Russian",
}

func (a Answers) esxiKeyboard() string {
	names := map[string]string{
		"us": "US Default", "uk": "United Kingdom", "gb": "United Kingdom", "de": "German", "fr": "French",
		"es": "Spanish", "it": "Italian", "jp": "Japanese", "br": "Brazilian", "ru": "Russian",
	}
	return names[a.Keyboard]
}

// ESXiKeyboard is the layout by ESXi's name.
func (f form) ESXiKeyboard() string { return f.esxiKeyboard() }

// ESXiDisk is the option of the install command that names the disk. A WWN
// without a prefix is one of a SCSI disk or volume.
func (f form) ESXiDisk() string {
	switch wwn := strings.ToLower(f.Disk.WWN + f.Disk.Volume); {
	case f.Disk.Model != "":
		return "--firstdisk=" + shellWord(f.Disk.Model)
	case f.Disk.Path != "":
		return "--disk=" + shellWord("/vmfs/devices/disks/"+strings.TrimPrefix(f.Disk.Path, esxiDisks))
	case strings.HasPrefix(wwn, "eui."):
		return "--disk=" + wwn
	default:
		return "--disk=naa." + strings.TrimPrefix(strings.TrimPrefix(wwn, "0x"), "naa.")
	}
}

// ESXiNetwork is the arguments of the network command.
func (f form) ESXiNetwork() string {
	args := []string{"--bootproto=dhcp"}
	if f.Network != nil {
		args = f.esxiNetwork(*f.Network)
	}
	return strings.Join(append(args, "--hostname="+shellWord(f.FQDN())), " ")
}

func (f form) esxiNetwork(n Network) []string {
	args := []string{"--device=" + shellWord(n.MAC+n.Device)}
	if n.VLAN != 0 {
		args = append(args, fmt.Sprintf("--vlanid=%d", n.VLAN))
	}
	four := n.prefixes(true)
	if len(four) == 0 {
		return append(args, "--bootproto=dhcp")
	}
	mask := net.IP(net.CIDRMask(four[0].Bits(), four[0].Addr().BitLen()))
	args = append(args, "--bootproto=static", "--ip="+four[0].Addr().String(), "--netmask="+mask.String())
	if gateway := n.gateway(true); gateway != "" {
		args = append(args, "--gateway="+gateway)
	}
	if len(n.DNS) > 0 {
		args = append(args, "--nameserver="+shellWord(strings.Join(n.DNS, ",")))
	}
	return args
}

// BriefPython and StubbornPython are scripts that post a callback: ESXi's
// installer has Python, but no curl.
func (form) BriefPython(url string, percent int, message string) (string, error) {
	return brief.python(url, percent, message)
}

// StubbornPython is for the outcome; see BriefPython.
func (form) StubbornPython(url string, percent int, message string) (string, error) {
	return stubborn.python(url, percent, message)
}

func (p patience) python(url string, percent int, message string) (string, error) {
	body, err := callbackBody(percent, message)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`import time, urllib.request
request = urllib.request.Request(%s, data=%s.encode(), headers={"Content-Type": "application/json"})
for attempt in range(%d):
    try:
        urllib.request.urlopen(request, timeout=%d).read()
        break
    except Exception:
        time.sleep(%d)
`, pythonString(url), pythonString(body), p.retries, p.perAttempt, p.delay), nil
}

// pythonString quotes text as a string of Python, in ASCII alone.
func pythonString(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range text {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			fmt.Fprintf(&out, `\U%08x`, r)
			continue
		}
		out.WriteRune(r)
	}
	out.WriteByte('"')
	return out.String()
}
