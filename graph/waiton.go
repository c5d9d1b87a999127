package graph

import (
	"encoding/json"
	"slices"
	"strings"
)

// State is the state of a task or of a whole run.
type State string

// The states a task passes through. A run has the same, but for Unreachable.
const (
	Pending     State = "pending"
	Running     State = "running"
	Succeeded   State = "succeeded"
	Failed      State = "failed"
	TimedOut    State = "timeout"
	Cancelled   State = "cancelled"
	Unreachable State = "unreachable"
	// Skipped is a task whose condition was false. It counts as succeeded.
	Skipped State = "skipped"
)

// Finished in a waitOn stands for succeeded, failed, timeout and cancelled.
const Finished State = "finished"

var waitable = []State{Succeeded, Failed, TimedOut, Cancelled, Finished}

// anyOf is the reserved key that ORs the entries below it.
const anyOf = "anyOf"

// Ended reports whether the state is final.
func (s State) Ended() bool {
	return s != Pending && s != Running
}

// Finished reports whether a task that ended so has been dealt with, well or not.
func (s State) Finished() bool {
	return s == Succeeded || s == Skipped || s.Bad()
}

// Bad reports whether a task that ended so did not do its work.
func (s State) Bad() bool {
	return s == Failed || s == TimedOut || s == Cancelled
}

// WaitOn says what a task waits for: every entry of All, and one of Any where there is one.
type WaitOn struct {
	All []Wait
	Any []Wait
}

// Wait is satisfied when the task of that label ends in one of the states.
type Wait struct {
	Label  string
	States []State
}

// IsZero reports whether there is nothing to wait for.
func (w WaitOn) IsZero() bool { return len(w.All) == 0 && len(w.Any) == 0 }

// waits must not be changed: it may be All itself.
func (w WaitOn) waits() []Wait {
	if len(w.Any) == 0 {
		return w.All
	}
	return slices.Concat(w.All, w.Any)
}

func (w Wait) matches(s State) bool { return anyMatches(w.States, s) }

func anyMatches(wanted []State, s State) bool {
	for _, want := range wanted {
		if want == s || want == Succeeded && s == Skipped || want == Finished && s.Finished() {
			return true
		}
	}
	return false
}

// MarshalJSON writes RackHD's form: {label: state | [states], anyOf: {...}}.
func (w WaitOn) MarshalJSON() ([]byte, error) {
	out := waitObject(w.All)
	if len(w.Any) > 0 {
		out[anyOf] = waitObject(w.Any)
	}
	return json.Marshal(out)
}

func waitObject(waits []Wait) map[string]any {
	out := make(map[string]any, len(waits)+1)
	for _, w := range waits {
		if len(w.States) == 1 {
			out[w.Label] = w.States[0]
			continue
		}
		out[w.Label] = w.States
	}
	return out
}

// UnmarshalJSON reads what MarshalJSON wrote; definitions of users are read by ParseGraph, which reports every fault.
func (w *WaitOn) UnmarshalJSON(data []byte) error {
	var raw map[string]any
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	var problems Problems
	*w = readWaitOn(raw, "waitOn", &problems)
	return problems.Err()
}

func readWaitOn(raw map[string]any, path string, problems *Problems) WaitOn {
	var w WaitOn
	for _, label := range sortedKeys(raw) {
		at := path + "." + label
		if label != anyOf {
			w.All = append(w.All, readWait(label, raw[label], at, problems))
			continue
		}
		group, ok := raw[label].(map[string]any)
		if !ok {
			problems.add(at, "task.waitOn.anyOf should be an object.", `write {"anyOf": {"label": "state"}}`)
			continue
		}
		for _, label := range sortedKeys(group) {
			w.Any = append(w.Any, readWait(label, group[label], at+"."+label, problems))
		}
	}
	return w
}

func readWait(label string, raw any, path string, problems *Problems) Wait {
	w := Wait{Label: label}
	switch v := raw.(type) {
	case string:
		w.States = []State{State(v)}
	case []any:
		for _, s := range v {
			name, _ := s.(string)
			w.States = append(w.States, State(name))
		}
	}
	if len(w.States) == 0 {
		problems.add(path, "should be a state or an array of states", stateHint)
		return w
	}
	for _, s := range w.States {
		if !slices.Contains(waitable, s) {
			problems.add(path, "unknown state '"+string(s)+"'", stateHint)
		}
	}
	return w
}

var stateHint = func() string {
	names := make([]string, len(waitable))
	for i, s := range waitable {
		names[i] = string(s)
	}
	return "use " + strings.Join(names, ", ")
}()
