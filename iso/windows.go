package iso

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode/utf16"
)

// windows is the answer file of Windows' setup, which looks for it on other media
// than its own: on a second one, made by [Author], for a reader of UDF does not
// see what an overlay adds. The image itself is made to boot without "Press any
// key", by UEFI alone.
func windows() Recipe {
	return Recipe{
		Label:      "UNATTEND",
		SeedBeside: true,
		files:      map[string]string{"Autounattend.xml": "windows.autounattend.xml", "rackflow.cmd": "windows.cmd"},
		pack:       func(map[string][]byte) (map[string][]byte, error) { return nil, nil },
		finish:     func(e *Editor, _ form) error { return skipPrompt(e) },
		refuses: []string{
			"rootPasswordHash", "sshKeys", "disk", "partitions", "timezone", "keyboard", "bonds", "proxy", "source",
			"repositories", "packages", "kvm", "services", "remoteLogging", "kernelArgs",
		},
		clearPasswords: true,
		check:          checkWindows,
	}
}

// promptlessLoader is the boot image that Microsoft puts beside the one that waits
// for a key.
const promptlessLoader = "efi/microsoft/boot/efisys_noprompt.bin"

// skipPrompt has UEFI start the loader that does not wait for a key.
func skipPrompt(e *Editor) error {
	content, err := e.base.Open(promptlessLoader)
	if errors.Is(err, fs.ErrNotExist) && e.base.info.UDF {
		var u *udf
		if u, err = openUDF(e.base.img); err == nil {
			content, err = u.open(promptlessLoader)
		}
	}
	if err != nil {
		return fmt.Errorf("boot without a key press: %w: take Microsoft's own installation image", err)
	}
	if content.Size() > maxPatched {
		return fmt.Errorf("boot without a key press: the loader has %d bytes, at most %d are accepted", content.Size(), maxPatched)
	}
	loader := make([]byte, content.Size())
	if _, err := io.ReadFull(content, loader); err != nil {
		return fmt.Errorf("boot without a key press: read the loader: %w", err)
	}
	return e.SetBootImage(PlatformUEFI, loader)
}

func checkWindows(a Answers) error {
	const longest = 15 // NetBIOS
	var p problems
	if name, _, _ := strings.Cut(a.Hostname, "."); len(name) > longest {
		p.add("hostname", fmt.Sprintf("%d characters before the first dot: Windows takes %d", len(name), longest))
	}
	if a.RootPassword == "" {
		p.add("rootPassword", "missing: Windows' setup takes the Administrator's in clear only")
	}
	if a.Windows == nil || a.Windows.Image == "" {
		p.add("windows.image", "missing: name the edition as the medium does, such as Windows Server 2022 SERVERSTANDARD")
	}
	if a.Windows == nil || a.Windows.DiskNumber == nil {
		p.add("windows.diskNumber", "missing: the number of the disk to erase and install on, as Windows' setup counts them")
	}
	if w := a.Windows; w != nil && w.DomainUser != "" && (w.DomainPassword == "" || a.Domain == "") {
		p.add("windows.domainUser", "joining a domain needs domain and windows.domainPassword too")
	}
	for _, user := range a.Users {
		if user.PasswordHash != "" || len(user.SSHKeys) > 0 || user.UID != 0 {
			p.add("users", "Windows takes a name, a clear password and sudo, which makes an administrator: leave out hashes, keys and uids")
		}
	}
	for _, n := range a.withDefaults().Networks {
		if n.MAC == "" || n.VLAN != 0 {
			p.add("networks", "Windows' setup knows interfaces by mac, without VLANs")
		}
	}
	return errors.Join(p...)
}

// WindowsPassword is a password as setup takes it where it should not be read at
// a glance: behind it stands the name of the element it is in.
func (form) WindowsPassword(password, element string) string {
	var raw []byte
	for _, unit := range utf16.Encode([]rune(password + element)) {
		raw = binary.LittleEndian.AppendUint16(raw, unit)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// WindowsLocale is Locale as a language tag.
func (f form) WindowsLocale() string {
	name, _, _ := strings.Cut(f.Locale, ".")
	if name == "C" {
		return "en-US"
	}
	return strings.ReplaceAll(name, "_", "-")
}

// windowsInterface is a network as setup takes it.
type windowsInterface struct {
	ID        string // the MAC address, with hyphens
	Static    bool
	Addresses []string
	Routes    []windowsRoute
	DNS       []string
}

type windowsRoute struct{ Prefix, Gateway string }

// WindowsInterfaces are the networks.
func (f form) WindowsInterfaces() []windowsInterface {
	var found []windowsInterface
	for _, n := range f.Networks {
		i := windowsInterface{ID: strings.ToUpper(strings.ReplaceAll(n.MAC, ":", "-")), Static: n.Static(), Addresses: n.texts(), DNS: n.DNS}
		if gateway := n.gateway(true); gateway != "" {
			i.Routes = append(i.Routes, windowsRoute{"0.0.0.0/0", gateway})
		}
		if gateway := n.gateway(false); gateway != "" {
			i.Routes = append(i.Routes, windowsRoute{"::/0", gateway})
		}
		found = append(found, i)
	}
	return found
}

// WindowsCall is a line of a batch file that posts a callback. Windows has curl
// since Server 2019.
func (form) WindowsCall(url string, percent int, message string) (string, error) {
	body, err := callbackBody(percent, message)
	if err != nil {
		return "", err
	}
	p := stubborn
	return fmt.Sprintf(`curl.exe -f -s -S --retry %d --retry-connrefused --retry-delay %d --max-time %d -X POST -H "Content-Type: application/json" -d "%s" "%s"`,
		p.retries, p.delay, p.perAttempt, batchText(strings.ReplaceAll(body, `"`, `\"`)), batchText(url)), nil
}

// batchText keeps a batch file from taking a percent sign for a variable.
func batchText(text string) string { return strings.ReplaceAll(text, "%", "%%") }
