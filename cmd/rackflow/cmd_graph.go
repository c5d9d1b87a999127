package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/graph/schema"
)

func newGraph(a *app) *cobra.Command {
	d := definitions{
		a: a, noun: "graph", complete: a.completeGraphs,
		list: func(ctx context.Context, api *v2.Client) ([]json.RawMessage, error) {
			return decode[[]json.RawMessage](api.WorkflowsGetGraphs(ctx))
		},
		get: getGraph,
		put: func(ctx context.Context, api *v2.Client, contentType string, body io.Reader) (string, error) {
			return decodeText(api.WorkflowsPutGraphsWithBody(ctx, contentType, body))
		},
		remove: func(ctx context.Context, api *v2.Client, name string) (*http.Response, error) {
			return api.WorkflowsDeleteGraphsByName(ctx, name)
		},
		columns: []string{"NAME", "TASKS", "FRIENDLY NAME"},
		row: func(h header) []string {
			return []string{h.InjectableName, strconv.Itoa(len(h.Tasks)), h.FriendlyName}
		},
		describe: describeGraph,
	}
	return newNoun("graph", "Manage and check graph definitions",
		d.newPut(), d.newList(), d.newShow(), newGraphLint(a), newGraphImport(a, d),
		newSchema(a, d.noun, schema.Graph()), d.newDelete())
}

// getGraph makes the error that the API does not: an unknown graph is an empty list to it.
func getGraph(ctx context.Context, api *v2.Client, name string) (json.RawMessage, error) {
	if name == "*" {
		return nil, usagef("* names all graphs: use 'rackflow graph list'")
	}
	found, err := decode[[]json.RawMessage](api.WorkflowsGetGraphsByName(ctx, name))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, &exitError{
			code: exitNotFound, err: fmt.Errorf("there is no graph %s", name),
			hint: "'rackflow graph list' shows all.",
		}
	}
	return found[0], nil
}

func describeGraph(ctx context.Context, api *v2.Client, b *strings.Builder, definition json.RawMessage) error {
	g, problems := graph.ParseGraph(definition)
	if err := problems.Err(); err != nil {
		return fmt.Errorf("read the answer of rackflow: %w", err)
	}
	bases, err := baseTasks(ctx, api)
	if err != nil {
		return err
	}
	lib, err := newStockLibrary()
	if err != nil {
		return err
	}
	writeFields(b, [2]string{"Name", g.InjectableName}, [2]string{"Friendly name", g.FriendlyName})
	b.WriteString("\n")
	t := newTable("TASK", "JOB", "WAITS FOR", "REMARKS")
	for _, task := range g.Tasks {
		base := bases[strings.ToLower(task.TaskName)]
		if task.TaskDefinition != nil {
			base = task.TaskDefinition.ImplementsTask
		}
		t.add(task.Label, lib.job(base), waits(task.WaitOn), remarks(task))
	}
	t.write(b)
	return nil
}

// baseTasks returns the base task of each task definition, by its name in lower case.
func baseTasks(ctx context.Context, api *v2.Client) (map[string]string, error) {
	all, err := decode[[]header](api.WorkflowsGetAllTasks(ctx))
	out := make(map[string]string, len(all))
	for _, h := range all {
		out[strings.ToLower(h.InjectableName)] = h.ImplementsTask
	}
	return out, err
}

// waits shows what a task waits for; plain success, the usual case, goes without saying.
func waits(w graph.WaitOn) string {
	all := waitTexts(w.All)
	if len(w.Any) > 0 {
		all = append(all, "any of "+strings.Join(waitTexts(w.Any), " | "))
	}
	return strings.Join(all, ", ")
}

func waitTexts(waits []graph.Wait) []string {
	out := make([]string, len(waits))
	for i, w := range waits {
		states := make([]string, len(w.States))
		for k, s := range w.States {
			states[k] = string(s)
		}
		out[i] = w.Label
		if text := strings.Join(states, " or "); text != string(graph.Succeeded) {
			out[i] += " " + text
		}
	}
	return out
}

func remarks(t graph.Task) string {
	var out []string
	if t.Finally {
		out = append(out, "always runs, last")
	}
	if t.IgnoreFailure {
		out = append(out, "may fail")
	}
	if t.TaskQueue != "" {
		out = append(out, "task queue "+t.TaskQueue)
	}
	return strings.Join(out, ", ")
}
