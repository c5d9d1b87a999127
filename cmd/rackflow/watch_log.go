package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
)

// changeLog shows runs as one line a change, for logs and pipes.
type changeLog struct {
	a   *app
	out io.Writer
	// seen are the states shown, by run and task.
	seen map[string]string
}

// change is a new state of a task or, at the end, of a run.
type change struct {
	at   time.Time
	text string
}

func (l *changeLog) show(runs []v2.Workflow) error {
	var changes []change
	for _, run := range runs {
		name := ""
		if len(runs) > 1 {
			name = runName(run) + " "
		}
		changes = append(changes, l.taskChanges(run, name)...)
		changes = append(changes, l.newPrompts(run, name)...)
		if ended(run.Status) && l.isNew(run.InstanceID, string(run.Status)) {
			text := fmt.Sprintf("%srun %s %s", name, run.Status, span(run.UpdatedAt.Sub(run.CreatedAt)))
			changes = append(changes, change{run.UpdatedAt, text + reason(run.XError)})
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { return a.at.Compare(b.at) })
	zone := l.a.p.Now().Location()
	for _, c := range changes {
		if _, err := fmt.Fprintln(l.out, c.at.In(zone).Format(time.TimeOnly), printable(c.text)); err != nil {
			return err
		}
	}
	return nil
}

func (l *changeLog) notice(text string) { l.a.notef("%s", text) }

// runName tells runs apart that are watched together.
func runName(run v2.Workflow) string {
	return cmp.Or(target(run.XNodeName, run.Node), run.InstanceID)
}

func (l *changeLog) taskChanges(run v2.Workflow, name string) []change {
	var out []change
	for _, t := range run.Tasks {
		if t.XState == string(graph.Pending) || !l.isNew(run.InstanceID+" "+t.Label, t.XState) {
			continue
		}
		text := name + t.Label + " " + t.XState
		at := run.UpdatedAt
		if t.TaskStartTime != nil {
			at = *t.TaskStartTime
		}
		if t.TaskEndTime != nil {
			at = *t.TaskEndTime
			text += " " + took(t, at)
		}
		out = append(out, change{at, text + reason(t.Error)})
	}
	return out
}

// newPrompts tells of questions that have not been told of. One that has been
// answered may be asked again.
func (l *changeLog) newPrompts(run v2.Workflow, name string) []change {
	var out []change
	for _, q := range l.a.questions(run) {
		if l.isNew(q.command, q.asked.String()) {
			out = append(out, change{q.asked, name + "waits for an answer: " + q.what + ": " + q.command})
		}
	}
	return out
}

func (l *changeLog) isNew(key, state string) bool {
	if l.seen[key] == state {
		return false
	}
	l.seen[key] = state
	return true
}

func reason(err string) string {
	if err == "" {
		return ""
	}
	return ": " + err
}
