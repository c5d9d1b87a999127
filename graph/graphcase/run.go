package graphcase

import (
	"fmt"
	"maps"

	"github.com/rackflow/rackflow/graph"
)

// Run plays a case on virtual time. The error is a fault of the case itself.
func Run(c *Case, lib *graph.Index) (Result, error) {
	p, err := Prepare(c, lib)
	if err != nil || p.Plan == nil {
		if p == nil {
			return Result{}, err
		}
		return p.Result, err
	}
	e := &engine{play: p, held: map[string]bool{}}
	e.play.Result.Refusals = make([]string, len(c.Answers))
	top := e.walk(e.start(p.Plan, c.Run.Server, c.Run.Context, nil))
	for range c.Retried {
		ended, context := Retry(p.Plan, e.states(), top.context)
		again := e.start(p.Plan, c.Run.Server, context, nil)
		again.machine = graph.Resume(p.Plan, ended)
		top = e.walk(again)
	}
	if !top.machine.Done() {
		return Result{}, fmt.Errorf("the run does not come to an end: %v", e.states())
	}
	return e.result(top), nil
}

// Retry returns what a retry of a run takes over: the tasks that keep their ends, and the context without the
// results of the others.
func Retry(plan *graph.Plan, states map[string]graph.State, context map[string]any) (ended map[string]graph.State, kept map[string]any) {
	ended = plan.Keep(states)
	kept = graph.CloneMap(context)
	outputs, _ := kept["outputs"].(map[string]any)
	maps.DeleteFunc(outputs, func(label string, _ any) bool { return ended[label] == "" })
	return ended, kept
}

// A case that comes to no end, such as a graph that runs itself, has to be told from a long one.
const (
	maxSteps = 100_000
	maxRuns  = 10_000
)

// walk plays a run to its end.
func (e *engine) walk(r *run) *run {
	e.schedule(r)
	e.settle()
	for range maxSteps {
		if r.machine.Done() || !e.clock.step() {
			break
		}
		e.settle()
	}
	return r
}

// engine is a case being played: the runs that share a clock.
type engine struct {
	play  *Play
	clock clock
	runs  []*run
	// held are the servers that a run is bound to.
	held  map[string]bool
	order []Step
}

// run is one walk through a plan.
type run struct {
	*engine

	plan    *graph.Plan
	server  string
	machine *graph.Machine
	context map[string]any
	tasks   []task
	events  map[string]InstallerEvent
	// prompts are those that wait, and answered those that have been answered, by their ids.
	prompts  map[string]*prompt
	answered map[string]bool
	// heard are the calls to tell of the installer's next report.
	heard []func()
	err   string
	// locks says that the server is this run's own to hold.
	locks bool
	ended func(*run)
}

// task is what has become of a planned task.
type task struct {
	err  string
	stop func()
}

func (e *engine) start(plan *graph.Plan, server string, context map[string]any, ended func(*run)) *run {
	r := &run{
		engine: e, plan: plan, server: server, machine: graph.NewMachine(plan), context: graph.CloneMap(context),
		tasks: make([]task, len(plan.Tasks)), events: map[string]InstallerEvent{}, ended: ended,
		prompts: map[string]*prompt{}, answered: map[string]bool{},
	}
	if r.context == nil {
		r.context = map[string]any{}
	}
	r.context["graphId"], r.context["graphName"] = plan.ID, plan.InjectableName
	if server != "" {
		r.context["target"] = server
		r.locks, e.held[server] = !e.held[server], true
	}
	if plan.Timeout > 0 {
		e.clock.after(milliseconds(plan.Timeout), r.expire)
	}
	e.runs = append(e.runs, r)
	return r
}

// schedule sets what happens to the run from outside.
func (e *engine) schedule(top *run) {
	c := e.play.Case
	if c.Cancel != nil {
		e.clock.after(milliseconds(c.Cancel.At), top.cancel)
	}
	for _, event := range c.Installer {
		e.clock.after(milliseconds(event.At), func() { top.report(event) })
	}
	for i, a := range c.Answers {
		e.clock.after(milliseconds(a.At), func() { e.play.Result.Refusals[i] = top.answer(a) })
	}
}

// settle lets every run go on after a moment, those included that begin meanwhile.
func (e *engine) settle() {
	for i := 0; i < min(len(e.runs), maxRuns); i++ {
		e.runs[i].advance()
	}
}

func (r *run) advance() {
	if r.machine.Failing() {
		r.stopTasks()
	}
	if r.machine.Done() {
		r.end()
		return
	}
	ready := r.machine.Ready()
	if len(ready) == 0 {
		return
	}
	step := make(Step, len(ready))
	for n, i := range ready {
		step[n] = r.plan.Tasks[i].Label
	}
	r.order = append(r.order, step)
	for _, i := range ready {
		r.tasks[i].stop = r.execute(r.plan.Tasks[i], func(e end) { r.finish(i, e) })
	}
}

// stopTasks tells the tasks that run to end. Each is told once.
func (r *run) stopTasks() {
	for i := range r.tasks {
		if t := &r.tasks[i]; t.stop != nil && !r.plan.Tasks[i].Finally {
			stop := t.stop
			t.stop = nil
			stop()
		}
	}
}

func (r *run) finish(i int, e end) {
	label := r.plan.Tasks[i].Label
	if e.state == graph.Succeeded {
		r.take(label, e.output)
	}
	r.tasks[i] = task{err: e.err}
	if r.machine.Finish(i, e.state) {
		r.err = fmt.Sprintf("task %s: %s", label, e.err)
	}
}

func (r *run) take(label string, out graph.JobOutput) {
	graph.Merge(r.context, graph.CloneMap(out.Context))
	if out.Result != nil {
		graph.Merge(r.context, map[string]any{"outputs": map[string]any{label: out.Result}})
	}
}

func (r *run) cancel() { r.machine.Cancel() }

// expire ends a run whose own time is up; clean-up has all the time it needs.
func (r *run) expire() {
	if r.machine.CleaningUp() || r.machine.Failing() {
		return
	}
	r.err = fmt.Sprintf("Graph did not complete within %dms", r.plan.Timeout)
	r.machine.Fail()
}

func (r *run) report(event InstallerEvent) {
	r.events[event.Event] = event
	waiting := r.heard
	r.heard = nil
	for _, tell := range waiting {
		tell()
	}
}

func (r *run) end() {
	if r.locks {
		r.locks = false
		delete(r.held, r.server)
	}
	if ended := r.ended; ended != nil {
		r.ended = nil
		ended(r)
	}
}

func (e *engine) states() map[string]graph.State {
	states := map[string]graph.State{}
	for _, r := range e.runs {
		for i, t := range r.plan.Tasks {
			states[t.Label] = r.machine.State(i)
		}
	}
	return states
}

func (e *engine) result(top *run) Result {
	result := e.play.Result
	result.States, result.Order = e.states(), e.order
	result.Calls = e.play.Jobs.Calls()
	result.Outcome, result.Error = top.machine.Outcome(), top.err
	result.Context = maps.Clone(top.context)
	took := e.clock.now.Milliseconds()
	result.Took = &took
	result.Errors = map[string]string{}
	for _, r := range e.runs {
		for i, t := range r.plan.Tasks {
			result.Errors[t.Label] = r.tasks[i].err
		}
	}
	return result
}
