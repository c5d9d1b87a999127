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
		{Label: "e", Timeout: day, WaitOn: graph.WaitOn{All: waits(graph.Succeeded, "a", "f", "b")}},
		{Label: "f", Timeout: day, WaitOn: graph.WaitOn{All: waits(graph.Finished, "a", "b")}},
		{Label: "g", Timeout: day, WaitOn: graph.WaitOn{All: waits(graph.Succeeded, "a"), Any: waits(graph.Succeeded, "b", "c")}},
	}}
	data, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(data), "Task.Base.x"); n != 2 {
		t.Errorf("a definition stands %d times, want 2 (one with a limit of its own):\n%s", n, data)
	}
	if want := `"waitOn":[0,5,1]`; !strings.Contains(string(data), want) {
		t.Errorf("no %s in\n%s", want, data)
	}
	var again graph.Plan
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plan, &again); diff != "" {
		t.Errorf("what was written reads differently:\n%s", diff)
	}
}

func waits(state graph.State, labels ...string) []graph.Wait {
	out := make([]graph.Wait, len(labels))
	for i, label := range labels {
		out[i] = graph.Wait{Label: label, States: []graph.State{state}}
	}
	return out
}

func TestPlanJSONReadsWholeTasks(t *testing.T) {
	t.Parallel()
	var plan graph.Plan
	data := `{"id":"1","tasks":[{"label":"a","job":"Job.x","timeout":7},{"label":"b","waitOn":{"a":"succeeded"}}]}`
	if err := json.Unmarshal([]byte(data), &plan); err != nil {
		t.Fatal(err)
	}
	if got := plan.Tasks[0]; got.Job != "Job.x" || got.Timeout != 7 {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(waits(graph.Succeeded, "a"), plan.Tasks[1].WaitOn.All); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
}

func TestPlanJSONRefuses(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		`{"definitions":[{}],"tasks":[{"label":"a","of":3}]}`:         "plan: task a is of definition 3, and there are 1",
		`{"definitions":[{}],"tasks":[{"label":"a","of":-1}]}`:        "plan: task a is of definition -1, and there are 1",
		`{"definitions":[{}],"tasks":[{"label":"a","waitOn":[1]}]}`:   "plan: task a waits for task 1, and there are 1",
		`{"definitions":[{}],"tasks":[{"label":"a","waitOn":["b"]}]}`: "json: cannot unmarshal string",
	} {
		var plan graph.Plan
		if err := json.Unmarshal([]byte(data), &plan); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", data, err, want)
		}
	}
}
