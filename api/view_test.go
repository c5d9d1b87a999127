package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/workflows"
)

// failedRun has a task of every kind that clients are shown.
func failedRun() *starter.Run {
	at := func(seconds int) *time.Time {
		when := start.Add(time.Duration(seconds) * time.Second)
		return &when
	}
	wait := func(label string, states ...graph.State) graph.Wait { return graph.Wait{Label: label, States: states} }
	return &starter.Run{
		InstanceID: "server-5f.abc", Server: "5f", ServerName: "web-1", Parent: "run-p.q", Started: start, Ended: at(90),
		Plan: &graph.Plan{
			ID: "plan", Name: "Install", InjectableName: "Graph.Install", ServiceGraph: true,
			Options: map[string]any{"defaults": map[string]any{"rootPassword": "hunter2"}},
			Tasks: []graph.PlannedTask{
				{Label: "a", Name: "Task.A", FriendlyName: "A", BaseTask: "Task.Base.A", Job: "Job.A", Options: map[string]any{"password": "hunter2", "n": 1.0}},
				{Label: "b", Job: "Job.B", WaitOn: graph.WaitOn{All: []graph.Wait{wait("a", graph.Finished)}}, IgnoreFailure: true},
				{Label: "c", Job: "Job.C", WaitOn: graph.WaitOn{
					All: []graph.Wait{wait("a", graph.Succeeded)}, Any: []graph.Wait{wait("b", graph.Failed, graph.TimedOut)},
				}},
				{Label: "d", Job: "Job.D"},
				{Label: "e", Job: "Job.E"},
				{Label: "f", Job: "Job.F"},
			},
		},
		Record: workflows.Record{
			State: graph.Failed, Error: "d failed", Context: map[string]any{"token": "hunter2", "target": "5f", "target2": "x"},
			Tasks: []workflows.TaskRecord{
				{State: graph.Succeeded, Started: at(1), Ended: at(2)},
				{State: graph.Running, Started: at(3), Progress: "40 %"},
				{State: graph.Unreachable},
				{State: graph.TimedOut, Started: at(3), Ended: at(9), Error: "no answer in 6 s"},
				{State: graph.Cancelled},
				{State: graph.Cancelled, Started: at(4), Ended: at(9)},
			},
		},
	}
}

func TestWorkflowView(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	run := failedRun()
	sealed, err := s.keeper.Seal(t.Context(), "hunter2")
	if err != nil {
		t.Fatal(err)
	}
	run.Record.Error = "d failed: login with " + sealed
	s.runs.runs = []*starter.Run{run}
	r := s.want(t, http.StatusOK, "GET", "/api/2.0/workflows/server-5f.abc", "")
	if strings.Contains(r.body, "hunter2") || strings.Contains(r.body, "sealed:") {
		t.Errorf("a secret is shown: %s", r.body)
	}
	got := into[v2.Workflow](t, r)
	tasks := got.Tasks
	got.Tasks = nil
	want := v2.Workflow{
		WorkflowCore: v2.WorkflowCore{
			ID: "server-5f.abc", InstanceID: "server-5f.abc", Name: "Install", InjectableName: "Graph.Install",
			Node: "5f", XNodeName: "web-1", XParent: "run-p.q", XError: "d failed: login with REDACTED", Domain: "default",
			CreatedAt: start, UpdatedAt: start.Add(90 * time.Second),
			Context: map[string]any{
				"token": "REDACTED", "target": "5f", "target2": "x", "graphId": "server-5f.abc", "graphName": "Graph.Install",
			},
			LogContext: map[string]string{"graphInstance": "server-5f.abc", "graphName": "Install", "id": "5f"},
		},
		Status: v2.WorkflowStatusFailed, ServiceGraph: "true", Definition: "/api/2.0/workflows/graphs/Graph.Install",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("workflow (-want +got):\n%s", diff)
	}
	states := map[string][2]string{}
	for _, task := range tasks {
		states[task.Label] = [2]string{string(task.State), task.XState}
	}
	wantStates := map[string][2]string{
		"a": {"succeeded", "succeeded"},
		"b": {"pending", "running"},
		"c": {"pending", "unreachable"},
		"d": {"timeout", "timeout"},
		"e": {"failed", "cancelled"},
		"f": {"cancelled", "cancelled"},
	}
	if diff := cmp.Diff(wantStates, states); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	checkTasks(t, tasks)
}

func checkTasks(t *testing.T, tasks []v2.WorkflowTask) {
	t.Helper()
	a, b, c := tasks[0], tasks[1], tasks[2]
	if diff := cmp.Diff(map[string]any{"password": "REDACTED", "n": 1.0}, a.Options); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	if b.TaskStartTime == nil || b.TaskEndTime != nil || b.XProgress != "40 %" || tasks[3].Error != "no answer in 6 s" {
		t.Errorf("times, progress or error are wrong: %+v, %+v", b, tasks[3])
	}
	terminal := map[string][]string{"a": a.TerminalOnStates, "b": b.TerminalOnStates, "c": c.TerminalOnStates}
	wantTerminal := map[string][]string{
		"a": {}, "b": {"succeeded", "cancelled"}, "c": {"succeeded", "timeout", "cancelled", "failed"},
	}
	if diff := cmp.Diff(wantTerminal, terminal); diff != "" {
		t.Errorf("terminalOnStates (-want +got):\n%s", diff)
	}
	wantWaiting := map[string]any{
		a.InstanceID: "succeeded", "anyOf": map[string]any{b.InstanceID: []any{"failed", "timeout"}},
	}
	if diff := cmp.Diff(wantWaiting, c.WaitingOn); diff != "" {
		t.Errorf("waitingOn (-want +got):\n%s", diff)
	}
}

func TestWorkflowDocument(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.node(t, "web-1")
	run := failedRun()
	run.Server = id
	s.runs.runs = []*starter.Run{run}
	r := s.want(t, http.StatusOK, "GET", "/api/2.0/nodes/"+id+"/workflows", "")
	if strings.Contains(r.body, "hunter2") {
		t.Errorf("a secret is shown: %s", r.body)
	}
	got := into[[]v2.WorkflowDocument](t, r)[0]
	if got.Status != v2.WorkflowStatusFailed || !got.ServiceGraph || got.Node != id || len(got.Tasks) != 6 {
		t.Errorf("got %s", r.body)
	}
	a := graph.InstanceID("plan", "a")
	if task := got.Tasks[a]; task.InstanceID != a || task.FriendlyName != "A" || task.InjectableName != "Task.A" || task.ImplementsTask != "Task.Base.A" {
		t.Errorf("task a: %+v", task)
	}
	tasks, _ := got.Definition["tasks"].([]any)
	want := map[string]any{"label": "b", "taskName": "", "ignoreFailure": true, "waitOn": map[string]any{a: "finished"}}
	if diff := cmp.Diff(want, tasks[1]); diff != "" {
		t.Errorf("definition.tasks[1] (-want +got):\n%s", diff)
	}
}

// TestUpdatedWhileRunning has no time of an end to show.
func TestUpdatedWhileRunning(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	run := failedRun()
	run.Ended, run.Record.State = nil, graph.Running
	s.runs.runs = []*starter.Run{run}
	got := into[v2.Workflow](t, s.want(t, http.StatusOK, "GET", "/api/2.0/workflows/server-5f.abc", ""))
	if want := start.Add(9 * time.Second); !got.UpdatedAt.Equal(want) {
		t.Errorf("updatedAt %v, want %v", got.UpdatedAt, want)
	}
	if got.Status != v2.WorkflowStatusRunning || got.Tasks[4].State != v2.TaskStateCancelled {
		t.Errorf("status %s, task e %s", got.Status, got.Tasks[4].State)
	}
}
