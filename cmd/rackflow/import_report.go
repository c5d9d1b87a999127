package main

import (
	"fmt"
	"strings"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/rackhd"
)

// writeReport shows the graphs by verdict, the warnings, and the totals.
func writeReport(b *strings.Builder, r *rackhd.Report) {
	for _, verdict := range []rackhd.Verdict{rackhd.RunsNow, rackhd.NeedsJobs, rackhd.Invalid} {
		for _, g := range r.Graphs {
			if g.Verdict == verdict {
				writeGraphReport(b, g)
			}
		}
	}
	for _, t := range r.Tasks {
		if errs := t.Problems.Errors(); len(errs) > 0 {
			writeLine(b, "", "%s %s (%s): %s", t.Kind, nameOr(t.Name), t.Source, rackhd.Invalid)
			writeProblems(b, errs)
		}
	}
	writeWarnings(b, r)
	t := r.Totals
	writeLine(b, "\n", "%s: %d run now, %d need jobs, %d are invalid. Invalid task definitions: %d. Warnings: %d.",
		count(len(r.Graphs), "graph"), t.RunsNow, t.NeedsJobs, t.Invalid, t.InvalidTasks, t.Warnings)
}

func writeGraphReport(b *strings.Builder, g rackhd.GraphReport) {
	if g.Verdict == rackhd.Invalid {
		writeLine(b, "", "%s (%s): %s", nameOr(g.Name), g.Source, g.Verdict)
		writeProblems(b, g.Problems.Errors())
		return
	}
	writeLine(b, "", "%s: %s", g.Name, g.Verdict)
	for _, need := range g.Needs {
		where, status := "", ""
		if need.In != "" {
			where = " (in " + need.In + ")"
		}
		if need.Status != "" {
			status = string(need.Status) + ": "
		}
		writeLine(b, "  ", "%s%s - %s%s", need, where, status, need.Hint)
	}
}

func writeWarnings(b *strings.Builder, r *rackhd.Report) {
	if r.Totals.Warnings == 0 {
		return
	}
	b.WriteString("\nWarnings:\n")
	for _, t := range r.Tasks {
		for _, p := range t.Problems.Warnings() {
			writeLine(b, "  ", "%s %s (%s): %s", t.Kind, nameOr(t.Name), t.Source, p)
		}
	}
	for _, g := range r.Graphs {
		for _, p := range g.Problems.Warnings() {
			writeLine(b, "  ", "graph %s (%s): %s", nameOr(g.Name), g.Source, p)
		}
	}
}

func writeProblems(b *strings.Builder, problems graph.Problems) {
	for _, p := range problems {
		writeLine(b, "  ", "%s", p)
	}
}

// writeLine keeps what a definition says from steering the terminal.
func writeLine(b *strings.Builder, indent, format string, args ...any) {
	b.WriteString(indent + printable(fmt.Sprintf(format, args...)) + "\n")
}

func nameOr(name string) string {
	if name == "" {
		return "without a name"
	}
	return name
}
