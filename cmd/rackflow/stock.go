package main

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/library"
)

// stockLibrary is what is built into rackflow, so that the program knows it as
// well as the server does. It is a graph.Library; keys are names in lower case.
type stockLibrary struct {
	bases map[string]*graph.BaseTask
	tasks map[string]*graph.TaskDefinition
}

func newStockLibrary() (*stockLibrary, error) {
	lib := &stockLibrary{bases: map[string]*graph.BaseTask{}, tasks: map[string]*graph.TaskDefinition{}}
	for _, document := range library.BaseTasks() {
		var base graph.BaseTask
		if err := yaml.Unmarshal(document, &base); err != nil {
			return nil, fmt.Errorf("read the stock base tasks: %w", err)
		}
		lib.bases[strings.ToLower(base.InjectableName)] = &base
	}
	for _, document := range library.Tasks() {
		task, problems := graph.ParseTask(document)
		if err := problems.Err(); err != nil {
			return nil, fmt.Errorf("read the stock tasks: %w", err)
		}
		lib.add(task)
	}
	return lib, nil
}

func (l *stockLibrary) add(t *graph.TaskDefinition) { l.tasks[strings.ToLower(t.InjectableName)] = t }

// TaskDefinition finds a task definition.
func (l *stockLibrary) TaskDefinition(name string) *graph.TaskDefinition {
	return l.tasks[strings.ToLower(name)]
}

// BaseTask finds a base task.
func (l *stockLibrary) BaseTask(name string) *graph.BaseTask { return l.bases[strings.ToLower(name)] }

// job returns what is behind a base task, or the base task's own name where that is not known.
func (l *stockLibrary) job(base string) string {
	if b := l.BaseTask(base); b != nil {
		return b.RunJob
	}
	return base
}
