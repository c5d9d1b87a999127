package graphcase

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/rackflow/rackflow/graph"
)

// Result is what has come of a case, as an engine reports it. What an engine cannot
// tell it leaves nil, and Diff does not look at it.
type Result struct {
	Refused   graph.Problems
	RefusedAt string
	Warned    graph.Problems
	States    map[string]graph.State
	Order     []Step
	Calls     map[string]Calls
	Context   map[string]any
	Errors    map[string]string
	Outcome   graph.State
	Error     string
	Took      *int64
	// Refusals say of each of the case's answers why it was not taken; empty is that it was.
	Refusals []string
}

// Diff says line by line in what a result is not what the case expects; it is empty when all is.
func (c *Case) Diff(got Result) string {
	want := &c.Expect
	var d differ
	d.equal("refused", plain(want.Refused), plain(faultsOf(got.Refused)))
	d.equal("warned", plain(want.Warned), plain(faultsOf(got.Warned)))
	if len(want.Refused) > 0 {
		at := want.RefusedAt
		if at == "" {
			at = AtDefine
		}
		d.equal("refusedAt", at, got.RefusedAt)
		return d.text()
	}
	d.equal("outcome", string(want.Outcome), string(got.Outcome))
	if want.Error != "" {
		d.equal("error", want.Error, got.Error)
	}
	if want.States != nil && got.States != nil {
		d.equal("states", plain(want.States), plain(got.States))
	}
	if want.Order != nil && got.Order != nil {
		d.equal("order", plain(sorted(want.Order)), plain(sorted(got.Order)))
	}
	if want.Took != nil && got.Took != nil {
		d.equal("took", plain(want.Took), plain(got.Took))
	}
	d.part("context", plain(want.Context), plain(got.Context))
	d.part("errors", plain(want.Errors), plain(got.Errors))
	d.calls(want, got.Calls)
	for i, refusal := range got.Refusals {
		d.equal(fmt.Sprintf("answers[%d].refused", i), c.Answers[i].Refused, refusal)
	}
	return d.text()
}

func faultsOf(problems graph.Problems) []Fault {
	faults := make([]Fault, len(problems))
	for i, p := range problems {
		faults[i] = Fault{Path: p.Path, Message: p.Message}
	}
	return faults
}

// sorted gives the labels within a step no order.
func sorted(order []Step) []Step {
	out := make([]Step, len(order))
	for i, step := range order {
		out[i] = slices.Sorted(slices.Values(step))
	}
	return out
}

// differ collects where two values differ.
type differ struct{ lines []string }

func (d *differ) text() string { return strings.Join(d.lines, "\n") }

func (d *differ) say(path string, want, got any) {
	d.lines = append(d.lines, fmt.Sprintf("%s: want %s, got %s", path, show(want), show(got)))
}

func (d *differ) calls(want *Expect, got map[string]Calls) {
	for _, label := range slices.Sorted(maps.Keys(want.Options)) {
		d.equal("options."+label, plain(want.Options[label]), plain(got[label].Options))
	}
	for _, label := range slices.Sorted(maps.Keys(want.Attempts)) {
		d.equal("attempts."+label, want.Attempts[label], got[label].Times)
	}
	for _, label := range slices.Sorted(maps.Keys(want.TaskQueues)) {
		d.equal("taskQueues."+label, want.TaskQueues[label], got[label].TaskQueue)
	}
}

// equal compares whole values; part only what is wanted.
func (d *differ) equal(path string, want, got any) { d.compare(path, want, got, true) }

func (d *differ) part(path string, want, got any) { d.compare(path, want, got, false) }

func (d *differ) compare(path string, want, got any, whole bool) {
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			d.object(path, w, g, whole)
			return
		}
	case []any:
		if g, ok := got.([]any); ok {
			d.array(path, w, g)
			return
		}
	case string:
		if g, ok := got.(string); ok && matches(w, g) {
			return
		}
	default:
		if want == got {
			return
		}
	}
	if empty(want) && empty(got) || want == nil && !whole {
		return
	}
	d.say(path, want, got)
}

func (d *differ) object(path string, want, got map[string]any, whole bool) {
	keys := maps.Clone(want)
	if whole {
		maps.Copy(keys, got)
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		w, wanted := want[key]
		g, there := got[key]
		switch {
		case !wanted, wanted && w == nil && !whole && there:
			d.say(path+"."+key, absent, g)
		case !there && w != nil:
			d.say(path+"."+key, w, absent)
		default:
			d.compare(path+"."+key, w, g, whole)
		}
	}
}

func (d *differ) array(path string, want, got []any) {
	for i := range max(len(want), len(got)) {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case i >= len(want):
			d.say(at, absent, got[i])
		case i >= len(got):
			d.say(at, want[i], absent)
		default:
			d.compare(at, want[i], got[i], true)
		}
	}
}

type nothing struct{}

// absent stands for a value that is not there.
var absent = nothing{}

func show(v any) string {
	if v == absent {
		return "nothing"
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// matches compares texts; … in the wanted one stands for any text.
func matches(want, got string) bool {
	if !strings.Contains(want, "…") {
		return want == got
	}
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", "(?s:.*)")
	ok, err := regexp.MatchString("^"+pattern+"$", got)
	return err == nil && ok
}

// plain makes a value comparable with what JSON gives.
func plain(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		return fmt.Sprint(v)
	}
	return out
}
