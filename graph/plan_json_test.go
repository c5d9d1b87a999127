package graph_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/graph"
)

func TestPlanJSON(t *testing.T) {
	t.Parallel()
	day := graph.DefaultTimeout.Milliseconds()
	plan := &graph.Plan{ID: "1", Name: "T", InjectableName: "Graph.T", Timeout: 5, Tasks: []graph.PlannedTask{
		{Label: "a", Name: "Task.x", FriendlyName: "X", BaseTask: "Task.Base.x", Job: "Job.x", Timeout: day, Options: map[string]any{"n": 1.0}},
		{Label: "b", Name: "Task.x", FriendlyName: "X", BaseTask: "Task.Base.x", Job: "Job.x", Timeout: day, Finally: true},
		{Label: "c", Name: "Task.x", FriendlyName: "X", BaseTask: "Task.Base.x", Job: "Job.x", Timeout: 7, Inline: true, Local: true},
		{Label: "d", Job: "Job.x", Timeout: 0, Retry: &graph.Retry{Attempts: 2}},
	}}
	data, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(data), "Task.Base.x"); n != 2 {
		t.Errorf("a definition stands %d times, want 2 (one with a limit of its own):\n%s", n, data)
	}
	var again graph.Plan
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plan, &again); diff != "" {
		t.Errorf("what was written reads differently:\n%s", diff)
	}
}

func TestPlanJSONReadsWholeTasks(t *testing.T) {
	t.Parallel()
	var plan graph.Plan
	if err := json.Unmarshal([]byte(`{"id":"1","tasks":[{"label":"a","job":"Job.x","timeout":7}]}`), &plan); err != nil {
		t.Fatal(err)
	}
	if got := plan.Tasks[0]; got.Job != "Job.x" || got.Timeout != 7 {
		t.Errorf("%+v", got)
	}
	if err := json.Unmarshal([]byte(`{"tasks":[{"label":"a","of":3}]}`), &plan); err == nil {
		t.Error("a definition that is not there should be an error")
	}
}
