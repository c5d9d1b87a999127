package iso_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/iso"
)

// disks are properties as udev has them: of a SAS disk, of a BOSS and a PERC
// volume, of NVMe, and of the virtual media.
var disks = map[string]string{
	"sda":     "ID_MODEL=Virtual_Floppy\nID_SERIAL=iDRAC_Virtual_Floppy\nID_BUS=usb\n",
	"sdb":     "ID_MODEL=ST1200MM0099\nID_SERIAL=35000c500a1b2c3d7\nID_SERIAL_SHORT=5000c500a1b2c3d7\nID_SCSI_SERIAL=WFK1ABCD\nID_WWN=0x5000c500a1b2c3d7\n",
	"sdc":     "ID_MODEL=DELLBOSS_VD\nID_SERIAL=DELLBOSS_VD_00c1a2b3\nID_SERIAL_SHORT=00c1a2b3\n",
	"sdd":     "ID_MODEL=PERC_H755_Front\nID_SERIAL_SHORT=6f4ee08012345600\nID_WWN=0x6f4ee08012345600\nID_WWN_WITH_EXTENSION=0x6f4ee080123456002b1c2d3e4f5a6b7c\n",
	"nvme0n1": "ID_MODEL=Dell Ent NVMe v2 AGN RI U.2 1.92TB\nID_SERIAL_SHORT=S61BNE0R900001\nID_WWN=eui.36314245529000010025384500000001\n",
}

// runDiskScript runs a script with disks of ours and returns what it printed.
func runDiskScript(t *testing.T, script string) (string, error) {
	t.Helper()
	shell, dir := lookPath(t, "sh"), t.TempDir()
	stub := "#!/bin/sh\ncase $3 in\n"
	for _, name := range slices.Sorted(maps.Keys(disks)) {
		stub += "--name=/dev/" + name + ") cat <<'END'\nDEVNAME=/dev/" + name + "\n" + disks[name] + "END\n;;\n"
		if err := os.MkdirAll(filepath.Join(dir, "sys", name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	err := errors.Join(
		os.MkdirAll(filepath.Join(dir, "sys/nvme0c0n1"), 0o700),
		os.WriteFile(filepath.Join(dir, "udevadm"), []byte(stub+"*) exit 1 ;;\nesac\n"), 0o700),
		os.WriteFile(filepath.Join(dir, "wget"), []byte("#!/bin/sh\n"), 0o700),
		os.WriteFile(filepath.Join(dir, "curl"), []byte("#!/bin/sh\n"), 0o700),
		os.WriteFile(filepath.Join(dir, "debconf-set"), []byte("#!/bin/sh\necho \"$@\"\n"), 0o700),
	)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), shell, "-c", strings.ReplaceAll(script, "/sys/block", dir+"/sys"))
	cmd.Env = append(os.Environ(), "PATH="+dir+":/usr/bin:/bin")
	out, err := cmd.Output()
	return string(out), err
}

// TestDiskIsFound runs what each family's installer would run.
func TestDiskIsFound(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		disk iso.Disk
		want string // "" if the installation must stop
	}{
		"serial":                 {iso.Disk{Serial: "wfk1abcd"}, "/dev/sdb"},
		"serial, short":          {iso.Disk{Serial: "00C1A2B3"}, "/dev/sdc"},
		"serial of NVMe":         {iso.Disk{Serial: "S61BNE0R900001"}, "/dev/nvme0n1"},
		"part of a serial":       {iso.Disk{Serial: "WFK1ABC"}, ""},
		"serial with a dot":      {iso.Disk{Serial: "00.1a2b3"}, ""},
		"WWN":                    {iso.Disk{WWN: "0x5000C500A1B2C3D7"}, "/dev/sdb"},
		"WWN of ESXi":            {iso.Disk{WWN: "naa.5000c500a1b2c3d7"}, "/dev/sdb"},
		"WWN of NVMe":            {iso.Disk{WWN: "eui.36314245529000010025384500000001"}, "/dev/nvme0n1"},
		"volume":                 {iso.Disk{Volume: "6F4EE080123456002B1C2D3E4F5A6B7C"}, "/dev/sdd"},
		"BOSS":                   {iso.Disk{Model: "boss"}, "/dev/sdc"},
		"PERC":                   {iso.Disk{Model: "PERC H755"}, "/dev/sdd"},
		"model with blanks":      {iso.Disk{Model: "Ent NVMe v2 AGN RI U.2 1.92TB"}, "/dev/nvme0n1"},
		"model of several disks": {iso.Disk{Model: "e"}, ""},
		"absent":                 {iso.Disk{Model: "PM1733"}, ""},
		"path":                   {iso.Disk{Path: "/dev/null"}, "/dev/null"},
		"path of nothing":        {iso.Disk{Path: "/dev/disk/by-id/absent"}, ""},
	}
	for name, test := range tests {
		for family, run := range map[string]func(*testing.T, iso.Disk) (string, error){
			"rhel": chooseRHEL, "ubuntu": chooseUbuntu, "debian": chooseDebian,
		} {
			t.Run(family+"/"+name, func(t *testing.T) {
				t.Parallel()
				if family == "rhel" && test.disk.Path != "" {
					t.Skip("kickstart takes a path as it is")
				}
				got, err := run(t, test.disk)
				if (err != nil) != (test.want == "") {
					t.Fatalf("error is %v, output %q", err, got)
				}
				if err == nil && got != test.want {
					t.Errorf("chose %q, want %q", got, test.want)
				}
			})
		}
	}
}

func answersFor(disk iso.Disk) iso.Answers {
	answers := minimal()
	answers.Disk = disk
	return answers
}

func chooseRHEL(t *testing.T, disk iso.Disk) (string, error) {
	t.Helper()
	script := diskScript(t, render(t, "rhel", answersFor(disk), callbacks())["ks.cfg"])
	out, err := runDiskScript(t, strings.ReplaceAll(script, "/tmp/rackflow-disk.ks", "/dev/stdout"))
	return strings.TrimSpace(strings.TrimPrefix(out, "ignoredisk --only-use=")), err
}

func chooseUbuntu(t *testing.T, disk iso.Disk) (string, error) {
	t.Helper()
	files := render(t, "ubuntu", answersFor(disk), callbacks())
	config := filepath.Join(t.TempDir(), "autoinstall.yaml")
	if err := os.WriteFile(config, []byte(files["user-data"]), 0o600); err != nil {
		t.Fatal(err)
	}
	var script string
	for _, early := range autoinstallCommands(t, files["user-data"])["early"] {
		if strings.Contains(early, "disk=") {
			script = strings.ReplaceAll(early, "/autoinstall.yaml", config)
		}
	}
	if _, err := runDiskScript(t, script); err != nil {
		return "", err
	}
	edited, err := os.ReadFile(config)
	_, after, _ := strings.Cut(string(edited), "path: ")
	path, _, _ := strings.Cut(after, "\n")
	return path, err
}

func chooseDebian(t *testing.T, disk iso.Disk) (string, error) {
	t.Helper()
	out, err := runDiskScript(t, render(t, "debian", answersFor(disk), callbacks())["rackflow-disk.sh"])
	after, found := strings.CutPrefix(out, "partman-auto/disk ")
	path, rest, _ := strings.Cut(after, "\n")
	if err == nil && (!found || rest != "grub-installer/bootdev "+path+"\n") {
		t.Errorf("set %q", out)
	}
	return path, err
}

func TestDiskJSON(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		raw  string
		want iso.Disk
	}{
		"text":   {`"/dev/sda"`, iso.Disk{Path: "/dev/sda"}},
		"object": {`{"serial":"A"}`, iso.Disk{Serial: "A"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got iso.Disk
			if err := json.Unmarshal([]byte(test.raw), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			back, err := json.Marshal(got)
			if err != nil || string(back) != test.raw {
				t.Errorf("written as %s, %v; want %s", back, err, test.raw)
			}
		})
	}
	for _, raw := range []string{`{"serail":"A"}`, `5`, `["/dev/sda"]`} {
		var disk iso.Disk
		if err := json.Unmarshal([]byte(raw), &disk); err == nil {
			t.Errorf("%s was taken for %+v", raw, disk)
		}
	}
}
