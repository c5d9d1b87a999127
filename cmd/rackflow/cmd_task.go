package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/graph/schema"
)

func newTask(a *app) *cobra.Command {
	d := taskDefinitions(a)
	return newNoun("task", "Manage task definitions", d.newPut(), d.newList(), d.newShow(),
		newSchema(a, d.noun, schema.Task()), d.newDelete())
}

func taskDefinitions(a *app) definitions {
	return definitions{
		a: a, noun: "task", complete: a.completeTasks,
		list: func(ctx context.Context, api *v2.Client) ([]json.RawMessage, error) {
			return decode[[]json.RawMessage](api.WorkflowsGetAllTasks(ctx))
		},
		get: func(ctx context.Context, api *v2.Client, name string) (json.RawMessage, error) {
			return decode[json.RawMessage](api.WorkflowsGetTasksByName(ctx, name))
		},
		put: func(ctx context.Context, api *v2.Client, contentType string, body io.Reader) (string, error) {
			stored, err := decode[header](api.WorkflowsPutTaskWithBody(ctx, contentType, body))
			return stored.InjectableName, err
		},
		remove: func(ctx context.Context, api *v2.Client, name string) (*http.Response, error) {
			return api.WorkflowsDeleteTasksByName(ctx, name)
		},
		columns:  []string{"NAME", "BASE TASK", "FRIENDLY NAME"},
		row:      func(h header) []string { return []string{h.InjectableName, h.ImplementsTask, h.FriendlyName} },
		describe: describeTask,
	}
}

func describeTask(_ context.Context, _ *v2.Client, b *strings.Builder, definition json.RawMessage) error {
	t, problems := graph.ParseTask(definition)
	if err := problems.Err(); err != nil {
		return fmt.Errorf("read the answer of rackflow: %w", err)
	}
	lib, err := newStockLibrary()
	if err != nil {
		return err
	}
	writeFields(b,
		[2]string{"Name", t.InjectableName}, [2]string{"Friendly name", t.FriendlyName},
		[2]string{"Base task", t.ImplementsTask}, [2]string{"Job", lib.job(t.ImplementsTask)})
	if len(t.Options) == 0 {
		return nil
	}
	options, err := yaml.Marshal(t.Options)
	if err != nil {
		return fmt.Errorf("show the options: %w", err)
	}
	b.WriteString("\nOptions:\n")
	for line := range strings.Lines(string(options)) {
		b.WriteString("  " + line)
	}
	return nil
}
