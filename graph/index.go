package graph

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// Index is a Library in memory. Its keys are names in lower case.
type Index struct {
	bases map[string]*BaseTask
	tasks map[string]*TaskDefinition
}

// ReadIndex reads base tasks and task definitions, each a YAML or JSON document. Of a
// base task every key must mean something: those come with the program.
func ReadIndex(bases, tasks [][]byte) (*Index, error) {
	x := &Index{bases: map[string]*BaseTask{}, tasks: map[string]*TaskDefinition{}}
	for i, document := range bases {
		base, err := parseBaseTask(document)
		if err != nil {
			return nil, fmt.Errorf("base task %d: %w", i+1, err)
		}
		x.AddBase(base)
	}
	for i, document := range tasks {
		task, problems := ParseTask(document)
		if err := problems.Err(); err != nil {
			return nil, fmt.Errorf("task definition %d: %w", i+1, err)
		}
		x.AddTask(task)
	}
	return x, nil
}

func parseBaseTask(document []byte) (*BaseTask, error) {
	raw, err := ToJSON(document)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var base BaseTask
	if err := d.Decode(&base); err != nil {
		return nil, err
	}
	return &base, nil
}

// Clone returns an index that may be added to without a change of this one.
func (x *Index) Clone() *Index {
	return &Index{bases: maps.Clone(x.bases), tasks: maps.Clone(x.tasks)}
}

// AddBase adds a base task, or replaces that of its name.
func (x *Index) AddBase(b *BaseTask) { x.bases[strings.ToLower(b.InjectableName)] = b }

// AddTask adds a task definition, or replaces that of its name.
func (x *Index) AddTask(t *TaskDefinition) { x.tasks[strings.ToLower(t.InjectableName)] = t }

// TaskDefinition finds a task definition, or nil.
func (x *Index) TaskDefinition(name string) *TaskDefinition { return x.tasks[strings.ToLower(name)] }

// BaseTask finds a base task, or nil.
func (x *Index) BaseTask(name string) *BaseTask { return x.bases[strings.ToLower(name)] }

// BaseTasks returns all base tasks, by name.
func (x *Index) BaseTasks() []*BaseTask {
	out := make([]*BaseTask, 0, len(x.bases))
	for _, key := range sortedKeys(x.bases) {
		out = append(out, x.bases[key])
	}
	return out
}
