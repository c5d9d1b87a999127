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
			writeLinef(b, "", "%s %s (%s): %s", t.Kind, nameOr(t.Name), t.Source, rackhd.Invalid)
			writeProblems(b, errs)
		}
	}
	for _, f := range r.Files {
		writeLinef(b, "", "file %s: %s", f.Source, rackhd.Invalid)
		writeLinef(b, "  ", "%s", f.Message)
	}
	writeWarnings(b, r)
	b.WriteString("\n" + totals(r) + "\n")
}

func totals(r *rackhd.Report) string {
	t, never := r.Totals, ""
	if t.NeverRun > 0 {
		never = fmt.Sprintf(" (%d of them jobs that never come)", t.NeverRun)
	}
	return fmt.Sprintf("%s: %d run now, %d need jobs%s, %d invalid; %s",
		count(len(r.Graphs), "graph"), t.RunsNow, t.NeedsJobs, never, t.Invalid, count(t.Warnings, "warning"))
}

func writeGraphReport(b *strings.Builder, g rackhd.GraphReport) {
	if g.Verdict == rackhd.Invalid {
		writeLinef(b, "", "%s (%s): %s", nameOr(g.Name), g.Source, g.Verdict)
		writeProblems(b, g.Problems.Errors())
		return
	}
	writeLinef(b, "", "%s: %s", g.Name, g.Verdict)
	for _, need := range g.Needs {
		where := ""
		if need.In != "" {
			where = " (in " + need.In + ")"
		}
		writeLinef(b, "  ", "%s%s - %s", need, where, need.Reason)
	}
}

func writeWarnings(b *strings.Builder, r *rackhd.Report) {
	if r.Totals.Warnings == 0 {
		return
	}
	b.WriteString("\nWarnings:\n")
	for _, t := range r.Tasks {
		for _, p := range t.Problems.Warnings() {
			writeLinef(b, "  ", "%s %s (%s): %s", t.Kind, nameOr(t.Name), t.Source, p)
		}
	}
	for _, g := range r.Graphs {
		for _, p := range g.Problems.Warnings() {
			writeLinef(b, "  ", "graph %s (%s): %s", nameOr(g.Name), g.Source, p)
		}
	}
}

func writeProblems(b *strings.Builder, problems graph.Problems) {
	for _, p := range problems {
		writeLinef(b, "  ", "%s", p)
	}
}

// writeLinef keeps what a definition says from steering the terminal.
func writeLinef(b *strings.Builder, indent, format string, args ...any) {
	b.WriteString(indent + printable(fmt.Sprintf(format, args...)) + "\n")
}

func nameOr(name string) string {
	if name == "" {
		return "without a name"
	}
	return name
}
