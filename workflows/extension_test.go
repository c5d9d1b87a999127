package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/workflows"
)

func TestRunGraphWhen(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	p := planOf(
		task("a", "Job.Test"),
		with(task("b", "Job.Test", "a"), func(t *graph.PlannedTask) { t.When = "context.n > 3 && tasks['a'].state == 'succeeded'" }),
		with(task("c", "Job.Test", "a"), func(t *graph.PlannedTask) { t.When = "context.n > 5" }),
		task("after-skipped", "Job.Test", "c"),
		with(task("late", "Job.Test", "after-skipped"), func(t *graph.PlannedTask) {
			t.When = "tasks['c'].state == 'skipped' && tasks['after-skipped'].state == 'succeeded' && tasks['broken'].error != ''"
		}),
		with(task("broken", "Job.Test", "a"), func(t *graph.PlannedTask) { t.When, t.IgnoreFailure = "context.nope == 1", true }),
	)
	record, err := b.run(t, workflows.Input{Plan: p, Context: map[string]any{"n": 5.0}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]graph.State{
		"a": graph.Succeeded, "b": graph.Succeeded, "c": graph.Skipped, "after-skipped": graph.Succeeded, "late": graph.Succeeded, "broken": graph.Failed,
	}
	if diff := cmp.Diff(want, states(p, record)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if got := record.Tasks[5].Error; !strings.Contains(got, "no such key: nope") {
		t.Errorf("error %q", got)
	}
}

func TestRunGraphForEach(t *testing.T) {
	t.Parallel()
	running, most := 0, 0
	b := newBench(t, map[string]jobFunc{"Job.Each": func(_ context.Context, in graph.JobInput) (graph.JobOutput, error) {
		return graph.JobOutput{Result: map[string]any{"at": in.Options["what"]}}, nil
	}})
	b.SetOnActivityStartedListener(func(*activity.Info, context.Context, converter.EncodedValues) { running++; most = max(most, running) })
	b.SetOnActivityCompletedListener(func(*activity.Info, converter.EncodedValue, error) { running-- })
	p := planOf(with(task("each", "Job.Each"), func(t *graph.PlannedTask) {
		t.ForEach, t.MaxParallel = "{{ context.list }}", 2
		t.Options = map[string]any{"what": "{{ index }}:{{ item.name }}"}
		t.Outputs = map[string]string{"first": "at"}
	}))
	list := []any{map[string]any{"name": "a"}, map[string]any{"name": "b"}, map[string]any{"name": "c"}}
	record, err := b.run(t, workflows.Input{Plan: p, Context: map[string]any{"list": list}})
	if err != nil {
		t.Fatal(err)
	}
	want := []any{
		map[string]any{"at": "0:a", "first": "0:a"}, map[string]any{"at": "1:b", "first": "1:b"}, map[string]any{"at": "2:c", "first": "2:c"},
	}
	if diff := cmp.Diff(want, record.Context["outputs"].(map[string]any)["each"]); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if most > 2 {
		t.Errorf("%d elements at once, 2 are allowed", most)
	}
}

func TestRunGraphForEachStopsAtAFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]jobFunc{"Job.Each": func(_ context.Context, in graph.JobInput) (graph.JobOutput, error) {
		if in.Options["n"] == 1.0 {
			return graph.JobOutput{}, temporal.NewNonRetryableApplicationError("broken", "Permanent", nil)
		}
		return graph.JobOutput{}, nil
	}})
	p := planOf(with(task("each", "Job.Each"), func(t *graph.PlannedTask) {
		t.ForEach, t.MaxParallel, t.Options = []any{0.0, 1.0, 2.0}, 1, map[string]any{"n": "{{ item }}"}
	}))
	record, _ := b.run(t, workflows.Input{Plan: p})
	if record.Tasks[0].State != graph.Failed || record.Tasks[0].Error != "broken" || len(b.called) != 2 {
		t.Errorf("%+v after %v", record.Tasks[0], b.called)
	}
}

func TestRunGraphForEachRefuses(t *testing.T) {
	t.Parallel()
	for _, value := range []any{"{{ context.nope }}", "{{ context.text }}"} {
		b := newBench(t, nil)
		p := planOf(with(task("each", "Job.Test"), func(t *graph.PlannedTask) { t.ForEach = value }))
		record, _ := b.run(t, workflows.Input{Plan: p, Context: map[string]any{"text": "x"}})
		if record.Tasks[0].State != graph.Failed || !strings.Contains(record.Tasks[0].Error, "forEach") {
			t.Errorf("%v: %+v", value, record.Tasks[0])
		}
	}
}

func TestRunGraphRetry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		retry graph.Retry
		fails int
		kind  string
		want  graph.State
		calls int
	}{
		"until it succeeds":                     {graph.Retry{Attempts: 3, On: []string{graph.OnFailed}}, 2, "Permanent", graph.Succeeded, 3},
		"until attempts are used":               {graph.Retry{Attempts: 2, On: []string{graph.OnFailed}}, 9, "Permanent", graph.Failed, 2},
		"not after what it does not name":       {graph.Retry{Attempts: 3}, 1, "Permanent", graph.Failed, 1},
		"all outcomes count together":           {graph.Retry{Attempts: 3, On: []string{graph.OnFailed, graph.OnTransient}}, 9, "Transient", graph.Failed, 3},
		"after an unknown outcome only by name": {graph.Retry{Attempts: 2, On: []string{graph.OnUnknown}}, 1, "Unknown", graph.Succeeded, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			b := newBench(t, map[string]jobFunc{"Job.Flaky": func(context.Context, graph.JobInput) (graph.JobOutput, error) {
				if calls++; calls <= c.fails {
					return graph.JobOutput{}, temporal.NewNonRetryableApplicationError("not now", c.kind, nil)
				}
				return graph.JobOutput{}, nil
			}})
			p := planOf(with(task("a", "Job.Flaky"), func(t *graph.PlannedTask) { t.Retry = &c.retry }))
			record, _ := b.run(t, workflows.Input{Plan: p})
			if record.Tasks[0].State != c.want || calls != c.calls {
				t.Errorf("%s after %d calls, want %s after %d", record.Tasks[0].State, calls, c.want, c.calls)
			}
		})
	}
}

func TestRunGraphOutputs(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]jobFunc{"Job.Rest": func(context.Context, graph.JobInput) (graph.JobOutput, error) {
		return graph.JobOutput{Result: map[string]any{"restData": map[string]any{"body": map[string]any{"id": 7.0}}}}, nil
	}})
	named := func(path string) graph.PlannedTask {
		return with(task("a", "Job.Rest"), func(t *graph.PlannedTask) { t.Outputs = map[string]string{"id": path} })
	}
	p := planOf(named("restData.body.id"), with(task("b", "Job.Test", "a"), func(t *graph.PlannedTask) {
		t.Options = map[string]any{"id": "{{ context.outputs.a.id }}"}
	}))
	if _, err := b.run(t, workflows.Input{Plan: p}); err != nil || b.inputs["b"].Options["id"] != 7.0 {
		t.Errorf("%v, options %v", err, b.inputs["b"].Options)
	}
	b = newBench(t, nil)
	b.RegisterActivityWithOptions(func(context.Context, graph.JobInput) (graph.JobOutput, error) { return graph.JobOutput{}, nil },
		activity.RegisterOptions{Name: "Job.Rest"})
	record, _ := b.run(t, workflows.Input{Plan: planOf(named("restData.nope"))})
	if !strings.Contains(record.Tasks[0].Error, "output id: there is nothing at restData.nope") {
		t.Errorf("%+v", record.Tasks[0])
	}
}

func TestRunGraphTimeoutOfTheGraph(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	p := planOf(
		with(task("slow", "Job.noop"), func(t *graph.PlannedTask) { t.Options = map[string]any{"delay": 3.6e6} }),
		with(task("clean", "Job.noop"), func(t *graph.PlannedTask) {
			t.Finally, t.Options = true, map[string]any{"delay": 60000.0}
		}),
	)
	p.Timeout = 5000
	record, err := b.run(t, workflows.Input{Plan: p})
	if err == nil || record.Error != "Graph did not complete within 5000ms" {
		t.Fatalf("%v, %q", err, record.Error)
	}
	want := map[string]graph.State{"slow": graph.Cancelled, "clean": graph.Succeeded}
	if diff := cmp.Diff(want, states(p, record)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestRunGraphTakesOverWhatHasEnded(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	p := planOf(
		task("a", "Job.Test"), task("b", "Job.Test", "a"),
		with(task("c", "Job.Test", "b"), func(t *graph.PlannedTask) { t.Options = map[string]any{"x": "{{ context.outputs.a.x }}"} }),
		with(task("clean", "Job.Test"), func(t *graph.PlannedTask) { t.Finally = true }),
	)
	record, err := b.run(t, workflows.Input{
		Plan: p, Ended: map[string]graph.State{"a": graph.Succeeded, "b": graph.Skipped},
		Context: map[string]any{"outputs": map[string]any{"a": map[string]any{"x": 1.0}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"c", "clean"}, b.called); diff != "" {
		t.Errorf("called (-want +got):\n%s", diff)
	}
	if b.inputs["c"].Options["x"] != 1.0 || record.Tasks[1].State != graph.Skipped {
		t.Errorf("%+v, %+v", b.inputs["c"], record)
	}
}

// answers collects what became of an update.
type answers struct{ accepted, rejected []string }

func (a *answers) Accept()          {}
func (a *answers) Reject(err error) { a.rejected = append(a.rejected, errorType(err)) }
func (a *answers) Complete(_ any, err error) {
	if err == nil {
		a.accepted = append(a.accepted, "ok")
	}
}

func errorType(err error) string {
	if application, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return application.Type()
	}
	return err.Error()
}

const diskSchema = `{"type":"object","properties":{"disk":{"type":"string"},"size":{"type":"integer","minimum":1},
	"password":{"type":"string","minLength":8,"format":"password"}},"required":["disk"],"additionalProperties":false}`

func promptTask(label string, options map[string]any) graph.PlannedTask {
	return with(task(label, "Job.Prompt"), func(t *graph.PlannedTask) { t.Options = options })
}

func TestRunGraphPrompt(t *testing.T) {
	t.Parallel()
	var schema map[string]any
	if err := json.Unmarshal([]byte(diskSchema), &schema); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, nil)
	p := planOf(
		promptTask("ask", map[string]any{"title": "Which disk?", "schema": schema, "answerBy": []any{"ann"}}),
		with(task("use", "Job.Test", "ask"), func(t *graph.PlannedTask) {
			t.Options = map[string]any{"disk": "{{ context.outputs.ask.answer.disk }}", "n": "{{ context.outputs.ask.answer.size }}"}
		}),
	)
	var got answers
	for i, a := range []workflows.Answer{
		{Prompt: "nope", By: "ann"},
		{Prompt: "ask", By: "bob", Answer: map[string]any{"disk": "sda"}},
		{Prompt: "ask", By: "ann", Answer: map[string]any{"size": 1.0}},
		{Prompt: "ask", By: "ann", Answer: map[string]any{"disk": "sda", "password": "in the clear"}},
		{Prompt: "ask", By: "ann", Answer: map[string]any{"disk": "sda", "size": 2.0, "password": "sealed:v1:x"}},
		{Prompt: "ask", By: "ann", Answer: map[string]any{"disk": "sdb"}},
	} {
		b.RegisterDelayedCallback(func() { b.UpdateWorkflow(workflows.AnswerUpdate, fmt.Sprint(i), &got, a) }, time.Duration(i+1)*time.Second)
	}
	record, err := b.run(t, workflows.Input{Plan: p})
	if err != nil {
		t.Fatal(err)
	}
	want := answers{
		accepted: []string{"ok"},
		rejected: []string{workflows.NoSuchPrompt, workflows.NotAllowed, workflows.InvalidAnswer, workflows.InvalidAnswer, workflows.AlreadyAnswered},
	}
	if len(got.rejected) == 4 { // the run may end before the last
		want.rejected = want.rejected[:4]
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(answers{})); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"disk": "sda", "n": 2.0}, b.inputs["use"].Options); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	if record.Prompts != nil {
		t.Error("the prompt is still shown")
	}
}

func TestRunGraphPromptEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options map[string]any
		answer  map[string]any
		want    graph.State
		message string
	}{
		"approved":                    {map[string]any{"title": "Go?", "approval": true}, map[string]any{"approved": true}, graph.Succeeded, ""},
		"not approved":                {map[string]any{"title": "Go?", "approval": true}, map[string]any{"approved": false, "reason": "not today"}, graph.Failed, "not approved by ann: not today"},
		"default when time is up":     {map[string]any{"title": "Go?", "default": map[string]any{"x": 1.0}}, nil, graph.Succeeded, ""},
		"time is up":                  {map[string]any{"title": "Go?"}, nil, graph.TimedOut, "did not complete within"},
		"no title":                    {map[string]any{}, nil, graph.Failed, "option title is required"},
		"a default that does not fit": {map[string]any{"title": "Go?", "approval": true, "default": map[string]any{}}, nil, graph.Failed, "option default"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			if c.answer != nil {
				b.RegisterDelayedCallback(func() {
					b.UpdateWorkflow(workflows.AnswerUpdate, "1", &answers{}, workflows.Answer{Prompt: "ask", Answer: c.answer, By: "ann"})
				}, time.Second)
			}
			ask := promptTask("ask", c.options)
			ask.Timeout = 60000
			record, _ := b.run(t, workflows.Input{Plan: planOf(ask)})
			if got := record.Tasks[0]; got.State != c.want || !strings.Contains(got.Error, c.message) {
				t.Errorf("%+v", got)
			}
		})
	}
}
