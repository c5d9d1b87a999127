package activities_test

import (
	"bytes"
	"encoding/binary"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/iso"
	"github.com/rackflow/rackflow/sim"
)

// newDeployDevice is a server, and an image that installs on it.
func newDeployDevice(t *testing.T) *device {
	t.Helper()
	d := newDevice(t)
	d.addImage(t, "rhel.iso")
	return d
}

// with are the options of a deployment, with more answers.
func (d *device) with(t *testing.T, answers, more map[string]any) map[string]any {
	t.Helper()
	all := map[string]any{"hostname": "web-1", "domain": "example.com", "rootPasswordHash": d.seal(t, passwordHash)}
	maps.Copy(all, answers)
	options := map[string]any{"image": "rhel.iso", "answers": all}
	maps.Copy(options, more)
	return options
}

func TestDeployCheck(t *testing.T) {
	t.Parallel()
	d := newDeployDevice(t)
	got := d.run(t, "Job.Deploy.Check", d.with(t, map[string]any{
		"network": map[string]any{"mac": "d0:43:ae:00:00:01", "address": "192.0.2.10/24", "addresses": []any{"2001:db8::10/64"}},
	}, nil))
	want := map[string]any{
		"image": "rhel.iso", "family": "rhel", "product": got["product"], "version": "9.4", "architecture": "x86_64",
		"platforms": []any{"BIOS", "UEFI"}, "hostname": "web-1.example.com", "addresses": []any{"192.0.2.10", "2001:db8::10"},
		"seed": false, "callbacks": true, "settleMs": 600000.0, "prove": "booted", "host": "192.0.2.10", "port": 22.0,
		"bootMode": "UEFI", "licence": "Datacenter",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func TestDeployCheckProof(t *testing.T) {
	t.Parallel()
	d := newDeployDevice(t)
	static := map[string]any{"network": map[string]any{"mac": "d0:43:ae:00:00:01", "address": "192.0.2.10/24"}}
	for name, c := range map[string]struct {
		answers, more map[string]any
		want          string
		port          float64
	}{
		"it calls":              {nil, nil, "booted", 22},
		"its port, as it can't": {static, map[string]any{"callbacks": false}, "port", 22},
		"neither":               {nil, map[string]any{"callbacks": false}, "none", 22},
		"as is wanted":          {static, map[string]any{"prove": "port", "port": 443.0}, "port", 443},
		"nothing is wanted":     {static, map[string]any{"prove": "none"}, "none", 22},
	} {
		got := d.run(t, "Job.Deploy.Check", d.with(t, c.answers, c.more))
		if got["prove"] != c.want || got["port"] != c.port {
			t.Errorf("%s: by %v, port %v; want %s, %v", name, got["prove"], got["port"], c.want, c.port)
		}
	}
	d.refuse(t, "Job.Deploy.Check", d.with(t, nil, map[string]any{"callbacks": false, "prove": "booted"}), "leave prove out")
	d.refuse(t, "Job.Deploy.Check", d.with(t, nil, map[string]any{"prove": "port"}), "no address")
}

// addVariants adds images that something is wrong with.
func (d *device) addVariants(t *testing.T) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(d.images, "rhel.iso"))
	check(t, err)
	seed, err := iso.Seed("DATA", map[string][]byte{"a.txt": []byte("a")})
	check(t, err)
	for name, content := range map[string][]byte{
		"page.iso": bytes.Repeat([]byte("<html>"), 10000),
		"cut.iso":  raw[:len(raw)/2],
		"data.iso": seed,
		"bios.iso": withoutUEFI(t, raw),
		"arm.iso":  bytes.ReplaceAll(raw, []byte("x86_64"), []byte("arm_64")),
		"odd.iso":  bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte(".treeinfo"), []byte(".treeinfX")), []byte(".discinfo"), []byte(".discinfX")),
	} {
		check(t, os.WriteFile(filepath.Join(d.images, name), content, 0o600))
	}
}

// withoutUEFI gives the boot catalogue's section for UEFI to another platform.
func withoutUEFI(t *testing.T, raw []byte) []byte {
	t.Helper()
	const sector, bootRecord, pointer = 2048, 17, 0x47
	raw = bytes.Clone(raw)
	catalogue := sector * int(binary.LittleEndian.Uint32(raw[bootRecord*sector+pointer:]))
	section := bytes.Index(raw[catalogue:catalogue+sector], []byte{0x91, 0xef})
	if section < 0 {
		t.Fatal("the image has no section for UEFI")
	}
	raw[catalogue+section+1] = 0x02
	return raw
}

// TestDeployCheckRefuses is what can be told before anything is changed.
func TestDeployCheckRefuses(t *testing.T) {
	t.Parallel()
	d := newDeployDevice(t)
	d.addVariants(t)
	on := func(image string) map[string]any { return map[string]any{"image": image} }
	for name, c := range map[string]struct {
		answers, more map[string]any
		says          []string
	}{
		"no such image":           {nil, on("gone.iso"), []string{"gone.iso", "images folder"}},
		"no ISO":                  {nil, on("page.iso"), []string{"page.iso", "HTML"}},
		"truncated":               {nil, on("cut.iso"), []string{"cut.iso", "truncated"}},
		"does not boot":           {nil, on("data.iso"), []string{"data.iso", "bootable"}},
		"another processor":       {nil, on("arm.iso"), []string{d.Tag(), "arm_64", "x86_64"}},
		"another boot mode":       {nil, on("bios.iso"), []string{d.Tag(), "mode UEFI", "BootMode"}},
		"unknown system":          {nil, on("odd.iso"), []string{"odd.iso", "option family"}},
		"unknown family":          {nil, map[string]any{"image": "odd.iso", "family": "plan9"}, []string{"plan9", "rhel"}},
		"another family":          {nil, map[string]any{"family": "ubuntu"}, []string{"family rhel, not ubuntu"}},
		"no answers":              {nil, map[string]any{"answers": nil}, []string{"option answers"}},
		"a mistyped answer":       {map[string]any{"dsk": "sda"}, nil, []string{`"dsk"`}},
		"answers of no use":       {map[string]any{"hostname": "no name", "timezone": "No Where"}, nil, []string{"hostname", "timezone"}},
		"a template of no use":    {nil, map[string]any{"templates": map[string]any{"x.cfg": "x"}}, []string{"x.cfg", "ks.cfg"}},
		"no disk of that serial":  {map[string]any{"disk": map[string]any{"serial": "NOSUCH"}}, nil, []string{d.Tag(), "serial NOSUCH", "it has volume"}},
		"no disk of that name":    {map[string]any{"disk": map[string]any{"wwn": "5000c50012345678"}}, nil, []string{"wwn 5000c50012345678"}},
		"no volume of that name":  {map[string]any{"disk": map[string]any{"volume": "600508b1001c0000600508b1001c0000"}}, nil, []string{"volume 600508b"}},
		"no sign of an end":       {map[string]any{"disk": map[string]any{"model": "BOSS"}}, map[string]any{"image": "odd.iso", "family": "esxi", "callbacks": false}, []string{"without callbacks"}},
		"all that is wrong, told": {map[string]any{"disk": map[string]any{"serial": "NOSUCH"}}, on("bios.iso"), []string{"BootMode", "serial NOSUCH"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d.refuse(t, "Job.Deploy.Check", d.with(t, c.answers, c.more), c.says...)
		})
	}
}

func TestDeployCheckSkips(t *testing.T) {
	t.Parallel()
	d := newDeployDevice(t)
	d.addVariants(t)
	d.run(t, "Job.Deploy.Check", d.with(t,
		map[string]any{"disk": map[string]any{"serial": "NOSUCH"}}, map[string]any{"image": "bios.iso", "skip": []any{"disk", "bootMode"}},
	))
}

func TestDeployCheckLicence(t *testing.T) {
	t.Parallel()
	d := newDeployDevice(t)
	for old, now := range map[string]string{"Datacenter": "Express", "Datacenter License": "Basic License"} {
		server := d.addServer(t, "licence-"+now, d.rewritten(t, d.Server, old, now))
		_, _, err := d.do(t, attempt{job: "Job.Deploy.Check", server: server.ID, options: d.with(t, nil, nil)})
		wantFailure(t, err, activities.TypePermanent, false, server.Name, "Enterprise")
		_, _, err = d.do(t, attempt{job: "Job.Deploy.Check", server: server.ID, options: d.with(t, nil, map[string]any{"skip": []any{"licence"}})})
		check(t, err)
	}
}

// TestDeployCheckFindsDisks names the disk in all ways that a BMC knows.
func TestDeployCheckFindsDisks(t *testing.T) {
	t.Parallel()
	d := newDeployDevice(t)
	d.run(t, "Job.Server.Catalog", nil)
	var kept struct{ Summary bmc.Summary }
	d.catalog(t, "redfish", &kept)
	drive, volume := kept.Summary.Drives[0], kept.Summary.Volumes[0]
	for name, c := range map[string]struct {
		disk map[string]any
		id   string
	}{
		"serial number":       {map[string]any{"serial": strings.ToLower(drive.SerialNumber)}, drive.ID},
		"world wide name":     {map[string]any{"wwn": "0x" + strings.ToUpper(drive.WWN)}, drive.ID},
		"a volume's":          {map[string]any{"wwn": "naa." + volume.WWN}, volume.ID},
		"a volume":            {map[string]any{"volume": volume.WWN}, volume.ID},
		"what no BMC tells":   {map[string]any{"model": "DELLBOSS VD"}, ""},
		"what the kernel has": {map[string]any{"path": "/dev/disk/by-id/x"}, ""},
	} {
		got := d.run(t, "Job.Deploy.Check", d.with(t, map[string]any{"disk": c.disk}, nil))
		found, _ := got["disk"].(map[string]any)
		if id, _ := found["id"].(string); id != c.id {
			t.Errorf("%s: found %v, want %s", name, found, c.id)
		}
	}
}

// TestDeployCheckOldDrive needs two CD drives, of which an old iDRAC has one.
func TestDeployCheckOldDrive(t *testing.T) {
	t.Parallel()
	for generation, says := range map[string]string{sim.IDRAC8: "takes no CD", sim.IDRAC9v7: ""} {
		d := newDeviceOf(t, generation)
		d.addImage(t, "rhel.iso")
		d.addVariants(t)
		options := map[string]any{"image": "odd.iso", "family": "windows", "answers": map[string]any{
			"hostname": "win-1", "rootPassword": "Correct-Horse-1", "windows": map[string]any{"image": "Windows Server 2022 SERVERSTANDARD", "diskNumber": 0.0},
		}}
		if says != "" {
			d.refuse(t, "Job.Deploy.Check", options, says)
			continue
		}
		if got := d.run(t, "Job.Deploy.Check", options); got["seed"] != true || got["port"] != 5985.0 {
			t.Errorf("%s: %v", generation, got)
		}
	}
}
