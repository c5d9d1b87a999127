package graphcase

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/rackflow/rackflow/graph"
)

// Parse reads a case strictly: a key or a label that means nothing is an error, since
// a case with a slip in it would show nothing.
func Parse(data []byte) (*Case, error) {
	raw, err := graph.ToJSON(data)
	if err != nil {
		return nil, fmt.Errorf("not YAML: %w", err)
	}
	var c Case
	if err := strict(raw, &c); err != nil {
		return nil, err
	}
	if err := errors.Join(c.faults()...); err != nil {
		return nil, err
	}
	return &c, nil
}

// ReadAll reads the cases of a folder, by the names of their files without the ending.
func ReadAll(folder fs.FS) (map[string]*Case, error) {
	files, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("there are no cases")
	}
	cases := make(map[string]*Case, len(files))
	for _, file := range files {
		data, err := fs.ReadFile(folder, file)
		if err != nil {
			return nil, err
		}
		c, err := Parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		cases[strings.TrimSuffix(file, ".yaml")] = c
	}
	return cases, nil
}

func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// UnmarshalJSON takes an array, or a single attempt.
func (s *Script) UnmarshalJSON(data []byte) error {
	type list Script
	if bytes.HasPrefix(data, []byte("[")) {
		return strict(data, (*list)(s))
	}
	*s = make(Script, 1)
	return strict(data, &(*s)[0])
}

// UnmarshalJSON takes a label, or an array of labels.
func (s *Step) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("[")) {
		return strict(data, (*[]string)(s))
	}
	*s = make(Step, 1)
	return strict(data, &(*s)[0])
}

// faults finds what would make the case say less than it seems to.
func (c *Case) faults() []error {
	var faults []error
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.About == "" || strings.Contains(c.About, "\n") {
		add("about is required: one line that says what the case shows")
	}
	if len(c.Graph) == 0 {
		add("graph is required")
	}
	for _, label := range slices.Sorted(maps.Keys(c.Jobs)) {
		for _, fault := range c.Jobs[label].faults() {
			add("jobs.%s: %s", label, fault)
		}
	}
	if c.Retried < 0 {
		add("retried should be 0 or more")
	}
	labels := c.labels()
	for _, ref := range c.references() {
		if !labels[element.ReplaceAllString(ref.label, "")] {
			add("%s: no task has the label %q", ref.where, ref.label)
		}
	}
	return append(faults, c.Expect.faults()...)
}

var failures = []string{"", Transient, Busy, Permanent, Unknown}

func (s Script) faults() []string {
	if len(s) == 0 {
		return []string{"an empty script says nothing"}
	}
	var faults []string
	for _, a := range s {
		switch {
		case a.After < 0:
			faults = append(faults, "after should be 0 or more")
		case a.Fail == nil:
		case a.Fail.Message == "":
			faults = append(faults, "fail.message is required")
		case !slices.Contains(failures, a.Fail.Outcome):
			faults = append(faults, fmt.Sprintf("unknown outcome %q: use transient, busy, permanent or unknown", a.Fail.Outcome))
		case a.Result != nil || a.Context != nil:
			faults = append(faults, "an attempt that fails gives nothing back")
		}
	}
	return faults
}

func (e *Expect) faults() []error {
	var faults []error
	refused := len(e.Refused) > 0
	ends := []graph.State{graph.Succeeded, graph.Failed, graph.Cancelled}
	switch {
	case refused && e.Outcome != "":
		faults = append(faults, errors.New("expect: what is refused has no outcome"))
	case !refused && !slices.Contains(ends, e.Outcome):
		faults = append(faults, errors.New("expect.outcome is required: succeeded, failed or cancelled; or expect.refused"))
	}
	if !slices.Contains([]string{"", AtDefine, AtRun}, e.RefusedAt) || e.RefusedAt != "" && !refused {
		faults = append(faults, errors.New("expect.refusedAt should be define or run, beside expect.refused"))
	}
	return faults
}

// element is the part of a job's name that is not the task's label.
var element = regexp.MustCompile(`\[\d+\]$`)

// labels reads no more of the definitions than it needs: they may be faulty on purpose.
func (c *Case) labels() map[string]bool {
	labels := map[string]bool{}
	for _, definition := range append([]json.RawMessage{c.Graph}, c.Graphs...) {
		var g struct {
			Tasks []struct {
				Label string `json:"label"`
			} `json:"tasks"`
		}
		if err := json.Unmarshal(definition, &g); err != nil {
			continue
		}
		for _, t := range g.Tasks {
			labels[t.Label] = true
		}
	}
	return labels
}

type reference struct{ where, label string }

// references are all places where a case names a task.
func (c *Case) references() []reference {
	var refs []reference
	refs = refer(refs, "jobs", c.Jobs)
	refs = refer(refs, "expect.states", c.Expect.States)
	refs = refer(refs, "expect.options", c.Expect.Options)
	refs = refer(refs, "expect.attempts", c.Expect.Attempts)
	refs = refer(refs, "expect.taskQueues", c.Expect.TaskQueues)
	refs = refer(refs, "expect.errors", c.Expect.Errors)
	for _, a := range c.Answers {
		if a.Refused == "" {
			refs = append(refs, reference{"answers", a.Prompt})
		}
	}
	for _, step := range c.Expect.Order {
		for _, label := range step {
			refs = append(refs, reference{"expect.order", label})
		}
	}
	return refs
}

func refer[V any](refs []reference, where string, by map[string]V) []reference {
	for _, label := range slices.Sorted(maps.Keys(by)) {
		refs = append(refs, reference{where, label})
	}
	return refs
}
