package api

import (
	"slices"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/workflows"
)

// taskViews are the tasks of a run in the plan's order.
func taskViews(run *starter.Run) []v2.WorkflowTask {
	views := make([]v2.WorkflowTask, len(run.Plan.Tasks))
	machine := graph.NewMachine(run.Plan)
	for i, planned := range run.Plan.Tasks {
		record := workflows.TaskRecord{State: graph.Pending}
		if i < len(run.Record.Tasks) {
			record = run.Record.Tasks[i]
		}
		views[i] = v2.WorkflowTask{
			Label: planned.Label, InstanceID: graph.InstanceID(run.Plan.ID, planned.Label),
			RunJob: planned.Job, Options: redacted(planned.Options),
			State: taskState(run.Record.State, record), XState: string(record.State),
			Error: redactedText(record.Error), XProgress: redactedText(record.Progress),
			TaskStartTime: record.Started, TaskEndTime: record.Ended,
			TerminalOnStates: terminalStates(machine.Handled(i)),
			WaitingOn:        waitingOn(run.Plan.ID, planned.WaitOn),
		}
	}
	return views
}

// taskState is the state in the words of RackHD's clients. RackHD never wrote
// running or unreachable, and failed what a failed run had not come to.
func taskState(run graph.State, task workflows.TaskRecord) v2.TaskState {
	switch task.State {
	case graph.Succeeded:
		return v2.TaskStateSucceeded
	case graph.Failed:
		return v2.TaskStateFailed
	case graph.TimedOut:
		return v2.TaskStateTimeout
	case graph.Cancelled:
		if run == graph.Failed && task.Started == nil {
			return v2.TaskStateFailed
		}
		return v2.TaskStateCancelled
	case graph.Pending, graph.Running, graph.Unreachable, graph.Finished:
	}
	return v2.TaskStatePending
}

// terminalStates are the final states that no other task waits for.
func terminalStates(handled []graph.State) []string {
	terminal := []string{}
	if slices.Contains(handled, graph.Finished) {
		return terminal
	}
	for _, s := range []graph.State{graph.Succeeded, graph.TimedOut, graph.Cancelled, graph.Failed} {
		if !slices.Contains(handled, s) {
			terminal = append(terminal, string(s))
		}
	}
	return terminal
}

// waitingOn is a waitOn by instance id instead of label.
func waitingOn(planID string, w graph.WaitOn) map[string]any {
	waiting := waits(planID, w.All)
	if len(w.Any) > 0 {
		waiting["anyOf"] = waits(planID, w.Any)
	}
	return waiting
}

func waits(planID string, entries []graph.Wait) map[string]any {
	byID := make(map[string]any, len(entries))
	for _, w := range entries {
		var states any = w.States
		if len(w.States) == 1 {
			states = w.States[0]
		}
		byID[graph.InstanceID(planID, w.Label)] = states
	}
	return byID
}
