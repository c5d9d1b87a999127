package workflows

import (
	"fmt"
	"maps"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rackflow/rackflow/graph"
)

// run is one execution of RunGraph.
type run struct {
	in      Input
	id      string
	machine *graph.Machine
	tasks   []TaskRecord
	context map[string]any
	// contextBytes is how much the results of tasks have added to the context.
	contextBytes int
	// states and shown are for conditions: see taskStates.
	states map[string]any
	shown  []shown
	events map[string]InstallerEvent
	// prompts are those that wait for an answer, and answered those that have had one, by their ids.
	prompts  map[string]*pendingPrompt
	answered map[string]bool
	// elements bounds the elements of all forEach that are worked on at once.
	elements    workflow.Semaphore
	done        workflow.Channel
	cancelTasks workflow.CancelFunc
	cancelled   bool
	// deadline is the run's own time limit; nil where there is none.
	deadline workflow.Future
	err      string
	dirty    bool
}

// ended is what a task's coroutine reports.
type ended struct {
	task   int
	state  graph.State
	output graph.JobOutput
	err    string
}

// RunGraph executes a plan. It returns the record of a run that succeeded; the
// error of one that failed or was cancelled carries the record in its details.
func RunGraph(ctx workflow.Context, in Input) (*Record, error) {
	r := newRun(ctx, in)
	if err := workflow.SetQueryHandler(ctx, StateQuery, func() (*Record, error) { return r.record(), nil }); err != nil {
		return nil, err
	}
	if err := r.takeAnswers(ctx); err != nil {
		return nil, err
	}
	r.listen(ctx)
	r.walk(ctx)
	return r.end(ctx)
}

func newRun(ctx workflow.Context, in Input) *run {
	info := workflow.GetInfo(ctx)
	r := &run{
		in: in, id: InstanceID(info.WorkflowExecution.ID, info.WorkflowExecution.RunID),
		machine: graph.Resume(in.Plan, in.Ended), tasks: make([]TaskRecord, len(in.Plan.Tasks)),
		context: graph.CloneMap(in.Context), events: map[string]InstallerEvent{},
		prompts: map[string]*pendingPrompt{}, answered: map[string]bool{},
		elements: workflow.NewSemaphore(ctx, maxAtOnce),
		done:     workflow.NewBufferedChannel(ctx, len(in.Plan.Tasks)), dirty: true,
	}
	if r.context == nil {
		r.context = map[string]any{}
	}
	maps.Copy(r.context, r.standing())
	for i := range r.tasks {
		r.tasks[i].State = r.machine.State(i)
	}
	return r
}

// standing is what RackHD puts into the context of every run.
func (r *run) standing() map[string]any {
	out := map[string]any{"graphId": r.id, "graphName": r.in.Plan.InjectableName}
	if r.in.Server != "" {
		out["target"] = r.in.Server
	}
	return out
}

// listen takes what installers report, whether or not a task waits for it yet.
func (r *run) listen(ctx workflow.Context) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	signals := workflow.GetSignalChannel(ctx, InstallerSignal)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var event InstallerEvent
			signals.Receive(ctx, &event)
			r.events[event.Event] = event
			r.noteProgress(event)
		}
	})
}

// maxAtOnce bounds the tasks of a run that are under way, and the elements of all
// their forEach: Temporal refuses more than 2,000 pending activities of one workflow,
// and a workflow task has to stay small.
const maxAtOnce = 500

// walk starts what is ready and takes in what has ended, until everything has.
func (r *run) walk(ctx workflow.Context) {
	tasks, cancel := workflow.WithCancel(ctx)
	cleanup, _ := workflow.NewDisconnectedContext(ctx)
	r.cancelTasks = cancel
	stopClock := r.startClock(ctx)
	for !r.machine.Done() {
		under := tasks
		if r.machine.CleaningUp() {
			stopClock()
			under = cleanup
		}
		for _, i := range r.machine.Take(maxAtOnce - r.machine.Running()) {
			r.start(under, i)
		}
		r.publish(ctx)
		r.wait(ctx, cleanup)
		if r.machine.Failing() {
			r.cancelTasks()
		}
	}
	stopClock()
	r.publish(ctx)
}

// startClock starts the run's own time limit, where it has one.
func (r *run) startClock(ctx workflow.Context) workflow.CancelFunc {
	if r.in.Plan.Timeout <= 0 {
		return func() {}
	}
	ctx, stop := workflow.WithCancel(ctx)
	limit := time.Duration(r.in.Plan.Timeout) * time.Millisecond
	r.deadline = workflow.NewTimerWithOptions(ctx, limit, workflow.TimerOptions{Summary: "graph"})
	return func() {
		r.deadline = nil
		stop()
	}
}

// wait blocks until something has happened: a task has ended, the run was
// cancelled, or its time is up. Of tasks it takes in all that have ended.
func (r *run) wait(ctx, disconnected workflow.Context) {
	selector := workflow.NewSelector(disconnected)
	selector.AddReceive(r.done, func(c workflow.ReceiveChannel, _ bool) {
		var e ended
		c.Receive(disconnected, &e)
		r.finish(e)
	})
	if !r.cancelled {
		selector.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {
			r.cancelled = true
			r.machine.Cancel()
		})
	}
	if r.deadline != nil {
		selector.AddFuture(r.deadline, func(f workflow.Future) { r.expire(disconnected, f) })
	}
	selector.Select(disconnected)
	var e ended
	for r.done.ReceiveAsync(&e) {
		r.finish(e)
		e = ended{}
	}
}

// expire fails a run whose time is up; that its clock was stopped means nothing.
func (r *run) expire(ctx workflow.Context, clock workflow.Future) {
	r.deadline = nil
	if clock.Get(ctx, nil) != nil || r.machine.Failing() {
		return
	}
	r.err = fmt.Sprintf("Graph did not complete within %dms", r.in.Plan.Timeout)
	r.machine.Fail()
}

func (r *run) start(ctx workflow.Context, i int) {
	now := workflow.Now(ctx)
	r.tasks[i].State, r.tasks[i].Started = graph.Running, &now
	r.dirty = true
	workflow.Go(ctx, func(ctx workflow.Context) {
		e := r.execute(ctx, i)
		at := workflow.Now(ctx)
		r.tasks[i].Ended = &at
		r.done.Send(ctx, e)
	})
}

func (r *run) finish(e ended) {
	label := r.in.Plan.Tasks[e.task].Label
	if e.state == graph.Succeeded {
		if err := r.take(label, e.output); err != nil {
			e.state, e.err = graph.Failed, err.Error()
		}
	}
	record := &r.tasks[e.task]
	record.State, record.Error, record.Progress = e.state, e.err, ""
	r.dirty = true
	if r.machine.Finish(e.task, e.state) {
		r.err = fmt.Sprintf("task %s: %s", label, e.err)
	}
}

// maxContext bounds what the results of all tasks may hold together: a run's
// record has to fit into one Temporal payload.
const maxContext = 1 << 20

// take merges what a task gave back into the context.
func (r *run) take(label string, out graph.JobOutput) error {
	patch := out.Context
	if out.Result != nil {
		if patch == nil {
			patch = map[string]any{}
		}
		graph.Merge(patch, map[string]any{"outputs": map[string]any{label: out.Result}})
	}
	if len(patch) == 0 {
		return nil
	}
	r.contextBytes += size(patch)
	if r.contextBytes > maxContext {
		return fmt.Errorf("the results of this run's tasks are larger than %d bytes together", maxContext)
	}
	graph.Merge(r.context, patch)
	return nil
}

// publish refreshes what Temporal's own tools show of the run. It makes no event.
func (r *run) publish(ctx workflow.Context) {
	if !r.dirty {
		return
	}
	r.dirty = false
	r.takeEnds()
	workflow.SetCurrentDetails(ctx, r.details())
}

// takeEnds takes over the ends that no task reported itself: of those that never started.
func (r *run) takeEnds() {
	for i := range r.tasks {
		if state := r.machine.State(i); state.Ended() {
			r.tasks[i].State = state
		}
	}
}

func (r *run) record() *Record {
	r.takeEnds()
	return &Record{State: r.machine.Outcome(), Tasks: r.tasks, Context: r.results(), Prompts: r.pending(), Error: r.err}
}

// results is the context without what stands in every one.
func (r *run) results() map[string]any {
	standing := r.standing()
	out := maps.Clone(r.context)
	maps.DeleteFunc(out, func(key string, value any) bool {
		known, ok := standing[key]
		return ok && known == value
	})
	return out
}

// end states the outcome in the search attributes and turns it into Temporal's own.
func (r *run) end(ctx workflow.Context) (*Record, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	record := r.record()
	if err := workflow.UpsertTypedSearchAttributes(ctx, StateAttribute.ValueSet(string(record.State))); err != nil {
		return nil, err
	}
	switch record.State {
	case graph.Succeeded:
		return record, nil
	case graph.Cancelled:
		return nil, temporal.NewCanceledError(*record)
	default:
		message := r.err
		if message == "" {
			message = "graph " + r.in.Plan.InjectableName + " failed"
		}
		return nil, temporal.NewNonRetryableApplicationError(message, GraphFailed, nil, *record)
	}
}

// note shows how far a task is.
func (r *run) note(task int, progress string) {
	r.tasks[task].Progress = progress
	r.dirty = true
}

// noteProgress shows an installer's report at the tasks that wait for the installer.
func (r *run) noteProgress(event InstallerEvent) {
	if event.Event != eventProgress {
		return
	}
	for i, t := range r.in.Plan.Tasks {
		if t.Job == jobInstallerWait && r.tasks[i].State == graph.Running {
			r.note(i, fmt.Sprintf("%d %% %s", event.Value, event.Message))
		}
	}
}

// forever is the limit of a task that has none: Temporal wants one.
const forever = 10 * 365 * 24 * time.Hour
