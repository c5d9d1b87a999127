package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/rackflow/rackflow/graph"
)

// forEach does a task's job once for each element, at most MaxParallel at a time.
// It ends as succeeded when all have, with their results in the elements' order;
// after a failure no further element is begun, and those that run are let end.
func (r *run) forEach(ctx workflow.Context, i int, task graph.PlannedTask) (graph.JobOutput, error) {
	elements, err := graph.Elements(task, r.in.Plan, r.context, r.in.Server)
	if err != nil {
		return graph.JobOutput{}, permanent("%s", err)
	}
	each := &eachRun{run: r, index: i, task: task, elements: elements, outputs: make([]graph.JobOutput, len(elements))}
	parallel := task.MaxParallel
	if parallel == 0 || parallel > len(elements) {
		parallel = len(elements)
	}
	group := workflow.NewWaitGroup(ctx)
	group.Add(parallel)
	for range parallel {
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			each.work(ctx)
		})
	}
	group.Wait(ctx)
	if each.err != nil {
		return graph.JobOutput{}, each.err
	}
	return each.output(), nil
}

// eachRun is a forEach under way; its workers are coroutines of one workflow, so they share it freely.
type eachRun struct {
	run      *run
	index    int
	task     graph.PlannedTask
	elements []any
	outputs  []graph.JobOutput
	next     int
	ended    int
	err      error
}

func (e *eachRun) work(ctx workflow.Context) {
	for e.next < len(e.elements) && e.err == nil {
		n := e.next
		e.next++
		output, err := e.element(ctx, n)
		e.ended++
		e.run.note(e.index, fmt.Sprintf("%d of %d", e.ended, len(e.elements)))
		if err != nil {
			if e.err == nil {
				e.err = err
			}
			return
		}
		e.outputs[n] = output
	}
}

func (e *eachRun) element(ctx workflow.Context, n int) (graph.JobOutput, error) {
	r := e.run
	if err := r.elements.Acquire(ctx, 1); err != nil {
		return graph.JobOutput{}, err
	}
	defer r.elements.Release(1)
	options, err := graph.ElementOptions(e.task, r.in.Plan, r.context, r.in.Server, e.elements[n], n)
	if err != nil {
		return graph.JobOutput{}, permanent("element %d: %s", n, err)
	}
	return r.attempt(ctx, e.index, e.task, options, fmt.Sprintf("%s[%d]", e.task.Label, n))
}

// output joins the results into an array, and the patches into one.
func (e *eachRun) output() graph.JobOutput {
	results := make([]any, len(e.outputs))
	patch := map[string]any{}
	for n, o := range e.outputs {
		results[n] = o.Result
		graph.Merge(patch, o.Context)
	}
	return graph.JobOutput{Result: results, Context: patch}
}
