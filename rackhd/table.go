package rackhd

import (
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Status says whether a missing job is to be waited for.
type Status string

const (
	// NotYet is a job that is meant to come.
	NotYet Status = "not yet"
	// Never is one that is left out for good.
	Never Status = "never"
)

// Reason says why a build cannot do something.
type Reason struct {
	Status Status `json:"status,omitempty"`
	// Hint is what is waited for, or why not and what to do instead.
	Hint string `json:"hint"`
}

func (r Reason) String() string {
	if r.Status == "" {
		return r.Hint
	}
	return string(r.Status) + ": " + r.Hint
}

// Table is what is known of RackHD's base tasks.
type Table struct {
	reasons map[string]Reason
	// actions of Job.Obm.Node, by name, and the reason of each.
	actions map[string]string
	// bases are by name in lower case.
	bases map[string]tableBase
}

type tableBase struct {
	Job string `json:"job"`
	// Without is the reason that counts in a build without the job.
	Without string `json:"without"`
}

// ReadTable reads the table of package library.
func ReadTable(data []byte) (*Table, error) {
	var document struct {
		Reasons   map[string]Reason    `json:"reasons"`
		Actions   map[string]string    `json:"actions"`
		BaseTasks map[string]tableBase `json:"baseTasks"`
	}
	if err := yaml.UnmarshalStrict(data, &document); err != nil {
		return nil, fmt.Errorf("read the table of RackHD's base tasks: %w", err)
	}
	t := &Table{reasons: document.Reasons, actions: document.Actions, bases: map[string]tableBase{}}
	for name, base := range document.BaseTasks {
		t.bases[strings.ToLower(name)] = base
	}
	return t, t.check()
}

func (t *Table) check() error {
	for name, reason := range t.reasons {
		if reason.Status != NotYet && reason.Status != Never || reason.Hint == "" {
			return fmt.Errorf("reason %s should have a hint and a status, %q or %q", name, NotYet, Never)
		}
	}
	for name, base := range t.bases {
		if base.Job == "" {
			return fmt.Errorf("base task %s should have a job", name)
		}
		if _, ok := t.reasons[base.Without]; !ok && base.Without != "" {
			return fmt.Errorf("base task %s has the unknown reason %s", name, base.Without)
		}
	}
	for name, without := range t.actions {
		if _, ok := t.reasons[without]; !ok {
			return fmt.Errorf("action %s has the unknown reason %s", name, without)
		}
	}
	return nil
}

// reasonForBase says why a build has no job for a base task.
func (t *Table) reasonForBase(name string) Reason {
	if reason, ok := t.reasons[t.bases[strings.ToLower(name)].Without]; ok {
		return reason
	}
	return Reason{Hint: "this build has no such job"}
}

// reasonForAction says why a build cannot do an action of Job.Obm.Node.
func (t *Table) reasonForAction(name string) Reason {
	if reason, ok := t.reasons[t.actions[name]]; ok {
		return reason
	}
	return Reason{Hint: "this is no action of RackHD's either"}
}

// WithoutReason are the base tasks whose jobs every build is meant to have, in lower case and sorted.
func (t *Table) WithoutReason() []string {
	var names []string
	for name, base := range t.bases {
		if base.Without == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
