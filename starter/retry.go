package starter

import (
	"context"

	"github.com/google/uuid"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/workflows"
)

// Retry starts a new run of the plan of one that failed or was cancelled. It takes
// over the results of the tasks that had succeeded and begins at what had not: see
// graph.Plan.Keep for what starts again all the same.
func (s *Starter) Retry(ctx context.Context, instanceID string) (*Run, error) {
	run, err := s.Get(ctx, instanceID)
	if err != nil {
		return nil, err
	}
	switch {
	case run.Active():
		return nil, &Error{Kind: Active, Message: instanceID + " has not ended: cancel it first"}
	case run.Record.State == graph.Succeeded:
		return nil, &Error{Kind: Invalid, Message: instanceID + " has succeeded: there is nothing to retry"}
	}
	plan := *run.Plan
	plan.ID = uuid.NewString()
	states := make(map[string]graph.State, len(plan.Tasks))
	for i, t := range plan.Tasks {
		states[t.Label] = run.Record.Tasks[i].State
	}
	kept := plan.Keep(states)
	return s.execute(ctx, workflows.Input{
		Plan: &plan, Server: run.Server, ServerName: run.ServerName, RetryOf: instanceID,
		Ended: kept, Context: keepOutputs(run.Record.Context, kept),
	}, "")
}

// keepOutputs leaves out the results of tasks that start again.
func keepOutputs(context map[string]any, kept map[string]graph.State) map[string]any {
	out := graph.CloneMap(context)
	outputs, _ := out["outputs"].(map[string]any)
	for label := range outputs {
		if _, ok := kept[label]; !ok {
			delete(outputs, label)
		}
	}
	return out
}
