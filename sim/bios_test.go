package sim

import (
	"net/http"
	"testing"
)

func TestBIOSAttributesApplyAtBoot(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	must(t, s, http.StatusOK, http.MethodPatch, systemURI, `{"Boot":{"BootSourceOverrideTarget":"BiosSetup"}}`)
	id, _ := accepted(t, s, http.MethodPatch, biosSettingsURI,
		`{"Attributes":{"SysProfile":"PerfOptimized","AcPwrRcvryUserDelay":200},"@Redfish.SettingsApplyTime":{"ApplyTime":"OnReset"}}`)
	read := func(uri string) doc {
		attributes, _ := must(t, s, http.StatusOK, http.MethodGet, uri, "").body["Attributes"].(doc)
		return attributes
	}
	if pending := read(biosSettingsURI); pending["SysProfile"] != "PerfOptimized" || pending["AcPwrRcvryUserDelay"] != 200.0 {
		t.Errorf("pending: %v", pending)
	}
	if now := read(biosURI)["SysProfile"]; now != "PerfPerWattOptimizedDapc" {
		t.Errorf("before the boot SysProfile is %v", now)
	}
	reset(t, s, "On")
	if j := ended(t, s, id); j.State != jobCompleted || j.Type != jobBIOS {
		t.Errorf("job %+v", j)
	}
	if now := read(biosURI); now["SysProfile"] != "PerfOptimized" || now["AcPwrRcvryUserDelay"] != 200.0 {
		t.Errorf("after the boot: %v", now)
	}
	if pending := read(biosSettingsURI); len(pending) != 0 {
		t.Errorf("still pending: %v", pending)
	}
	await(t, s, BootFailed, "device", targetHdd)
	if has(s, Boot) {
		t.Error("the override for one boot survived the restart that the job made")
	}
}

func TestBIOSRefusals(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	for name, test := range map[string]struct{ body, message string }{
		"unknown attribute": {`{"Attributes":{"Colour":"red"}}`, "Base.1.12.PropertyUnknown"},
		"read only":         {`{"Attributes":{"SystemServiceTag":"X"}}`, "Base.1.12.PropertyNotWritable"},
		"not in the list":   {`{"Attributes":{"NumLock":"Maybe"}}`, "Base.1.12.PropertyValueNotInList"},
		"out of range":      {`{"Attributes":{"AcPwrRcvryUserDelay":1}}`, "Base.1.12.PropertyValueNotInList"},
		"no attributes":     {`{}`, "Base.1.12.PropertyValueTypeError"},
		"other property":    {`{"Name":"x"}`, "Base.1.12.PropertyUnknown"},
		"apply time":        {`{"Attributes":{},"@Redfish.SettingsApplyTime":{"ApplyTime":"Soon"}}`, "Base.1.12.PropertyValueNotInList"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := must(t, s, http.StatusBadRequest, http.MethodPatch, biosSettingsURI, test.body); got.messageID() != test.message {
				t.Errorf("message %s, want %s", got.messageID(), test.message)
			}
		})
	}
}

// TestPendingWithoutJob is how older firmware does it: note values, then make the job.
func TestPendingWithoutJob(t *testing.T) {
	t.Parallel()
	s := startGeneration(t, IDRAC8)
	must(t, s, http.StatusBadRequest, http.MethodPatch, biosSettingsURI, biosPatch)
	must(t, s, http.StatusOK, http.MethodPatch, biosSettingsURI, `{"Attributes":{"NumLock":"Off"}}`)
	must(t, s, http.StatusNoContent, http.MethodPost, biosSettingsURI+clearPendingAt, `{}`)
	must(t, s, http.StatusOK, http.MethodPatch, biosSettingsURI, `{"Attributes":{"ErrPrompt":"Disabled"}}`)
	must(t, s, http.StatusBadRequest, http.MethodPost, s.gen.jobsURI(), `{"TargetSettingsURI":"/redfish/v1/Nothing"}`)
	id, _ := accepted(t, s, http.MethodPost, s.gen.jobsURI(), `{"TargetSettingsURI":"`+biosSettingsURI+`"}`)
	must(t, s, http.StatusBadRequest, http.MethodPost, biosSettingsURI+clearPendingAt, `{}`)
	reset(t, s, "On")
	ended(t, s, id)
	if got, cleared := s.Attribute(biosFQDD, "ErrPrompt"), s.Attribute(biosFQDD, "NumLock"); got != "Disabled" || cleared != "On" {
		t.Errorf("ErrPrompt is %s, NumLock %s", got, cleared)
	}
}

func TestResetBIOS(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	s.setAttributes(biosFQDD, map[string]string{"NumLock": "Off"})
	must(t, s, http.StatusNoContent, http.MethodPost, biosURI+resetBIOSAt, `{}`)
	if got := s.Attribute(biosFQDD, "NumLock"); got != "Off" {
		t.Errorf("NumLock is %s before the boot", got)
	}
	reset(t, s, "On")
	await(t, s, AttributesSet, "all", "default")
	if got := s.Attribute(biosFQDD, "NumLock"); got != "On" {
		t.Errorf("NumLock is %s after the boot", got)
	}
}

func TestSecureBoot(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	id, _ := accepted(t, s, http.MethodPatch, secureBootURI, `{"SecureBootEnable":true}`)
	reset(t, s, "On")
	ended(t, s, id)
	if body := must(t, s, http.StatusOK, http.MethodGet, secureBootURI, "").body; body["SecureBootEnable"] != true {
		t.Errorf("secure boot is %v", body)
	}
	must(t, s, http.StatusBadRequest, http.MethodPatch, secureBootURI, `{"SecureBootMode":"AuditMode"}`)
	must(t, s, http.StatusBadRequest, http.MethodPost, secureBootURI+resetKeysAt, `{}`)
	must(t, s, http.StatusNoContent, http.MethodPost, secureBootURI+resetKeysAt, `{"ResetKeysType":"DeletePK"}`)
}

func TestDellAttributes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{IDRAC8, IDRAC9v7} {
		s := startGeneration(t, name)
		uri := s.gen.attributesURI(idracFQDD)
		must(t, s, http.StatusOK, http.MethodPatch, uri, `{"Attributes":{"VirtualMedia.1.Attached":"Detached","SSH.1.Timeout":600}}`)
		attributes, _ := must(t, s, http.StatusOK, http.MethodGet, uri, "").body["Attributes"].(doc)
		if attributes["VirtualMedia.1.Attached"] != "Detached" || attributes["SSH.1.Timeout"] != 600.0 || attributes["NIC.1.DNSRacName"] != "idrac-"+s.Tag() {
			t.Errorf("%s: attributes %v", name, attributes)
		}
		must(t, s, http.StatusBadRequest, http.MethodPatch, uri, `{"Attributes":{"NIC.1.MACAddress":"x"}}`)
		detached := must(t, s, http.StatusInternalServerError, http.MethodPost, s.gen.mediaURI()+"/"+s.slotID(0)+insertAt, `{"Image":"http://127.0.0.1:1/a.iso"}`)
		if id := detached.messageID(); id != s.gen.messageID(messageKey{dellRegistry, "VRM0021"}) {
			t.Errorf("%s: an insert while virtual media is detached: %s", name, id)
		}
	}
}
