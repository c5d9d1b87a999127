package graphcase

import (
	"maps"
	"regexp"
	"sync"
	"time"

	"github.com/rackflow/rackflow/graph"
)

// Jobs plays the scripts of a case and notes how they were called. It is safe for concurrent use.
type Jobs struct {
	mu      sync.Mutex
	scripts map[string]Script
	calls   map[string]Calls
}

// Calls is how one job was called, from first to last.
type Calls struct {
	Times     int
	Options   map[string]any
	TaskQueue string
}

func newJobs(c *Case) *Jobs { return &Jobs{scripts: c.Jobs, calls: map[string]Calls{}} }

// again is what an interpreter adds to a job's name when it calls it once more.
var again = regexp.MustCompile(`#\d+$`)

// Call plays the next entry of a job's script. taskQueue is the task's own, or empty.
func (j *Jobs) Call(in graph.JobInput, taskQueue string) Call {
	name := again.ReplaceAllString(in.Label, "")
	j.mu.Lock()
	defer j.mu.Unlock()
	calls := j.calls[name]
	calls.Times++
	calls.Options, calls.TaskQueue = in.Options, taskQueue
	j.calls[name] = calls
	script, ok := j.scripts[name]
	if !ok {
		script = j.scripts[element.ReplaceAllString(name, "")]
	}
	if len(script) == 0 {
		return Call{Times: calls.Times, last: true}
	}
	n := min(calls.Times, len(script))
	return Call{Attempt: script[n-1], Times: calls.Times, last: n == len(script)}
}

// Calls returns how the jobs were called, by label or label[n].
func (j *Jobs) Calls() map[string]Calls {
	j.mu.Lock()
	defer j.mu.Unlock()
	return maps.Clone(j.calls)
}

// Call is one call of a scripted job.
type Call struct {
	Attempt

	// Times is how often the job has been called, this call included.
	Times int
	last  bool
}

// Takes is how long the call takes.
func (c Call) Takes() time.Duration { return milliseconds(c.After) }

// Output is what the job gives back.
func (c Call) Output() graph.JobOutput {
	return graph.JobOutput{Result: graph.Clone(c.Result), Context: graph.CloneMap(c.Context)}
}

// Again reports whether the job itself tries again after this call, and after what
// pause: transient and busy failures, as the task's policy says, or else while the
// script has more.
func (c Call) Again(policy *graph.Retry) (pause time.Duration, again bool) {
	if c.Fail == nil || c.Fail.Outcome != Transient && c.Fail.Outcome != Busy {
		return 0, false
	}
	if policy == nil {
		policy = &graph.Retry{}
		return policy.Pause(c.Times), !c.last
	}
	return policy.Pause(c.Times), policy.Tries(c.Fail.Outcome, c.Times)
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
