package bmc

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	biosURI         = systemURI + "/Bios"
	biosSettingsURI = biosURI + "/Settings"
	biosRegistryURI = biosURI + "/BiosRegistry"
	clearBIOSURI    = biosSettingsURI + "/Actions/Oem/DellManager.ClearPending"
	resetBIOSURI    = biosURI + "/Actions/Bios.ResetBios"
)

// addBIOS gives the fake a BIOS whose changes the BMC applies by a job of its own, unless
// it is an old one.
func (f *fake) addBIOS(old bool) {
	f.edit(systemURI, object{"Bios": object{"@odata.id": biosURI}})
	settings := object{"SettingsObject": object{"@odata.id": biosSettingsURI}}
	if !old {
		settings["SupportedApplyTimes"] = []string{"OnReset", "AtMaintenanceWindowStart"}
	}
	f.docs[biosURI] = object{
		"@odata.id": biosURI, "Id": "Bios", "AttributeRegistry": "BiosAttributeRegistry.v1_0_3", "@Redfish.Settings": settings,
		"Attributes": object{"BootMode": "Uefi", "ProcVirtualization": "Enabled", "AcPwrRcvryUserDelay": 60, "AssetTag": "", "SystemModelName": "PowerEdge R660", "SetupPassword": nil},
		"Actions":    object{"#Bios.ResetBios": object{"target": resetBIOSURI}},
	}
	pending := object{}
	f.docs[biosSettingsURI] = object{
		"@odata.id": biosSettingsURI, "Id": "Settings", "Attributes": pending,
		"Actions": object{"Oem": object{"#DellManager.ClearPending": object{"target": clearBIOSURI}}},
	}
	f.docs["/redfish/v1/Registries"] = members("/redfish/v1/Registries/Base.v1_12_0", "/redfish/v1/Registries/BiosAttributeRegistry")
	f.docs["/redfish/v1/Registries/BiosAttributeRegistry"] = object{"Id": "BiosAttributeRegistry", "Location": []object{{"Language": "En", "Uri": biosRegistryURI}}}
	f.docs[biosRegistryURI] = object{"Id": "BiosRegistry", "RegistryEntries": object{"Attributes": []object{
		{"AttributeName": "BootMode", "Type": "Enumeration", "Value": []object{{"ValueName": "Bios"}, {"ValueName": "Uefi"}}},
		{"AttributeName": "ProcVirtualization", "Type": "Enumeration", "Value": []object{{"ValueName": "Enabled"}, {"ValueName": "Disabled"}}},
		{"AttributeName": "AcPwrRcvryUserDelay", "Type": "Integer", "LowerBound": 60, "UpperBound": 600},
		{"AttributeName": "AssetTag", "Type": "String", "MinLength": 0, "MaxLength": 10},
		{"AttributeName": "SetupPassword", "Type": "Password", "MinLength": 0, "MaxLength": 32},
		{"AttributeName": "SystemModelName", "Type": "String", "ReadOnly": true},
	}}}
	f.addJobs()
	f.actions["PATCH "+biosSettingsURI] = func(body object) answer {
		change, _ := body["Attributes"].(object)
		maps.Copy(pending, change)
		if body["@Redfish.SettingsApplyTime"] == nil {
			return answer{status: http.StatusOK, body: object{}}
		}
		return f.stageBIOS()
	}
	f.actions["POST "+jobsURI] = func(object) answer { return f.stageBIOS() }
}

func (f *fake) stageBIOS() answer {
	f.docs[jobsURI] = members(jobsURI + "/" + jid)
	f.docs[jobsURI+"/"+jid] = dellJob(jid, "Scheduled")
	return answer{status: http.StatusOK, body: object{}, header: map[string]string{"Location": jobsURI + "/" + jid}}
}

func TestStartSetBIOS(t *testing.T) {
	t.Parallel()
	var (
		patch = "PATCH " + biosSettingsURI
		stage = "POST " + jobsURI
	)
	cases := []struct {
		name    string
		old     bool
		pending object
		staged  bool
		want    map[string]any
		change  BIOSChange
		writes  []string
	}{
		{name: "applied already", want: map[string]any{"BootMode": "Uefi", "AcPwrRcvryUserDelay": "60"}},
		{
			name: "one of two", want: map[string]any{"BootMode": "Bios", "ProcVirtualization": "Enabled"}, writes: []string{patch},
			change: BIOSChange{JobID: jid, Changed: map[string]any{"BootMode": "Bios"}, Previous: map[string]any{"BootMode": "Uefi"}},
		},
		{
			name: "a number as text", want: map[string]any{"AcPwrRcvryUserDelay": "90"}, writes: []string{patch},
			change: BIOSChange{JobID: jid, Changed: map[string]any{"AcPwrRcvryUserDelay": 90.0}, Previous: map[string]any{"AcPwrRcvryUserDelay": 60.0}},
		},
		{
			name: "on a BMC that makes no job by itself", old: true, want: map[string]any{"BootMode": "Bios"}, writes: []string{patch, stage},
			change: BIOSChange{JobID: jid, Changed: map[string]any{"BootMode": "Bios"}, Previous: map[string]any{"BootMode": "Uefi"}},
		},
		{name: "pending already", pending: object{"BootMode": "Bios"}, staged: true, want: map[string]any{"BootMode": "Bios"}, change: BIOSChange{JobID: jid}},
		{name: "pending without a job", old: true, pending: object{"BootMode": "Bios"}, want: map[string]any{"BootMode": "Bios"}, change: BIOSChange{JobID: jid}, writes: []string{stage}},
		{
			name: "pending with another value", pending: object{"BootMode": "Bios"}, want: map[string]any{"BootMode": "Uefi"}, writes: []string{patch},
			change: BIOSChange{JobID: jid, Changed: map[string]any{"BootMode": "Uefi"}, Previous: map[string]any{"BootMode": "Uefi"}},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.addBIOS(c.old)
			maps.Copy(f.docs[biosSettingsURI]["Attributes"].(object), c.pending)
			if c.staged {
				f.stageBIOS()
			}
			got, err := f.connect(t).StartSetBIOS(t.Context(), c.want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.change, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.writes, f.writes()); diff != "" {
				t.Errorf("writes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStartSetBIOSAppliesOnReset(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addBIOS(false)
	if _, err := f.connect(t).StartSetBIOS(t.Context(), map[string]any{"BootMode": "Bios"}); err != nil {
		t.Fatal(err)
	}
	want := object{"Attributes": object{"BootMode": "Bios"}, "@Redfish.SettingsApplyTime": object{"ApplyTime": "OnReset"}}
	if diff := cmp.Diff(want, f.seen("PATCH " + biosSettingsURI)[0].body); diff != "" {
		t.Error(diff)
	}
}

func TestStartSetBIOSChecksFirst(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		value any
		says  string
	}{
		{"Nonsense", 1, "Nonsense is not an attribute of this server"},
		{"bootmode", "Uefi", "bootmode is written BootMode"},
		{"SystemModelName", "R740", "SystemModelName is read-only"},
		{"BootMode", "Legacy", "BootMode is one of Bios, Uefi, not Legacy"},
		{"BootMode", 7, "not 7"},
		{"AcPwrRcvryUserDelay", 59, "is at least 60, not 59"},
		{"AcPwrRcvryUserDelay", int64(601), "is at most 600, not 601"},
		{"AcPwrRcvryUserDelay", 60.5, "is a whole number"},
		{"AcPwrRcvryUserDelay", "soon", "is a whole number"},
		{"AssetTag", "01234567890", "has at most 10 characters"},
		{"AssetTag", 7, "is text"},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s=%v", c.name, c.value), func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.addBIOS(false)
			_, err := f.connect(t).StartSetBIOS(t.Context(), map[string]any{c.name: c.value, "ProcVirtualization": "Disabled"})
			wantError(t, err, Permanent, c.says, "none was changed")
			if got := f.writes(); got != nil {
				t.Errorf("it asked nevertheless: %v", got)
			}
		})
	}
}

func TestStartSetBIOSHidesPasswords(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addBIOS(false)
	const password = "a-setup-password-that-is-longer-than-32"
	change, err := f.connect(t).StartSetBIOS(t.Context(), map[string]any{"SetupPassword": password})
	wantError(t, err, Permanent, "SetupPassword has at most 32")
	if strings.Contains(err.Error()+BIOSChange{Changed: map[string]any{"SetupPassword": password}}.String()+change.String(), password) {
		t.Error("the password is in the error")
	}
}

// TestStartSetBIOSWithoutARegistry leaves the check to the BMC.
func TestStartSetBIOSWithoutARegistry(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"/redfish/v1/Registries", "/redfish/v1/Registries/BiosAttributeRegistry", biosRegistryURI} {
		f := newFake(t)
		f.addBIOS(false)
		delete(f.docs, missing)
		if missing != biosRegistryURI {
			f.docs["/redfish/v1/Registries"] = members()
		}
		if _, err := f.connect(t).StartSetBIOS(t.Context(), map[string]any{"BootMode": "Fast"}); err != nil {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

func TestBIOS(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addBIOS(false)
	maps.Copy(f.docs[biosSettingsURI]["Attributes"].(object), object{"BootMode": "Bios", "ProcVirtualization": "Enabled"})
	got, err := f.connect(t).BIOS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"BootMode": "Bios"}, got.Pending); diff != "" {
		t.Errorf("pending: %s", diff)
	}
	wrong := got.Differing(map[string]any{"BootMode": "Uefi", "AcPwrRcvryUserDelay": "60", "ProcVirtualization": "Disabled", "Nonsense": 1})
	if diff := cmp.Diff([]string{"Nonsense", "ProcVirtualization"}, wrong); diff != "" {
		t.Error(diff)
	}
}

func TestClearPendingBIOS(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		pending bool
		answers []answer
		asked   int
		outcome Outcome
	}{
		{name: "nothing is pending"},
		{name: "cleared", pending: true, asked: 1},
		{name: "the answer is lost", pending: true, answers: []answer{{drop: true}}, asked: 1},
		{name: "there is a job", pending: true, answers: []answer{redfishError(400, "IDRAC.2.8.RAC0679")}, asked: 1, outcome: Busy},
		{name: "without effect", pending: true, answers: []answer{{status: 204}}, asked: 1, outcome: Unknown},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.addBIOS(false)
			pending := f.docs[biosSettingsURI]["Attributes"].(object)
			if c.pending {
				pending["BootMode"] = "Bios"
			}
			f.on("POST "+clearBIOSURI, func(object) answer {
				clear(pending)
				return answer{status: http.StatusOK, body: object{}}
			})
			f.scripted("POST "+clearBIOSURI, c.answers...)
			b := f.connect(t)
			if c.outcome == Unknown {
				b.pace.attribute = 20 * time.Millisecond
			}
			wantError(t, b.ClearPendingBIOS(t.Context()), c.outcome)
			if got := len(f.seen("POST " + clearBIOSURI)); got != c.asked {
				t.Errorf("asked %d times, want %d", got, c.asked)
			}
		})
	}
}

func TestResetBIOS(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addBIOS(false)
	f.on("POST "+resetBIOSURI, func(object) answer {
		f.docs[biosURI]["ResetBiosToDefaultsPending"] = true
		return answer{status: http.StatusOK, body: object{}}
	})
	b := f.connect(t)
	for range 2 {
		if err := b.ResetBIOS(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(f.seen("POST " + resetBIOSURI)); got != 1 {
		t.Errorf("asked %d times, want 1", got)
	}
	f.edit(biosURI, object{"ResetBiosToDefaultsPending": false, "Actions": object{}})
	wantError(t, b.ResetBIOS(t.Context()), Permanent, "no ResetBios")
}

// FuzzBIOSRegistry: whatever the registry says, a value is checked or let through, and no
// free text is repeated.
func FuzzBIOSRegistry(f *testing.F) {
	f.Add([]byte(`{"AttributeName":"A","Type":"Integer","LowerBound":1,"UpperBound":"x"}`), "5")
	f.Add([]byte(`{"Type":"Enumeration","Value":[{"ValueName":7},"x"]}`), "Uefi")
	f.Add([]byte(`{"Type":"Password","MinLength":90}`), "s3cret-value")
	f.Add([]byte(`{"Type":"Boolean"}`), "true")
	f.Fuzz(func(t *testing.T, entry []byte, value string) {
		var attribute biosAttribute
		if lenient(json.Unmarshal(entry, &attribute)) != nil {
			return
		}
		for _, v := range []any{value, conform(value, 1.0), conform(value, true), nil} {
			err := attribute.check(v)
			if err != nil && attribute.Type != "Enumeration" && len(value) > 8 && v == value && strings.Contains(err.Error(), value) {
				t.Errorf("the value is in %q", err)
			}
		}
	})
}
