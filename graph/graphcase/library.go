package graphcase

import (
	"fmt"
	"maps"
	"strings"

	"github.com/rackflow/rackflow/graph"
)

// Library is a graph.Library made of documents. Its keys are names in lower case.
type Library struct {
	bases map[string]*graph.BaseTask
	tasks map[string]*graph.TaskDefinition
}

// The task of cases that needs no definition.
const (
	testTask = "Task.Test"
	testBase = "Task.Base.Test"
	testJob  = "Job.Test"
)

// NewLibrary reads base tasks and task definitions, each a YAML or JSON document, and adds Task.Test.
func NewLibrary(bases, tasks [][]byte) (*Library, error) {
	l := &Library{bases: map[string]*graph.BaseTask{}, tasks: map[string]*graph.TaskDefinition{}}
	l.addBase(graph.BaseTask{FriendlyName: "Test", InjectableName: testBase, RunJob: testJob})
	l.addTask(&graph.TaskDefinition{FriendlyName: "Test", InjectableName: testTask, ImplementsTask: testBase})
	for _, document := range bases {
		raw, err := graph.ToJSON(document)
		if err != nil {
			return nil, fmt.Errorf("base task: %w", err)
		}
		var base graph.BaseTask
		if err := strict(raw, &base); err != nil {
			return nil, fmt.Errorf("base task: %w", err)
		}
		l.addBase(base)
	}
	for _, document := range tasks {
		if err := l.parseTask(document); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *Library) addBase(b graph.BaseTask) { l.bases[strings.ToLower(b.InjectableName)] = &b }

func (l *Library) addTask(t *graph.TaskDefinition) { l.tasks[strings.ToLower(t.InjectableName)] = t }

func (l *Library) parseTask(document []byte) error {
	t, problems := graph.ParseTask(document)
	if t == nil {
		return fmt.Errorf("task definition: %w", problems)
	}
	l.addTask(t)
	return nil
}

// with returns the library with a case's own definitions laid over it.
func (l *Library) with(c *Case) (*Library, error) {
	own := &Library{bases: maps.Clone(l.bases), tasks: maps.Clone(l.tasks)}
	for _, base := range c.Bases {
		own.addBase(base)
	}
	for _, document := range c.Tasks {
		if err := own.parseTask(document); err != nil {
			return nil, err
		}
	}
	return own, nil
}

// TaskDefinition finds a task definition, or nil.
func (l *Library) TaskDefinition(name string) *graph.TaskDefinition {
	return l.tasks[strings.ToLower(name)]
}

// BaseTask finds a base task, or nil.
func (l *Library) BaseTask(name string) *graph.BaseTask { return l.bases[strings.ToLower(name)] }
