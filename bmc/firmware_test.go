package bmc

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const biosFirmware = "Installed-159-2.1.5__BIOS.Setup.1-1"

// withFirmware returns a server that can be updated.
func withFirmware(t *testing.T) *fake {
	t.Helper()
	f := withStorage(t)
	f.edit(updateURI, object{
		"MultipartHttpPushUri": pushURI,
		"Actions": object{"#UpdateService.SimpleUpdate": object{
			"target": simpleURI, "TransferProtocol@Redfish.AllowableValues": []string{"HTTP", "HTTPS", "NFS", "CIFS"},
		}},
	})
	return f
}

func TestFirmwareInventory(t *testing.T) {
	t.Parallel()
	f := withFirmware(t)
	b := f.connect(t)
	list, err := b.FirmwareInventory(t.Context())
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	want := Firmware{
		ID: biosFirmware, URI: firmwareURI + "/" + biosFirmware, Name: "firmware 159", Version: "2.1.5",
		ComponentID: "159", Updateable: true, Installed: true,
	}
	if diff := cmp.Diff(want, list[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	before := f.gets()
	f.offerExpand()
	b = f.connect(t)
	for range 2 {
		if _, err := b.FirmwareInventory(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.gets() - before; n > 3 {
		t.Errorf("%d requests for two readings, want 3", n)
	}
}

func TestUpToDate(t *testing.T) {
	t.Parallel()
	list := []Firmware{
		{ComponentID: "159", Version: "2.1.5", Installed: true},
		{ComponentID: "159", Version: "2.0.0"},
		{ComponentID: "101", Version: "22.1", Installed: true},
		{ComponentID: "101", Version: "22.0", Installed: true},
	}
	cases := []struct {
		component, version string
		want               bool
	}{
		{"159", "2.1.5", true},
		{"159", "2.0.0", false},
		{"101", "22.1", false}, // one of two ports
		{"999", "1", false},
	}
	for _, c := range cases {
		if got := UpToDate(list, c.component, c.version); got != c.want {
			t.Errorf("%s at %s: %v", c.component, c.version, got)
		}
	}
}

// TestAwaitFirmware: a BMC that updates itself goes away, comes back with its old session
// lost, and shows old data for a while.
func TestAwaitFirmware(t *testing.T) {
	t.Parallel()
	f := withFirmware(t)
	b := f.connect(t)
	idrac := firmwareURI + "/Installed-25227-7.10.30.00__iDRAC.Embedded.1-1"
	f.scripted("GET "+firmwareURI, redfishError(503, "IDRAC.2.8.RAC0508"), answer{status: 503, body: "<html>"}, answer{drop: true}, redfishError(404, "Base.1.12.ResourceMissingAtURI"))
	reads := 0
	f.on("GET "+idrac, func(object) answer {
		reads++
		doc := object{"Id": "Installed-25227", "SoftwareId": "25227", "Version": "7.20.10.00"}
		if reads == 2 {
			clear(f.sessions)
			doc["Version"] = "7.10.30.00"
		}
		return answer{status: 200, body: doc}
	})
	if err := b.AwaitFirmware(t.Context(), "25227", "7.20.10.00"); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if reads != 5 {
		t.Errorf("%d reads, want 5: one, another that breaks the row, and three", reads)
	}
}
