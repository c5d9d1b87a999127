package bmc

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	chassisURI   = "/redfish/v1/Chassis/System.Embedded.1"
	storageURI   = systemURI + "/Storage"
	percURI      = storageURI + "/RAID.Integrated.1-1"
	updateURI    = "/redfish/v1/UpdateService"
	firmwareURI  = updateURI + "/FirmwareInventory"
	inventoryMax = 30
)

// furnish gives the fake what an iDRAC9 has: 8 drives on one of three controllers, two
// network adapters, 12 DIMMs, 20 PCIe devices.
func furnish(f *fake) {
	f.edit(systemURI, object{
		"@odata.type": "#ComputerSystem.v1_20_1.ComputerSystem", "BiosVersion": "2.1.5",
		"ProcessorSummary": object{"Count": 2, "CoreCount": 64, "Model": "Intel(R) Xeon(R) Gold 6430"},
		"MemorySummary":    object{"TotalSystemMemoryGiB": 384},
		"Processors":       to(systemURI + "/Processors"), "Memory": to(systemURI + "/Memory"), "Storage": to(storageURI),
		"Bios": to(systemURI + "/Bios"), "SecureBoot": to(systemURI + "/SecureBoot"),
		"Links": object{"ManagedBy": []object{to(managerURI)}, "Chassis": []object{to("/redfish/v1/Chassis/Enclosure.Internal.0-1"), to(chassisURI)}},
	})
	f.edit(managerURI, object{"@odata.type": "#Manager.v1_17_0.Manager"})
	f.edit(serviceRootURI, object{"UpdateService": to(updateURI), "Chassis": to("/redfish/v1/Chassis")})
	f.collect(systemURI+"/Processors", systemURI+"/Memory", storageURI, firmwareURI, chassisURI+"/NetworkAdapters", chassisURI+"/PCIeDevices")
	f.put(systemURI+"/Bios", object{"@odata.type": "#Bios.v1_2_0.Bios", "Attributes": object{"BootMode": "Uefi"}})
	f.put(systemURI+"/SecureBoot", object{"@odata.type": "#SecureBoot.v1_0_6.SecureBoot"})
	for n := range 2 {
		f.put(fmt.Sprintf("%s/Processors/CPU.Socket.%d", systemURI, n+1), object{"@odata.type": "#Processor.v1_16_0.Processor", "ProcessorType": "CPU", "TotalCores": 32, "Model": "Gold"})
	}
	for n := range 12 {
		f.put(fmt.Sprintf("%s/Memory/DIMM.Socket.A%d", systemURI, n+1), object{"@odata.type": "#Memory.v1_17_0.Memory", "CapacityMiB": 32768})
	}
	furnishStorage(f)
	for n := range 2 {
		adapter := fmt.Sprintf("%s/NetworkAdapters/NIC.Slot.%d", chassisURI, n+1)
		f.collect(adapter+"/Ports", adapter+"/NetworkDeviceFunctions")
		f.put(adapter, object{"@odata.type": "#NetworkAdapter.v1_5_0.NetworkAdapter", "Ports": to(adapter + "/Ports"), "NetworkDeviceFunctions": to(adapter + "/NetworkDeviceFunctions")})
		f.put(adapter+"/Ports/1", object{"@odata.type": "#Port.v1_8_0.Port"})
	}
	for n := range 20 {
		f.put(fmt.Sprintf("%s/PCIeDevices/%d-0", chassisURI, n), object{"@odata.type": "#PCIeDevice.v1_5_0.PCIeDevice"})
	}
	for _, nic := range []string{"NIC.Integrated.1-1-1", "NIC.Integrated.1-2-1"} {
		f.edit(systemURI+"/EthernetInterfaces/"+nic, object{"@odata.id": systemURI + "/EthernetInterfaces/" + nic, "@odata.type": "#EthernetInterface.v1_4_1.EthernetInterface", "LinkStatus": "LinkUp", "SpeedMbps": 25000})
	}
	f.put(chassisURI, object{
		"@odata.type": "#Chassis.v1_21_0.Chassis", "Power": to(chassisURI + "/Power"), "Thermal": to(chassisURI + "/Thermal"),
		"PowerSubsystem": to(chassisURI + "/PowerSubsystem"), "EnvironmentMetrics": to(chassisURI + "/EnvironmentMetrics"),
		"NetworkAdapters": to(chassisURI + "/NetworkAdapters"), "PCIeDevices": to(chassisURI + "/PCIeDevices"),
	})
	f.put(chassisURI+"/Power", object{"@odata.type": "#Power.v1_7_0.Power"}) // without PowerControl
	f.put(chassisURI+"/Thermal", object{"@odata.type": "#Thermal.v1_7_0.Thermal"})
	f.put(updateURI, object{"@odata.type": "#UpdateService.v1_11_3.UpdateService", "FirmwareInventory": to(firmwareURI)})
	furnishFirmware(f)
}

// furnishStorage has the drives directly below Storage/<controller>, and the two others
// controllers empty.
func furnishStorage(f *fake) {
	drives := make([]object, 0, 8)
	for n := range 8 {
		uri := fmt.Sprintf("%s/Drives/Disk.Bay.%d", percURI, n)
		drives = append(drives, to(uri))
		f.put(uri, object{
			"@odata.type": "#Drive.v1_17_0.Drive", "Name": fmt.Sprintf("Bay %d", n), "Model": "PM1643 ", "SerialNumber": fmt.Sprintf("S3N%d ", n), "CapacityBytes": 960197124096,
			"MediaType": "SSD", "Protocol": "SAS", "Revision": "DSL8", "Status": object{"Health": "OK"},
			"Identifiers": []object{{"DurableName": "58:CE:38:EE:20:00:00:0" + fmt.Sprint(n), "DurableNameFormat": "NAA"}},
			"Actions":     object{"#Drive.SecureErase": object{"target": uri + "/Actions/Drive.SecureErase"}},
		})
	}
	f.collect(percURI + "/Volumes")
	f.put(percURI+"/Volumes/Disk.Virtual.0:RAID.Integrated.1-1", object{
		"@odata.type": "#Volume.v1_0_3.Volume", "Name": "system", "VolumeType": "Mirrored", "CapacityBytes": 960197124096,
		"Links": object{"Drives": []object{drives[0], drives[1]}},
	})
	f.put(percURI, object{"@odata.type": "#Storage.v1_15_0.Storage", "Drives": drives, "Volumes": to(percURI + "/Volumes")})
	for _, id := range []string{"AHCI.Embedded.1-1", "AHCI.Embedded.2-1"} {
		f.put(storageURI+"/"+id, object{"@odata.type": "#Storage.v1_15_0.Storage", "Drives": []object{}, "Volumes": to(storageURI + "/" + id + "/Volumes")})
	}
}

func furnishFirmware(f *fake) {
	for _, id := range []string{"Installed-159-2.1.5__BIOS.Setup.1-1", "Previous-159-2.0.0__BIOS.Setup.1-1", "Installed-25227-7.10.30.00__iDRAC.Embedded.1-1"} {
		parts := strings.Split(id, "-")
		version, _, _ := strings.Cut(parts[2], "__")
		f.put(firmwareURI+"/"+id, object{"@odata.type": "#SoftwareInventory.v1_10_0.SoftwareInventory", "Name": "firmware " + parts[1], "Version": version, "SoftwareId": parts[1], "Updateable": true})
	}
}

func TestInventoryBudget(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	furnish(f)
	f.offerExpand()
	b := f.connect(t)
	inv, err := b.Inventory(t.Context())
	if err != nil || len(inv.Problems) > 0 {
		t.Fatalf("%v, %v", inv.Problems, err)
	}
	n := f.gets() + 1
	t.Logf("%d requests for %d resources", n, len(inv.Resources))
	if n > inventoryMax {
		t.Errorf("%d requests, want at most %d", n, inventoryMax)
	}
	wantSummary(t, inv.Summary)
	wantTypes(t, inv)
}

// TestInventoryWithoutExpand reads the same one by one.
func TestInventoryWithoutExpand(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	furnish(f)
	inv, err := f.connect(t).Inventory(t.Context())
	if err != nil || len(inv.Problems) > 0 {
		t.Fatalf("%v, %v", inv.Problems, err)
	}
	wantSummary(t, inv.Summary)
	wantTypes(t, inv)
}

func wantTypes(t *testing.T, inv Inventory) {
	t.Helper()
	counts := map[string]int{}
	seen := map[string]bool{}
	for _, r := range inv.Resources {
		counts[r.Type]++
		if seen[r.URI] || len(r.Hash) != 64 || !json.Valid(r.Document) {
			t.Errorf("%s twice, without hash or not JSON", r.URI)
		}
		seen[r.URI] = true
	}
	want := map[string]int{
		"ComputerSystem": 1, "Processor": 2, "Memory": 12, "EthernetInterface": 2, "Storage": 3, "Drive": 8, "Volume": 1, "Bios": 1, "SecureBoot": 1,
		"Chassis": 1, "Power": 1, "Thermal": 1, "NetworkAdapter": 2, "Port": 2, "PCIeDevice": 20, "Manager": 1, "UpdateService": 1, "SoftwareInventory": 3,
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func wantSummary(t *testing.T, got Summary) {
	t.Helper()
	want := Summary{
		Manufacturer: "Dell Inc.", Model: "PowerEdge R660", ServiceTag: "ABC1234", SerialNumber: "CNFCP0011223344",
		UUID: "4c4c4544-0042-4310-8031-b1c04f313233", BIOSVersion: "2.1.5", BMCFirmware: "7.10.30.00",
		CPUs: 2, Cores: 64, CPUModel: "Intel(R) Xeon(R) Gold 6430", MemoryGiB: 384,
		NICs: []NIC{
			{ID: "NIC.Integrated.1-1-1", MAC: "b0:7b:25:00:00:01", Link: "LinkUp", SpeedMbps: 25000},
			{ID: "NIC.Integrated.1-2-1", MAC: "b0:7b:25:00:00:02", Link: "LinkUp", SpeedMbps: 25000},
		},
		Volumes: []Volume{{
			ID: "Disk.Virtual.0:RAID.Integrated.1-1", URI: percURI + "/Volumes/Disk.Virtual.0:RAID.Integrated.1-1", Name: "system", RAID: "RAID1",
			Bytes: 960197124096, Drives: []string{percURI + "/Drives/Disk.Bay.0", percURI + "/Drives/Disk.Bay.1"},
		}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Summary{}, "Drives", "Firmware")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	first := Drive{
		ID: "Disk.Bay.0", URI: percURI + "/Drives/Disk.Bay.0", Controller: "RAID.Integrated.1-1", Name: "Bay 0", Model: "PM1643", SerialNumber: "S3N0",
		Revision: "DSL8", WWN: "58ce38ee20000000", Bytes: 960197124096, Media: "SSD", Bus: "SAS", Health: "OK",
	}
	if len(got.Drives) != 8 || got.Drives[0] != first {
		t.Errorf("%d drives, the first %+v", len(got.Drives), got.Drives)
	}
	if len(got.Firmware) != 3 || got.Firmware[1].Installed || !got.Firmware[2].Installed {
		t.Errorf("firmware %+v", got.Firmware)
	}
}

// TestInventoryKeepsTheRest: whatever one resource does, all others are there.
func TestInventoryKeepsTheRest(t *testing.T) {
	t.Parallel()
	dimm := systemURI + "/Memory/DIMM.Socket.A3"
	cases := []struct {
		name   string
		expand bool
		change func(*fake)
		lost   []string // the URIs of problems
	}{
		{"an HTML page", false, func(f *fake) { f.on("GET "+dimm, always(200, "<html>")) }, []string{dimm}},
		{"truncated JSON", false, func(f *fake) { f.on("GET "+dimm, always(200, `{"Id":"DIMM.So`)) }, []string{dimm}},
		{"a list", false, func(f *fake) { f.on("GET "+dimm, always(200, `[]`)) }, []string{dimm}},
		{"null", false, func(f *fake) { f.on("GET "+dimm, always(200, `null`)) }, []string{dimm}},
		{"an internal error", false, func(f *fake) { f.on("GET "+dimm, always(500, "")) }, []string{dimm}},
		{"not there", false, func(f *fake) { f.remove(dimm); f.docs[systemURI+"/Memory"] = members(dimm) }, []string{dimm}},
		{"not ready at first", false, func(f *fake) {
			f.script["GET "+dimm] = []answer{redfishError(500, "IDRAC.2.8.SYS518"), redfishError(503, "IDRAC.2.8.RAC0508")}
		}, nil},
		{"odd property types", false, func(f *fake) {
			f.docs[systemURI+"/Processors/CPU.Socket.1"]["InstructionSet"] = []string{"x86-64"}
			f.docs[percURI+"/Drives/Disk.Bay.3"]["CapacityBytes"] = "much"
		}, nil},
		{"a member that is no link", false, func(f *fake) {
			f.docs[systemURI+"/Memory"]["Members"] = []object{{}, to(dimm)}
		}, []string{systemURI + "/Memory"}},
		{"a collection that is gone", true, func(f *fake) { delete(f.docs, systemURI+"/Memory") }, []string{systemURI + "/Memory"}},
		{"an expanded collection that breaks", true, func(f *fake) {
			f.script["GET "+systemURI+"/Memory"+expanded] = []answer{{status: 200, body: `{"Members":[{"Id":"A1",`}}
		}, nil},
		{"an expanded collection that the BMC cannot compose", true, func(f *fake) {
			f.script["GET "+firmwareURI+expanded] = []answer{redfishError(500, "Base.1.12.InternalError")}
		}, nil},
		{"a controller that does not expand", true, func(f *fake) {
			f.script["GET "+percURI+expanded] = []answer{redfishError(501, "Base.1.12.QueryNotSupported")}
		}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			furnish(f)
			if c.expand {
				f.offerExpand()
			}
			c.change(f)
			inv, err := f.connect(t).Inventory(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var lost []string
			for _, p := range inv.Problems {
				lost = append(lost, p.URI)
			}
			if diff := cmp.Diff(c.lost, lost); diff != "" {
				t.Errorf("problems (-want +got):\n%s%v", diff, inv.Problems)
			}
			if len(inv.Summary.Drives) != 8 || len(inv.Summary.Firmware) != 3 || inv.Summary.CPUs != 2 {
				t.Errorf("lost more: %+v", inv.Summary)
			}
		})
	}
}

// always gives the same answer each time.
func always(status int, body any) func(object) answer {
	return func(object) answer { return answer{status: status, body: body} }
}

// TestInventoryEnds: a BMC that stops answering ends it, with what was read so far.
func TestInventoryEnds(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		change  func(*fake)
		outcome Outcome
		read    bool
	}{
		{"no system", func(f *fake) { f.docs[systemsURI] = members() }, Permanent, false},
		{"the system cannot be shown", func(f *fake) { f.on("GET "+systemURI, always(500, "")) }, Permanent, false},
		{"no answer", func(f *fake) { f.on("GET "+storageURI, func(object) answer { panic(http.ErrAbortHandler) }) }, Transient, true},
		{"the account was locked", func(f *fake) {
			f.on("GET "+storageURI, always(401, ""))
		}, Permanent, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			furnish(f)
			c.change(f)
			inv, err := f.connect(t).Inventory(t.Context())
			wantError(t, err, c.outcome, "r1: read inventory")
			if got := inv.Summary.Model != ""; got != c.read {
				t.Errorf("read so far: %+v", inv.Summary)
			}
			if uris := f.seen("GET " + systemURI + "/Bios"); len(uris) > 0 {
				t.Error("went on without the BMC")
			}
		})
	}
}

func TestInventoryEndsWithContext(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	furnish(f)
	ctx, cancel := context.WithCancel(t.Context())
	f.on("GET "+storageURI, func(object) answer { cancel(); return answer{status: 503} })
	_, err := f.connect(t).Inventory(ctx)
	if !isContextEnd(err) {
		t.Errorf("%v", err)
	}
}

func TestContentHash(t *testing.T) {
	t.Parallel()
	same := []string{
		`{"a":1,"b":[{"c":"x","@odata.etag":"W/\"1\""}]}`,
		` {"b": [{"@odata.etag":"W/\"2\"","c":"x"}], "@odata.etag": "3", "a":1}`,
	}
	other := []string{`{"a":1.0,"b":[{"c":"x"}]}`, `{"a":1,"b":[{"c":"y"}]}`, `{"a":1,"b":{"c":"x"}}`, `{"a":12345678901234567890,"b":1}`, `{"a":12345678901234567891,"b":1}`, `{`, ``}
	want := contentHash(json.RawMessage(same[0]))
	if got := contentHash(json.RawMessage(same[1])); got != want {
		t.Error("the order of properties or an ETag changed the hash")
	}
	hashes := []string{want}
	for _, doc := range other {
		hash := contentHash(json.RawMessage(doc))
		if slices.Contains(hashes, hash) {
			t.Errorf("%s has the hash of another", doc)
		}
		hashes = append(hashes, hash)
	}
}

func TestProcessorsFillIn(t *testing.T) {
	t.Parallel()
	resources := []Resource{
		{Type: "Processor", Document: json.RawMessage(`{"ProcessorType":"CPU","TotalCores":8,"Model":" E5 ","InstructionSet":["x86-64"]}`)},
		{Type: "Processor", Document: json.RawMessage(`{"ProcessorType":"GPU","TotalCores":6912}`)},
		{Type: "Processor", Document: json.RawMessage(`{"TotalCores":8}`)},
		{Type: "Processor", Document: json.RawMessage(`"?"`)},
	}
	got := summarize(resources)
	if diff := cmp.Diff(Summary{CPUs: 2, Cores: 16, CPUModel: "E5"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzInventory: whatever documents a BMC has, they are summed up or left out, never a panic.
func FuzzInventory(f *testing.F) {
	f.Add("Drive", []byte(`{"Id":"Disk.Bay.0","Identifiers":[{"DurableName":"58:CE","DurableNameFormat":"NAA"}],"CapacityBytes":1e30}`))
	f.Add("ComputerSystem", []byte(`{"Links":{"Chassis":{"@odata.id":7}},"Storage":[{"@odata.id":"/s"}],"ProcessorSummary":[]}`))
	f.Add("Volume", []byte(`{"Links":{"Drives":[null,{"@odata.id":"/d"}]},"VolumeType":"Mirrored"}`))
	f.Add("EthernetInterface", []byte(`{"MACAddress":"B0:7B:25:00:00:01","SpeedMbps":null}`))
	f.Add("SoftwareInventory", []byte(`{"Id":"Previous-","Updateable":"yes"}`))
	f.Add("Processor", []byte(`{"InstructionSet":[`))
	f.Fuzz(func(t *testing.T, kind string, doc []byte) {
		c := &crawl{seen: map[string]bool{}}
		kept := c.keep("/x", doc)
		if (kept != nil) != (len(c.inv.Resources) == 1) || len(c.inv.Resources)+len(c.inv.Problems) != 1 {
			t.Fatalf("%d resources, %d problems", len(c.inv.Resources), len(c.inv.Problems))
		}
		summarize([]Resource{{URI: "/x", Type: kind, Document: doc}})
		for _, uri := range linksIn(kept, "Links", "Chassis") {
			if uri == "" {
				t.Error("an empty link")
			}
		}
		if contentHash(doc) != contentHash(slices.Clone(doc)) {
			t.Error("the hash is not stable")
		}
		typeOf(kept)
	})
}
