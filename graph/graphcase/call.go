package graphcase

import (
	"time"

	"github.com/rackflow/rackflow/graph"
)

// call is one job under way, over all its attempts.
type call struct {
	*run

	task    graph.PlannedTask
	id      string
	options map[string]any
	tries   int
	// deadline is when the task's time is up, where it is limited.
	deadline time.Duration
	limited  bool
	pending  *alarm
	stopped  bool
	// child is the run of a sub-graph.
	child *run
	done  func(end)
}

// call begins a job. See execute for done and stop.
func (r *run) call(t graph.PlannedTask, id string, options map[string]any, done func(end)) (stop func()) {
	c := &call{run: r, task: t, id: id, options: options, done: done}
	c.begin()
	return c.stop
}

// begin makes an attempt with the task's whole time before it.
func (c *call) begin() {
	limit, limited := c.task.Limit()
	c.deadline, c.limited = c.clock.now+limit, limited
	c.try()
}

func (c *call) try() {
	c.tries++
	if job, ok := native[c.task.Job]; ok && c.task.TaskQueue == "" {
		job(c)
		return
	}
	played := c.play.Jobs.Call(graph.JobInput{
		Label: c.id, Server: c.server, Options: c.options, Retry: c.task.Retry,
	}, c.task.TaskQueue)
	c.endAfter(played.Takes(), c.judge(played))
}

// judge gives the end of a call, and makes another where the job itself would.
func (c *call) judge(played Call) func() {
	return func() {
		pause, again := played.Again(c.task.Retry)
		switch {
		case played.Fail == nil:
			c.finish(succeeded(played.Output()))
		case again && c.limited && c.clock.now+pause > c.deadline:
			c.finish(timedOut(c.task))
		case again:
			c.pending = c.clock.after(pause, c.try)
		default:
			e := failedf("%s", played.Fail.Message)
			switch played.Fail.Outcome {
			case Transient, Busy:
				e.outcome = "" // the job has tried as often as it may
			case Unknown:
				e.outcome = graph.OnUnknown
			}
			c.finish(e)
		}
	}
}

// endAfter does what ends an attempt, unless the task's time is up before.
func (c *call) endAfter(d time.Duration, ending func()) {
	if c.limited && c.clock.now+d > c.deadline {
		c.pending = c.clock.at(c.deadline, func() { c.finish(timedOut(c.task)) })
		return
	}
	c.pending = c.clock.after(d, ending)
}

// finish ends the job, or makes another attempt where the task's policy wants one.
func (c *call) finish(e end) {
	policy := c.task.Retry
	if e.outcome != "" && policy != nil && !c.stopped && policy.Tries(e.outcome, c.tries) {
		c.pending = c.clock.after(policy.Pause(c.tries), c.begin)
		return
	}
	if e.state == graph.Succeeded {
		result, err := graph.Named(e.output.Result, c.task.Outputs)
		if err != nil {
			e = failedf("%s", err)
		}
		e.output.Result = result
	}
	c.done(e)
}

// stop makes the job end as cancelled. A sub-graph ends when its clean-up has.
func (c *call) stop() {
	if c.stopped {
		return
	}
	c.stopped = true
	c.pending.drop()
	if c.child != nil {
		c.child.cancel()
		return
	}
	delete(c.prompts, c.id)
	c.clock.after(0, func() { c.done(cancelled) })
}
