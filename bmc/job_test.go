package bmc

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	jobsURI       = managerURI + "/Oem/Dell/Jobs"
	jobServiceDoc = managerURI + "/Oem/Dell/DellJobService"
	clearJobsURI  = jobServiceDoc + "/Actions/DellJobService.DeleteJobQueue"
	jid           = "JID_471269252011"
)

// addJobs gives the fake a job queue where an iDRAC9 links to it.
func (f *fake) addJobs(jobs ...object) {
	f.linkDell("Jobs", jobsURI)
	uris := make([]string, 0, len(jobs))
	for _, job := range jobs {
		id, _ := job["Id"].(string)
		uris = append(uris, jobsURI+"/"+id)
		f.docs[jobsURI+"/"+id] = job
	}
	f.docs[jobsURI] = members(uris...)
}

// linkDell lets the manager link to a resource of Dell's own.
func (f *fake) linkDell(name, uri string) {
	dell := object{name: object{"@odata.id": uri}}
	if links, ok := f.docs[managerURI]["Links"].(object); ok {
		maps.Copy(dell, links["Oem"].(object)["Dell"].(object))
	}
	f.docs[managerURI]["Links"] = object{"Oem": object{"Dell": dell}}
}

// addService gives the fake one of Dell's services with an action.
func (f *fake) addService(name, uri, action string, does func(object) answer) {
	f.linkDell(name, uri)
	target := uri + "/Actions/" + name + "." + action
	doc := f.docs[uri]
	if doc == nil {
		doc = object{"@odata.id": uri, "Id": name, "Actions": object{}}
		f.docs[uri] = doc
	}
	doc["Actions"].(object)["#"+name+"."+action] = object{"target": target}
	f.actions["POST "+target] = does
}

func dellJob(id, state string) object {
	return object{
		"Id": id, "Name": "Configure: BIOS.Setup.1-1", "JobType": "BIOSConfiguration", "JobState": state, "PercentComplete": 34,
		"MessageId": "PR21", "Message": "Job in progress.", "StartTime": "2026-11-22T10:00:00", "EndTime": "TIME_NA", "CompletionTime": nil,
	}
}

func TestJob(t *testing.T) {
	t.Parallel()
	done := dellJob(jid, "Completed")
	done["PercentComplete"], done["CompletionTime"] = 100, "2026-11-22T10:05:00"
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	cases := []struct {
		name string
		job  object
		want Job
	}{
		{"running", dellJob(jid, "Running"), Job{
			ID: jid, Name: "Configure: BIOS.Setup.1-1", Type: "BIOSConfiguration", State: JobRunning, Percent: 34,
			MessageID: "PR21", Message: "Job in progress.", Started: at,
		}},
		{"completed", done, Job{
			ID: jid, Name: "Configure: BIOS.Setup.1-1", Type: "BIOSConfiguration", State: JobCompleted, Percent: 100,
			MessageID: "PR21", Message: "Job in progress.", Started: at, Ended: at.Add(5 * time.Minute),
		}},
		{"a task", object{
			"Id": jid, "Name": "Export", "TaskState": "Exception", "TaskStatus": "Critical", "PercentComplete": 250,
			"Messages":  []object{{"MessageId": "IDRAC.2.8.SYS051", "Message": "cannot\nexport for " + secret}},
			"StartTime": "TIME_NOW", "EndTime": "2026-11-22T10:00:00+00:00",
		}, Job{ID: jid, Name: "Export", State: JobFailed, Percent: 100, MessageID: "SYS051", Message: "cannot export for [redacted]", Ended: at}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.addJobs(c.job)
			got, err := f.connect(t).Job(t.Context(), jid)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestJobStates(t *testing.T) {
	t.Parallel()
	cases := []struct {
		state, health string
		want          JobState
		ended         bool
	}{
		{"New", "OK", JobScheduled, false},
		{"Scheduled", "", JobScheduled, false},
		{"Running", "OK", JobRunning, false},
		{"Downloading", "", JobRunning, false},
		{"Completed", "OK", JobCompleted, true},
		{"Completed", "Critical", JobFailed, true},
		{"RebootCompleted", "", JobCompleted, true},
		{"CompletedWithErrors", "OK", JobFailed, true},
		{"RebootFailed", "", JobFailed, true},
		{"Cancelled", "", JobFailed, true},
		{"Exception", "Warning", JobFailed, true},
		{"Contemplating", "", JobRunning, false},
		{"", "", JobRunning, false},
	}
	for _, c := range cases {
		if got := jobState(c.state, c.health); got != c.want || got.Ended() != c.ended {
			t.Errorf("%s, %s is %s, ended %t", c.state, c.health, got, got.Ended())
		}
	}
}

// TestJobIsFound in the places where firmware has had the queue.
func TestJobIsFound(t *testing.T) {
	t.Parallel()
	for _, queue := range []string{jobsURI, managerURI + "/Jobs", "/redfish/v1/JobService/Jobs", tasksURI} {
		f := newFake(t)
		f.docs[queue] = members(queue + "/" + jid)
		f.docs[queue+"/"+jid] = dellJob(jid, "Running")
		b := f.connect(t)
		for range 2 {
			if job, err := b.Job(t.Context(), jid); err != nil || job.State != JobRunning {
				t.Errorf("in %s: %+v, %v", queue, job, err)
			}
		}
		if jobs, err := b.Jobs(t.Context()); err != nil || len(jobs) != 1 {
			t.Errorf("in %s: %+v, %v", queue, jobs, err)
		}
		if got := len(f.seen("GET " + queue)); queue != tasksURI && got != 2 {
			t.Errorf("%s was read %d times: its place is not remembered", queue, got)
		}
	}
}

func TestJobThatIsNotThere(t *testing.T) {
	t.Parallel()
	missing := redfishError(http.StatusNotFound, "Base.1.12.ResourceMissingAtURI")
	cases := []struct {
		name    string
		id      string
		lookups []answer
		outcome Outcome
		reads   int
	}{
		{"not yet", jid, []answer{missing, missing, missing}, Done, 4},
		{"never", jid, []answer{missing, missing, missing, missing}, Unknown, 4},
		{"no id", "", nil, Permanent, 0},
		{"a path", "../x", nil, Permanent, 0},
		{"another failure", jid, []answer{redfishError(503, "Base.1.12.ServiceTemporarilyUnavailable")}, Transient, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.addJobs(dellJob(jid, "Running"))
			f.scripted("GET "+jobsURI+"/"+jid, c.lookups...)
			_, err := f.connect(t).Job(t.Context(), c.id)
			wantError(t, err, c.outcome)
			if got := len(f.seen("GET " + jobsURI + "/" + jid)); got != c.reads {
				t.Errorf("%d reads, want %d", got, c.reads)
			}
		})
	}
}

func TestJobsComeInTheirOrder(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addJobs(dellJob("JID_300", "Running"), dellJob("JID_99", "Completed"), dellJob("RID_200", "New"), dellJob("JID_100", "Failed"))
	delete(f.docs, jobsURI+"/JID_100") // removed since it was listed
	jobs, err := f.connect(t).Jobs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, job := range jobs {
		ids = append(ids, job.ID)
	}
	if diff := cmp.Diff([]string{"JID_99", "RID_200", "JID_300"}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestNewJob(t *testing.T) {
	t.Parallel()
	jobs := []Job{{ID: "JID_1", Type: "ImportConfiguration"}, {ID: "JID_2", Type: "FirmwareUpdate"}, {ID: "JID_3", Type: "ImportConfiguration"}, {ID: "JID_4", Type: "ImportConfiguration"}}
	cases := []struct {
		name   string
		before []string
		kind   string
		want   string
	}{
		{"the first new one", []string{"JID_1", "JID_2"}, "importconfiguration", "JID_3"},
		{"of any type", []string{"JID_1"}, "", "JID_2"},
		{"none", []string{"JID_1", "JID_2", "JID_3", "JID_4"}, "", ""},
		{"none of its type", nil, "BIOSConfiguration", ""},
	}
	for _, c := range cases {
		if got, ok := NewJob(c.before, jobs, c.kind); got.ID != c.want || ok != (c.want != "") {
			t.Errorf("%s: %+v, %t; want %s", c.name, got, ok, c.want)
		}
	}
}

func TestWaitJob(t *testing.T) {
	t.Parallel()
	var (
		running = answer{status: 200, body: dellJob(jid, "Running")}
		missing = redfishError(http.StatusNotFound, "Base.1.12.ResourceMissingAtURI")
		html    = answer{status: 503, body: "<html>"}
	)
	cases := []struct {
		name    string
		reads   []answer
		ends    string
		seen    int
		outcome Outcome
		says    []string
	}{
		{name: "ended before", ends: "Completed"},
		{name: "running on", reads: []answer{running, running}, ends: "Completed", seen: 2},
		{name: "the BMC restarts", reads: []answer{running, html, {drop: true}, {status: 200, body: "<html>"}, running}, ends: "Completed", seen: 2},
		{name: "with errors", reads: []answer{running}, ends: "CompletedWithErrors", seen: 1, outcome: Permanent, says: []string{jid, "Job in progress.", "PR21", "r1"}},
		{name: "removed", reads: []answer{running, missing, missing, missing, missing}, ends: "Completed", seen: 1, outcome: Unknown, says: []string{"read what it was to change"}},
		{name: "no longer allowed", reads: []answer{redfishError(403, "Base.1.12.InsufficientPrivilege")}, outcome: Permanent},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.addJobs(dellJob(jid, c.ends))
			f.scripted("GET "+jobsURI+"/"+jid, c.reads...)
			seen := 0
			job, err := f.connect(t).WaitJob(t.Context(), jid, func(Job) { seen++ })
			wantError(t, err, c.outcome, c.says...)
			if seen != c.seen {
				t.Errorf("reported %d times, want %d", seen, c.seen)
			}
			if err == nil && job.State != JobCompleted {
				t.Errorf("%+v", job)
			}
		})
	}
}

// TestWaitJobAfterTheTaskIsPurged: the task goes a minute after its end, the job stays.
func TestWaitJobAfterTheTaskIsPurged(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addJobs(dellJob(jid, "Completed"))
	f.scripted("GET "+jobsURI+"/"+jid, redfishError(http.StatusNotFound, "Base.1.12.ResourceMissingAtURI"))
	f.docs[tasksURI+"/"+jid] = object{"Id": jid, "TaskState": "Running"}
	var states []JobState
	job, err := f.connect(t).WaitJob(t.Context(), jid, func(job Job) {
		states = append(states, job.State)
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.docs, tasksURI+"/"+jid)
	})
	if err != nil || job.State != JobCompleted {
		t.Fatalf("%+v, %v", job, err)
	}
	if diff := cmp.Diff([]JobState{JobRunning}, states); diff != "" {
		t.Error(diff)
	}
}

func TestWaitJobEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addJobs(dellJob(jid, "Scheduled"))
	b := f.connect(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := b.WaitJob(ctx, jid, func(Job) { cancel(nil) })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("not the context's error: %v", err)
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	located := func(status int, location string) answer {
		return answer{status: status, body: object{}, header: map[string]string{"Location": location}}
	}
	cases := []struct {
		name    string
		answer  answer
		want    string
		outcome Outcome
	}{
		{"a task monitor", accepted("JID_7"), "JID_7", Done},
		{"a task", located(202, tasksURI+"/"+jid), jid, Done},
		{"the monitor of a task", located(202, tasksURI+"/"+jid+"/Monitor"), jid, Done},
		{"a job, with host", located(202, "https://10.0.0.9"+jobsURI+"/"+jid), jid, Done},
		{"a job that is not announced", located(200, managerURI+"/Jobs/"+jid), jid, Done},
		{"a new resource", located(201, "/redfish/v1/Systems/1/Storage/1/Volumes/1"), "", Done},
		{"in the body", answer{status: 202, body: object{"@odata.id": tasksURI + "/" + jid}}, jid, Done},
		{"done at once", answer{status: 204}, "", Done},
		{"no name", answer{status: 202, body: object{}}, "", Unknown},
		{"the answer is lost", answer{drop: true}, "", Unknown},
		{"busy", redfishError(400, "IDRAC.2.8.RAC0679"), "", Busy},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			const uri = systemURI + "/Actions/Oem/Start"
			f := newFake(t)
			f.on("POST "+uri, func(object) answer { return c.answer })
			f.scripted("POST "+uri, c.answer)
			got, err := f.connect(t).start(t.Context(), "start", http.MethodPost, uri, object{"A": 1})
			wantError(t, err, c.outcome)
			if got != c.want {
				t.Errorf("job %q, want %q", got, c.want)
			}
			if diff := cmp.Diff(object{"A": 1.0}, f.seen("POST " + uri)[0].body); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClearJobs(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		left    string
		outcome Outcome
	}{
		{"cleared", "Completed", Done},
		{"one keeps running", "Running", Done},
		{"one stays", "Scheduled", Unknown},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.addJobs(dellJob(jid, "Scheduled"))
			f.addService("DellJobService", jobServiceDoc, "DeleteJobQueue", func(object) answer {
				f.docs[jobsURI+"/"+jid]["JobState"] = c.left
				return answer{status: http.StatusOK, body: object{}}
			})
			b := f.connect(t)
			if c.outcome == Unknown {
				b.pace.clearJobs = 20 * time.Millisecond
			}
			wantError(t, b.ClearJobs(t.Context()), c.outcome)
			if diff := cmp.Diff(object{"JobID": "JID_CLEARALL"}, f.seen("POST " + clearJobsURI)[0].body); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClearJobsWithoutAJobService(t *testing.T) {
	t.Parallel()
	wantError(t, newFake(t).connect(t).ClearJobs(t.Context()), Permanent, "no DellJobService", "firmware")
}

// TestJobPolls: every 2 s at first, then more seldom, and not before the BMC wants.
func TestJobPolls(t *testing.T) {
	t.Parallel()
	polls := realPace().jobPolls()
	want := []time.Duration{2 * time.Second, 3 * time.Second, 4500 * time.Millisecond, 90 * time.Second, 10125 * time.Millisecond}
	asked := &Error{RetryAfter: 90 * time.Second}
	var got []time.Duration
	for _, last := range []error{nil, nil, nil, asked, nil} {
		got = append(got, polls(last))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for range 20 {
		polls(nil)
	}
	if got := polls(nil); got != time.Minute {
		t.Errorf("ends at %s, want a minute", got)
	}
}
