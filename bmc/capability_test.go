package bmc

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// addServices gives the fake what the service root of an iDRAC9 links to.
func (f *fake) addServices() {
	const root = "/redfish/v1/"
	f.edit(root, object{
		"UpdateService":    object{"@odata.id": root + "UpdateService"},
		"TelemetryService": object{"@odata.id": root + "TelemetryService"},
		"LicenseService":   object{"@odata.id": root + "LicenseService"},
	})
	f.docs[root+"UpdateService"] = object{"MultipartHttpPushUri": root + "UpdateService/MultipartUpload"}
	f.docs[root+"LicenseService"] = object{"Licenses": object{"@odata.id": root + "LicenseService/Licenses"}}
	f.docs[root+"LicenseService/Licenses"] = members(root + "LicenseService/Licenses/1")
	f.docs[root+"LicenseService/Licenses/1"] = object{"Id": "1", "Name": "License 1", "Description": "iDRAC9 16G Datacenter License"}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addServices()
	f.addBIOS(false)
	f.addProfiles(dellJob(jid, "Completed"))
	f.edit(systemURI, object{"@Redfish.Settings": object{"SettingsObject": object{"@odata.id": settingsURI}}})
	b := f.connect(t)
	want := Capabilities{
		BMCModel: "16G Monolithic", Generation: "iDRAC9", Firmware: "7.10.30.00",
		Licences: []string{"iDRAC9 16G Datacenter License"}, Licence: "Datacenter", Select: true,
		ResetTypes:       []ResetType{ResetOn, ResetForceOff, ResetForceRestart, ResetGracefulRestart, ResetGracefulShutdown, ResetPushPowerButton, ResetNmi, ResetPowerCycle},
		BootDevices:      []BootDevice{BootNone, BootPxe, BootCd, BootHdd},
		BootModeWritable: true, BootSettings: settingsURI, Media: MediaOfSystem,
		ProfileExport: exportURI, ProfileImport: importURI, ProfilePreview: previewURI,
		Jobs: jobsURI, MultipartPush: "/redfish/v1/UpdateService/MultipartUpload", Telemetry: true,
	}
	got, err := b.Capabilities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	reads := len(f.log)
	b.note(&b.settingsOnly)
	again, err := b.Capabilities(t.Context())
	if err != nil || !again.BootSettingsOnly || again.Jobs != jobsURI {
		t.Errorf("%+v, %v", again, err)
	}
	if len(f.log) != reads {
		t.Error("it asked the BMC again")
	}
	var stored Capabilities
	text, err := json.Marshal(again)
	if err == nil {
		err = json.Unmarshal(text, &stored)
	}
	if diff := cmp.Diff(again, stored); err != nil || diff != "" {
		t.Errorf("not kept as JSON: %v\n%s", err, diff)
	}
}

// TestCapabilitiesOfAnOldBMC: an iDRAC8, which has its own names and places for much.
func TestCapabilitiesOfAnOldBMC(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.withManagerMedia()
	f.edit(managerURI, object{"Model": "13G Monolithic", "FirmwareVersion": "2.85.85.85", "Actions": object{"Oem": object{
		"EID_674_Manager.ImportSystemConfiguration": object{"target": importURI},
	}}})
	f.docs[managerURI+"/Jobs"] = members()
	f.linkDell("DellLicenseCollection", managerURI+"/DellLicenses")
	f.docs[managerURI+"/DellLicenses"] = members(managerURI + "/DellLicenses/1")
	f.docs[managerURI+"/DellLicenses/1"] = object{"Id": "1", "Name": "DellLicense", "LicenseDescription": []string{"iDRAC8 Enterprise License"}}
	got, err := f.connect(t).Capabilities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Generation != "iDRAC8" || got.Media != MediaOfManager || got.ProfileImport != importURI || got.ProfilePreview != "" ||
		got.Jobs != managerURI+"/Jobs" || got.Licence != "Enterprise" || got.BootModeWritable || got.Telemetry || got.MultipartPush != "" {
		t.Errorf("%+v", got)
	}
}

func TestCapabilitiesAreProbedAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addServices()
	f.scripted("GET /redfish/v1/LicenseService/Licenses", redfishError(http.StatusServiceUnavailable, "Base.1.12.ServiceTemporarilyUnavailable"))
	b := f.connect(t)
	_, err := b.Capabilities(t.Context())
	wantError(t, err, Transient)
	f.scripted("GET /redfish/v1/LicenseService/Licenses", redfishError(http.StatusForbidden, "Base.1.12.InsufficientPrivilege"))
	got, err := b.Capabilities(t.Context())
	if err != nil || got.Licence != "" || !got.Telemetry {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestGeneration(t *testing.T) {
	t.Parallel()
	for model, want := range map[string]string{
		"12G Modular": "iDRAC7", "13G Monolithic": "iDRAC8", "14G Monolithic": "iDRAC9", "15G DCS": "iDRAC9", "16G Monolithic": "iDRAC9",
		"17G Monolithic": "iDRAC10", "18G Monolithic": "", "OpenBMC": "", "": "",
	} {
		if got := generation(model); got != want {
			t.Errorf("%q is %q, want %q", model, got, want)
		}
	}
}

func TestFirmwareWarnings(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]int{
		"4.39.99.99": 0, "4.40.00.00": 1, "4.40.29.00": 1, "4.40.40.00": 0, "5.10.10.00": 1, "5.10.11.00": 0, "7.10.30.00": 0, "": 0, "x.y": 0,
	} {
		if got := firmwareWarnings(version); len(got) != want {
			t.Errorf("%s: %v", version, got)
		}
	}
}
