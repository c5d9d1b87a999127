package graph_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/graph"
)

func parse(t *testing.T, text string) *graph.Graph {
	t.Helper()
	g, problems := graph.ParseGraph([]byte(text))
	if g == nil {
		t.Fatal(problems)
	}
	return g
}

func TestResolveOptions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		graph   string
		request map[string]any
		want    map[string]any
	}{
		"definition's own": {`tasks: [{label: a, taskName: Task.noop}]`, nil, map[string]any{"delay": 0.0}},
		"overrides merge deeply over the definition": {
			`tasks: [{label: a, taskName: Task.noop, optionOverrides: {delay: 3, more: {x: 1}}}]`, nil,
			map[string]any{"delay": 3.0, "more": map[string]any{"x": 1.0}},
		},
		"with a schema all defaults come": {
			"options: {defaults: {other: 1}, a: {delay: 5}}\ntasks: [{label: a, taskName: Task.noop}]", nil,
			map[string]any{"delay": 5.0, "other": 1.0},
		},
		"with a schema null does not overwrite": {
			"options: {a: {delay: null}}\ntasks: [{label: a, taskName: Task.noop}]", nil, map[string]any{"delay": 0.0},
		},
		"without a schema only known names come": {
			"options: {defaults: {url: u, other: 1}}\ntasks: [{label: a, taskName: Task.call}]", nil,
			map[string]any{"url": "u", "extra": 1.0},
		},
		"without a schema the label's names are known too": {
			"options: {defaults: {url: u}, a: {other: 1}}\ntasks: [{label: a, taskName: Task.call}]", nil,
			map[string]any{"url": "u", "extra": 1.0, "other": 1.0},
		},
		"a key is replaced whole": {
			"options: {defaults: {url: {deep: 1}}}\ntasks: [{label: a, taskName: Task.call, optionOverrides: {url: {old: 1}}}]", nil,
			map[string]any{"url": map[string]any{"deep": 1.0}, "extra": 1.0},
		},
		"the request wins over the graph, key by key": {
			"options: {defaults: {url: u}, a: {extra: 2}}\ntasks: [{label: a, taskName: Task.call}]",
			map[string]any{"a": map[string]any{"extra": 3.0}},
			map[string]any{"url": "u", "extra": 3.0},
		},
		"those of the base task lie below": {
			"options: {defaults: {trust: true, other: 1}}\ntasks: [{label: a, taskName: Task.found}]", nil,
			map[string]any{"extra": 1.0, "trust": true, "servers": "{{ context.systems | none }}"},
		},
		"templates see options; context waits": {
			"options: {a: {url: 'http://{{ options.extra }}/{{ context.x }}'}}\ntasks: [{label: a, taskName: Task.call}]", nil,
			map[string]any{"url": "http://1/{{ context.x }}", "extra": 1.0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := parse(t, "friendlyName: T\ninjectableName: Graph.T\n"+c.graph)
			plan, problems := graph.Resolve(g, lib{}, graph.Request{ID: "1", Options: c.request})
			if plan == nil {
				t.Fatal(problems)
			}
			if diff := cmp.Diff(c.want, plan.Tasks[0].Options); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResolveTimeout(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]int64{
		"{}": 86400000, "{a: {_taskTimeout: 5000}}": 5000, "{a: {_taskTimeout: -1}}": 0, "{defaults: {_taskTimeout: 7}}": 7,
		"{a: {schedulerOverrides: {timeout: 9}}}": 9, "{a: {schedulerOverrides: {timeout: 9}, _taskTimeout: 8}}": 8,
	} {
		g := parse(t, "friendlyName: T\ninjectableName: Graph.T\noptions: "+options+"\ntasks: [{label: a, taskName: Task.noop}]")
		plan, problems := graph.Resolve(g, lib{}, graph.Request{})
		if plan == nil {
			t.Fatalf("%s: %v", options, problems)
		}
		if got := plan.Tasks[0].Timeout; got != want {
			t.Errorf("%s: %d, want %d", options, got, want)
		}
	}
}

func TestResolveFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		graph string
		want  string
	}{
		"required option": {"tasks: [{label: a, taskName: Task.call}]", "required option url for task Task.call in graph Graph.T"},
		"schema":          {"tasks: [{label: a, taskName: Task.noop, optionOverrides: {delay: -1}}]", "options.a.delay: Task.noop: JSON schema validation failed - data.delay minimum"},
		"schema's type":   {"tasks: [{label: a, taskName: Task.noop, optionOverrides: {delay: soon}}]", "options.a.delay: Task.noop: JSON schema validation failed - data.delay got string, want integer"},
		"missing value":   {"tasks: [{label: a, taskName: Task.noop, optionOverrides: {when: '{{ options.nope }}'}}]", "Value does not exist for options.nope"},
		"bad timeout":     {"tasks: [{label: a, taskName: Task.noop, optionOverrides: {_taskTimeout: 1.5}}]", "_taskTimeout should be a whole number"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := parse(t, "friendlyName: T\ninjectableName: Graph.T\n"+c.graph)
			plan, problems := graph.Resolve(g, lib{}, graph.Request{})
			if plan != nil || !strings.Contains(problems.Error(), c.want) {
				t.Errorf("problems %v, want %q", problems, c.want)
			}
		})
	}
}

func TestResolveWarnsOfStrayOptions(t *testing.T) {
	t.Parallel()
	g := parse(t, "friendlyName: T\ninjectableName: Graph.T\ntasks: [{label: a, taskName: Task.noop}]")
	_, problems := graph.Resolve(g, lib{}, graph.Request{Options: map[string]any{"A": map[string]any{"delay": 1.0}}})
	if problems.Err() != nil || !strings.Contains(problems.Warnings().Error(), "no task has the label 'A'") {
		t.Errorf("problems %v", problems)
	}
}

func TestRunOptionsJudgesWhatTheContextBrought(t *testing.T) {
	t.Parallel()
	g := parse(t, "friendlyName: T\ninjectableName: Graph.T\ntasks: [{label: a, taskName: Task.noop, optionOverrides: {delay: '{{ context.wait }}'}}]")
	plan, problems := graph.Resolve(g, lib{}, graph.Request{})
	if plan == nil {
		t.Fatal(problems)
	}
	got, err := graph.RunOptions(plan.Tasks[0], plan, map[string]any{"wait": 4.0}, "")
	if err != nil || got["delay"] != 4.0 {
		t.Errorf("%v, %v", got, err)
	}
	_, err = graph.RunOptions(plan.Tasks[0], plan, map[string]any{"wait": "soon"}, "")
	const want = "Task.noop: JSON schema validation failed - data.delay got string, want integer"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
