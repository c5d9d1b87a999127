package activities_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/sim"
	"github.com/rackflow/rackflow/store"
)

// device is a simulated server, and the bench whose jobs act on it.
type device struct {
	*bench

	*sim.Server

	stored store.Server
}

func newDevice(t *testing.T) *device {
	t.Helper()
	b := newBench(t)
	simulated, server := b.simulate(t)
	return &device{bench: b, Server: simulated, stored: server}
}

// run does a job that has to succeed and returns its result.
func (d *device) run(t *testing.T, job string, options map[string]any) map[string]any {
	t.Helper()
	out, _, err := d.do(t, attempt{job: job, server: d.stored.ID, options: options})
	check(t, err)
	result, _ := out.Result.(map[string]any)
	return result
}

// refuse does a job that has to fail for good, with a message that has the words.
func (d *device) refuse(t *testing.T, job string, options map[string]any, words ...string) {
	t.Helper()
	_, _, err := d.do(t, attempt{job: job, server: d.stored.ID, options: options})
	wantFailure(t, err, activities.TypePermanent, false, words...)
}

// count is how often something has happened to the server.
func (d *device) count(kind string) int {
	n := 0
	for _, e := range d.Journal() {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func (d *device) catalog(t *testing.T, source string, into any) {
	t.Helper()
	catalog, err := d.db.Catalog(t.Context(), d.stored.ID, source)
	check(t, err)
	check(t, json.Unmarshal(catalog.Data, into))
}

func TestServerDiscover(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	d.run(t, "Job.Server.Discover", nil)
	server, err := d.db.Server(t.Context(), d.MAC())
	check(t, err)
	if server.ID != d.stored.ID {
		t.Errorf("the MAC address leads to %s, want %s", server.ID, d.stored.ID)
	}
	var found struct {
		Identity     bmc.Identity
		Capabilities map[string]any
	}
	d.catalog(t, "bmc", &found)
	if found.Identity.ServiceTag != d.Tag() || len(found.Capabilities) == 0 {
		t.Errorf("catalog has %+v", found)
	}
}

func TestServerCatalog(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	result := d.run(t, "Job.Server.Catalog", nil)
	var kept struct {
		Summary  bmc.Summary
		Problems []bmc.Problem
	}
	d.catalog(t, "redfish", &kept)
	if kept.Summary.ServiceTag != d.Tag() || len(kept.Summary.Drives) == 0 || len(kept.Problems) > 0 {
		t.Errorf("catalog has %+v", kept)
	}
	var resources []bmc.Resource
	d.catalog(t, "redfish-resources", &resources)
	if float64(len(resources)) != result["resources"] || len(resources) < 20 {
		t.Errorf("%d documents, the result says %v", len(resources), result["resources"])
	}
}

func TestLogs(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	first := d.run(t, "Job.Log.Read", map[string]any{"log": "Lclog"})
	check(t, d.power(t, d.stored.ID, action("powerOn")))
	second := d.run(t, "Job.Log.Read", map[string]any{"log": "Lclog"})
	if second["new"] == 0.0 || second["kept"] != first["kept"].(float64)+second["new"].(float64) {
		t.Errorf("read %v and then %v", first, second)
	}
	var kept struct{ Entries []bmc.LogEntry }
	d.catalog(t, "lclog", &kept)
	if float64(len(kept.Entries)) != second["kept"] {
		t.Errorf("%d entries are kept, the result says %v", len(kept.Entries), second["kept"])
	}
	d.run(t, "Job.Log.Clear", nil)
	if got := d.count(sim.LogCleared); got != 1 {
		t.Errorf("the log was cleared %d times", got)
	}
	d.refuse(t, "Job.Log.Read", map[string]any{"log": "Other"}, "Sel", "Lclog")
}

func TestPowerCap(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	check(t, d.power(t, d.stored.ID, action("powerOn")))
	if read := d.run(t, "Job.Power.Read", map[string]any{"sensors": true}); read["power"] == nil || read["sensors"] == nil {
		t.Errorf("read %v", read)
	}
	d.run(t, "Job.Power.Cap", map[string]any{"watts": 400.0})
	if watts, on := d.PowerCap(); !on || watts != 400 {
		t.Errorf("the cap is %d, %v", watts, on)
	}
	again := d.run(t, "Job.Power.Cap", map[string]any{"watts": 0.0})
	if _, on := d.PowerCap(); on {
		t.Error("the cap is still on")
	}
	previous, _ := again["previous"].(map[string]any)
	if previous["watts"] != 400.0 {
		t.Errorf("the result has %v, want the cap from before", again)
	}
	d.refuse(t, "Job.Power.Cap", map[string]any{"watts": 1e6}, "1000000")
	d.refuse(t, "Job.Power.Cap", nil, "watts")
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	const name, shown, fqdd = "NTPConfigGroup.1#NTPEnable", ntpShown, "iDRAC.Embedded.1"
	d.run(t, "Job.Profile.Export", map[string]any{"targets": []any{"IDRAC"}, "format": "JSON"})
	before := d.Attribute(fqdd, shown)
	change := map[string]any{"attributes": map[string]any{fqdd: map[string]any{name: "Enabled"}}}
	d.run(t, "Job.Profile.Preview", change)
	if got := d.Attribute(fqdd, shown); got != before {
		t.Errorf("a preview has changed %s to %s", name, got)
	}
	d.run(t, "Job.Profile.Import", change)
	if got := d.Attribute(fqdd, shown); got != "Enabled" {
		t.Errorf("%s is %q after the import", name, got)
	}
	d.run(t, "Job.Profile.Import", map[string]any{"source": "profile", "targets": []any{"IDRAC"}})
	if got := d.Attribute(fqdd, shown); got != before {
		t.Errorf("%s is %q after the profile from before came back, want %q", name, got, before)
	}
	d.refuse(t, "Job.Profile.Import", map[string]any{"attributes": map[string]any{fqdd: map[string]any{"No.1#Such": "x"}}}, "No.1#Such")
	d.refuse(t, "Job.Profile.Import", map[string]any{}, "which profile")
}

// ntpShown is how the simulator spells the attribute NTPConfigGroup.1#NTPEnable of a profile.
const ntpShown = "NTPConfigGroup.1.NTPEnable"

func TestBIOS(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	check(t, d.power(t, d.stored.ID, action("powerOn")))
	want := map[string]any{"attributes": map[string]any{"ProcVirtualization": "Disabled"}}
	staged := d.run(t, "Job.Bios.Configure", want)
	again := d.run(t, "Job.Bios.Configure", want)
	if staged["jobId"] == "" || staged["jobId"] != again["jobId"] {
		t.Errorf("jobs %v and %v, want one", staged["jobId"], again["jobId"])
	}
	check(t, d.power(t, d.stored.ID, action("reboot")))
	d.run(t, "Job.Bmc.Job.Wait", map[string]any{"jobId": staged["jobId"]})
	if done := d.run(t, "Job.Bios.Configure", want); done["jobId"] != "" {
		t.Errorf("once more: %v, want nothing to do", done)
	}
	var kept struct{ Attributes map[string]any }
	d.run(t, "Job.Bios.Catalog", nil)
	d.catalog(t, "bios", &kept)
	if kept.Attributes["ProcVirtualization"] != "Disabled" {
		t.Errorf("the BIOS has %v", kept.Attributes["ProcVirtualization"])
	}
	d.refuse(t, "Job.Bios.Configure", map[string]any{"attributes": map[string]any{"ProcVirtualization": "Perhaps"}}, "ProcVirtualization")
	d.run(t, "Job.Bmc.Job.Wait", map[string]any{"jobId": ""})
}

func TestVolumes(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	check(t, d.power(t, d.stored.ID, action("powerOn")))
	controller, drives := d.freeDrives(t)
	spec := map[string]any{"controller": controller, "name": "data", "raid": "RAID1", "drives": []any{drives[0].SerialNumber, drives[1].SerialNumber}}
	d.run(t, "Job.Volume.Create", spec)
	d.run(t, "Job.Volume.Create", spec)
	if got := d.count(sim.VolumeCreated); got != 1 {
		t.Errorf("%d volumes were created", got)
	}
	d.refuse(t, "Job.Volume.Delete", map[string]any{"controller": controller, "name": "data", "confirm": "other"}, "data", "confirm")
	d.run(t, "Job.Volume.Delete", map[string]any{"controller": controller, "name": "data", "confirm": "data"})
	if got := d.count(sim.VolumeDeleted); got != 1 {
		t.Errorf("%d volumes were deleted", got)
	}
}

// freeDrives are at least two drives of one controller that no volume has.
func (d *device) freeDrives(t *testing.T) (controller string, drives []bmc.Drive) {
	t.Helper()
	d.run(t, "Job.Server.Catalog", nil)
	var kept struct{ Summary bmc.Summary }
	d.catalog(t, "redfish", &kept)
	byController := map[string][]bmc.Drive{}
	for _, drive := range kept.Summary.Drives {
		byController[drive.Controller] = append(byController[drive.Controller], drive)
	}
	for _, v := range d.Volumes() {
		delete(byController, v.Controller)
	}
	for controller, drives := range byController {
		if len(drives) > 1 {
			return controller, drives
		}
	}
	t.Fatalf("no controller has two free drives: %+v", kept.Summary.Drives)
	return "", nil
}

func TestDriveErase(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	check(t, d.power(t, d.stored.ID, action("powerOn")))
	_, drives := d.freeDrives(t)
	serial := drives[0].SerialNumber
	d.refuse(t, "Job.Drive.Erase", map[string]any{"drive": serial, "confirm": []any{"another"}}, serial, "confirm")
	d.refuse(t, "Job.Drive.Erase", map[string]any{"drive": "X1", "confirm": []any{"X1"}}, "X1")
	d.run(t, "Job.Drive.Erase", map[string]any{"drive": serial, "confirm": []any{serial}})
	if got := d.count(sim.DriveErased); got != 1 {
		t.Errorf("%d drives were erased", got)
	}
}

// TestDriveEraseOnce follows an attempt that ended between its request and the record
// of what the BMC had answered.
func TestDriveEraseOnce(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	check(t, d.power(t, d.stored.ID, action("powerOn")))
	_, drives := d.freeDrives(t)
	serial := drives[0].SerialNumber
	options := map[string]any{"drive": serial, "confirm": []any{serial}}
	before := []string{}
	for _, job := range d.Jobs() {
		before = append(before, job.ID)
	}
	d.run(t, "Job.Drive.Erase", options)
	intent := map[string]any{"asked": true, "before": before}

	_, side, err := d.do(t, attempt{job: "Job.Drive.Erase", server: d.stored.ID, options: options, number: 2, recorded: intent})
	check(t, err)
	if got := d.count(sim.DriveErased); got != 1 {
		t.Errorf("the drive was erased %d times", got)
	}
	if len(side.intents()) != 1 || !strings.Contains(string(side.intents()[0].(json.RawMessage)), "JID_") {
		t.Errorf("recorded %s, want the id of the BMC's job", side.intents())
	}

	lost := newDevice(t)
	check(t, lost.power(t, lost.stored.ID, action("powerOn")))
	_, drives = lost.freeDrives(t)
	serial = drives[0].SerialNumber
	options = map[string]any{"drive": serial, "confirm": []any{serial}}
	_, _, err = lost.do(t, attempt{job: "Job.Drive.Erase", server: lost.stored.ID, options: options, number: 2, recorded: map[string]any{"asked": true}})
	wantFailure(t, err, activities.TypeUnknown, false, serial, "check the server")
	if got := lost.count(sim.DriveErased); got != 0 {
		t.Errorf("%d drives were erased although nobody knows", got)
	}
}

func TestFirmwareUpdate(t *testing.T) {
	t.Parallel()
	for _, push := range []bool{false, true} {
		d := newDevice(t)
		check(t, d.power(t, d.stored.ID, action("powerOn")))
		const fqdd, version = "BIOS.Setup.1-1", "9.9.9"
		d.serveBlob(t, "packages/bios.exe", sim.FirmwareImage(fqdd, version))
		options := map[string]any{"source": "blob:packages/bios.exe", "component": "BIOS", "version": version, "push": push}
		result := d.run(t, "Job.Firmware.Update", options)
		if got := d.Firmware()[fqdd]; got != version {
			t.Errorf("push %v: the BIOS has %s: %v", push, got, result)
		}
		d.run(t, "Job.Firmware.Update", options)
		if got := d.count(sim.FirmwareUpdated); got != 1 {
			t.Errorf("push %v: updated %d times", push, got)
		}
		d.refuse(t, "Job.Firmware.Update", map[string]any{"source": "blob:packages/bios.exe", "component": "Toaster"}, "Toaster")
		d.refuse(t, "Job.Firmware.Update", map[string]any{}, "source")
	}
}

// serveBlob keeps a file and serves it at every URL of the media listener.
func (d *device) serveBlob(t *testing.T, key string, data []byte) {
	t.Helper()
	check(t, d.blobs.Put(t.Context(), key, data))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
	}))
	t.Cleanup(server.Close)
	d.cfg.MediaURL = func(context.Context, string) (string, error) { return server.URL, nil }
}

func TestBMCSettings(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	d.run(t, "Job.Bmc.Account", map[string]any{"user": "ops", "password": "Secret-1234", "role": "Operator"})
	d.run(t, "Job.Bmc.Subscribe", map[string]any{"destination": "https://198.51.100.9/events"})
	d.run(t, "Job.Bmc.Network", map[string]any{"interface": "NIC.1", "vlan": 42.0})
	var kept struct {
		Interfaces    []bmc.Interface
		Accounts      []bmc.Account
		Subscriptions []bmc.Subscription
	}
	d.run(t, "Job.Bmc.Settings", nil)
	d.catalog(t, "bmc-settings", &kept)
	names := []string{}
	for _, a := range kept.Accounts {
		names = append(names, a.UserName)
	}
	if diff := cmp.Diff([]string{"root", "ops"}, names); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
	if len(kept.Subscriptions) != 1 || kept.Subscriptions[0].Context != "rackflow" {
		t.Errorf("subscriptions %+v", kept.Subscriptions)
	}
	if kept.Interfaces[0].VLAN != (bmc.VLAN{Enabled: true, ID: 42}) {
		t.Errorf("the VLAN is %+v", kept.Interfaces[0].VLAN)
	}
	d.run(t, "Job.Bmc.Account", map[string]any{"user": "ops", "absent": true})
	d.run(t, "Job.Bmc.Subscribe", map[string]any{"absent": true})
	d.refuse(t, "Job.Bmc.Account", map[string]any{"user": "root", "absent": true}, "root")
	d.refuse(t, "Job.Bmc.Subscribe", map[string]any{"destination": "http://198.51.100.9/events"}, "https")
}

func TestBMCReset(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	d.run(t, "Job.Bmc.Reset", nil)
	if got := d.count(sim.ManagerRestart); got != 1 {
		t.Errorf("the BMC restarted %d times", got)
	}
	_, _, err := d.do(t, attempt{
		job: "Job.Bmc.Reset", server: d.stored.ID, number: 2,
		recorded: map[string]any{"asked": true, "before": time.Unix(0, 0)},
	})
	check(t, err)
	if got := d.count(sim.ManagerRestart); got != 1 {
		t.Errorf("after a second attempt it restarted %d times", got)
	}
}

// TestRackHDTasks do over Redfish what RackHD's did by other means.
func TestRackHDTasks(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	check(t, d.power(t, d.stored.ID, action("powerOn")))
	d.run(t, "Job.Dell.Wsman.Export.SCP", map[string]any{"fileName": "lab/web.xml", "shareType": 0.0, "serverPassword": "unused"})
	d.run(t, "Job.Dell.Wsman.Import.SCP", map[string]any{"fileName": "web.xml", "shutdownType": 2.0})
	d.run(t, "Job.Dell.RacadmTool", map[string]any{"action": "enableIpmi"})
	d.run(t, "Job.Dell.RacadmCatalog", map[string]any{"action": "getSoftwareList"})
	d.run(t, "Job.Dell.Wsman.GetTrapConfig", nil)
	d.run(t, "Job.Dell.PowerThermalTool", map[string]any{"action": "powercapping", "powerCap": 400.0, "enableCapping": true})
	if watts, on := d.PowerCap(); !on || watts != 400 {
		t.Errorf("the cap is %d, %v", watts, on)
	}
	_, drives := d.freeDrives(t)
	d.run(t, "Job.Add.Volume", map[string]any{"name": "data", "drives": drives[0].ID + "," + drives[1].ID, "raidLevel": "1"})
	volumes := d.Volumes()
	id := volumes[len(volumes)-1].ID
	d.run(t, "Job.Delete.Volume", map[string]any{"volumeId": id})
	if got := d.count(sim.VolumeDeleted); got != 1 {
		t.Errorf("%d volumes were deleted", got)
	}
	d.refuse(t, "Job.Dell.RacadmTool", map[string]any{"action": "dance"}, "dance", "setIdracIP")
	d.refuse(t, "Job.Dell.Wsman.Import.SCP", map[string]any{}, "fileName")
	d.refuse(t, "Job.Add.Volume", map[string]any{"name": "data", "drives": []any{"X"}, "raidLevel": 1.0}, "X")
}

func TestObmActions(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	check(t, d.power(t, d.stored.ID, action("powerOn")))
	for _, name := range []string{"NMI", "identifyOn", "identifyOff", "clearSEL"} {
		check(t, d.power(t, d.stored.ID, action(name)))
	}
	if got := resets(d.Server); got[len(got)-1] != "Nmi" {
		t.Errorf("asked for %v", got)
	}
	_, _, err := d.do(t, attempt{job: "Job.Obm.Node", server: d.stored.ID, options: action("NMI"), number: 2, recorded: map[string]any{"asked": true}})
	wantFailure(t, err, activities.TypeUnknown, false, "Nmi")
}

func TestServerHealth(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	got := d.run(t, "Job.Server.Health", map[string]any{"require": true})
	parts, _ := got["parts"].(map[string]any)
	if got["status"] != "OK" || got["power"] != "Off" || got["bmc"] != "OK" || parts["Storage"] != "OK" {
		t.Errorf("the server is %v", got)
	}
}
