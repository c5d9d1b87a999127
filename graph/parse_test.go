package graph_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/graph"
)

// lib is a library of a few definitions.
type lib struct{}

func (lib) TaskDefinition(name string) *graph.TaskDefinition {
	if strings.EqualFold(name, "Task.noop") {
		return &graph.TaskDefinition{FriendlyName: "noop", InjectableName: "Task.noop", ImplementsTask: "Task.Base.noop", Options: map[string]any{"delay": 0.0}}
	}
	if strings.EqualFold(name, "Task.found") {
		return &graph.TaskDefinition{FriendlyName: "found", InjectableName: "Task.found", ImplementsTask: "Task.Base.found", Options: map[string]any{"extra": 1.0}}
	}
	if strings.EqualFold(name, "Task.call") {
		return &graph.TaskDefinition{FriendlyName: "call", InjectableName: "Task.call", ImplementsTask: "Task.Base.call", Options: map[string]any{"url": nil, "extra": 1.0}}
	}
	return nil
}

func (lib) BaseTask(name string) *graph.BaseTask {
	switch strings.ToLower(name) {
	case "task.base.noop":
		return &graph.BaseTask{InjectableName: "Task.Base.noop", RunJob: "Job.noop",
			OptionsSchema: json.RawMessage(`{"properties":{"delay":{"type":"integer","minimum":0},"when":{"type":"string"}}}`)}
	case "task.base.found":
		return &graph.BaseTask{InjectableName: "Task.Base.found", RunJob: "Job.found",
			Options: map[string]any{"extra": 0.0, "trust": nil, "servers": "{{ context.systems | none }}"}}
	case "task.base.call":
		return &graph.BaseTask{InjectableName: "Task.Base.call", RunJob: "Job.call", RequiredOptions: []string{"url"}}
	}
	return nil
}

func TestParseGraphReadsJSONAndYAML(t *testing.T) {
	t.Parallel()
	const asJSON = `{"friendlyName":"T","injectableName":"Graph.T","options":{"defaults":{"x":1}},"tasks":[
		{"label":"a","taskName":"/api/2.0/workflows/tasks/Task.noop","ignoreFailure":true},
		{"label":"b","taskName":"Task.noop","waitOn":{"a":["failed","succeeded"],"anyOf":{"a":"finished"}},"finally":false,"x-description":"why"}]}`
	const asYAML = `
friendlyName: T
injectableName: Graph.T
options: {defaults: {x: 1}}
tasks:
  - {label: a, taskName: Task.noop, ignoreFailure: true}
  - label: b
    taskName: Task.noop
    waitOn: {a: [failed, succeeded], anyOf: {a: finished}}
    x-description: why
`
	one, problems := graph.ParseGraph([]byte(asJSON))
	if problems != nil {
		t.Fatal(problems)
	}
	two, problems := graph.ParseGraph([]byte(asYAML))
	if problems != nil {
		t.Fatal(problems)
	}
	if diff := cmp.Diff(one, two); diff != "" {
		t.Errorf("JSON and YAML differ:\n%s", diff)
	}
	again, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	three, problems := graph.ParseGraph(again)
	if problems != nil {
		t.Fatal(problems)
	}
	if diff := cmp.Diff(one, three); diff != "" {
		t.Errorf("what was written reads differently:\n%s", diff)
	}
}

// TestFaults holds every fault's message, and that all of a document's are reported at once.
func TestFaults(t *testing.T) {
	t.Parallel()
	tasks := func(list string) string {
		return `{"friendlyName":"T","injectableName":"Graph.T","tasks":` + list + `}`
	}
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"not JSON":    {`{"a":`, []string{"neither JSON nor YAML"}},
		"empty":       {``, []string{"definition should be an object"}},
		"an array":    {`[]`, []string{"neither JSON nor YAML"}},
		"no names":    {`{"tasks":[{"label":"a","taskName":"Task.noop"}]}`, []string{"friendlyName (string) is required", "injectableName (string) is required"}},
		"no tasks":    {`{"friendlyName":"T","injectableName":"G"}`, []string{"Graph.tasks ([object]) is required"}},
		"empty tasks": {tasks(`[]`), []string{"Graph.tasks ([object]) is required"}},
		"wrong types": {tasks(`[{"label":1,"taskName":[],"waitOn":"a","ignoreFailure":"yes"},7]`), []string{
			"tasks[0].label: label should be a string, not a number", "tasks[0].taskName: taskName should be a string, not an array",
			"tasks[0].waitOn: waitOn should be an object, not a string", "tasks[0].ignoreFailure: ignoreFailure should be true or false, not a string",
			"tasks[1]: a task should be an object, not a number",
		}},
		"unknown key is a warning":  {tasks(`[{"label":"a","taskName":"Task.noop","watiOn":{}}]`), []string{"tasks[0].watiOn: unknown key 'watiOn'"}},
		"duplicate label":           {tasks(`[{"label":"a","taskName":"Task.noop"},{"label":"a","taskName":"Task.noop"}]`), []string{"The task label 'a' is used more than once in the graph definition."}},
		"reserved label":            {tasks(`[{"label":"anyOf","taskName":"Task.noop"}]`), []string{"Label anyOf is reserved, please use another label."}},
		"unknown waitOn label":      {tasks(`[{"label":"a","taskName":"Task.noop","waitOn":{"zz":"failed"}}]`), []string{"tasks[0].waitOn.zz: Task to wait on does not exist: zz"}},
		"label in another case":     {tasks(`[{"label":"a","taskName":"Task.noop","waitOn":{"B":"failed"}},{"label":"b","taskName":"Task.noop"}]`), []string{"did you mean 'b'?"}},
		"unknown state":             {tasks(`[{"label":"a","taskName":"Task.noop"},{"label":"b","taskName":"Task.noop","waitOn":{"a":"banana"}}]`), []string{"unknown state 'banana'"}},
		"no state":                  {tasks(`[{"label":"a","taskName":"Task.noop"},{"label":"b","taskName":"Task.noop","waitOn":{"a":[]}}]`), []string{"should be a state or an array of states"}},
		"anyOf is no object":        {tasks(`[{"label":"a","taskName":"Task.noop","waitOn":{"anyOf":"a"}}]`), []string{"task.waitOn.anyOf should be an object."}},
		"cycle":                     {tasks(`[{"label":"a","taskName":"Task.noop","waitOn":{"b":"failed"}},{"label":"b","taskName":"Task.noop","waitOn":{"anyOf":{"a":"failed"}}}]`), []string{"Detected a cyclic graph with tasks a -> b -> a"}},
		"waits for itself":          {tasks(`[{"label":"a","taskName":"Task.noop","waitOn":{"a":"failed"}}]`), []string{"Detected a cyclic graph with tasks a -> a"}},
		"no definition":             {tasks(`[{"label":"a"}]`), []string{"Could not find task definition with injectableName undefined"}},
		"unknown definition":        {tasks(`[{"label":"a","taskName":"Task.Nope"}]`), []string{"Could not find task definition with injectableName Task.Nope"}},
		"unknown base task":         {tasks(`[{"label":"a","taskDefinition":{"friendlyName":"x","injectableName":"Task.x","implementsTask":"Task.Base.Nope","options":{},"properties":{}}}]`), []string{"Base task definition for Task.Base.Nope should exist (object) is required"}},
		"inline without options":    {tasks(`[{"label":"a","taskDefinition":{"friendlyName":"x","injectableName":"Task.x","implementsTask":"Task.Base.noop"}}]`), []string{"options (object) is required", "properties (object) is required"}},
		"clean-up mixed with tasks": {tasks(`[{"label":"a","taskName":"Task.noop"},{"label":"z","taskName":"Task.noop","finally":true,"waitOn":{"a":"failed"}}]`), []string{"'z' and 'a' are not both marked finally"}},
		"several at once": {tasks(`[{"label":"a","taskName":"Task.Nope","waitOn":{"y":"failed","z":"failed"}}]`), []string{
			"Could not find task definition with injectableName Task.Nope", "Task to wait on does not exist: y", "Task to wait on does not exist: z",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, problems := graph.ParseGraph([]byte(c.in))
			if g != nil {
				problems = append(problems, graph.Check(g, lib{})...)
			}
			if len(problems) != len(c.want) {
				t.Errorf("%d problems, want %d: %v", len(problems), len(c.want), problems)
			}
			for _, want := range c.want {
				if !strings.Contains(problems.Error(), want) {
					t.Errorf("%q is not in %q", want, problems)
				}
			}
		})
	}
}

func FuzzParseGraph(f *testing.F) {
	f.Add([]byte(`{"friendlyName":"T","injectableName":"G","tasks":[{"label":"a","taskName":"Task.noop","waitOn":{"anyOf":{"a":"failed"}}}]}`))
	f.Add([]byte("friendlyName: T\ntasks:\n- label: [a]\n"))
	f.Add([]byte(`{"tasks":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, problems := graph.ParseGraph(data)
		if g == nil {
			if problems.Err() == nil {
				t.Fatal("no graph and no error")
			}
			return
		}
		if graph.Check(g, lib{}).Err() != nil {
			return
		}
		out, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		again, problems := graph.ParseGraph(out)
		if problems.Err() != nil || !cmp.Equal(g, again) {
			t.Fatalf("what was written reads differently: %v\n%s", problems, cmp.Diff(g, again))
		}
	})
}
