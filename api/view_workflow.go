package api

import (
	"maps"
	"strconv"
	"time"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/starter"
)

// domain is RackHD's default, and the only one.
const domain = "default"

// workflowView is a run as RackHD's workflows.2.0 view shows it.
func workflowView(run *starter.Run) v2.Workflow {
	view := v2.Workflow{
		WorkflowCore: workflowCore(run),
		Status:       workflowStatus(run.Record.State),
		Definition:   graphPath(run.Plan.InjectableName),
		Tasks:        taskViews(run),
	}
	if run.Plan.ServiceGraph {
		view.ServiceGraph = strconv.FormatBool(true)
	}
	return view
}

// workflowDocument is a run as RackHD stores it, which it shows where a run is
// started and below a node.
func workflowDocument(run *starter.Run) v2.WorkflowDocument {
	tasks := taskViews(run)
	doc := v2.WorkflowDocument{
		WorkflowCore: workflowCore(run),
		Status:       workflowStatus(run.Record.State),
		Definition:   definitionOf(run.Plan, tasks),
		ServiceGraph: run.Plan.ServiceGraph,
		Tasks:        make(map[string]v2.WorkflowTaskDocument, len(tasks)),
	}
	for i, task := range tasks {
		planned := run.Plan.Tasks[i]
		doc.Tasks[task.InstanceID] = v2.WorkflowTaskDocument{
			WorkflowTask: task, Name: planned.FriendlyName, FriendlyName: planned.FriendlyName,
			InjectableName: planned.Name, ImplementsTask: planned.BaseTask, IgnoreFailure: planned.IgnoreFailure,
		}
	}
	return doc
}

func workflowCore(run *starter.Run) v2.WorkflowCore {
	log := map[string]string{"graphInstance": run.InstanceID, "graphName": run.Plan.Name}
	if run.Server != "" {
		log["id"] = run.Server
	}
	return v2.WorkflowCore{
		ID: run.InstanceID, InstanceID: run.InstanceID,
		Name: run.Plan.Name, InjectableName: run.Plan.InjectableName, Domain: domain,
		Node: run.Server, XNodeName: run.ServerName, XParent: run.Parent,
		Context: contextOf(run), LogContext: log, XError: redactedText(run.Record.Error),
		CreatedAt: run.Started, UpdatedAt: updated(run), XRetryOf: run.RetryOf, XPrompts: promptViews(run),
	}
}

// contextOf has what RackHD puts into every context, also before the run has told its own.
func contextOf(run *starter.Run) map[string]any {
	context := map[string]any{"graphId": run.InstanceID, "graphName": run.Plan.InjectableName}
	if run.Server != "" {
		context["target"] = run.Server
	}
	maps.Copy(context, redacted(run.Record.Context))
	return context
}

// definitionOf is the graph as RackHD keeps it in a run: resolved, with tasks that
// wait for each other by instance id.
func definitionOf(plan *graph.Plan, tasks []v2.WorkflowTask) map[string]any {
	entries := make([]any, len(tasks))
	for i, task := range tasks {
		entries[i] = map[string]any{
			"label":         task.Label,
			"taskName":      plan.Tasks[i].Name,
			"waitOn":        task.WaitingOn,
			"ignoreFailure": plan.Tasks[i].IgnoreFailure,
		}
	}
	return map[string]any{
		"friendlyName":   plan.Name,
		"injectableName": plan.InjectableName,
		"options":        redacted(plan.Options),
		"tasks":          entries,
	}
}

func workflowStatus(s graph.State) v2.WorkflowStatus {
	switch s {
	case graph.Running:
		return v2.WorkflowStatusRunning
	case graph.Succeeded:
		return v2.WorkflowStatusSucceeded
	case graph.Failed, graph.TimedOut:
		return v2.WorkflowStatusFailed
	case graph.Cancelled:
		return v2.WorkflowStatusCancelled
	case graph.Pending, graph.Unreachable, graph.Finished:
	}
	return v2.WorkflowStatusPending
}

// updated is when the run ended, or when a task of it last started or ended.
func updated(run *starter.Run) time.Time {
	if run.Ended != nil {
		return *run.Ended
	}
	last := run.Started
	for _, task := range run.Record.Tasks {
		for _, at := range []*time.Time{task.Started, task.Ended} {
			if at != nil && at.After(last) {
				last = *at
			}
		}
	}
	return last
}
