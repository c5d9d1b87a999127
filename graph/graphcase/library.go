package graphcase

import (
	"fmt"

	"github.com/rackflow/rackflow/graph"
)

// The task of cases that needs no definition.
const (
	testTask = "Task.Test"
	testBase = "Task.Base.Test"
	testJob  = "Job.Test"
)

// NewLibrary reads base tasks and task definitions, each a YAML or JSON document, and adds Task.Test.
func NewLibrary(bases, tasks [][]byte) (*graph.Index, error) {
	lib, err := graph.ReadIndex(bases, tasks)
	if err != nil {
		return nil, err
	}
	lib.AddBase(&graph.BaseTask{FriendlyName: "Test", InjectableName: testBase, RunJob: testJob})
	lib.AddTask(&graph.TaskDefinition{FriendlyName: "Test", InjectableName: testTask, ImplementsTask: testBase})
	return lib, nil
}

// over returns the library with the case's own definitions laid over it.
func (c *Case) over(lib *graph.Index) (*graph.Index, error) {
	own := lib.Clone()
	for _, base := range c.Bases {
		own.AddBase(&base)
	}
	for _, document := range c.Tasks {
		t, problems := graph.ParseTask(document)
		if t == nil {
			return nil, fmt.Errorf("task definition: %w", problems)
		}
		own.AddTask(t)
	}
	return own, nil
}
