package activities_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/sim"
)

var update = flag.Bool("update", false, "rewrite the table in docs/idrac.md")

const (
	quirksFile = "../docs/idrac.md"
	tableBegin = "<!-- The table of activities/quirks_table_test.go: go test ./activities -run QuirksDocument -update -->\n"
	tableEnd   = "<!-- end of the table -->\n"
)

// TestQuirksDocument holds the document's table against the one that is tested.
func TestQuirksDocument(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(quirksFile)
	check(t, err)
	before, rest, begun := strings.Cut(string(data), tableBegin)
	is, after, ended := strings.Cut(rest, tableEnd)
	if !begun || !ended {
		t.Fatalf("%s has no place for the table: %s%s", quirksFile, tableBegin, tableEnd)
	}
	table := quirksTable()
	if *update {
		check(t, os.WriteFile(quirksFile, []byte(before+tableBegin+table+tableEnd+after), 0o600))
		return
	}
	if diff := gocmp.Diff(table, is); diff != "" {
		t.Errorf("%s (-tested +document); run with -update:\n%s", quirksFile, diff)
	}
}

func quirksTable() string {
	var b strings.Builder
	b.WriteString("| # | behaviour | handling | how it is shown, and what comes of it | source |\n|---|---|---|---|---|\n")
	for i, q := range quirks() {
		shown := make([]string, 0, len(q.trials))
		for _, c := range q.trials {
			shown = append(shown, c.describe())
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s |\n", q.number, sim.Quirks()[i].Symptom, q.handling, strings.Join(shown, "<br>"), q.source)
	}
	return b.String()
}

// describe says how a trial shows the quirk and how it ends.
func (c trial) describe() string {
	by := make([]string, 0, len(c.faults)+1)
	for _, f := range c.faults {
		name := "`" + f.Kind + "`"
		if f.Count > 0 {
			name += fmt.Sprintf(" ×%d", f.Count)
		}
		by = append(by, name)
	}
	if c.circumstances != "" {
		by = append(by, c.circumstances)
	}
	if c.generation != "" {
		by = append(by, c.generation)
	}
	end := strings.ToLower(cmp.Or(c.ends, done))
	if c.tries > 1 {
		end += fmt.Sprintf(" at attempt %d", c.tries)
	}
	return fmt.Sprintf("%s, %s: %s", cmp.Or(strings.Join(by, ", "), "any"), strings.TrimPrefix(c.do.job, "Job."), end)
}
