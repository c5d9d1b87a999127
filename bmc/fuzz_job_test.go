package bmc

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

// FuzzJob: whatever a BMC says about a job, it has one of the four states and a text that
// fits one line of a log and does not repeat the password.
func FuzzJob(f *testing.F) {
	f.Add([]byte(`{"Id":"JID_1","JobState":"CompletedWithErrors","PercentComplete":"half","MessageId":"IDRAC.2.8.PR21","Message":"` + secret + `"}`))
	f.Add([]byte(`{"TaskState":"Exception","Messages":[{"MessageId":"SYS051","Message":"a\nb"},7],"EndTime":"TIME_NA"}`))
	f.Add([]byte(`{"JobState":["odd"],"StartTime":"00000101000000","PercentComplete":-5}`))
	b := &BMC{cfg: &Config{Server: "r1", Password: secret}}
	f.Fuzz(func(t *testing.T, body []byte) {
		var doc jobDoc
		if decode(bytes.NewReader(body), &doc) != nil {
			return
		}
		job := b.job(&doc)
		switch job.State {
		case JobScheduled, JobRunning, JobCompleted, JobFailed:
		default:
			t.Errorf("state %q", job.State)
		}
		if job.Percent < 0 || job.Percent > 100 || !job.State.Ended() && !job.Ended.IsZero() {
			t.Errorf("%+v", job)
		}
		if strings.ContainsFunc(job.Message+job.MessageID, unicode.IsControl) || strings.Contains(job.Message, secret) {
			t.Errorf("not a line for a log: %q", job.Message)
		}
	})
}

// FuzzJobInPath: an id that was read off a location can be asked for.
func FuzzJobInPath(f *testing.F) {
	for _, path := range []string{tasksURI + "/" + jid, taskMonitorsURI + "/" + jid + "/", jobsURI, "/", "", "Monitor", "/a/Monitor/"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		for _, known := range []bool{false, true} {
			if id := jobInPath(path, known); strings.Contains(id, "/") || !strings.Contains(path, id) {
				t.Errorf("%q gives %q", path, id)
			}
		}
	})
}

// FuzzProfileLine: a line of a result is read or left out.
func FuzzProfileLine(f *testing.F) {
	seed, err := json.Marshal(resultLine("Users.6#Enable", "0", "OK"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"Oem":{"Dell":{"Name":7,"ErrCode":{"a":1},"NewValue":null}}}`))
	b := &BMC{cfg: &Config{Server: "r1", Password: secret}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var doc profileLineDoc
		if lenient(json.Unmarshal(raw, &doc)) != nil {
			return
		}
		if line := b.profileLine(doc); strings.Contains(line.Message, secret) {
			t.Errorf("the password is in %+v", line)
		}
	})
}
