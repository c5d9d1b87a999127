package workflows

import (
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rackflow/rackflow/graph"
)

// BusyMessage is RackHD's answer to a second run on the same server.
const BusyMessage = "Unable to run multiple task graphs against a single target."

// graphRun runs options.graphName as a child workflow with options.graphOptions,
// and ends as it ends. A child on this run's own server shares this run's lock. Of the
// child's results, those of the tasks that options.results names become part of its own.
func graphRun(ctx workflow.Context, c *call) (graph.JobOutput, error) {
	name, _ := c.options["graphName"].(string)
	if name == "" {
		return graph.JobOutput{}, permanent("option graphName is required")
	}
	graphOptions, _ := c.options["graphOptions"].(map[string]any)
	target, _ := graphOptions["target"].(string)
	sub, err := c.resolve(ctx, graph.SubgraphRequest{Graph: name, Target: target, Options: withoutTarget(graphOptions)})
	if err != nil {
		return graph.JobOutput{}, err
	}
	return c.runChild(ctx, sub)
}

// graphRunSku runs the graph that belongs to the SKU of server options.nodeId. A
// server without SKU, and a SKU without graph, have nothing to run: that is success.
func graphRunSku(ctx workflow.Context, c *call) (graph.JobOutput, error) {
	target, _ := c.options["nodeId"].(string)
	if target == "" {
		return graph.JobOutput{}, permanent("option nodeId is required")
	}
	sub, err := c.resolve(ctx, graph.SubgraphRequest{Sku: true, Target: target})
	if err != nil || sub.Plan == nil {
		return graph.JobOutput{}, err
	}
	return c.runChild(ctx, sub)
}

func (c *call) runChild(ctx workflow.Context, sub *graph.Subgraph) (graph.JobOutput, error) {
	r := c.run
	ctx, cancel := workflow.WithCancel(workflow.WithChildOptions(ctx, r.childOptions(sub)))
	defer cancel()
	child := workflow.ExecuteChildWorkflow(ctx, RunGraphName, Input{
		Plan: sub.Plan, Server: sub.Server, ServerName: sub.ServerName, Parent: r.id, TaskQueue: r.in.TaskQueue,
		Context: childContext(sub),
	})
	late, err := c.awaitChild(ctx, child)
	if late {
		cancel()
	}
	var execution workflow.Execution
	if err := child.GetChildWorkflowExecution().Get(ctx, &execution); err != nil {
		return graph.JobOutput{}, childStartError(err)
	}
	var record Record
	if err == nil {
		err = child.Get(ctx, &record)
	}
	if late {
		return graph.JobOutput{}, errTimeout
	}
	id := InstanceID(execution.ID, execution.RunID)
	if err != nil {
		return graph.JobOutput{}, childError(id, err)
	}
	result := map[string]any{"graphId": id, "status": string(graph.Succeeded)}
	if results := c.childResults(&record); len(results) > 0 {
		result["results"] = results
	}
	return graph.JobOutput{Result: result}, nil
}

// childResults are the results that the task wants of its child's.
func (c *call) childResults(record *Record) map[string]any {
	wanted, _ := c.options["results"].([]any)
	outputs, _ := record.Context["outputs"].(map[string]any)
	results := map[string]any{}
	for _, label := range wanted {
		if label, ok := label.(string); ok && outputs[label] != nil {
			results[label] = outputs[label]
		}
	}
	return results
}

func (c *call) resolve(ctx workflow.Context, request graph.SubgraphRequest) (*graph.Subgraph, error) {
	request.ID = graph.InstanceID(c.run.in.Plan.ID, c.id)
	ctx = workflow.WithLocalActivityOptions(ctx, localOptions(c.task))
	var sub graph.Subgraph
	if err := workflow.ExecuteLocalActivity(ctx, graph.ResolveJob, request).Get(ctx, &sub); err != nil {
		return nil, err
	}
	return &sub, nil
}

func withoutTarget(options map[string]any) map[string]any {
	out := graph.CloneMap(options)
	delete(out, "target")
	return out
}

func childContext(sub *graph.Subgraph) map[string]any {
	if sub.Server == "" {
		return nil
	}
	return map[string]any{"target": sub.Server}
}

func (r *run) childOptions(sub *graph.Subgraph) workflow.ChildWorkflowOptions {
	id := UnboundWorkflowID(sub.Plan.ID)
	if sub.Server != "" && sub.Server != r.in.Server {
		id = ServerWorkflowID(sub.Server)
	}
	return workflow.ChildWorkflowOptions{
		WorkflowID: id, WaitForCancellation: true,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
		StaticSummary:         Summary(sub.Plan, sub.ServerName),
		TypedSearchAttributes: Attributes(sub.Plan, sub.ServerName),
	}
}

// awaitChild waits for the child's end or the task's limit, whichever is first.
func (c *call) awaitChild(ctx workflow.Context, child workflow.ChildWorkflowFuture) (late bool, err error) {
	limit, limited := c.task.Limit()
	if !limited {
		return false, nil
	}
	timers, stop := workflow.WithCancel(ctx)
	defer stop()
	timer := workflow.NewTimerWithOptions(timers, limit, workflow.TimerOptions{Summary: c.id})
	selector := workflow.NewSelector(ctx)
	selector.AddFuture(child, func(workflow.Future) {})
	selector.AddFuture(timer, func(f workflow.Future) { late = f.Get(ctx, nil) == nil })
	selector.Select(ctx)
	return late, nil
}

func childStartError(err error) error {
	if _, ok := errors.AsType[*temporal.ChildWorkflowExecutionAlreadyStartedError](err); ok {
		return permanent("%s", BusyMessage)
	}
	return err
}

func childError(id string, err error) error {
	if temporal.IsCanceledError(err) {
		return err
	}
	return permanent("Graph %s failed with status %s: %s", id, graph.Failed, rootMessage(err))
}

// Summary is the one line that Temporal's tools show of a run.
func Summary(plan *graph.Plan, serverName string) string {
	if serverName == "" {
		return plan.Name
	}
	return plan.Name + " on " + serverName
}

// Attributes are the search attributes of a run at its start.
func Attributes(plan *graph.Plan, serverName string) temporal.SearchAttributes {
	updates := []temporal.SearchAttributeUpdate{
		GraphAttribute.ValueSet(plan.InjectableName),
		StateAttribute.ValueSet(string(graph.Running)),
	}
	if serverName != "" {
		updates = append(updates, ServerAttribute.ValueSet(serverName))
	}
	return temporal.NewSearchAttributes(updates...)
}
