package bmc

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	exportURI  = managerURI + "/Actions/Oem/EID_674_Manager.ExportSystemConfiguration"
	importURI  = managerURI + "/Actions/Oem/EID_674_Manager.ImportSystemConfiguration"
	previewURI = importURI + "Preview"

	profileXML  = `<SystemConfiguration Model="PowerEdge R660"><Component FQDD="iDRAC.Embedded.1"></Component></SystemConfiguration>`
	profileJSON = `{"SystemConfiguration":{"Model":"PowerEdge R660"}}`
)

// accepted is the answer to a request that a job carries out.
func accepted(id string) answer {
	return answer{status: http.StatusAccepted, body: object{}, header: map[string]string{"Location": taskMonitorsURI + "/" + id}}
}

// addProfiles lets the fake export and import profiles by the job that is given.
func (f *fake) addProfiles(job object) {
	f.addJobs(job)
	f.docs[managerURI]["Actions"] = object{"Oem": object{
		"#OemManager.v1_2_0.OemManager#OemManager.ExportSystemConfiguration":        object{"target": exportURI},
		"#OemManager.v1_2_0.OemManager#OemManager.ImportSystemConfiguration":        object{"target": importURI},
		"#OemManager.v1_2_0.OemManager#OemManager.ImportSystemConfigurationPreview": object{"target": previewURI},
	}}
	for _, uri := range []string{exportURI, importURI, previewURI} {
		f.actions["POST "+uri] = func(object) answer { return accepted(jid) }
	}
}

func TestExportProfile(t *testing.T) {
	t.Parallel()
	var (
		running = answer{status: 200, body: dellJob(jid, "Running")}
		gone    = redfishError(404, "Base.1.12.ResourceMissingAtURI")
		task    = answer{status: 200, body: object{"Id": jid, "TaskState": "Running", "Messages": []object{{"Message": "ImportSystemConfiguration"}}}}
		busy    = redfishError(503, "IDRAC.2.8.RAC0679", "Base.1.12.InternalError")
	)
	cases := []struct {
		name     string
		posts    []answer
		jobs     []answer
		monitors []answer
		tasks    []answer
		ends     string
		want     string
		outcome  Outcome
		says     []string
	}{
		{name: "from the monitor", jobs: []answer{running, running}, monitors: []answer{{status: 200, body: profileXML}}, ends: "Completed", want: profileXML},
		{name: "JSON", monitors: []answer{{status: 200, body: profileJSON}}, ends: "Completed", want: profileJSON},
		{name: "from the task", monitors: []answer{gone}, tasks: []answer{{status: 200, body: profileXML}}, ends: "Completed", want: profileXML},
		{name: "a moment later", monitors: []answer{task, {status: 503, body: "<html>"}, {status: 200, body: profileXML}}, tasks: []answer{task}, ends: "Completed", want: profileXML},
		{name: "purged", ends: "Completed", outcome: Transient, says: []string{jid, "export again"}},
		{name: "failed", ends: "Failed", outcome: Permanent, says: []string{"Job in progress."}},
		{name: "another job is running", posts: []answer{busy}, outcome: Busy, says: []string{"RAC0679", "wait until it has ended"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.addProfiles(dellJob(jid, c.ends))
			f.scripted("POST "+exportURI, c.posts...)
			f.scripted("GET "+jobsURI+"/"+jid, c.jobs...)
			f.scripted("GET "+taskMonitorsURI+"/"+jid, c.monitors...)
			f.scripted("GET "+tasksURI+"/"+jid, c.tasks...)
			got, err := f.connect(t).ExportProfile(t.Context(), ProfileExport{})
			wantError(t, err, c.outcome, c.says...)
			if string(got) != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			want := object{"ExportFormat": "XML", "ExportUse": "Default", "ShareParameters": object{"Target": "ALL"}}
			if diff := cmp.Diff(want, f.seen("POST " + exportURI)[0].body); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStartProfileBodies(t *testing.T) {
	t.Parallel()
	profile := ProfileImport{Profile: []byte(profileXML), Targets: []string{"IDRAC", "BIOS"}}
	forced := profile
	forced.Shutdown = "Forced"
	cases := []struct {
		name  string
		start func(*BMC, context.Context) (string, error)
		uri   string
		want  object
	}{
		{"export", func(b *BMC, ctx context.Context) (string, error) {
			return b.StartExportProfile(ctx, ProfileExport{Targets: []string{"RAID"}, Format: "JSON", Use: "Clone"})
		}, exportURI, object{"ExportFormat": "JSON", "ExportUse": "Clone", "ShareParameters": object{"Target": "RAID"}}},
		{"preview", func(b *BMC, ctx context.Context) (string, error) { return b.StartPreviewProfile(ctx, profile) }, previewURI,
			object{"ImportBuffer": profileXML, "ShareParameters": object{"Target": "IDRAC,BIOS"}}},
		{"import", func(b *BMC, ctx context.Context) (string, error) { return b.StartImportProfile(ctx, profile) }, importURI,
			object{"ImportBuffer": profileXML, "ShutdownType": "NoReboot", "ShareParameters": object{"Target": "IDRAC,BIOS"}}},
		{"import with a restart", func(b *BMC, ctx context.Context) (string, error) { return b.StartImportProfile(ctx, forced) }, importURI,
			object{"ImportBuffer": profileXML, "ShutdownType": "Forced", "ShareParameters": object{"Target": "IDRAC,BIOS"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.addProfiles(dellJob(jid, "Running"))
			if got, err := c.start(f.connect(t), t.Context()); err != nil || got != jid {
				t.Fatalf("job %q, %v", got, err)
			}
			if diff := cmp.Diff(c.want, f.seen("POST " + c.uri)[0].body); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStartImportProfile(t *testing.T) {
	t.Parallel()
	typed := redfishError(400, "Base.1.12.ActionParameterValueTypeError")
	cases := []struct {
		name    string
		answers []answer
		asked   int
		outcome Outcome
		says    string
	}{
		{"targets as a list", []answer{typed}, 2, Done, ""},
		{"targets in no form", []answer{typed, typed}, 2, Permanent, ""},
		{"a change is pending", []answer{redfishError(400, "IDRAC.2.8.LC068")}, 1, Busy, "next restart"},
		{"another job is running", []answer{redfishError(400, "IDRAC.2.8.RAC0679")}, 1, Busy, "wait"},
		{"done at once by no job", []answer{{status: 200, body: object{}}}, 1, Unknown, "job queue"},
		{"the answer is lost", []answer{{drop: true}}, 1, Unknown, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.addProfiles(dellJob(jid, "Running"))
			f.scripted("POST "+importURI, c.answers...)
			_, err := f.connect(t).StartImportProfile(t.Context(), ProfileImport{Profile: []byte(profileXML), Targets: []string{"BIOS"}})
			wantError(t, err, c.outcome, c.says)
			asked := f.seen("POST " + importURI)
			if len(asked) != c.asked {
				t.Errorf("asked %d times, want %d", len(asked), c.asked)
			}
			if c.asked == 2 {
				if diff := cmp.Diff(any(object{"Target": []any{"BIOS"}}), asked[1].body["ShareParameters"]); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestCompactProfile(t *testing.T) {
	t.Parallel()
	for profile, want := range map[string]string{
		"\n<A>\n  <Attribute Name=\"x\"> v </Attribute>\r\n</A>\n": `<A><Attribute Name="x"> v </Attribute></A>`,
		`<A> <Attribute Name="x">  </Attribute> </A>`:              `<A><Attribute Name="x">  </Attribute></A>`,
		profileXML:              profileXML,
		"{\n \"a\": \"> <\"\n}": "{\n \"a\": \"> <\"\n}",
		"":                      "",
	} {
		if got := compactProfile([]byte(profile)); got != want {
			t.Errorf("%q is %q, want %q", profile, got, want)
		}
	}
}

func TestProfilesWithoutTheAction(t *testing.T) {
	t.Parallel()
	_, err := newFake(t).connect(t).StartExportProfile(t.Context(), ProfileExport{})
	wantError(t, err, Permanent, "no ExportSystemConfiguration", "firmware")
}

// resultLine is how a task tells what became of one setting.
func resultLine(name, code, severity string) object {
	return object{"Severity": severity, "Oem": object{"Dell": object{
		"@odata.type": "#DellManager.v1_0_0.ServerConfigurationProfileResults", "DisplayValue": "Title of " + name,
		"Name": name, "OldValue": "Disabled", "NewValue": "Enabled", "ErrCode": code, "MessageID": "SYS9", "Message": "why",
	}}}
}

func TestWaitProfile(t *testing.T) {
	t.Parallel()
	line := func(name string, failed bool) ProfileLine {
		return ProfileLine{Name: name, Title: "Title of " + name, Old: "Disabled", New: "Enabled", Failed: failed, MessageID: "SYS9", Message: "why"}
	}
	summary := object{"Message": "Successfully imported and applied", "MessageId": "SYS053"}
	cases := []struct {
		name    string
		state   string
		task    []object
		want    []ProfileLine
		outcome Outcome
		says    []string
	}{
		{name: "applied", state: "Completed", task: []object{summary, resultLine("Users.6#Enable", "0", "OK")}, want: []ProfileLine{line("Users.6#Enable", false)}},
		{name: "applied, the task is gone", state: "Completed"},
		{
			name: "completed, but one failed", state: "Completed", task: []object{resultLine("A", "0", "OK"), resultLine("B", "8225", "OK"), resultLine("C", "0", "Critical")},
			want: []ProfileLine{line("A", false), line("B", true), line("C", true)}, outcome: Permanent, says: []string{"2 of 3 settings", "B SYS9, C SYS9"},
		},
		{name: "with errors, the task is gone", state: "CompletedWithErrors", outcome: Permanent, says: []string{"Job in progress."}},
		{name: "failed", state: "Failed", task: []object{resultLine("B", "1", "OK")}, want: []ProfileLine{line("B", true)}, outcome: Permanent, says: []string{"1 of 1"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.addProfiles(dellJob(jid, c.state))
			if c.task != nil {
				f.docs[tasksURI+"/"+jid] = object{"Id": jid, "Messages": c.task}
			}
			got, err := f.connect(t).WaitProfile(t.Context(), jid)
			wantError(t, err, c.outcome, c.says...)
			if diff := cmp.Diff(c.want, got.Lines); diff != "" {
				t.Error(diff)
			}
			if !got.Job.State.Ended() {
				t.Errorf("%+v", got.Job)
			}
		})
	}
}

func TestProfileFailureNamesAFew(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addProfiles(dellJob(jid, "Completed"))
	var lines []object
	for name := range strings.SplitSeq("abcdefghij", "") {
		lines = append(lines, resultLine(name, "1", "OK"))
	}
	f.docs[tasksURI+"/"+jid] = object{"Id": jid, "Messages": lines}
	_, err := f.connect(t).WaitProfile(t.Context(), jid)
	wantError(t, err, Permanent, "10 of 10", "e SYS9")
	if strings.Contains(err.Error(), "f SYS9") {
		t.Errorf("too long: %v", err)
	}
}
