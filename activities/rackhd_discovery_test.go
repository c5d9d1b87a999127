package activities_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/sim"
)

func TestRackHDDiscovery(t *testing.T) {
	t.Parallel()
	b, fleet := rackOf(t, sim.IDRAC9v7)
	server := fleet.Servers()[0]
	options := map[string]any{"uri": server.URL() + "/redfish/v1", "username": "root", "password": b.seal(t, password)}
	_, _, err := b.do(t, attempt{job: "Job.Redfish.Discovery", options: options})
	wantFailure(t, err, activities.TypePermanent, false, server.Fingerprint(), "trust")

	options["verifySSL"] = false
	out, _, err := b.do(t, attempt{job: "Job.Redfish.Discovery", options: options})
	check(t, err)
	stored, err := b.db.Server(t.Context(), server.Tag())
	check(t, err)
	if diff := cmp.Diff(map[string]any{"systems": []any{stored.ID}}, out.Context); diff != "" {
		t.Errorf("the context (-want +got):\n%s", diff)
	}
	options["password"] = b.seal(t, "wrong-"+password)
	_, _, err = b.do(t, attempt{job: "Job.Redfish.Discovery", options: options})
	wantFailure(t, err, activities.TypePermanent, false, "user name and password")
	for _, uri := range []any{nil, "http://127.0.0.1", "https://root:calvin@127.0.0.1", "https://"} {
		_, _, err = b.do(t, attempt{job: "Job.Redfish.Discovery", options: map[string]any{"uri": uri}})
		wantFailure(t, err, activities.TypePermanent, false, "option uri")
	}
	_, _, err = b.do(t, attempt{job: "Job.Redfish.Discovery", options: map[string]any{"uri": "https://127.0.0.1:1"}})
	wantFailure(t, err, activities.TypeTransient, true, "nobody answers")
}

// TestRackHDRange is RackHD's graph for ranges, task by task.
func TestRackHDRange(t *testing.T) {
	t.Parallel()
	b, fleet := rackOf(t, sim.IDRAC9v5, sim.IDRAC10)
	var ranges []any
	for _, s := range fleet.Servers() {
		ranges = append(ranges, map[string]any{"startIp": "127.0.0.1", "endIp": nil, "port": portOf(t, s.URL()), "credentials": b.login(t)})
	}
	out, _, err := b.do(t, attempt{job: "Job.Redfish.Ip.Range.Discovery", options: map[string]any{"ranges": ranges, "trust": true}})
	check(t, err)
	systems, _ := out.Context["systems"].([]any)
	if len(systems) != 2 {
		t.Fatalf("the context is %v", out.Context)
	}
	next := map[string]any{"servers": systems, "discoverList": "none"}
	for _, job := range []string{"Job.Redfish.Discovery.List", "Job.General.Redfish.Catalog", "Job.Redfish.Update.Lookups"} {
		_, _, err = b.do(t, attempt{job: job, options: next})
		check(t, err)
	}
	for _, s := range fleet.Servers() {
		stored, err := b.db.Server(t.Context(), s.MAC())
		check(t, err)
		if _, err := b.db.Catalog(t.Context(), stored.ID, "redfish"); err != nil {
			t.Errorf("%s has no inventory: %v", s.Tag(), err)
		}
	}
	_, _, err = b.do(t, attempt{job: "Job.General.Redfish.Catalog", options: map[string]any{"servers": []any{systems[0], "000000000000000000000000"}}})
	wantFailure(t, err, activities.TypePermanent, false, "000000000000000000000000")
	_, _, err = b.do(t, attempt{job: "Job.General.Redfish.Catalog", options: map[string]any{"servers": "none"}})
	wantFailure(t, err, activities.TypePermanent, false, "needs a server")
	_, _, err = b.do(t, attempt{job: "Job.General.Redfish.Catalog", options: map[string]any{"servers": []any{}}})
	check(t, err)
}

func TestRackHDDiscoveryLists(t *testing.T) {
	t.Parallel()
	b, fleet := rackOf(t, sim.IDRAC8)
	list := []any{map[string]any{"uri": fleet.Servers()[0].URL(), "username": "root", "password": b.seal(t, password)}}
	got := b.scan(t, "Job.Redfish.Discovery.List", map[string]any{"discoverList": list, "verifySSL": false})
	if got.Created != 1 || got.Found[0].ServiceTag != fleet.Servers()[0].Tag() {
		t.Errorf("found %+v", got)
	}
	data := map[string]any{"status": "SUCCESS", "deviceType": "IDRAC9", "summary": map[string]any{"id": "127.0.0.1"}}
	_, _, err := b.do(t, attempt{job: "Job.Dell.Wsman.PostDiscovery", options: map[string]any{"data": data, "credentials": b.login(t)}})
	wantFailure(t, err, activities.TypeTransient, true, "127.0.0.1: nobody answers") // at the port of BMCs
	for _, wrong := range []any{nil, map[string]any{"status": "FAILED"}, map[string]any{"status": "SUCCESS"}} {
		_, _, err = b.do(t, attempt{job: "Job.Dell.Wsman.PostDiscovery", options: map[string]any{"data": wrong}})
		wantFailure(t, err, activities.TypePermanent, false, "option data")
	}
}

// TestRackHDLookups has an identifier that leads elsewhere.
func TestRackHDLookups(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	d.run(t, "Job.Wsman.Update.Lookups", nil)
	found, err := d.db.Server(t.Context(), d.MAC())
	check(t, err)
	if found.ID != d.stored.ID {
		t.Errorf("the MAC address leads to %s", found.Name)
	}
	other := d.addServer(t, "other", nil)
	other.Identifiers = []string{d.MAC()}
	_, err = d.db.UpdateServer(t.Context(), other)
	check(t, err)
	d.refuse(t, "Job.Redfish.Update.Lookups", nil, d.MAC())
}

func TestHotspares(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	check(t, d.power(t, d.stored.ID, action("powerOn")))
	_, drives := d.freeDrives(t)
	if len(drives) < 4 {
		t.Fatalf("only %d drives", len(drives))
	}
	d.run(t, "Job.Add.Volume", map[string]any{"name": "data", "drives": []any{drives[0].ID, drives[1].ID}, "raidLevel": 1.0})
	volumes := d.Volumes()
	data := volumes[len(volumes)-1].ID
	global := map[string]any{"driveId": drives[2].ID, "hotspareType": "ghs", "volumeId": nil, "username": nil}
	dedicated := map[string]any{"driveId": drives[3].SerialNumber, "hotspareType": "dhs", "volumeId": data}
	for range 2 {
		d.run(t, "Job.Add.Hotspare", global)
		d.run(t, "Job.Dell.Wsman.Add.Hotspare.UpdateXml", dedicated)
	}
	want := map[string]string{drives[2].ID: "", drives[3].ID: data}
	if diff := cmp.Diff(want, d.Hotspares()); diff != "" {
		t.Errorf("hot spares (-want +got):\n%s", diff)
	}
	if got := d.count(sim.HotspareAssigned); got != 2 {
		t.Errorf("assigned %d times", got)
	}
	d.refuse(t, "Job.Add.Hotspare", map[string]any{}, "driveId")
	d.refuse(t, "Job.Add.Hotspare", map[string]any{"driveId": drives[0].ID}, "belongs to volume data")
	d.refuse(t, "Job.Add.Hotspare", map[string]any{"driveId": drives[3].ID, "hotspareType": "dhs"}, "volumeId")
	d.refuse(t, "Job.Add.Hotspare", map[string]any{"driveId": drives[3].ID, "hotspareType": "warm"}, "warm")
}
