package store

import (
	"encoding/json"
	"time"
)

// DefinitionKind says what a [Definition] defines. Names are unique within a
// kind.
type DefinitionKind string

// The kinds of definitions.
const (
	Graph DefinitionKind = "graph"
	Task  DefinitionKind = "task"
)

// Definition is a graph or a task as its author wrote it.
type Definition struct {
	Kind             DefinitionKind
	Name             string          // RackHD's injectableName; looked up without regard to case
	Body             json.RawMessage // a JSON object, kept byte for byte
	Created, Updated time.Time
}

func (d *Definition) validate() error {
	if err := d.Kind.validate(); err != nil {
		return err
	}
	if d.Name == "" {
		return invalid(string(d.Kind), "", "a definition needs a name")
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(d.Body, &object); err != nil || object == nil {
		return invalid(string(d.Kind), d.Name, "a definition is a JSON object")
	}
	return nil
}

func (k DefinitionKind) validate() error {
	if k != Graph && k != Task {
		return invalid("definition kind", string(k), "a definition is a %q or a %q", Graph, Task)
	}
	return nil
}
