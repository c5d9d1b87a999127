package graph_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/graph"
)

// plan reads "label flags: wait=state,wait=state|state,?any=state" lines.
func plan(t *testing.T, lines ...string) *graph.Plan {
	t.Helper()
	p := &graph.Plan{}
	for _, line := range lines {
		head, waits, _ := strings.Cut(line, ":")
		fields := strings.Fields(head)
		task := graph.PlannedTask{Label: fields[0]}
		for _, flag := range fields[1:] {
			switch flag {
			case "ignore":
				task.IgnoreFailure = true
			case "finally":
				task.Finally = true
			default:
				t.Fatalf("unknown flag %q", flag)
			}
		}
		for _, w := range strings.FieldsFunc(waits, func(r rune) bool { return r == ',' || r == ' ' }) {
			label, states, _ := strings.Cut(strings.TrimPrefix(w, "?"), "=")
			wait := graph.Wait{Label: label}
			for s := range strings.SplitSeq(states, "|") {
				wait.States = append(wait.States, graph.State(s))
			}
			if strings.HasPrefix(w, "?") {
				task.WaitOn.Any = append(task.WaitOn.Any, wait)
			} else {
				task.WaitOn.All = append(task.WaitOn.All, wait)
			}
		}
		p.Tasks = append(p.Tasks, task)
	}
	return p
}

// walk runs a plan one task at a time in the order they become ready; ends says how tasks end that do not succeed.
func walk(p *graph.Plan, ends map[string]graph.State) (order []string, states map[string]graph.State, outcome graph.State) {
	m := graph.NewMachine(p)
	var running []int
	for !m.Done() {
		running = append(running, m.Ready()...)
		i := running[0]
		running = running[1:]
		end := graph.Succeeded
		if m.Failing() {
			end = graph.Cancelled
		} else if s, ok := ends[p.Tasks[i].Label]; ok {
			end = s
		}
		order = append(order, p.Tasks[i].Label)
		m.Finish(i, end)
	}
	states = map[string]graph.State{}
	for i, t := range p.Tasks {
		states[t.Label] = m.State(i)
	}
	return order, states, m.Outcome()
}

func TestMachineOutcome(t *testing.T) {
	t.Parallel()
	const ok, bad, late, gone, never = graph.Succeeded, graph.Failed, graph.TimedOut, graph.Cancelled, graph.Unreachable
	type states = map[string]graph.State
	for name, c := range map[string]struct {
		plan    []string
		ends    states
		order   string
		states  states
		outcome graph.State
	}{
		"chain": {[]string{"a", "b: a=succeeded"}, nil, "a b", states{"a": ok, "b": ok}, ok},
		"a leaf that ends early does not end the run": {
			[]string{"a", "b", "c: b=succeeded"}, states{"c": bad}, "a b c", states{"a": ok, "b": ok, "c": bad}, bad,
		},
		"an unhandled failure cancels the rest": {
			[]string{"a", "b: a=succeeded", "c: b=succeeded"}, states{"a": bad}, "a", states{"a": bad, "b": never, "c": never}, bad,
		},
		"what has not started is cancelled": {
			[]string{"a", "b", "c: b=succeeded"}, states{"a": bad}, "a b", states{"a": bad, "b": gone, "c": gone}, bad,
		},
		"a handled failure is none": {
			[]string{"a", "b: a=failed"}, states{"a": bad}, "a b", states{"a": bad, "b": ok}, ok,
		},
		"failed does not match a timeout": {
			[]string{"a", "b: a=failed"}, states{"a": late}, "a", states{"a": late, "b": never}, bad,
		},
		"an unmet failure branch is no failure": {
			[]string{"a", "b: a=failed", "c: b=finished"}, nil, "a", states{"a": ok, "b": never, "c": never}, ok,
		},
		"ignoreFailure ends well, and keeps its state": {
			[]string{"a ignore", "b: a=succeeded"}, states{"a": bad}, "a", states{"a": bad, "b": never}, ok,
		},
		"an array of states is an or": {
			[]string{"a", "b: a=failed|succeeded"}, nil, "a b", states{"a": ok, "b": ok}, ok,
		},
		"finished matches all ends": {
			[]string{"a", "b: a=finished"}, states{"a": late}, "a b", states{"a": late, "b": ok}, ok,
		},
		"anyOf takes the first that matches": {
			[]string{"a", "b", "c: ?a=failed, ?b=succeeded"}, nil, "a b c", states{"a": ok, "b": ok, "c": ok}, ok,
		},
		"anyOf that cannot match is unreachable": {
			[]string{"a", "b", "c: ?a=failed, ?b=failed", "d: c=finished"}, nil, "a b",
			states{"a": ok, "b": ok, "c": never, "d": never}, ok,
		},
		"anyOf joins branches of which one is unreachable": {
			[]string{"a", "b: a=succeeded", "c: a=failed", "d: ?b=succeeded, ?c=succeeded"}, nil, "a b d",
			states{"a": ok, "b": ok, "c": never, "d": ok}, ok,
		},
		"finally runs after success": {
			[]string{"a", "z finally", "b: a=succeeded"}, nil, "a b z", states{"a": ok, "b": ok, "z": ok}, ok,
		},
		"finally runs after failure": {
			[]string{"a", "y finally", "z finally: y=finished"}, states{"a": bad, "y": bad}, "a y z",
			states{"a": bad, "y": bad, "z": ok}, bad,
		},
		"a failed clean-up fails the run": {
			[]string{"a", "z finally"}, states{"z": bad}, "a z", states{"a": ok, "z": bad}, bad,
		},
		"only clean-up": {[]string{"z finally"}, nil, "z", states{"z": ok}, ok},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			order, states, outcome := walk(plan(t, c.plan...), c.ends)
			if got := strings.Join(order, " "); got != c.order {
				t.Errorf("order %q, want %q", got, c.order)
			}
			if diff := cmp.Diff(c.states, states); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			if outcome != c.outcome {
				t.Errorf("outcome %s, want %s", outcome, c.outcome)
			}
		})
	}
}

func TestMachineCancel(t *testing.T) {
	t.Parallel()
	p := plan(t, "a", "b: a=succeeded", "z finally")
	m := graph.NewMachine(p)
	m.Ready()
	m.Cancel()
	if !m.Failing() {
		t.Fatal("a running task should be told to stop")
	}
	m.Finish(0, graph.Cancelled)
	if got := m.Ready(); len(got) != 1 || p.Tasks[got[0]].Label != "z" {
		t.Fatalf("ready %v, want the clean-up", got)
	}
	if m.Failing() {
		t.Fatal("clean-up must not be told to stop")
	}
	m.Cancel()
	m.Finish(2, graph.Succeeded)
	if m.Outcome() != graph.Cancelled || m.State(1) != graph.Cancelled {
		t.Fatalf("outcome %s, b %s", m.Outcome(), m.State(1))
	}
}

// TestMachineProperties walks random graphs and holds every walk to the rules.
func TestMachineProperties(t *testing.T) {
	t.Parallel()
	ends := []graph.State{graph.Succeeded, graph.Succeeded, graph.Succeeded, graph.Failed, graph.TimedOut}
	waits := []graph.State{graph.Succeeded, graph.Succeeded, graph.Failed, graph.Finished, graph.TimedOut}
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		p := &graph.Plan{}
		results := map[string]graph.State{}
		for i := range 1 + rng.IntN(12) {
			task := graph.PlannedTask{Label: fmt.Sprint("t", i), IgnoreFailure: rng.IntN(4) == 0}
			for j := range i {
				if rng.IntN(4) != 0 {
					continue
				}
				w := graph.Wait{Label: fmt.Sprint("t", j), States: []graph.State{waits[rng.IntN(len(waits))]}}
				if rng.IntN(3) == 0 {
					task.WaitOn.Any = append(task.WaitOn.Any, w)
				} else {
					task.WaitOn.All = append(task.WaitOn.All, w)
				}
			}
			results[task.Label] = ends[rng.IntN(len(ends))]
			p.Tasks = append(p.Tasks, task)
		}
		_, states, outcome := walk(p, results)
		if want := oracle(p, states); outcome != want {
			t.Fatalf("seed %d: outcome %s, the oracle says %s: %v", seed, outcome, want, states)
		}
		for _, task := range p.Tasks {
			checkTask(t, seed, task, states)
		}
	}
}

// checkTask holds a task's end against those of the tasks it waited for.
func checkTask(t *testing.T, seed uint64, task graph.PlannedTask, states map[string]graph.State) {
	t.Helper()
	state := states[task.Label]
	if !state.Ended() {
		t.Fatalf("seed %d: %s is left %s", seed, task.Label, state)
	}
	satisfied := allow(task.WaitOn, states)
	switch {
	case state == graph.Unreachable && satisfied:
		t.Fatalf("seed %d: %s is unreachable, yet all it waits for came true", seed, task.Label)
	case state != graph.Unreachable && state != graph.Cancelled && !satisfied:
		t.Fatalf("seed %d: %s ran, yet not all it waits for came true", seed, task.Label)
	}
}

func allow(w graph.WaitOn, states map[string]graph.State) bool {
	met := func(w graph.Wait) bool {
		s := states[w.Label]
		return w.States[0] == s || w.States[0] == graph.Finished && s != graph.Unreachable
	}
	for _, one := range w.All {
		if !met(one) {
			return false
		}
	}
	if slices.ContainsFunc(w.Any, met) {
		return true
	}
	return len(w.Any) == 0
}

// oracle judges by the final states alone: a run fails when a failure is neither ignored nor waited for.
func oracle(p *graph.Plan, states map[string]graph.State) graph.State {
	for _, task := range p.Tasks {
		s := states[task.Label]
		if s != graph.Failed && s != graph.TimedOut || task.IgnoreFailure {
			continue
		}
		handled := false
		for _, other := range p.Tasks {
			for _, w := range append(append([]graph.Wait{}, other.WaitOn.All...), other.WaitOn.Any...) {
				handled = handled || w.Label == task.Label && (w.States[0] == s || w.States[0] == graph.Finished)
			}
		}
		if !handled {
			return graph.Failed
		}
	}
	return graph.Succeeded
}

func TestMachineTake(t *testing.T) {
	t.Parallel()
	m := graph.NewMachine(plan(t, "a", "b", "c"))
	if got := m.Take(2); !cmp.Equal(got, []int{0, 1}) || m.Running() != 2 {
		t.Fatalf("took %v, %d running", got, m.Running())
	}
	if got := m.Take(-1); len(got) != 0 {
		t.Fatalf("took %v", got)
	}
	m.Cancel()
	if m.State(2) != graph.Cancelled || len(m.Ready()) != 0 {
		t.Fatalf("what was ready and not taken is %s", m.State(2))
	}
}
