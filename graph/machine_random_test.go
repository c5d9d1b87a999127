package graph_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rackflow/rackflow/graph"
)

// TestMachineRandomWalks takes random graphs with clean-up through random ends in
// random order, and cancels some of them at a random moment.
func TestMachineRandomWalks(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for seed := range uint64(20000) {
		rng := rand.New(rand.NewPCG(seed, 2))
		w := &randomWalk{t: t, seed: seed, rng: rng, plan: randomPlan(rng), started: map[string]bool{}, cancelAt: -1}
		if rng.IntN(2) == 0 {
			w.cancelAt = rng.IntN(2 * len(w.plan.Tasks))
		}
		w.walk()
		w.checkEnd()
		seen[string(w.m.Outcome())]++
		if w.cancelled != nil {
			seen["cancel in time"]++
		}
	}
	for _, kind := range []string{"succeeded", "failed", "cancelled", "cancel in time"} {
		if seen[kind] < 500 {
			t.Errorf("%d walks are %s: too few to show anything: %v", seen[kind], kind, seen)
		}
	}
}

// randomPlan makes tasks that wait for earlier ones of their own part: the work, or the clean-up.
func randomPlan(rng *rand.Rand) *graph.Plan {
	p := &graph.Plan{}
	for i := range 1 + rng.IntN(10) {
		task := graph.PlannedTask{Label: fmt.Sprint("t", i), IgnoreFailure: rng.IntN(4) == 0, Finally: rng.IntN(4) == 0}
		for _, other := range p.Tasks {
			if other.Finally != task.Finally || rng.IntN(3) != 0 {
				continue
			}
			wait := graph.Wait{Label: other.Label, States: randomStates(rng)}
			if rng.IntN(3) == 0 {
				task.WaitOn.Any = append(task.WaitOn.Any, wait)
			} else {
				task.WaitOn.All = append(task.WaitOn.All, wait)
			}
		}
		p.Tasks = append(p.Tasks, task)
	}
	return p
}

func randomStates(rng *rand.Rand) []graph.State {
	all := []graph.State{graph.Succeeded, graph.Succeeded, graph.Finished, graph.Failed, graph.TimedOut, graph.Cancelled}
	states := []graph.State{all[rng.IntN(len(all))]}
	if rng.IntN(4) == 0 {
		states = append(states, all[rng.IntN(len(all))])
	}
	return states
}

// randomWalk is one walk, and what it has seen so far.
type randomWalk struct {
	t    *testing.T
	seed uint64
	rng  *rand.Rand
	plan *graph.Plan
	m    *graph.Machine
	// cancelAt is the number of ends after which the run is cancelled; -1 is never.
	cancelAt int
	running  []int
	started  map[string]bool
	// cancelled are the states at the moment of a cancel that came in time, nil without one.
	cancelled map[string]graph.State
}

func (w *randomWalk) walk() {
	w.m = graph.NewMachine(w.plan)
	for ends := 0; !w.m.Done(); ends++ {
		if ends == w.cancelAt {
			w.cancel()
		}
		for _, i := range w.m.Ready() {
			w.start(i)
		}
		if w.m.Done() {
			return
		}
		if len(w.running) == 0 {
			w.t.Fatalf("seed %d: the run stands still: %v", w.seed, w.states())
		}
		w.endOne()
	}
}

func (w *randomWalk) cancel() {
	if !w.m.CleaningUp() {
		w.cancelled = w.states()
	}
	w.m.Cancel()
}

// start holds a task's start against what it waits for.
func (w *randomWalk) start(i int) {
	task := w.plan.Tasks[i]
	states := w.states()
	switch {
	case w.started[task.Label]:
		w.t.Fatalf("seed %d: %s starts twice", w.seed, task.Label)
	case !met(task.WaitOn, states):
		w.t.Fatalf("seed %d: %s starts before what it waits for: %v", w.seed, task.Label, states)
	case task.Finally && !w.workHasEnded(states):
		w.t.Fatalf("seed %d: clean-up %s starts before the work has ended: %v", w.seed, task.Label, states)
	case !task.Finally && w.m.Failing():
		w.t.Fatalf("seed %d: %s starts in a run that fails", w.seed, task.Label)
	}
	w.started[task.Label] = true
	w.running = append(w.running, i)
}

// endOne ends a random task that runs. One that is told to stop mostly ends as
// cancelled, but a job may come to its own end at that very moment.
func (w *randomWalk) endOne() {
	n := w.rng.IntN(len(w.running))
	i := w.running[n]
	w.running = slices.Delete(w.running, n, n+1)
	ends := []graph.State{graph.Succeeded, graph.Succeeded, graph.Succeeded, graph.Skipped, graph.Failed, graph.TimedOut}
	end := ends[w.rng.IntN(len(ends))]
	if w.m.Failing() && w.rng.IntN(4) != 0 {
		end = graph.Cancelled
	}
	w.m.Finish(i, end)
}

func (w *randomWalk) states() map[string]graph.State {
	states := map[string]graph.State{}
	for i, task := range w.plan.Tasks {
		states[task.Label] = w.m.State(i)
	}
	return states
}

func (w *randomWalk) workHasEnded(states map[string]graph.State) bool {
	for _, task := range w.plan.Tasks {
		if !task.Finally && !states[task.Label].Ended() {
			return false
		}
	}
	return true
}

func (w *randomWalk) checkEnd() {
	states := w.states()
	for _, task := range w.plan.Tasks {
		state := states[task.Label]
		switch {
		case !state.Ended():
			w.t.Fatalf("seed %d: %s is left %s", w.seed, task.Label, state)
		case task.Finally && met(task.WaitOn, states) != w.started[task.Label]:
			w.t.Fatalf("seed %d: clean-up %s: started %v: %v", w.seed, task.Label, w.started[task.Label], states)
		case state == graph.Unreachable && met(task.WaitOn, states):
			w.t.Fatalf("seed %d: %s is unreachable, yet all it waits for came true: %v", w.seed, task.Label, states)
		}
	}
	if got, want := w.m.Outcome(), w.wantOutcome(states); got != want {
		w.t.Fatalf("seed %d: outcome %s, want %s: %v", w.seed, got, want, states)
	}
}

// wantOutcome judges by states alone: a failure that is neither ignored nor handled
// fails the run, unless it was cancelled before.
func (w *randomWalk) wantOutcome(states map[string]graph.State) graph.State {
	switch {
	case w.cancelled != nil && w.failed(w.cancelled):
		return graph.Failed
	case w.cancelled != nil:
		return graph.Cancelled
	case w.failed(states):
		return graph.Failed
	}
	return graph.Succeeded
}

func (w *randomWalk) failed(states map[string]graph.State) bool {
	return slices.ContainsFunc(w.plan.Tasks, func(task graph.PlannedTask) bool {
		state := states[task.Label]
		return (state == graph.Failed || state == graph.TimedOut) && !task.IgnoreFailure && !w.handled(task.Label, state)
	})
}

func (w *randomWalk) handled(label string, state graph.State) bool {
	return slices.ContainsFunc(w.plan.Tasks, func(other graph.PlannedTask) bool {
		return slices.ContainsFunc(slices.Concat(other.WaitOn.All, other.WaitOn.Any), func(wait graph.Wait) bool {
			return wait.Label == label && satisfies(wait, state)
		})
	})
}

func met(w graph.WaitOn, states map[string]graph.State) bool {
	holds := func(wait graph.Wait) bool { return satisfies(wait, states[wait.Label]) }
	for _, wait := range w.All {
		if !holds(wait) {
			return false
		}
	}
	return len(w.Any) == 0 || slices.ContainsFunc(w.Any, holds)
}

// satisfies spells the rules of waitOn out once more.
func satisfies(wait graph.Wait, state graph.State) bool {
	if slices.Contains(wait.States, graph.Finished) {
		return slices.Contains([]graph.State{graph.Succeeded, graph.Skipped, graph.Failed, graph.TimedOut, graph.Cancelled}, state)
	}
	return slices.Contains(wait.States, state) || state == graph.Skipped && slices.Contains(wait.States, graph.Succeeded)
}
