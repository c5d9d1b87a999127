package bmc

import "testing"

func TestWaitStaged(t *testing.T) {
	t.Parallel()
	is := func(state string) answer { return answer{status: 200, body: dellJob(jid, state)} }
	scheduled := dellJob(jid, "New")
	scheduled["MessageId"] = "IDRAC.2.8.JCP001"
	cases := []struct {
		name    string
		reads   []answer
		ends    string
		staged  bool
		count   int
		outcome Outcome
	}{
		{name: "at once", reads: []answer{is("Scheduled")}, ends: "Completed", staged: true, count: 1},
		{name: "after its download", reads: []answer{is("New"), is("Downloading"), is("Scheduled")}, ends: "Completed", staged: true, count: 3},
		{name: "by its message", reads: []answer{{status: 200, body: scheduled}}, ends: "Completed", staged: true, count: 1},
		{name: "done without a restart", reads: []answer{is("Running")}, ends: "Completed", count: 2},
		{name: "failed before", reads: []answer{is("Downloading")}, ends: "Failed", count: 2, outcome: Permanent},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.addJobs(dellJob(jid, c.ends))
			f.scripted("GET "+jobsURI+"/"+jid, c.reads...)
			job, err := f.connect(t).WaitStaged(t.Context(), jid)
			wantError(t, err, c.outcome)
			if job.Staged != c.staged || err == nil && !c.staged && job.State != JobCompleted {
				t.Errorf("%+v", job)
			}
			if got := len(f.seen("GET " + jobsURI + "/" + jid)); got != c.count {
				t.Errorf("read %d times, want %d", got, c.count)
			}
		})
	}
}
