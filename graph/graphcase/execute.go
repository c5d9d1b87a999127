package graphcase

import (
	"fmt"

	"github.com/rackflow/rackflow/graph"
)

// end is how a task, or one call of its job, came to its end.
type end struct {
	state  graph.State
	output graph.JobOutput
	err    string
	// outcome is what a retry policy calls a failure.
	outcome string
}

func succeeded(out graph.JobOutput) end { return end{state: graph.Succeeded, output: out} }

func failedf(format string, args ...any) end {
	return end{state: graph.Failed, err: fmt.Sprintf(format, args...), outcome: graph.OnFailed}
}

func timedOut(t graph.PlannedTask) end {
	return end{
		state: graph.TimedOut, outcome: graph.OnTimeout,
		err: fmt.Sprintf("TaskTimeoutError: Task did not complete within %dms", t.Timeout),
	}
}

var cancelled = end{state: graph.Cancelled, err: "cancelled"}

// execute begins a task. done is called once, never before execute has returned;
// stop makes the task end as cancelled.
func (r *run) execute(t graph.PlannedTask, done func(end)) (stop func()) {
	if e, skip := r.admit(t); skip {
		return r.later(e, done)
	}
	if t.ForEach != nil {
		return r.forEach(t, done)
	}
	options, err := graph.RunOptions(t, r.plan, r.context, r.server)
	if err != nil {
		return r.later(failedf("%s", err), done)
	}
	return r.call(t, t.Label, options, done)
}

// later ends what ends at once, at the next step of the clock.
func (r *run) later(e end, done func(end)) (stop func()) {
	r.clock.after(0, func() { done(e) })
	return func() {}
}

// admit evaluates the task's condition.
func (r *run) admit(t graph.PlannedTask) (e end, skip bool) {
	if t.When == "" {
		return end{}, false
	}
	tasks := make(map[string]any, len(r.tasks))
	for i, other := range r.plan.Tasks {
		tasks[other.Label] = map[string]any{"state": string(r.machine.State(i)), "error": r.tasks[i].err}
	}
	met, err := graph.When(t.When, r.context, t.Options, tasks)
	switch {
	case err != nil:
		return failedf("%s", err), true
	case !met:
		return end{state: graph.Skipped}, true
	}
	return end{}, false
}

// forEach works on the elements of a task, at most MaxParallel at a time.
func (r *run) forEach(t graph.PlannedTask, done func(end)) (stop func()) {
	elements, err := graph.Elements(t, r.plan, r.context, r.server)
	if err != nil {
		return r.later(failedf("%s", err), done)
	}
	each := &each{run: r, task: t, elements: elements, outputs: make([]graph.JobOutput, len(elements)), stops: map[int]func(){}, done: done}
	if len(elements) == 0 {
		return r.later(each.end(), done)
	}
	parallel := t.MaxParallel
	if parallel == 0 {
		parallel = len(elements)
	}
	for range min(parallel, len(elements)) {
		each.begin()
	}
	return each.stop
}

// each is a forEach under way.
type each struct {
	*run

	task     graph.PlannedTask
	elements []any
	outputs  []graph.JobOutput
	next     int
	stops    map[int]func()
	bad      *end
	done     func(end)
}

func (e *each) begin() {
	n := e.next
	e.next++
	done := func(one end) { e.finish(n, one) }
	options, err := graph.ElementOptions(e.task, e.plan, e.context, e.server, e.elements[n], n)
	if err != nil {
		e.stops[n] = e.later(failedf("element %d: %s", n, err), done)
		return
	}
	e.stops[n] = e.call(e.task, fmt.Sprintf("%s[%d]", e.task.Label, n), options, done)
}

func (e *each) finish(n int, one end) {
	delete(e.stops, n)
	e.outputs[n] = one.output
	if one.state != graph.Succeeded && e.bad == nil {
		e.bad = &one
	}
	if e.bad == nil && e.next < len(e.elements) {
		e.begin()
		return
	}
	if len(e.stops) == 0 {
		e.done(e.end())
	}
}

// end joins the results into an array, and the patches into one.
func (e *each) end() end {
	if e.bad != nil {
		return *e.bad
	}
	results := make([]any, len(e.outputs))
	patch := map[string]any{}
	for n, out := range e.outputs {
		results[n] = out.Result
		graph.Merge(patch, out.Context)
	}
	return succeeded(graph.JobOutput{Result: results, Context: patch})
}

func (e *each) stop() {
	for n := range e.elements {
		if stop := e.stops[n]; stop != nil {
			stop()
		}
	}
}
