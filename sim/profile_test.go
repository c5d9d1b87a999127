package sim

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func importBody(profile, shutdown string) string {
	body, err := json.Marshal(doc{
		"ImportBuffer": profile, "ShutdownType": shutdown, "ShareParameters": doc{"Target": []string{"ALL"}},
	})
	if err != nil {
		panic(err) // a map of texts has a JSON form
	}
	return string(body)
}

func setting(fqdd, name, value string) string {
	return fmt.Sprintf(`<SystemConfiguration><Component FQDD="%s"><Attribute Name="%s">%s</Attribute></Component></SystemConfiguration>`, fqdd, name, value)
}

// TestProfileRoundTrip exports, changes, imports and exports again, in both forms.
func TestProfileRoundTrip(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"XML", "JSON"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			s := startOne(t)
			export := func() string {
				j, err := s.exportAction(nil, doc{"ExportFormat": format, "ShareParameters": doc{"Target": "IDRAC,BIOS"}})
				if err != nil {
					t.Fatal(err)
				}
				ended(t, s, j.ID)
				found, _ := s.findJob(j.ID)
				return string(found.result.body)
			}
			before := export()
			if strings.Contains(before, systemFQDD) || !strings.Contains(before, "SysLog.1#Server1") {
				t.Errorf("exported %s", before)
			}
			s.setAttributes(idracFQDD, map[string]string{"SysLog.1.Server1": "log.example.com"})
			after := export()
			s.setAttributes(idracFQDD, map[string]string{"SysLog.1.Server1": ""})
			id, _ := accepted(t, s, http.MethodPost, s.gen.profileAction("ImportSystemConfiguration"), importBody(after, "NoReboot"))
			if j := ended(t, s, id); j.State != jobCompleted {
				t.Errorf("job %+v", j)
			}
			if got := s.Attribute(idracFQDD, "SysLog.1.Server1"); got != "log.example.com" {
				t.Errorf("after the import the server is %q", got)
			}
			first, errFirst := parseProfile(after)
			second, errSecond := parseProfile(export())
			if diff := cmp.Diff(first, second, cmp.AllowUnexported(profile{}, profileComponent{}, profileSetting{})); diff != "" || errFirst != nil || errSecond != nil {
				t.Errorf("the import and the export after it, %v, %v (-import +export):\n%s", errFirst, errSecond, diff)
			}
		})
	}
}

func TestExportOverHTTP(t *testing.T) {
	t.Parallel()
	for _, g := range generations {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			s := startGeneration(t, g.name)
			id, monitor := accepted(t, s, http.MethodPost, g.profileAction("ExportSystemConfiguration"), `{"ExportFormat":"XML","ShareParameters":{"Target":"ALL"}}`)
			ended(t, s, id)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+monitor, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			request.SetBasicAuth("root", "calvin")
			response, err := insecureClient(t).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			var document xmlProfile
			if err := xml.NewDecoder(response.Body).Decode(&document); err != nil || document.ServiceTag != s.Tag() || len(document.Components) != len(g.components) {
				t.Errorf("exported %+v, error %v", document, err)
			}
		})
	}
}

func TestImportResults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		profile, state, message string
		lines                   int
	}{
		"changed":           {setting(idracFQDD, "SSH.1#Timeout", "900"), jobCompleted, "Successfully imported", 1},
		"nothing to change": {setting(idracFQDD, "SSH.1#Timeout", "1800"), jobCompleted, "No changes", 0},
		"unknown attribute": {setting(idracFQDD, "SSH.1#Colour", "red"), jobFailed, "Unable to import", 1},
		"unknown component": {setting("RAID.Slot.9-1", "A", "b"), jobFailed, "Unable to import", 1},
		"some unknown": {
			`{"SystemConfiguration":{"Components":[{"FQDD":"iDRAC.Embedded.1","Attributes":[{"Name":"SSH.1#Timeout","Value":"900"},{"Name":"X.1#Y","Value":"z"}]}]}}`,
			jobCompletedWithErrors, "completed with errors", 2,
		},
		"not on import": {
			`{"SystemConfiguration":{"Components":[{"FQDD":"iDRAC.Embedded.1","Attributes":[{"Name":"SSH.1#Timeout","Value":"900","Set On Import":"False"}]}]}}`,
			jobCompleted, "No changes", 0,
		},
		"no profile":  {`{"Systems":[]}`, jobFailed, "not a server configuration profile", 0},
		"broken XML":  {`<SystemConfiguration><Component>`, jobFailed, "not a server configuration profile", 0},
		"broken JSON": {`{"SystemConfiguration":`, jobFailed, "not a server configuration profile", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startOne(t)
			id, _ := accepted(t, s, http.MethodPost, s.gen.profileAction("ImportSystemConfiguration"), importBody(test.profile, "NoReboot"))
			j := ended(t, s, id)
			if j.State != test.state || !strings.Contains(j.Message, test.message) {
				t.Errorf("job %+v", j)
			}
			messages, _ := must(t, s, http.StatusOK, http.MethodGet, tasksURI+"/"+id, "").body["Messages"].([]any)
			if len(messages) != test.lines+1 {
				t.Errorf("messages %v", messages)
			}
			if test.state == jobCompletedWithErrors && s.Attribute(idracFQDD, "SSH.1.Timeout") != "900" {
				t.Error("what was right was not applied")
			}
		})
	}
}

func TestPreviewChangesNothing(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	id, _ := accepted(t, s, http.MethodPost, s.gen.profileAction("ImportSystemConfigurationPreview"), importBody(setting(idracFQDD, "SSH.1#Timeout", "900"), ""))
	if j := ended(t, s, id); j.State != jobCompleted || !strings.Contains(j.Message, "previewed") {
		t.Errorf("job %+v", j)
	}
	if got := s.Attribute(idracFQDD, "SSH.1.Timeout"); got != "1800" || has(s, AttributesSet) {
		t.Errorf("the timeout is %s", got)
	}
}

func TestImportOfBIOSSettings(t *testing.T) {
	t.Parallel()
	profile := setting(biosFQDD, "NumLock", "Off")
	t.Run("waits for a boot", func(t *testing.T) {
		t.Parallel()
		s := startOne(t)
		id, _ := accepted(t, s, http.MethodPost, s.gen.profileAction("ImportSystemConfiguration"), importBody(profile, "NoReboot"))
		eventually(t, "the job is staged", func() bool { return s.Jobs()[0].State == jobScheduled && s.targeted("SCP") && !has(s, AttributesSet) })
		eventually(t, "an import is refused", func() bool {
			got := must(t, s, http.StatusBadRequest, http.MethodPost, s.gen.profileAction("ImportSystemConfiguration"), importBody(profile, "NoReboot"))
			return got.messageID() == "IDRAC.2.8.LC068"
		})
		reset(t, s, "On")
		if j := ended(t, s, id); j.State != jobCompleted || s.Attribute(biosFQDD, "NumLock") != "Off" {
			t.Errorf("job %+v, NumLock %s", j, s.Attribute(biosFQDD, "NumLock"))
		}
	})
	t.Run("restarts the host", func(t *testing.T) {
		t.Parallel()
		s := startOne(t)
		id, _ := accepted(t, s, http.MethodPost, s.gen.profileAction("ImportSystemConfiguration"), importBody(profile, "Forced"))
		ended(t, s, id)
		if s.PowerState() != stateOn || s.Attribute(biosFQDD, "NumLock") != "Off" {
			t.Errorf("power %s, NumLock %s", s.PowerState(), s.Attribute(biosFQDD, "NumLock"))
		}
	})
}

func TestProfileRefusals(t *testing.T) {
	t.Parallel()
	s := slowJobs(t, IDRAC9v7)
	post := func(status int, action, body, message string) {
		t.Helper()
		if got := must(t, s, status, http.MethodPost, s.gen.profileAction(action), body); got.messageID() != message {
			t.Errorf("%s %s: message %s, want %s", action, body, got.messageID(), message)
		}
	}
	post(400, "ImportSystemConfiguration", `{"ShareParameters":{}}`, "Base.1.12.ActionParameterMissing")
	post(400, "ImportSystemConfiguration", `{"ImportBuffer":"<a/>"}`, "Base.1.12.ActionParameterMissing")
	post(400, "ImportSystemConfiguration", `{"ImportBuffer":"<a/>","ShutdownType":"Now","ShareParameters":{}}`, "Base.1.12.PropertyValueNotInList")
	post(400, "ExportSystemConfiguration", `{"ExportFormat":"YAML","ShareParameters":{}}`, "Base.1.12.PropertyValueNotInList")
	post(400, "ExportSystemConfiguration", `{"ShareParameters":{"ShareType":"NFS"}}`, "Base.1.12.PropertyValueNotInList")
	post(400, "ExportSystemConfiguration", `{"ShareParameters":{"Target":5}}`, "Base.1.12.PropertyValueTypeError")
	must(t, s, http.StatusOK, http.MethodPatch, biosSettingsURI, `{"Attributes":{"NumLock":"Off"}}`)
	post(400, "ImportSystemConfiguration", importBody("<a/>", "NoReboot"), "IDRAC.2.8.LC068")
	must(t, s, http.StatusNoContent, http.MethodPost, biosSettingsURI+clearPendingAt, `{}`)
	accepted(t, s, http.MethodPost, s.gen.profileAction("ExportSystemConfiguration"), `{"ShareParameters":{"Target":"ALL"}}`)
	post(503, "ExportSystemConfiguration", `{"ShareParameters":{"Target":"ALL"}}`, "IDRAC.2.8.RAC0679")
	post(503, "ImportSystemConfiguration", importBody("<a/>", "NoReboot"), "IDRAC.2.8.RAC0679")
	must(t, s, http.StatusNotFound, http.MethodPost, managerURI+"/Actions/Oem/OemManager.ExportSystemConfiguration", `{}`)
}

// TestOldFirmwareMindsWhiteSpace has the same profile with and without line breaks.
func TestOldFirmwareMindsWhiteSpace(t *testing.T) {
	t.Parallel()
	s := startGeneration(t, IDRAC8)
	compact := setting(idracFQDD, "SSH.1#Timeout", "900")
	for profile, want := range map[string]string{strings.ReplaceAll(compact, "><", ">\n<"): jobFailed, compact: jobCompleted} {
		id, _ := accepted(t, s, http.MethodPost, s.gen.profileAction("ImportSystemConfiguration"), importBody(profile, "NoReboot"))
		if j := ended(t, s, id); j.State != want {
			t.Errorf("%q: job %+v", profile, j)
		}
	}
}

func FuzzParseProfile(f *testing.F) {
	f.Add(setting(idracFQDD, "SSH.1#Timeout", "900"))
	f.Add(`{"SystemConfiguration":{"Components":[{"FQDD":"a","Attributes":[{"Name":"b","Value":1}],"Components":[{"FQDD":"c"}]}]}}`)
	f.Add("<SystemConfiguration>")
	f.Add("{}")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parseProfile(text)
		if err != nil && len(p.components) > 0 {
			t.Errorf("components %v with the error %v", p.components, err)
		}
	})
}
