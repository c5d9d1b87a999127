package graph

import (
	"encoding/json"
	"time"
)

// Plan is a graph resolved for one run: everything the interpreter needs, and
// nothing that a later edit of a definition could change. It is a workflow's
// input, so it is kept small: short where it repeats, absent where it is empty.
type Plan struct {
	// ID is made fresh for each run; task instance ids derive from it.
	ID             string `json:"id"`
	Name           string `json:"name"`
	InjectableName string `json:"graph"`
	ServiceGraph   bool   `json:"serviceGraph,omitempty"`
	// Timeout limits the run without its clean-up, in milliseconds; 0 is none.
	Timeout int64          `json:"timeout,omitempty"`
	Options map[string]any `json:"options,omitempty"`
	Tasks   []PlannedTask  `json:"tasks"`
	// Roots are what templates may use beside options, context and task.
	Roots Roots `json:"roots,omitzero"`
}

// PlannedTask is one task of a plan.
type PlannedTask struct {
	Label string `json:"label"`
	// Name is the task definition's injectableName.
	Name         string `json:"task,omitempty"`
	FriendlyName string `json:"name,omitempty"`
	BaseTask     string `json:"base,omitempty"`
	// Job is the activity type, RackHD's runJob.
	Job string `json:"job,omitempty"`
	// Options are rendered but for what depends on the context.
	Options       map[string]any `json:"options,omitempty"`
	WaitOn        WaitOn         `json:"waitOn,omitzero"`
	IgnoreFailure bool           `json:"ignoreFailure,omitempty"`
	Finally       bool           `json:"finally,omitempty"`
	Local         bool           `json:"local,omitempty"`
	TaskQueue     string         `json:"taskQueue,omitempty"`
	// When to MaxParallel and Rerun are as in Task.
	When        string            `json:"when,omitempty"`
	Retry       *Retry            `json:"retry,omitempty"`
	ForEach     any               `json:"forEach,omitempty"`
	MaxParallel int               `json:"maxParallel,omitempty"`
	Outputs     map[string]string `json:"outputs,omitempty"`
	Rerun       bool              `json:"rerun,omitempty"`
	// Timeout is in milliseconds; 0 or less is none.
	Timeout int64 `json:"timeout,omitempty"`
	// Inline marks a task whose definition stands in the graph itself.
	Inline bool `json:"inline,omitempty"`
	// Schema is kept only where options wait for the context and must be checked again.
	Schema json.RawMessage `json:"schema,omitempty"`
}

// DefaultTimeout is RackHD's limit for a task that sets none.
const DefaultTimeout = 24 * time.Hour

// Limit returns the task's time limit, and whether there is one.
func (t PlannedTask) Limit() (time.Duration, bool) {
	return time.Duration(t.Timeout) * time.Millisecond, t.Timeout > 0
}

// Keep returns the states that a retry of a run takes over: of tasks that
// succeeded or were skipped, on ground that is taken over too. What is marked
// rerun, what waits for anything that starts again, and clean-up start again.
func (p *Plan) Keep(states map[string]State) map[string]State {
	kept := make(map[string]State, len(states))
	for grown := true; grown; {
		grown = false
		for _, t := range p.Tasks {
			if _, done := kept[t.Label]; !done && t.keeps(states[t.Label], kept) {
				kept[t.Label] = states[t.Label]
				grown = true
			}
		}
	}
	return kept
}

func (t PlannedTask) keeps(state State, kept map[string]State) bool {
	if t.Finally || t.Rerun || state != Succeeded && state != Skipped {
		return false
	}
	for _, w := range t.WaitOn.All {
		if !w.matches(kept[w.Label]) {
			return false
		}
	}
	for _, w := range t.WaitOn.Any {
		if w.matches(kept[w.Label]) {
			return true
		}
	}
	return len(t.WaitOn.Any) == 0
}

// JobInput is what a job is called with: the argument of its activity.
type JobInput struct {
	// Label is the task's, with the attempt or the element where there are several.
	// It is empty in a regular activity of rackflow's own, where it is the activity's id.
	Label string `json:"label,omitempty"`
	// Server is the id of the server the run is bound to; empty for an unbound run.
	Server  string         `json:"server,omitempty"`
	Options map[string]any `json:"options,omitempty"`
	// Retry is the task's own policy, where it has one.
	Retry *Retry `json:"retry,omitempty"`
}

// JobOutput is what a job gives back: the result of its activity.
type JobOutput struct {
	// Result becomes context.outputs["<label>"].
	Result any `json:"result,omitempty"`
	// Context is a JSON merge patch (RFC 7386) of the run's context.
	Context map[string]any `json:"context,omitempty"`
}
