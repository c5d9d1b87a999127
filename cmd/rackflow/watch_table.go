package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
)

// stateColumn is where the table of a run has the states.
const stateColumn = 1

// colours of states: beside the word, never instead of it.
const (
	green  = "\x1b[32m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	dim    = "\x1b[2m"
	plain  = "\x1b[0m"
)

// stream is stdout or stderr.
type stream = io.Writer

// isLive reports whether a stream is a terminal that can be drawn on.
func (a *app) isLive(w stream) bool {
	t := a.p.Terminal
	terminal := w == a.p.Stdout && t.Stdout || w == a.p.Stderr && t.Stderr
	return terminal && a.p.Env("TERM") != "dumb"
}

// liveTable draws runs on a terminal, over what it drew before.
type liveTable struct {
	a     *app
	out   stream
	drawn int // lines on the terminal that the next drawing replaces
}

func (l *liveTable) show(runs []v2.Workflow) error {
	width, height := l.a.p.Terminal.Size()
	over := true
	for _, run := range runs {
		over = over && ended(run.Status)
	}
	if over {
		height = 0 // nothing is drawn over the last one, so it may scroll
	}
	var lines []string
	for i, run := range runs {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, l.section(run, width, share(height, len(runs)))...)
	}
	if height > 0 && len(lines) >= height {
		lines = lines[:height-1]
	}
	erase := l.erase()
	l.drawn = len(lines)
	_, err := io.WriteString(l.out, erase+strings.Join(lines, "\n")+"\n")
	return err
}

// share is how many lines one of the runs may take; 0 is no limit.
func share(height, runs int) int {
	if height == 0 {
		return 0
	}
	return max(4, height/runs-1)
}

func (l *liveTable) erase() string {
	if l.drawn == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\x1b[J", l.drawn)
}

// notice leaves the cursor below the text, where the next drawing begins.
func (l *liveTable) notice(text string) {
	_, _ = io.WriteString(l.out, l.erase()) // a stream that is gone shows in the next drawing
	l.drawn = 0
	l.a.notef("%s", text)
}

// section draws a run: a line about it, and its tasks.
func (l *liveTable) section(run v2.Workflow, width, height int) []string {
	end := run.UpdatedAt
	if !ended(run.Status) {
		end = l.a.p.Now()
	}
	title := run.InjectableName
	if name := target(run.XNodeName, run.Node); name != "" {
		title += " on " + name
	}
	title = printable(fmt.Sprintf("%s %s %s", title, cmp.Or(string(run.Status), "starting"), span(end.Sub(run.CreatedAt))))
	if width > 0 {
		title = clip(title, width)
	}
	asks := l.questionLines(run, width)
	rows, left := l.fitting(run.Tasks, height-3-len(asks)) // the title, the header and what is left out
	lines := append([]string{title}, l.taskTable(run, rows).lines(width)...)
	if left != "" {
		lines = append(lines, "  "+left)
	}
	return append(lines, asks...)
}

// questionLines tell what the run waits to be told. A command that does not fit in
// the width could not be copied whole either, so it is cut like all lines.
func (l *liveTable) questionLines(run v2.Workflow, width int) []string {
	var lines []string
	for _, q := range l.a.questions(run) {
		for _, line := range []string{"  waits for an answer: " + q.what, "    " + q.command} {
			if width > 0 {
				line = clip(line, width)
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func (l *liveTable) taskTable(run v2.Workflow, rows []v2.WorkflowTask) *table {
	labels := taskLabels(run.Tasks)
	t := newTable("  TASK", "STATE", "TOOK", "NOTE")
	for _, task := range rows {
		t.add("  "+task.Label, task.XState, took(task, l.a.p.Now()), note(task, labels))
	}
	if l.a.p.Env("NO_COLOR") == "" {
		t.paint = func(row, column int, padded string) string {
			if row == 0 || column != stateColumn {
				return padded
			}
			return colour(graph.State(strings.TrimSpace(padded))) + padded + plain
		}
	}
	return t
}

func colour(state graph.State) string {
	switch {
	case state == graph.Succeeded:
		return green
	case state == graph.Running:
		return yellow
	case state.Bad():
		return red
	}
	return dim
}

// fitting chooses the tasks for a number of lines, and counts the rest. Those that
// run or went wrong come first, as they are what one looks for.
func (l *liveTable) fitting(tasks []v2.WorkflowTask, lines int) (rows []v2.WorkflowTask, left string) {
	if lines < 1 || len(tasks) <= lines {
		return tasks, ""
	}
	hidden := map[string]int{}
	for _, t := range tasks {
		state := graph.State(t.XState)
		if len(rows) < lines && (state == graph.Running || state.Bad()) {
			rows = append(rows, t)
			continue
		}
		hidden[t.XState]++
	}
	var counts []string
	for _, state := range []graph.State{
		graph.Running, graph.Failed, graph.TimedOut, graph.Cancelled, graph.Succeeded, graph.Pending, graph.Unreachable,
	} {
		if n := hidden[string(state)]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return rows, "and " + strings.Join(counts, ", ")
}
