package starter_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/store"
)

const ownGraph = `
friendlyName: Mine
injectableName: Graph.Mine
options: {defaults: {delay: 1}}
tasks: [{label: a, taskName: Task.noop}]
`

func (b *bench) putGraph(t *testing.T, body string) starter.Definition {
	t.Helper()
	def, _, err := b.PutGraph(t.Context(), []byte(body))
	check(t, err)
	return def
}

func TestDefinitionsOfUsersHideStock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	stock, err := b.definition(t.Context(), store.Graph, "GRAPH.poweron")
	check(t, err)
	if !stock.Stock || stock.Name != "Graph.PowerOn" || !json.Valid(stock.Body) || !stock.Stored.Created.IsZero() {
		t.Errorf("stock definition %+v", stock)
	}
	b.putGraph(t, strings.Replace(ownGraph, "Graph.Mine", "Graph.PowerOn", 1))
	own, err := b.definition(t.Context(), store.Graph, "graph.poweron")
	check(t, err)
	if own.Stock || !strings.Contains(string(own.Body), "Mine") || own.Stored.Created.IsZero() {
		t.Errorf("definition %+v", own)
	}
	g, err := b.Graph(t.Context(), "Graph.PowerOn")
	check(t, err)
	if g.FriendlyName != "Mine" {
		t.Errorf("graph %+v", g)
	}
	check(t, b.Definitions.Delete(t.Context(), store.Graph, "graph.POWERON"))
	if back, err := b.definition(t.Context(), store.Graph, "Graph.PowerOn"); err != nil || !back.Stock {
		t.Errorf("after the user's is deleted: %+v, %v", back, err)
	}
}

// definition returns a graph or task definition.
func (b *bench) definition(ctx context.Context, kind store.DefinitionKind, name string) (starter.Definition, error) {
	return b.Definitions.Get(ctx, kind, name)
}

func TestDefinitionsNotFound(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.definition(t.Context(), store.Graph, "Graph.Nope")
	wantKind(t, err, starter.NotFound, "Graph definition not found for Graph.Nope")
	_, err = b.definition(t.Context(), store.Task, "Task.Nope")
	wantKind(t, err, starter.NotFound, "Could not find task definition with injectableName Task.Nope")
	wantKind(t, b.Definitions.Delete(t.Context(), store.Graph, "Graph.Nope"), starter.NotFound)
	wantKind(t, b.Definitions.Delete(t.Context(), store.Graph, "graph.PowerOn"), starter.Invalid, "came with rackflow and cannot be deleted")
}

func TestListIsOrderedByName(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.putGraph(t, strings.Replace(ownGraph, "Graph.Mine", "graph.a", 1))
	b.putGraph(t, strings.Replace(ownGraph, "Graph.Mine", "Graph.Reset", 1))
	list, err := b.Definitions.List(t.Context(), store.Graph)
	check(t, err)
	var names []string
	for _, def := range list {
		names = append(names, def.Name)
		if def.Stock != (def.Name != "graph.a" && def.Name != "Graph.Reset") {
			t.Errorf("%s: stock %v", def.Name, def.Stock)
		}
	}
	ordered := slices.SortedFunc(slices.Values(names), func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	if diff := cmp.Diff(ordered, names); diff != "" || names[0] != "graph.a" || len(slices.Compact(ordered)) != len(names) {
		t.Errorf("names %v (-want +got):\n%s", names, diff)
	}
}

func TestPutGraph(t *testing.T) {
	t.Parallel()
	const head = "friendlyName: T\ninjectableName: Graph.T\n"
	for name, c := range map[string]struct {
		body string
		kind starter.Kind
		want string
	}{
		"not a definition":  {"[", starter.Invalid, "neither JSON nor YAML"},
		"faults of form":    {"tasks: 5", starter.Invalid, "friendlyName (string) is required"},
		"waits for nobody":  {head + "tasks: [{label: a, taskName: Task.noop, waitOn: {b: succeeded}}]", starter.Invalid, "Task to wait on does not exist: b"},
		"unknown task":      {head + "tasks: [{label: a, taskName: Task.Nope}]", starter.NotFound, "Could not find task definition with injectableName Task.Nope"},
		"two faults":        {head + "tasks: [{label: a, taskName: Task.Nope}, {label: a, taskName: Task.noop}]", starter.Invalid, ""},
		"unknown base task": {head + "tasks: [{label: a, taskDefinition: {friendlyName: x, injectableName: Task.X, implementsTask: Task.Base.Nope, options: {}, properties: {}}}]", starter.Invalid, "Base task definition for Task.Base.Nope should exist"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			_, problems, err := b.PutGraph(t.Context(), []byte(c.body))
			wantKind(t, err, c.kind, c.want)
			if problems.Err() == nil {
				t.Error("the problems should be returned too")
			}
			if _, err := b.definition(t.Context(), store.Graph, "Graph.T"); starter.KindOf(err) != starter.NotFound {
				t.Errorf("it was stored: %v", err)
			}
		})
	}
}

func TestPutGraphWarns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, problems, err := b.PutGraph(t.Context(), []byte(ownGraph+"colour: red\n"))
	check(t, err)
	if len(problems.Warnings()) != 1 || !strings.Contains(problems.Error(), "colour") {
		t.Errorf("problems %v", problems)
	}
}

// TestPutKeepsOneSpelling: lookups could not tell two apart.
func TestPutKeepsOneSpelling(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.putGraph(t, ownGraph)
	_, _, err := b.PutGraph(t.Context(), []byte(strings.Replace(ownGraph, "Graph.Mine", "graph.MINE", 1)))
	wantKind(t, err, starter.Invalid, "Graph.Mine")
	b.putGraph(t, strings.Replace(ownGraph, "friendlyName: Mine", "friendlyName: Newer", 1))
	g, err := b.Graph(t.Context(), "graph.mine")
	check(t, err)
	if g.FriendlyName != "Newer" {
		t.Errorf("graph %+v", g)
	}
}

func TestPutTask(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const body = `{"friendlyName":"x","injectableName":"Task.Mine","implementsTask":"Task.Base.Later","options":{},"properties":{}}`
	def, _, err := b.PutTask(t.Context(), []byte(body))
	check(t, err)
	if def.Name != "Task.Mine" || def.Stock {
		t.Errorf("definition %+v", def)
	}
	_, _, err = b.PutTask(t.Context(), []byte(`{"injectableName":5}`))
	wantKind(t, err, starter.Invalid, "friendlyName (string) is required")
	_, _, err = b.PutGraph(t.Context(), []byte(strings.Replace(ownGraph, "Task.noop", "Task.mine", 1)))
	wantKind(t, err, starter.Invalid, "Task.Base.Later")
}

// secretGraph has a secret at each place that can hold one, and secrets' names where
// there is none.
const secretGraph = `
friendlyName: Mine
injectableName: Graph.Mine
options:
  defaults: {apiKey: s3cret-default, serial: 9007199254740993}
  get-token: {url: http://h, method: POST, _taskTimeout: 5000, password: s3cret-label}
tasks:
  - label: get-token
    taskName: Task.Run.Rest.Command
    optionOverrides: {password: '{{ options.other }}', data: {authToken: s3cret-override, user: ops}}
  - label: use
    waitOn: {get-token: succeeded}
    taskDefinition:
      friendlyName: x
      injectableName: Task.X
      implementsTask: Task.Base.noop
      options: {password: 7731}
      properties: {}
      optionsSchema: {properties: {password: {type: [string, integer], minLength: 3}}}
`

func TestPutSealsSecrets(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	def := b.putGraph(t, secretGraph)
	body := string(def.Body)
	for _, secret := range []string{"s3cret", "7731"} {
		if strings.Contains(body, secret) {
			t.Errorf("%q is stored in clear: %s", secret, body)
		}
	}
	for _, plain := range []string{
		`"_taskTimeout":5000`, `"serial":9007199254740993`, `"get-token":"succeeded"`, `"minLength":3`, `"type":["string","integer"]`,
		`"password":"{{ options.other }}"`, `"user":"ops"`,
	} {
		if !strings.Contains(body, plain) {
			t.Errorf("%s was changed: %s", plain, body)
		}
	}
	if again := b.putGraph(t, body); string(again.Body) != body {
		t.Errorf("what GET showed became on PUT\n%s, not\n%s", again.Body, body)
	}
	opened, err := b.keeper.Open(t.Context(), body)
	check(t, err)
	for _, secret := range []string{"s3cret-default", "s3cret-label", "s3cret-override", `"password":"7731"`} {
		if !strings.Contains(opened, secret) {
			t.Errorf("%q is lost: %s", secret, opened)
		}
	}
}

func TestPutTaskSealsSecrets(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	def, _, err := b.PutTask(t.Context(), []byte(strings.Replace(loginTask, "Task.Login", "Task.Mine", 1)))
	check(t, err)
	if body := string(def.Body); strings.Contains(body, "stock-secret") || !strings.Contains(body, "{{ options.password }}") {
		t.Errorf("stored %s", body)
	}
	asked := b.takesRuns(t)
	_, err = b.Start(t.Context(), starter.Request{Definition: &graph.Graph{
		InjectableName: "Graph.T", Tasks: []graph.Task{{Label: "a", TaskName: "task.MINE"}},
	}})
	check(t, err)
	opened, err := b.keeper.OpenSecrets(t.Context(), asked.in.Plan.Tasks[0].Options)
	check(t, err)
	if options, _ := opened.(map[string]any); options["url"] != "http://bmc/?p=stock-secret" || strings.Contains(asText(t, asked.in), "stock-secret") {
		t.Errorf("the job gets %v of %s", opened, asText(t, asked.in))
	}
}

func TestStockWithFaults(t *testing.T) {
	t.Parallel()
	base := []byte("injectableName: Task.Base.noop\nfriendlyName: noop\nrunJob: Job.noop\nproperties: {}\n")
	for name, c := range map[string]struct {
		stock starter.Stock
		want  string
	}{
		"base task":   {starter.Stock{BaseTasks: [][]byte{[]byte("runjob_: x")}}, "stock base task"},
		"not YAML":    {starter.Stock{Tasks: [][]byte{[]byte("a: [")}}, "stock task"},
		"no name":     {starter.Stock{Tasks: [][]byte{[]byte("injectableName: [1]")}}, "stock task"},
		"task":        {starter.Stock{Tasks: [][]byte{[]byte("injectableName: Task.X")}}, "stock task Task.X"},
		"graph":       {starter.Stock{BaseTasks: [][]byte{base}, Graphs: [][]byte{[]byte(ownGraph)}}, "stock graph Graph.Mine"},
		"graph, form": {starter.Stock{Graphs: [][]byte{[]byte("injectableName: Graph.X")}}, "stock graph Graph.X"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := starter.NewDefinitions(nil, nil, c.stock)
			wantKind(t, err, starter.Internal, c.want)
		})
	}
}

func TestErrorMessage(t *testing.T) {
	t.Parallel()
	problems := graph.Problems{{Path: "tasks[0]", Message: "is wrong"}}
	for want, err := range map[string]*starter.Error{
		"said": {Message: "said", Problems: problems}, "tasks[0]: is wrong": {Problems: problems}, "": {},
	} {
		if err.Error() != want {
			t.Errorf("message %q, want %q", err, want)
		}
	}
}
