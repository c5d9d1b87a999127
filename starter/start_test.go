package starter_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/mock"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/store"
	"github.com/rackflow/rackflow/workflows"
)

func TestStartUnbound(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	asked := b.takesRuns(t)
	run, err := b.Start(t.Context(), starter.Request{
		Graph: "graph.NOOP-example", Options: map[string]any{"noop-1": map[string]any{"delay": 5.0}, "stray": map[string]any{}},
	})
	check(t, err)
	if asked.options.ID != workflows.UnboundWorkflowID(asked.in.Plan.ID) || asked.options.TaskQueue != "queue" ||
		asked.options.WorkflowIDConflictPolicy != enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL {
		t.Errorf("options %+v", asked.options)
	}
	if asked.in.Plan.Tasks[0].Options["delay"] != 5.0 || asked.in.Plan.Roots.API != "http://h:8080" || asked.in.Server != "" {
		t.Errorf("input %+v", asked.in)
	}
	if run.InstanceID != asked.options.ID+".0193" || !run.Active() || run.Record.State != graph.Running ||
		len(run.Record.Tasks) != 2 || run.Record.Tasks[1].State != graph.Pending {
		t.Errorf("run %+v", run)
	}
	if got := run.Warnings.Error(); !strings.Contains(got, "no task has the label 'stray'") {
		t.Errorf("warnings %q", got)
	}
}

func TestStartOnServer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	server, err := b.db.CreateServer(t.Context(), store.Server{Name: "r1", Type: "compute", Identifiers: []string{"0242ac110002"}})
	check(t, err)
	asked := b.takesRuns(t)
	run, err := b.Start(t.Context(), starter.Request{Graph: "Graph.PowerOn", Server: "0242AC110002"})
	check(t, err)
	if asked.options.ID != workflows.ServerWorkflowID(server.ID) || asked.in.ServerName != "r1" || run.Server != server.ID {
		t.Errorf("id %s, input %+v", asked.options.ID, asked.in)
	}
	if asked.options.StaticSummary != "Power On Node on r1" {
		t.Errorf("summary %q", asked.options.StaticSummary)
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		req  starter.Request
		kind starter.Kind
		want string
	}{
		"no graph":       {starter.Request{}, starter.Invalid, "Graph name is missing"},
		"unknown graph":  {starter.Request{Graph: "Graph.Nope"}, starter.NotFound, "Graph definition not found for Graph.Nope"},
		"unknown server": {starter.Request{Graph: "Graph.PowerOn", Server: "r9"}, starter.NotFound, "Could not find node with identifier r9"},
		"missing option": {starter.Request{Graph: "Graph.Run.Rest.Command"}, starter.Invalid, "required option url"},
		"unfitting option": {
			starter.Request{Graph: "Graph.noop-example", Options: map[string]any{"noop-1": map[string]any{"delay": -1.0}}}, starter.Invalid,
			"Task.noop: JSON schema validation failed - data.delay",
		},
		"unknown task": {
			starter.Request{Definition: &graph.Graph{InjectableName: "Graph.T", Tasks: []graph.Task{{Label: "a", TaskName: "Task.Nope"}}}},
			starter.NotFound, "Could not find task definition with injectableName Task.Nope",
		},
		"unknown base task": {
			starter.Request{Definition: &graph.Graph{InjectableName: "Graph.T", Tasks: []graph.Task{{Label: "a", TaskDefinition: &graph.TaskDefinition{ImplementsTask: "Task.Base.Nope"}}}}},
			starter.Invalid, "Base task definition for Task.Base.Nope should exist",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := b.Start(t.Context(), c.req)
			wantKind(t, err, c.kind, c.want)
		})
	}
}

func TestStartErrorsOfTemporal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		kind starter.Kind
		want string
	}{
		"already started": {&serviceerror.WorkflowExecutionAlreadyStarted{Message: "internal words"}, starter.Busy, workflows.BusyMessage},
		"away":            {serviceerror.NewUnavailable("dial 127.0.0.1"), starter.Unavailable, "Temporal does not answer"},
		"too slow":        {serviceerror.NewDeadlineExceeded("x"), starter.Unavailable, "Temporal does not answer"},
		"overloaded":      {serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT, "x"), starter.Unavailable, "try again"},
		"out of time":     {context.DeadlineExceeded, starter.Unavailable, "Temporal does not answer"},
		"no such thing":   {serviceerror.NewNotFound("namespace"), starter.NotFound, "namespace"},
		"anything else":   {errBroken, starter.Internal, "broken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.client.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(nil, c.err)
			_, err := b.Start(t.Context(), starter.Request{Graph: "Graph.noop-example"})
			wantKind(t, err, c.kind, c.want)
		})
	}
}

// TestStartSealsEverySecret starts a graph with a secret at each place that can hold
// one, and a template that repeats it under a name that is none.
func TestStartSealsEverySecret(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const repeat = "p={{ options.password }}"
	login := func(label string, own map[string]any) graph.Task {
		return graph.Task{Label: label, TaskName: "Task.Login", OptionOverrides: own}
	}
	g := &graph.Graph{
		FriendlyName: "T", InjectableName: "Graph.T",
		Options: map[string]any{
			"graph-token": map[string]any{"password": "graph-secret", "url": "http://h/?" + repeat, "_taskTimeout": 5000.0},
			"defaults":    map[string]any{"apiKey": "default-secret"},
		},
		Tasks: []graph.Task{
			login("stock", nil), login("override", map[string]any{"password": "override-secret", "data": repeat}),
			login("graph-token", nil), login("request", nil),
			{Label: "inline", TaskDefinition: &graph.TaskDefinition{
				FriendlyName: "x", InjectableName: "Task.X", ImplementsTask: "Task.Base.Rest",
				Options: map[string]any{"url": "http://h", "method": "POST", "password": "inline-secret", "data": repeat},
			}},
		},
	}
	asked := b.takesRuns(t)
	_, err := b.Start(t.Context(), starter.Request{
		Definition: g, Context: map[string]any{"token": "context-secret", "n": 1.0},
		Options: map[string]any{"request": map[string]any{"password": 8721930465.0, "data": repeat, "note": "plain"}},
	})
	check(t, err)
	text := asText(t, asked.in)
	for _, secret := range []string{"-secret", "8721930465"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in clear in the workflow's input: %s", secret, text)
		}
	}
	want := map[string]string{
		"stock": "stock-secret", "override": "override-secret", "graph-token": "graph-secret", "request": "8721930465", "inline": "inline-secret",
	}
	got := map[string]string{}
	for _, task := range asked.in.Plan.Tasks {
		opened, err := b.keeper.OpenSecrets(t.Context(), task.Options)
		check(t, err)
		options, _ := opened.(map[string]any)
		got[task.Label] = fmt.Sprint(options["password"])
		if repeated := fmt.Sprint(options["url"], options["data"]); !strings.Contains(repeated, "p="+got[task.Label]) {
			t.Errorf("%s: the template made %s", task.Label, repeated)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("passwords that the jobs get (-want +got):\n%s", diff)
	}
	if asked.in.Plan.Tasks[2].Timeout != 5000 {
		t.Errorf("limit %d: the label graph-token names no secret", asked.in.Plan.Tasks[2].Timeout)
	}
	if g.Tasks[1].OptionOverrides["password"] != "override-secret" {
		t.Error("the caller's graph was changed")
	}
}

func TestSubgraph(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	server, err := b.db.CreateServer(t.Context(), store.Server{Name: "r1", Type: "compute"})
	check(t, err)
	sub, err := b.Subgraph(t.Context(), graph.SubgraphRequest{ID: "sub-1", Graph: "Graph.PowerOn", Target: "r1"})
	check(t, err)
	if sub.Plan.ID != "sub-1" || sub.Server != server.ID || sub.ServerName != "r1" {
		t.Errorf("sub-graph %+v", sub)
	}
	_, err = b.Subgraph(t.Context(), graph.SubgraphRequest{ID: "sub-2", Graph: "Graph.Nope"})
	wantKind(t, err, starter.NotFound, "Graph.Nope")
}

func TestSubgraphOfSku(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, _, err := b.PutGraph(t.Context(), []byte(`{"friendlyName": "Sku", "injectableName": "Graph.Sku", "tasks": [{"label": "login", "taskName": "Task.Login"}]}`))
	check(t, err)
	sku := func(name, graph string, options map[string]any) string {
		stored, err := b.db.CreateSKU(t.Context(), store.SKU{Name: name, Rules: []byte(`[]`), DiscoveryGraph: graph, DiscoveryGraphOptions: options})
		check(t, err)
		return stored.ID
	}
	for name, c := range map[string]struct {
		sku  string
		kind starter.Kind // none when 0
		says []string
		url  any // of the planned task; none when nil
	}{
		"no SKU":              {},
		"no graph":            {sku: sku("plain", "", nil)},
		"a graph":             {sku: sku("full", "graph.SKU", map[string]any{"login": map[string]any{"url": "http://sku/"}}), url: "http://sku/"},
		"a graph that is not": {sku: sku("wrong", "Graph.Nope", nil), kind: starter.NotFound, says: []string{"Graph.Nope"}},
		"a SKU that is not":   {sku: "gone", kind: starter.NotFound, says: []string{"SKU gone", "a SKU that is not", "Graph.GenerateSku"}},
	} {
		server, err := b.db.CreateServer(t.Context(), store.Server{Name: name, Type: "compute", SKU: c.sku})
		check(t, err)
		sub, err := b.Subgraph(t.Context(), graph.SubgraphRequest{ID: "sub-1", Sku: true, Target: name})
		if c.kind != 0 {
			wantKind(t, err, c.kind, c.says...)
			continue
		}
		check(t, err)
		if c.url == nil {
			if diff := cmp.Diff(&graph.Subgraph{}, sub); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			continue
		}
		if sub.Server != server.ID || sub.ServerName != name || sub.Plan.ID != "sub-1" || sub.Plan.Tasks[0].Options["url"] != c.url {
			t.Errorf("%s: sub-graph %+v", name, sub)
		}
	}
	_, err = b.Subgraph(t.Context(), graph.SubgraphRequest{Sku: true, Target: "nowhere"})
	wantKind(t, err, starter.NotFound, "nowhere")
}

// TestGraphOfSku takes the place of a graph on servers of one SKU.
func TestGraphOfSku(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sku, err := b.db.CreateSKU(t.Context(), store.SKU{Name: "r760", Rules: []byte(`[]`)})
	check(t, err)
	for name, label := range map[string]string{"Graph.Any": "all", "Graph.Any::" + sku.ID: "own", "Graph.Other::another": "odd", "Graph.Other": "all"} {
		_, _, err := b.PutGraph(t.Context(), []byte(`{"friendlyName": "G", "injectableName": "`+name+`", "tasks": [{"label": "`+label+`", "taskName": "Task.noop"}]}`))
		check(t, err)
	}
	for name, id := range map[string]string{"with": sku.ID, "without": ""} {
		_, err := b.db.CreateServer(t.Context(), store.Server{Name: name, Type: "compute", SKU: id})
		check(t, err)
	}
	for _, c := range []struct{ graph, server, want string }{
		{"graph.any", "with", "own"}, {"Graph.Any", "without", "all"}, {"Graph.Any", "", "all"}, {"Graph.Other", "with", "all"},
	} {
		sub, err := b.Subgraph(t.Context(), graph.SubgraphRequest{ID: "1", Graph: c.graph, Target: c.server})
		check(t, err)
		if got := sub.Plan.Tasks[0].Label; got != c.want {
			t.Errorf("%s on %q runs the task %s, want %s", c.graph, c.server, got, c.want)
		}
	}
}

// TestStartWithSkuConfig takes the configuration of the server's SKU into the plan.
func TestStartWithSkuConfig(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sku, err := b.db.CreateSKU(t.Context(), store.SKU{Name: "r760", Rules: []byte(`[]`), Config: map[string]any{"url": "http://sku/"}})
	check(t, err)
	for name, c := range map[string]struct {
		sku  string
		want any
	}{
		"with":    {sku.ID, "http://sku/"},
		"without": {"", "none"},
		"gone":    {"gone", "none"},
	} {
		_, err := b.db.CreateServer(t.Context(), store.Server{Name: name, Type: "compute", SKU: c.sku})
		check(t, err)
		sub, err := b.Subgraph(t.Context(), graph.SubgraphRequest{ID: "1", Graph: "Graph.Run.Rest.Command", Target: name, Options: map[string]any{
			"defaults": map[string]any{"url": "{{ sku.url | none }}", "method": "GET"},
		}})
		check(t, err)
		if got := sub.Plan.Tasks[0].Options["url"]; got != c.want {
			t.Errorf("%s: url %v, want %v", name, got, c.want)
		}
	}
}
