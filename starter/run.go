package starter

import (
	"time"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/workflows"
)

// Run is one execution of a graph.
type Run struct {
	// InstanceID names the run for good. It is opaque and safe in a URL.
	InstanceID string
	// WorkflowID and RunID are what Temporal's tools know the run by.
	WorkflowID, RunID string
	Plan              *graph.Plan
	// Server is the id of the server the run is bound to, ServerName its name; both empty for an unbound run.
	Server, ServerName string
	// Parent is the instance id of the run that started this one.
	Parent string
	// RetryOf is the instance id of the run that this one goes on with.
	RetryOf string
	// Record is the state of the run and of its tasks, in the plan's order.
	Record  workflows.Record
	Started time.Time
	// Ended is nil while the run is open.
	Ended *time.Time
	// Warnings are what was noticed about the request at the start.
	Warnings graph.Problems
}

// Active reports whether the run has not ended.
func (r *Run) Active() bool { return r.Ended == nil }

func pendingRecord(in workflows.Input) workflows.Record {
	record := workflows.Record{State: graph.Running, Tasks: make([]workflows.TaskRecord, len(in.Plan.Tasks))}
	for i, t := range in.Plan.Tasks {
		record.Tasks[i].State = graph.Pending
		if state, ok := in.Ended[t.Label]; ok {
			record.Tasks[i].State = state
		}
	}
	return record
}
