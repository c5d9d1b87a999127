package graph

import "slices"

// Machine walks a plan: it says which tasks may start and how the run ends. Its
// owner starts what Ready gives, and calls Finish when a task has ended. The cost
// of a step grows with the tasks that wait for it, not with the size of the plan.
//
// A run has two parts: the tasks, and when all of them have ended the clean-up,
// the tasks marked finally. A failure that nobody waits for and that is not
// ignored fails the run: tasks not yet started are cancelled, and Failing tells the
// owner to cancel those that run.
type Machine struct {
	tasks   []node
	ready   []int
	open    int // tasks of the current part that have not ended
	running int
	cleanup bool
	outcome State // worst so far; Succeeded until then
	failing bool
}

// node is a task's place in the graph of waits.
type node struct {
	state         State
	finally       bool
	ignoreFailure bool
	waiting       int // entries of All not satisfied yet
	anyLeft       int // entries of Any that still may be
	anyPending    bool
	handled       []State // states that some other task waits for
	dependents    []edge
}

// edge leads from a task to one that waits for it.
type edge struct {
	to     int
	states []State
	isAny  bool
}

// NewMachine starts a walk. The plan must have passed Check.
func NewMachine(p *Plan) *Machine { return Resume(p, nil) }

// Resume starts a walk in which some tasks have ended before, by label: see Plan.Keep.
func Resume(p *Plan, ended map[string]State) *Machine {
	m := build(p)
	for i, t := range p.Tasks {
		if state, ok := ended[t.Label]; ok {
			m.tasks[i].state = state
		}
	}
	m.begin(false)
	for i, t := range p.Tasks {
		if state, ok := ended[t.Label]; ok {
			m.end(i, state)
		}
	}
	m.next()
	return m
}

func build(p *Plan) *Machine {
	m := &Machine{tasks: make([]node, len(p.Tasks)), outcome: Succeeded}
	index := make(map[string]int, len(p.Tasks))
	for i, t := range p.Tasks {
		index[t.Label] = i
		m.tasks[i] = node{
			state: Pending, finally: t.Finally, ignoreFailure: t.IgnoreFailure,
			waiting: len(t.WaitOn.All), anyLeft: len(t.WaitOn.Any), anyPending: len(t.WaitOn.Any) > 0,
		}
	}
	m.makeRoom(p, index)
	for i, t := range p.Tasks {
		m.link(i, t.WaitOn.All, index, false)
		m.link(i, t.WaitOn.Any, index, true)
	}
	return m
}

// makeRoom cuts the lists of dependents out of one piece of memory.
func (m *Machine) makeRoom(p *Plan, index map[string]int) {
	counts, total := make([]int, len(p.Tasks)), 0
	for _, t := range p.Tasks {
		for _, w := range t.WaitOn.waits() {
			counts[index[w.Label]]++
			total++
		}
	}
	room := make([]edge, total)
	for i, n := range counts {
		m.tasks[i].dependents, room = room[:0:n], room[n:]
	}
}

func (m *Machine) link(to int, waits []Wait, index map[string]int, isAny bool) {
	for _, w := range waits {
		from := &m.tasks[index[w.Label]]
		from.dependents = append(from.dependents, edge{to: to, states: w.States, isAny: isAny})
		for _, s := range w.States {
			if !slices.Contains(from.handled, s) {
				from.handled = append(from.handled, s)
			}
		}
	}
}

// begin opens a part: the tasks, or the clean-up.
func (m *Machine) begin(cleanup bool) {
	m.cleanup = cleanup
	for i := range m.tasks {
		if m.tasks[i].finally != cleanup {
			continue
		}
		m.open++
		m.offer(i)
	}
	m.next()
}

// next goes on to the clean-up when the tasks have all ended.
func (m *Machine) next() {
	if m.open == 0 && !m.cleanup {
		m.begin(true)
	}
}

func (m *Machine) offer(i int) {
	t := &m.tasks[i]
	if t.state == Pending && t.waiting == 0 && !t.anyPending {
		m.ready = append(m.ready, i)
	}
}

// Ready returns the tasks that may start now, by their index in the plan, and
// counts them as running. Each is returned once.
func (m *Machine) Ready() []int { return m.Take(len(m.ready)) }

// Take is Ready for at most n tasks; the others stay ready.
func (m *Machine) Take(n int) []int {
	n = min(max(n, 0), len(m.ready))
	taken := m.ready[:n:n]
	m.ready = m.ready[n:]
	for _, i := range taken {
		m.tasks[i].state = Running
		m.running++
	}
	return taken
}

// Running counts the tasks that have started and not ended.
func (m *Machine) Running() int { return m.running }

// Finish records how a running task ended: succeeded, skipped, failed, timeout or cancelled.
// It reports whether this is what fails the run.
func (m *Machine) Finish(i int, state State) (failsRun bool) {
	first := m.outcome == Succeeded
	m.running--
	m.end(i, state)
	if state.Bad() && !m.tasks[i].ignoreFailure && !m.isHandled(i, state) {
		m.fail()
		failsRun = first
	}
	m.next()
	return failsRun
}

// end sets a final state and tells those that wait. What can no longer start
// ends as unreachable, and so do those that wait for it in turn.
func (m *Machine) end(i int, state State) {
	queue := []int{i}
	m.tasks[i].state = state
	for len(queue) > 0 {
		from := &m.tasks[queue[0]]
		queue = queue[1:]
		m.open--
		for _, e := range from.dependents {
			if to := &m.tasks[e.to]; to.state == Pending && m.settle(e, from.state) {
				to.state = Unreachable
				queue = append(queue, e.to)
			}
		}
	}
}

// settle takes one ended task into account and reports whether the dependent can no longer start.
func (m *Machine) settle(e edge, state State) (unreachable bool) {
	to := &m.tasks[e.to]
	match := anyMatches(e.states, state)
	switch {
	case e.isAny && match:
		if !to.anyPending {
			return false
		}
		to.anyPending = false
	case e.isAny:
		to.anyLeft--
		return to.anyPending && to.anyLeft == 0
	case !match:
		return true
	default:
		to.waiting--
	}
	m.offer(e.to)
	return false
}

func (m *Machine) isHandled(i int, state State) bool {
	return anyMatches(m.tasks[i].handled, state)
}

// fail ends the part: nothing new starts in it. Clean-up goes on all the same.
func (m *Machine) fail() {
	if m.outcome == Succeeded {
		m.outcome = Failed
	}
	if !m.cleanup {
		m.failing = true
		m.stop()
	}
}

// Cancel ends the tasks that have not started and makes the run end as cancelled;
// the owner cancels those that run. It has no effect on clean-up.
func (m *Machine) Cancel() {
	if m.cleanup {
		return
	}
	if m.outcome == Succeeded {
		m.outcome = Cancelled
	}
	m.failing = true
	m.stop()
	m.next()
}

func (m *Machine) stop() {
	m.ready = nil
	for i := range m.tasks {
		if t := &m.tasks[i]; t.state == Pending && !t.finally {
			t.state = Cancelled
			m.open--
		}
	}
}

// Fail ends the run as failed for a reason that is no task's, such as its own time limit.
// It has no effect on clean-up.
func (m *Machine) Fail() {
	if m.cleanup {
		return
	}
	m.fail()
	m.next()
}

// Failing reports that the tasks still running should be cancelled, and not the clean-up.
func (m *Machine) Failing() bool { return m.failing && !m.cleanup }

// CleaningUp reports that only tasks marked finally are left.
func (m *Machine) CleaningUp() bool { return m.cleanup }

// Done reports that every task has ended.
func (m *Machine) Done() bool { return m.cleanup && m.open == 0 }

// State returns the state of a task.
func (m *Machine) State(i int) State { return m.tasks[i].state }

// Outcome returns how the run ends: running until Done, then succeeded, failed or cancelled.
func (m *Machine) Outcome() State {
	if !m.Done() {
		return Running
	}
	return m.outcome
}

// Handled returns the states of a task that other tasks wait for, RackHD's non-terminal states.
func (m *Machine) Handled(i int) []State {
	return slices.Clone(m.tasks[i].handled)
}
