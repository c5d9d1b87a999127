package workflows_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/workflows"
)

func TestRecordJSON(t *testing.T) {
	t.Parallel()
	at := func(ms int) *time.Time {
		when := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC).Add(time.Duration(ms) * time.Millisecond)
		return &when
	}
	record := workflows.Record{
		State: graph.Failed, Error: "task c: broken", Context: map[string]any{"x": 1.0},
		Prompts: []workflows.Prompt{{ID: "ask", Title: "?"}},
		Tasks: []workflows.TaskRecord{
			{State: graph.Succeeded, Started: at(20), Ended: at(25)},
			{State: graph.Succeeded, Started: at(0), Ended: at(0)},
			{State: graph.Failed, Started: at(30), Ended: at(31), Error: "broken"},
			{State: graph.Running, Started: at(40), Progress: "10 %"},
			{State: graph.Pending}, {State: graph.Unreachable},
		},
	}
	for _, r := range []workflows.Record{record, {State: graph.Running, Tasks: []workflows.TaskRecord{}}} {
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var again workflows.Record
		if err := json.Unmarshal(data, &again); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, again); diff != "" {
			t.Errorf("what was written reads differently:\n%s\n%s", diff, data)
		}
	}
}

func TestRecordJSONIsShort(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	end := start.Add(7 * time.Millisecond)
	done := workflows.TaskRecord{State: graph.Succeeded, Started: &start, Ended: &end}
	data, err := json.Marshal(workflows.Record{State: graph.Succeeded, Tasks: []workflows.TaskRecord{done, done}})
	want := `{"state":"succeeded","start":"2026-11-22T10:00:00Z","at":[0,0],"took":[7,7]}`
	if err != nil || string(data) != want {
		t.Errorf("got  %s, %v\nwant %s", data, err, want)
	}
}

func TestRecordJSONRefuses(t *testing.T) {
	t.Parallel()
	for _, data := range []string{`{"at":[0],"states":{"failed":[1]}}`, `{"at":[0],"states":{"failed":[-1]}}`, `{"at":{}}`} {
		var r workflows.Record
		if err := json.Unmarshal([]byte(data), &r); err == nil {
			t.Errorf("%s was read as %+v", data, r)
		}
	}
	var r workflows.Record
	short := `{"start":"2026-11-22T10:00:00Z","at":[0,1],"took":[2]}`
	if err := json.Unmarshal([]byte(short), &r); err != nil || len(r.Tasks) != 2 || r.Tasks[1].Ended != nil {
		t.Errorf("%s was read as %+v, %v", short, r, err)
	}
}
