package graph_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/graph"
)

const (
	baseDocument = "{friendlyName: B, injectableName: Task.Base.B, runJob: Job.B, requiredProperties: {os: linux}}"
	taskDocument = "{friendlyName: T, injectableName: Task.T, implementsTask: Task.Base.B, options: {}, properties: {}}"
)

func TestReadIndex(t *testing.T) {
	t.Parallel()
	x, err := graph.ReadIndex([][]byte{[]byte(baseDocument)}, [][]byte{[]byte(taskDocument)})
	if err != nil {
		t.Fatal(err)
	}
	if x.BaseTask("task.base.b") == nil || x.TaskDefinition("TASK.t") == nil || x.BaseTask("Task.Base.C") != nil {
		t.Error("names are to be found without regard to case, and only those there are")
	}
	own := x.Clone()
	own.AddBase(&graph.BaseTask{InjectableName: "Task.Base.C", RunJob: "Job.C"})
	own.AddBase(&graph.BaseTask{InjectableName: "Task.Base.A", RunJob: "Job.A"})
	own.AddTask(&graph.TaskDefinition{InjectableName: "Task.T", FriendlyName: "mine"})
	var jobs []string
	for _, base := range own.BaseTasks() {
		jobs = append(jobs, base.RunJob)
	}
	if diff := cmp.Diff([]string{"Job.A", "Job.B", "Job.C"}, jobs); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
	if x.BaseTask("Task.Base.C") != nil || x.TaskDefinition("Task.T").FriendlyName != "T" {
		t.Error("what is added to a clone is not to reach the index it was made of")
	}
}

func TestReadIndexRefuses(t *testing.T) {
	t.Parallel()
	for want, document := range map[string]string{
		`unknown field "runjobs"`: "{injectableName: Task.Base.B, runjobs: Job.B}",
		"cannot unmarshal array":  "[1]",
		"base task 1: yaml":       "{",
	} {
		if _, err := graph.ReadIndex([][]byte{[]byte(document)}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", document, err, want)
		}
	}
	if _, err := graph.ReadIndex(nil, [][]byte{[]byte("{friendlyName: T}")}); err == nil || !strings.Contains(err.Error(), "injectableName") {
		t.Errorf("a task without a name: %v", err)
	}
}
