package graphcase_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/graph/graphcase"
)

const small = `
about: two tasks in a row
graph:
  friendlyName: row
  injectableName: Graph.Row
  tasks:
    - {label: a, taskName: Task.Test}
    - {label: b, taskName: Task.Test, waitOn: {a: succeeded}}
    - {label: c, taskName: Task.Test, waitOn: {a: succeeded}}
jobs:
  a: {after: 100, result: {n: 1}, context: {x: [1, 2], 'y': {z: true}}}
  b: {after: 50, fail: {message: no such disk}}
`

func parse(t *testing.T, text string) *graphcase.Case {
	t.Helper()
	c, err := graphcase.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func run(t *testing.T, c *graphcase.Case) graphcase.Result {
	t.Helper()
	lib, err := graphcase.NewLibrary(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	result, err := graphcase.Run(c, lib)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// TestDiff holds every key of expect against what comes of one and the same case.
func TestDiff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ expect, want string }{
		"all as expected": {`
  states: {a: succeeded, b: failed, c: succeeded}
  order: [a, [c, b]]
  options: {a: {}}
  attempts: {a: 1}
  taskQueues: {a: ''}
  context: {outputs: {a: {n: 1}}, x: [1, 2], nope: null}
  errors: {b: no such disk, a: ''}
  outcome: failed
  error: 'task b: …'
  took: 150`, ""},
		"outcome":           {"{outcome: succeeded}", `outcome: want "succeeded", got "failed"`},
		"error":             {"{outcome: failed, error: 'task a: …'}", `error: want "task a: …", got "task b: no such disk"`},
		"a state":           {"{outcome: failed, states: {a: failed, b: failed, c: succeeded}}", `states.a: want "failed", got "succeeded"`},
		"a state left out":  {"{outcome: failed, states: {a: succeeded, b: failed}}", `states.c: want nothing, got "succeeded"`},
		"order":             {"{outcome: failed, order: [a, b, c]}", "order[1][1]: want nothing, got \"c\"\norder[2]: want [\"c\"], got nothing"},
		"order of a step":   {"{outcome: failed, order: [[a, b], c]}", "order[0][1]: want \"b\", got nothing\norder[1][0]: want \"c\", got \"b\"\norder[1][1]: want nothing, got \"c\""},
		"options":           {"{outcome: failed, options: {a: {x: 1}}}", "options.a.x: want 1, got nothing"},
		"attempts":          {"{outcome: failed, attempts: {a: 2}}", "attempts.a: want 2, got 1"},
		"task queue":        {"{outcome: failed, taskQueues: {a: lab}}", `taskQueues.a: want "lab", got ""`},
		"context":           {"{outcome: failed, context: {x: [1, 3], 'y': {z: false, w: 1}}}", "context.x[1]: want 3, got 2\ncontext.y.w: want 1, got nothing\ncontext.y.z: want false, got true"},
		"context not there": {"{outcome: failed, context: {'y': null}}", `context.y: want nothing, got {"z":true}`},
		"context's type":    {"{outcome: failed, context: {x: {a: 1}}}", `context.x: want {"a":1}, got [1,2]`},
		"a task's error":    {"{outcome: failed, errors: {b: ''}}", `errors.b: want "", got "no such disk"`},
		"took":              {"{outcome: failed, took: 100}", "took: want 100, got 150"},
		"a refusal":         {"{refused: [{message: no}]}", "refused[0]: want {\"message\":\"no\"}, got nothing\nrefusedAt: want \"define\", got \"\""},
		"a warning":         {"{outcome: failed, warned: [{message: hm}]}", `warned[0]: want {"message":"hm"}, got nothing`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kase := parse(t, small+"expect: "+c.expect+"\n")
			if diff := cmp.Diff(c.want, kase.Diff(run(t, kase))); diff != "" {
				t.Errorf("diff (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDiffOfRefusals(t *testing.T) {
	t.Parallel()
	const faulty = "about: x\ngraph: {friendlyName: x, injectableName: Graph.X, tasks: [{label: a, taskName: Task.Nope}]}\n"
	const message = "Could not find task definition with injectableName Task.Nope"
	for expect, want := range map[string]string{
		"{refused: [{path: 'tasks[0].taskName', message: " + message + "}]}":               "",
		"{refused: [{path: 'tasks[0].taskName', message: Could…Nope}]}":                    "",
		"{refusedAt: run, refused: [{path: 'tasks[0].taskName', message: Could…}]}":        `refusedAt: want "run", got "define"`,
		"{refused: [{path: 'tasks[1].taskName', message: Could…}]}":                        `refused[0].path: want "tasks[1].taskName", got "tasks[0].taskName"`,
		"{refused: [{path: 'tasks[0].taskName', message: Could…}, {path: b, message: c}]}": `refused[1]: want {"message":"c","path":"b"}, got nothing`,
	} {
		kase := parse(t, faulty+"expect: "+expect)
		if got := kase.Diff(run(t, kase)); got != want {
			t.Errorf("%s: diff %q, want %q", expect, got, want)
		}
	}
	kase := parse(t, faulty+"expect: {outcome: succeeded}")
	if got := kase.Diff(run(t, kase)); !strings.Contains(got, message) {
		t.Errorf("a case that is refused and should not be: %q", got)
	}
}

func TestParseIsStrict(t *testing.T) {
	t.Parallel()
	const expect = "\nexpect: {outcome: succeeded}\n"
	const head = "about: x\ngraph: {tasks: [{label: a}]}"
	for name, c := range map[string]struct{ in, want string }{
		"nothing":            {"", "about is required"},
		"not YAML":           {"a: [", "not YAML"},
		"unknown key":        {head + "\njbos: {}" + expect, `unknown field "jbos"`},
		"unknown script key": {head + "\njobs: {a: {afetr: 1}}" + expect, `unknown field "afetr"`},
		"no graph":           {"about: x" + expect, "graph is required"},
		"no end":             {head + "\nexpect: {}", "expect.outcome is required"},
		"not an outcome":     {head + "\nexpect: {outcome: timeout}", "expect.outcome is required"},
		"both":               {head + "\nexpect: {outcome: failed, refused: [{message: x}]}", "what is refused has no outcome"},
		"refusedAt":          {head + "\nexpect: {outcome: failed, refusedAt: run}", "refusedAt should be define or run"},
		"unknown job":        {head + "\njobs: {b: {}}" + expect, `jobs: no task has the label "b"`},
		"unknown label":      {head + "\nexpect: {outcome: failed, states: {b: failed}, order: [c]}", "expect.states: no task has the label \"b\"\nexpect.order: no task has the label \"c\""},
		"unknown prompt":     {head + "\nanswers: [{at: 1, prompt: b, answer: {}}]" + expect, `answers: no task has the label "b"`},
		"no attempt":         {head + "\njobs: {a: []}" + expect, "jobs.a: an empty script says nothing"},
		"negative time":      {head + "\njobs: {a: {after: -1}}" + expect, "after should be 0 or more"},
		"no message":         {head + "\njobs: {a: {fail: {}}}" + expect, "fail.message is required"},
		"unknown outcome":    {head + "\njobs: {a: {fail: {message: x, outcome: odd}}}" + expect, `unknown outcome "odd"`},
		"fails and gives":    {head + "\njobs: {a: {result: 1, fail: {message: x}}}" + expect, "gives nothing back"},
		"retried backwards":  {head + "\nretried: -1" + expect, "retried should be 0 or more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := graphcase.Parse([]byte(c.in))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestLibraryRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ bases, tasks [][]byte }{
		{bases: [][]byte{[]byte("a: [")}},
		{bases: [][]byte{[]byte("{injectableName: Task.Base.X, runJbo: Job.X}")}},
		{tasks: [][]byte{[]byte("{injectableName: Task.X}")}},
	} {
		if _, err := graphcase.NewLibrary(c.bases, c.tasks); err == nil {
			t.Errorf("%s%s was taken", c.bases, c.tasks)
		}
	}
	c := parse(t, "about: x\ngraph: {tasks: [{label: a}]}\ntasks: [{injectableName: Task.X}]\nexpect: {outcome: failed}")
	lib, err := graphcase.NewLibrary(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := graphcase.Run(c, lib); err == nil {
		t.Error("a faulty task definition of the case was taken")
	}
}

// TestNoEnd shows that a run which waits for what never comes is told, not waited for.
func TestNoEnd(t *testing.T) {
	t.Parallel()
	lib, err := graphcase.NewLibrary(
		[][]byte{[]byte("{injectableName: Task.Base.Installer.Wait, runJob: Job.Installer.Wait}")},
		[][]byte{[]byte("{friendlyName: w, injectableName: Task.Wait, implementsTask: Task.Base.Installer.Wait, options: {event: done, _taskTimeout: 0}, properties: {}}")},
	)
	if err != nil {
		t.Fatal(err)
	}
	c := parse(t, "about: x\ngraph: {friendlyName: x, injectableName: Graph.X, tasks: [{label: a, taskName: Task.Wait}]}\nexpect: {outcome: failed}")
	_, err = graphcase.Run(c, lib)
	if err == nil || !strings.Contains(err.Error(), "a:running") {
		t.Errorf("error %v", err)
	}
}

func TestGraphThatRunsItself(t *testing.T) {
	t.Parallel()
	lib, err := graphcase.NewLibrary(
		[][]byte{[]byte("{injectableName: Task.Base.Graph.Run, runJob: Job.Graph.Run}")},
		[][]byte{[]byte("{friendlyName: r, injectableName: Task.Again, implementsTask: Task.Base.Graph.Run, options: {graphName: Graph.X}, properties: {}}")},
	)
	if err != nil {
		t.Fatal(err)
	}
	const again = "{friendlyName: x, injectableName: Graph.X, tasks: [{label: a, taskName: Task.Again}]}"
	c := parse(t, "about: x\ngraph: "+again+"\ngraphs: ["+again+"]\nexpect: {outcome: failed}")
	if _, err = graphcase.Run(c, lib); err == nil || !strings.Contains(err.Error(), "does not come to an end") {
		t.Errorf("error %v", err)
	}
}

func TestJobsPlayScripts(t *testing.T) {
	t.Parallel()
	c := parse(t, `
about: x
graph: {friendlyName: x, injectableName: Graph.X, tasks: [{label: a, taskName: Task.Test}]}
jobs:
  a: [{fail: {message: busy, outcome: busy}}, {fail: {message: lost, outcome: transient}}, {result: 1}]
  a[1]: {result: 2}
expect: {outcome: succeeded}
`)
	lib, err := graphcase.NewLibrary(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	play, err := graphcase.Prepare(c, lib)
	if err != nil {
		t.Fatal(err)
	}
	policy := &graph.Retry{Attempts: 2, Delay: 100}
	for _, step := range []struct {
		label  string
		policy *graph.Retry
		again  bool
		result any
	}{
		{label: "a", again: true},
		{label: "a#2", policy: policy, again: false},
		{label: "a", result: 1.0},
		{label: "a", result: 1.0},
		{label: "a[0]", policy: policy, again: true},
		{label: "a[1]", result: 2.0},
		{label: "b"},
	} {
		call := play.Jobs.Call(graph.JobInput{Label: step.label}, "")
		if _, again := call.Again(step.policy); again != step.again {
			t.Errorf("%s: again %v", step.label, again)
		}
		if got := call.Output().Result; got != step.result {
			t.Errorf("%s: result %v, want %v", step.label, got, step.result)
		}
	}
	if got := play.Jobs.Calls()["a"].Times; got != 4 {
		t.Errorf("a was called %d times", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small + "expect: {outcome: failed}\n"))
	f.Add([]byte("about: x\ngraph: {tasks: [{label: a, forEach: [1]}]}\njobs: {'a[0]': [{}]}\nexpect: {outcome: failed, order: [[a]]}"))
	f.Add([]byte("about: x\ngraph: []\nexpect: {refused: [{message: …}]}"))
	lib, err := graphcase.NewLibrary(nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := graphcase.Parse(data)
		if err != nil || c.Retried > 3 {
			return
		}
		if result, err := graphcase.Run(c, lib); err == nil {
			_ = c.Diff(result)
		}
	})
}
