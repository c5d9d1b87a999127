package iso_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rackflow/rackflow/iso"
)

// awkwardPassword has all that XML, batch files, shells and Python could take for
// their own.
const awkwardPassword = `it's <&> "100%" \ $x`

// esxiAnswers use every field that ESXi's installer knows.
func esxiAnswers() iso.Answers {
	return iso.Answers{
		Hostname: "esx-07", Domain: "example.com", RootPasswordHash: testHash, SSHKeys: []string{testKey},
		Disk:     iso.Disk{Volume: "6001438012DB9F0000C0FFEE00A1B2C3"},
		Keyboard: "de",
		Network: &iso.Network{
			MAC: "00:11:22:aa:bb:cc", VLAN: 100, Address: "192.0.2.42/24", Gateway: "192.0.2.1", DNS: []string{"192.0.2.53", "192.0.2.54"},
		},
		NTP: []string{"ntp.example.com"}, RemoteLogging: "192.0.2.7", ProductKey: "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE",
		PostInstall: []string{"esxcli system settings advanced set -o /UserVars/SuppressShellWarning -i 1"},
		ESXi: &iso.ESXi{
			SSH: true, Shell: true,
			Switches: []iso.ESXiSwitch{{Name: "vSwitch1", Uplinks: []string{"vmnic2", "vmnic3"}, Failover: "iphash"}},
		},
	}
}

// windowsAnswers use every field that Windows' setup knows.
func windowsAnswers() iso.Answers {
	disk := 1
	return iso.Answers{
		Hostname: "WIN-07", Domain: "example.com", RootPassword: awkwardPassword, Locale: "de_DE.UTF-8",
		Users: []iso.User{{Name: "ops", Password: awkwardPassword, Sudo: true}, {Name: "guest", Password: "x"}},
		Network: &iso.Network{
			MAC: "00:11:22:aa:bb:cc", Address: "192.0.2.42/24", Addresses: []string{"2001:db8::42/64"},
			Gateway: "192.0.2.1", Gateway6: "fe80::1", DNS: []string{"192.0.2.53"},
		},
		Networks: []iso.Network{{MAC: "00:11:22:aa:bb:dd"}},
		NTP:      []string{"ntp1.example.com", "ntp2.example.com"}, ProductKey: "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE",
		PostInstall: []string{`powershell -Command "Install-WindowsFeature Hyper-V"`},
		Windows: &iso.Windows{
			Image: "Windows Server 2022 SERVERSTANDARD", DiskNumber: &disk, Organization: "A & B <Ltd>",
			DomainUser: "joiner", DomainPassword: awkwardPassword,
		},
	}
}

// suseAnswers use every field that SUSE's installers know.
func suseAnswers() iso.Answers {
	answers := rich()
	answers.KVM, answers.Source = false, ""
	answers.Disk = iso.Disk{Serial: "S3ZBNX0M123456"}
	answers.Packages = []string{"tmux", "@kvm_server"}
	answers.RemoteLogging = "192.0.2.7"
	answers.Partitions = []iso.Partition{{Mount: "/boot/efi", Size: 512, FS: "vfat"}, {Mount: "swap", Size: 4096}, {Mount: "/", FS: "xfs"}}
	return answers
}

func agamaAnswers() iso.Answers {
	answers := suseAnswers()
	answers.Partitions, answers.Proxy = nil, ""
	answers.Disk = iso.Disk{WWN: "naa.5000C500A1B2C3D4"}
	answers.Network = &iso.Network{MAC: "00:11:22:aa:bb:cc", Address: "192.0.2.42/24", Gateway: "192.0.2.1", DNS: []string{"192.0.2.53"}}
	answers.Networks, answers.Bonds = nil, nil
	return answers
}

// coreOSAnswers use every field that an image-based system has a place for.
func coreOSAnswers() iso.Answers {
	all := rich()
	return iso.Answers{
		Hostname: all.Hostname, Domain: all.Domain, RootPassword: all.RootPassword, SSHKeys: all.SSHKeys, Users: all.Users,
		Disk: all.Disk, Timezone: all.Timezone, Network: all.Network, Networks: all.Networks, Bonds: all.Bonds, DNS: all.DNS,
		PostInstall: all.PostInstall, KernelArgs: []string{"console=ttyS0"},
		CoreOS: &iso.CoreOS{Ignition: json.RawMessage(`{"ignition": {"version": "3.3.0"}}`)},
	}
}

func flatcarAnswers() iso.Answers {
	answers := coreOSAnswers()
	answers.KernelArgs = nil
	return answers
}

func minimalWindows() iso.Answers {
	disk := 0
	return iso.Answers{Hostname: "w", RootPassword: "x", Windows: &iso.Windows{Image: "Windows Server 2025 SERVERSTANDARD", DiskNumber: &disk}}
}

// TestFamilyGolden renders the families whose installers share little with the
// others'.
func TestFamilyGolden(t *testing.T) {
	t.Parallel()
	minimalESXi := iso.Answers{Hostname: "esx", RootPasswordHash: testHash, Disk: iso.Disk{Model: "BOSS"}}
	minimalLinux := minimal()
	minimalLinux.Disk = iso.Disk{Path: testDisk}
	leap := minimalLinux
	leap.SUSE = &iso.SUSE{Product: "Leap"}
	tests := map[string]struct {
		answers   iso.Answers
		callbacks iso.Callbacks
	}{
		"esxi/minimal":    {minimalESXi, iso.Callbacks{}},
		"esxi/full":       {esxiAnswers(), callbacks()},
		"windows/minimal": {minimalWindows(), iso.Callbacks{}},
		"windows/full":    {windowsAnswers(), callbacks()},
		"suse/minimal":    {minimalLinux, iso.Callbacks{}},
		"suse/leap":       {leap, callbacks()},
		"suse/full":       {suseAnswers(), callbacks()},
		"agama/minimal":   {minimalLinux, iso.Callbacks{}},
		"agama/full":      {agamaAnswers(), callbacks()},
		"coreos/minimal":  {minimalLinux, iso.Callbacks{}},
		"coreos/full":     {coreOSAnswers(), callbacks()},
		"flatcar/minimal": {minimalLinux, iso.Callbacks{}},
		"flatcar/full":    {flatcarAnswers(), callbacks()},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			family, _ := filepath.Split(name)
			files := render(t, strings.TrimSuffix(family, "/"), test.answers, test.callbacks)
			compareGolden(t, filepath.Join("testdata", name), files)
			for name, content := range files {
				checkSyntax(t, name, content)
			}
		})
	}
}

// checkSyntax reads an answer file as its installer does, as far as that can be
// done here.
func checkSyntax(t *testing.T, name, content string) {
	t.Helper()
	switch filepath.Ext(name) {
	case ".xml":
		checkXML(t, name, content)
	case ".ign", ".json":
		var document any
		if err := json.Unmarshal([]byte(content), &document); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		checkStrings(t, document)
	case ".CFG":
		checkPython(t, content)
	}
}

// checkXML also checks the scripts of a profile.
func checkXML(t *testing.T, name, content string) {
	t.Helper()
	element := ""
	for d := xml.NewDecoder(strings.NewReader(content)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			element = token.Name.Local
		case xml.CharData:
			if element == "source" {
				checkShell(t, string(token))
			}
			element = ""
		}
	}
}

// checkStrings looks for scripts in a document, and for files that hold such.
func checkStrings(t *testing.T, value any) {
	t.Helper()
	switch value := value.(type) {
	case map[string]any:
		for _, element := range value {
			checkStrings(t, element)
		}
	case []any:
		for _, element := range value {
			checkStrings(t, element)
		}
	case string:
		encoded, ok := strings.CutPrefix(value, "data:;base64,")
		if strings.HasPrefix(value, "#!/bin/sh") {
			checkShell(t, value)
		}
		if !ok {
			return
		}
		file, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			t.Fatal(err)
		}
		var document any
		switch {
		case json.Unmarshal(file, &document) == nil:
			checkStrings(t, document)
		case !bytes.HasPrefix(file, []byte("[")) && !bytes.Contains(file, []byte("ALL=(ALL)")): // neither keyfile nor sudoers
			checkShell(t, string(file))
		}
	}
}

func checkShell(t *testing.T, script string) {
	t.Helper()
	shell := exec.CommandContext(t.Context(), lookPath(t, "sh"), "-n")
	shell.Stdin = strings.NewReader(script)
	if out, err := shell.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, script)
	}
}

// checkPython compiles the scripts of a kickstart file that are in Python.
func checkPython(t *testing.T, kickstart string) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Log("python3 is not installed here: its scripts are not compiled")
		return
	}
	for _, section := range strings.Split(kickstart, "\n%")[1:] {
		head, script, _ := strings.Cut(section, "\n")
		if !strings.Contains(head, "--interpreter=python") {
			continue
		}
		compile := exec.CommandContext(t.Context(), python, "-c", "import sys; compile(sys.stdin.read(), 'script', 'exec')")
		compile.Stdin = strings.NewReader(script)
		if out, err := compile.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s\n%s", head, err, out, script)
		}
	}
}

func TestFamilyRefuses(t *testing.T) {
	t.Parallel()
	esxi := func(change func(*iso.Answers)) iso.Answers {
		answers := esxiAnswers()
		change(&answers)
		return answers
	}
	windows := func(change func(*iso.Answers)) iso.Answers {
		answers := windowsAnswers()
		change(&answers)
		return answers
	}
	tests := map[string]struct {
		family  string
		answers iso.Answers
		want    string
	}{
		"ESXi without a disk":     {"esxi", esxi(func(a *iso.Answers) { a.Disk = iso.Disk{} }), "disk: missing"},
		"ESXi by serial":          {"esxi", esxi(func(a *iso.Answers) { a.Disk = iso.Disk{Serial: "S1"} }), "disk.serial:"},
		"ESXi by Linux' name":     {"esxi", esxi(func(a *iso.Answers) { a.Disk = iso.Disk{Path: testDisk} }), "disk:"},
		"ESXi two networks":       {"esxi", esxi(func(a *iso.Answers) { a.Networks = []iso.Network{{MAC: "00:11:22:aa:bb:dd"}} }), "networks:"},
		"ESXi two addresses":      {"esxi", esxi(func(a *iso.Answers) { a.Network.Addresses = []string{"192.0.2.43/24"} }), "network.address:"},
		"ESXi IPv6":               {"esxi", esxi(func(a *iso.Answers) { a.Network = &iso.Network{MAC: "00:11:22:aa:bb:dd", Address: "2001:db8::1/64"} }), "network.address:"},
		"ESXi keyboard":           {"esxi", esxi(func(a *iso.Answers) { a.Keyboard = "fi" }), "keyboard:"},
		"ESXi without a password": {"esxi", esxi(func(a *iso.Answers) { a.RootPasswordHash = "" }), "rootPassword:"},
		"ESXi and yescrypt":       {"esxi", esxi(func(a *iso.Answers) { a.RootPasswordHash = "$y$j9T$0123456789012345678901" }), "rootPasswordHash:"},
		"ESXi and packages":       {"esxi", esxi(func(a *iso.Answers) { a.Packages = []string{"x"} }), "packages:"},
		"Windows long name":       {"windows", windows(func(a *iso.Answers) { a.Hostname = "a-name-of-sixteen" }), "hostname:"},
		"Windows and a hash":      {"windows", windows(func(a *iso.Answers) { a.RootPassword, a.RootPasswordHash = "", testHash }), "rootPassword:"},
		"Windows without image":   {"windows", windows(func(a *iso.Answers) { a.Windows.Image = "" }), "windows.image:"},
		"Windows without a disk":  {"windows", windows(func(a *iso.Answers) { a.Windows.DiskNumber = nil }), "windows.diskNumber:"},
		"Windows disk by name":    {"windows", windows(func(a *iso.Answers) { a.Disk = iso.Disk{Model: "BOSS"} }), "disk:"},
		"Windows half a join":     {"windows", windows(func(a *iso.Answers) { a.Domain = "" }), "windows.domainUser:"},
		"Windows and a user's id": {"windows", windows(func(a *iso.Answers) { a.Users[0].UID = 1000 }), "users:"},
		"Windows and a VLAN":      {"windows", windows(func(a *iso.Answers) { a.Network.VLAN = 7 }), "networks:"},
		"Agama by serial":         {"agama", suseAnswers(), "disk:"},
		"Agama and modules":       {"agama", func() iso.Answers { a := agamaAnswers(); a.SUSE = &iso.SUSE{Modules: []string{"x"}}; return a }(), "suse.modules:"},
		"CoreOS and packages":     {"coreos", suseAnswers(), "packages:"},
		"CoreOS and core's sudo":  {"coreos", func() iso.Answers { a := coreOSAnswers(); a.Users = []iso.User{{Name: "core", Sudo: true}}; return a }(), "users[0]:"},
		"Flatcar and arguments":   {"flatcar", coreOSAnswers(), "kernelArgs:"},
		"SUSE without a disk":     {"suse", minimal(), "disk: missing"},
		"SUSE and environments":   {"suse", func() iso.Answers { a := suseAnswers(); a.Packages = []string{"@^server"}; return a }(), "packages[0]:"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := iso.Customization{Family: test.family, Answers: test.answers}.Validate()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one with %s", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), awkwardPassword) {
				t.Errorf("the error shows a password: %v", err)
			}
		})
	}
}

// TestWindowsSeed is the second medium: both of its files are there by their names
// for Windows.
func TestWindowsSeed(t *testing.T) {
	t.Parallel()
	c := iso.Customization{Family: "windows", Answers: windowsAnswers(), Callbacks: callbacks()}
	seed, err := c.Seed()
	if err != nil {
		t.Fatal(err)
	}
	info, err := iso.Inspect(bytes.NewReader(seed), int64(len(seed)))
	if !errors.Is(err, iso.ErrNotBootable) || info.Label != "UNATTEND" || !info.Joliet {
		t.Errorf("info is %+v, %v", info, err)
	}
	isoinfo, err := exec.LookPath("isoinfo")
	if err != nil {
		t.Skip("isoinfo is not installed here: install Debian's genisoimage")
	}
	path := filepath.Join(t.TempDir(), "seed.iso")
	if err := os.WriteFile(path, seed, 0o600); err != nil {
		t.Fatal(err)
	}
	want, err := c.Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range want {
		got, err := exec.CommandContext(t.Context(), isoinfo, "-J", "-i", path, "-x", "/"+name).Output()
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s is %.80q, %v", name, got, err)
		}
	}
}
