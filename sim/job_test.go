package sim

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// slowJobs makes jobs that end only when the test has given up.
func slowJobs(t *testing.T, generation string) *Server {
	t.Helper()
	timing := quick
	timing.Job = time.Hour
	return startFleet(t, Config{Generation: generation, Timing: timing}).Servers()[0]
}

func startGeneration(t *testing.T, name string) *Server {
	t.Helper()
	return startFleet(t, Config{Generation: name}).Servers()[0]
}

// accepted sends what a job carries out and returns the job's id and where to follow it.
func accepted(t *testing.T, s *Server, method, path, body string) (id, monitor string) {
	t.Helper()
	monitor = must(t, s, http.StatusAccepted, method, path, body).header.Get("Location")
	return monitor[strings.LastIndexByte(monitor, '/')+1:], monitor
}

// ended waits for the end of a job.
func ended(t *testing.T, s *Server, id string) Job {
	t.Helper()
	await(t, s, JobEnded, "id", id)
	j, _ := s.findJob(id)
	return j.Job
}

const biosPatch = `{"Attributes":{"NumLock":"Off"},"@Redfish.SettingsApplyTime":{"ApplyTime":"OnReset"}}`

func TestJobIsShownEverywhere(t *testing.T) {
	t.Parallel()
	s := slowJobs(t, IDRAC9v7)
	id, monitor := accepted(t, s, http.MethodPost, s.gen.profileAction("ExportSystemConfiguration"), `{"ShareParameters":{"Target":"ALL"}}`)
	eventually(t, "the monitor shows a running task", func() bool {
		got := must(t, s, http.StatusAccepted, http.MethodGet, monitor, "")
		return got.header.Get("Retry-After") != "" && got.body["TaskState"] == "Running"
	})
	for uri, want := range map[string]string{
		s.gen.jobsURI() + "/" + id:    jobRunning,
		oldJobsURI + "/" + id:         jobRunning,
		jobServiceURI + "/Jobs/" + id: "Running",
	} {
		body := must(t, s, http.StatusOK, http.MethodGet, uri, "").body
		if state, _ := body["JobState"].(string); state != want {
			t.Errorf("%s is in state %s, want %s", uri, state, want)
		}
	}
	for _, uri := range []string{s.gen.jobsURI(), jobServiceURI + "/Jobs", tasksURI} {
		if n := must(t, s, http.StatusOK, http.MethodGet, uri, "").body["Members@odata.count"]; n != 1.0 {
			t.Errorf("%s has %v members", uri, n)
		}
	}
	must(t, s, http.StatusBadRequest, http.MethodDelete, s.gen.jobsURI()+"/"+id, "")
	must(t, s, http.StatusNotFound, http.MethodGet, s.gen.jobsURI()+"/JID_1", "")
}

func TestOneJobATarget(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	id, _ := accepted(t, s, http.MethodPatch, biosSettingsURI, biosPatch)
	for _, refused := range []struct{ method, uri, body string }{
		{http.MethodPatch, biosSettingsURI, biosPatch},
		{http.MethodPatch, biosSettingsURI, `{"Attributes":{"NumLock":"On"}}`},
		{http.MethodPost, s.gen.jobsURI(), `{"TargetSettingsURI":"` + biosSettingsURI + `"}`},
	} {
		got := must(t, s, http.StatusBadRequest, refused.method, refused.uri, refused.body)
		if got.messageID() != "IDRAC.2.8.SYS011" {
			t.Errorf("%s %s: message %s", refused.method, refused.uri, got.messageID())
		}
	}
	must(t, s, http.StatusOK, http.MethodDelete, s.gen.jobsURI()+"/"+id, "")
	accepted(t, s, http.MethodPatch, biosSettingsURI, biosPatch)
}

func TestClearJobs(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	accepted(t, s, http.MethodPatch, biosSettingsURI, biosPatch)
	uri := s.gen.dellHome + "/DellJobService" + deleteJobQueueAt
	must(t, s, http.StatusBadRequest, http.MethodPost, uri, `{}`)
	must(t, s, http.StatusNotFound, http.MethodPost, uri, `{"JobID":"JID_1"}`)
	must(t, s, http.StatusNoContent, http.MethodPost, uri, `{"JobID":"JID_CLEARALL"}`)
	if jobs := s.Jobs(); len(jobs) != 0 || !has(s, JobsCleared) {
		t.Errorf("jobs %v; journal %v", jobs, kinds(s))
	}
	reset(t, s, "On")
	await(t, s, BootFailed)
	if got := s.Attribute(biosFQDD, "NumLock"); got != "On" {
		t.Errorf("NumLock is %s: the job was carried out", got)
	}
}

// TestPowerOffPostponesStagedJob cuts the power while the host's firmware is at work.
func TestPowerOffPostponesStagedJob(t *testing.T) {
	t.Parallel()
	timing := quick
	timing.Job = 300 * time.Millisecond
	s := startFleet(t, Config{Timing: timing}).Servers()[0]
	id, _ := accepted(t, s, http.MethodPatch, biosSettingsURI, biosPatch)
	state := func() string { return s.Jobs()[0].State }
	reset(t, s, "On")
	eventually(t, "the job runs", func() bool { return state() == jobRunning })
	reset(t, s, "ForceOff")
	eventually(t, "the job waits again", func() bool { return state() == jobScheduled && s.PowerState() == stateOff })
	reset(t, s, "On")
	if j := ended(t, s, id); j.State != jobCompleted {
		t.Errorf("job %+v", j)
	}
}

func TestTaskPurge(t *testing.T) {
	t.Parallel()
	s := startGeneration(t, IDRAC8)
	id, monitor := accepted(t, s, http.MethodPost, s.gen.profileAction("ExportSystemConfiguration"), `{"ShareParameters":{"Target":"ALL"}}`)
	if monitor != tasksURI+"/"+id {
		t.Errorf("monitor %s", monitor)
	}
	ended(t, s, id)
	eventually(t, "the task is gone", func() bool { _, ok := s.findTask(id); return !ok })
	must(t, s, http.StatusNotFound, http.MethodGet, monitor, "")
	must(t, s, http.StatusOK, http.MethodGet, s.gen.jobsURI()+"/"+id, "")
}

func TestJobsAreBounded(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	for range jobLimit + 3 {
		j := &job{Job: Job{Type: jobExport}, do: func() jobResult { return jobResult{} }}
		if err := s.addJob(j); err != nil {
			t.Fatal(err)
		}
		eventually(t, "its end", func() bool { found, _ := s.findJob(j.ID); return found.ended() })
	}
	if jobs := s.Jobs(); len(jobs) != jobLimit || jobs[0].ID != "JID_700000000004" {
		t.Errorf("%d jobs from %s", len(jobs), jobs[0].ID)
	}
}

// TestRestartOfTheManager checks that it is away, then there, then ready.
func TestRestartOfTheManager(t *testing.T) {
	t.Parallel()
	timing := quick
	timing.ManagerRestart, timing.ManagerReady = 150*time.Millisecond, 300*time.Millisecond
	s := startFleet(t, Config{Timing: timing}).Servers()[0]
	status := func() any {
		return must(t, s, http.StatusOK, http.MethodPost, s.gen.dellHome+"/DellLCService"+remoteServicesAt, `{}`).body["LCStatus"]
	}
	if status() != "Ready" {
		t.Errorf("at first it is %v", status())
	}
	must(t, s, http.StatusNoContent, http.MethodPost, s.gen.dellHome+"/DelliDRACCardService"+idracResetAt, `{"Force":"Graceful"}`)
	if !s.managerDown() {
		t.Error("the iDRAC is not away")
	}
	eventually(t, "the end of the restart", func() bool { return !s.managerDown() })
	eventually(t, "an answer", func() bool {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL(), "https://"))
		return err == nil && conn.Close() == nil
	})
	if status() != "NotInitialized" {
		t.Errorf("just after the restart it is %v", status())
	}
	got := must(t, s, http.StatusServiceUnavailable, http.MethodPatch, biosSettingsURI, biosPatch)
	if got.messageID() != "IDRAC.2.8.RAC0508" {
		t.Errorf("a job just after the restart: %s", got.messageID())
	}
	eventually(t, "ready", func() bool { return status() == "Ready" })
}
