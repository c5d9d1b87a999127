package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/workflows"
)

// bench runs plans in Temporal's test environment, where time is skipped.
type bench struct {
	*testsuite.TestWorkflowEnvironment

	mu     sync.Mutex
	called []string
	inputs map[string]graph.JobInput
}

type jobFunc func(ctx context.Context, in graph.JobInput) (graph.JobOutput, error)

func newBench(t *testing.T, jobs map[string]jobFunc) *bench {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetDisableRegistrationAliasing(true)
	b := &bench{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), inputs: map[string]graph.JobInput{}}
	b.RegisterWorkflowWithOptions(workflows.RunGraph, workflow.RegisterOptions{Name: workflows.RunGraphName})
	if jobs == nil {
		jobs = map[string]jobFunc{}
	}
	if jobs["Job.Test"] == nil {
		jobs["Job.Test"] = func(context.Context, graph.JobInput) (graph.JobOutput, error) { return graph.JobOutput{}, nil }
	}
	for name, job := range jobs {
		b.RegisterActivityWithOptions(func(ctx context.Context, in graph.JobInput) (graph.JobOutput, error) {
			if in.Label == "" {
				in.Label = activity.GetInfo(ctx).ActivityID
			}
			b.mu.Lock()
			b.called = append(b.called, in.Label)
			b.inputs[in.Label] = in
			b.mu.Unlock()
			return job(ctx, in)
		}, activity.RegisterOptions{Name: name})
	}
	return b
}

// run executes a plan and returns its record, whichever way it ended.
func (b *bench) run(t *testing.T, in workflows.Input) (*workflows.Record, error) {
	t.Helper()
	b.ExecuteWorkflow(workflows.RunGraphName, in)
	if !b.IsWorkflowCompleted() {
		t.Fatal("the workflow did not end")
	}
	var record workflows.Record
	err := b.GetWorkflowError()
	if err == nil {
		if err := b.GetWorkflowResult(&record); err != nil {
			t.Fatal(err)
		}
		return &record, nil
	}
	var application *temporal.ApplicationError
	var cancelled *temporal.CanceledError
	switch {
	case errors.As(err, &application):
		if err := application.Details(&record); err != nil {
			t.Fatalf("%v: details: %v", application, err)
		}
	case errors.As(err, &cancelled):
		if err := cancelled.Details(&record); err != nil {
			t.Fatal(err)
		}
	default:
		t.Fatal(err)
	}
	return &record, err
}

func task(label, job string, waits ...string) graph.PlannedTask {
	t := graph.PlannedTask{Label: label, Job: job, Timeout: graph.DefaultTimeout.Milliseconds()}
	for _, w := range waits {
		name, state, ok := strings.Cut(w, "=")
		if !ok {
			state = string(graph.Succeeded)
		}
		t.WaitOn.All = append(t.WaitOn.All, graph.Wait{Label: name, States: []graph.State{graph.State(state)}})
	}
	return t
}

func with(t graph.PlannedTask, change func(*graph.PlannedTask)) graph.PlannedTask {
	change(&t)
	return t
}

func planOf(tasks ...graph.PlannedTask) *graph.Plan {
	return &graph.Plan{ID: "2f6b", Name: "Test", InjectableName: "Graph.Test", Tasks: tasks}
}

func states(p *graph.Plan, r *workflows.Record) map[string]graph.State {
	out := map[string]graph.State{}
	for i, t := range p.Tasks {
		out[t.Label] = r.Tasks[i].State
	}
	return out
}

func TestRunGraphPassesTypedResultsOn(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]jobFunc{
		"Job.Rest": func(_ context.Context, in graph.JobInput) (graph.JobOutput, error) {
			return graph.JobOutput{Result: map[string]any{"restData": map[string]any{
				"httpStatusCode": 200.0, "body": map[string]any{"id": 7.0, "tags": []any{"a", "b"}},
			}}}, nil
		},
	})
	p := planOf(
		task("get it", "Job.Rest"),
		with(task("use", "Job.Test", "get it"), func(t *graph.PlannedTask) {
			t.Options = map[string]any{
				"id":   `{{ context.outputs["get it"].restData.body.id }}`,
				"tags": `{{ context.outputs["get it"].restData.body.tags }}`,
				"text": `n={{ context.outputs["get it"].restData.body.id }} on {{ context.target }}`,
			}
		}),
	)
	record, err := b.run(t, workflows.Input{Plan: p, Server: "5a", ServerName: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"id": 7.0, "tags": []any{"a", "b"}, "text": "n=7 on 5a"}
	if diff := cmp.Diff(want, b.inputs["use"].Options); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	if record.State != graph.Succeeded {
		t.Errorf("record %+v", record)
	}
	for _, key := range []string{"graphId", "graphName", "target"} {
		if value, ok := record.Context[key]; ok {
			t.Errorf("context.%s is %v: it stands in the input already", key, value)
		}
	}
	if record.Tasks[1].Started == nil || record.Tasks[1].Ended == nil {
		t.Error("a task that ran should have its times")
	}
}

// TestRunGraphJobInput is about bytes of history: a job of rackflow's own is told
// nothing that its activity's id tells, and one of the user's everything.
func TestRunGraphJobInput(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	got := map[string]string{}
	b.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, args converter.EncodedValues) {
		var in json.RawMessage
		if err := args.Get(&in); args.HasValues() && err != nil {
			t.Error(err)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		got[info.ActivityID] = string(in)
	})
	p := planOf(
		task("bare", "Job.Test"),
		with(task("options", "Job.Test"), func(t *graph.PlannedTask) { t.Options = map[string]any{"n": 1.0} }),
		with(task("foreign", "Job.Test"), func(t *graph.PlannedTask) { t.TaskQueue = "theirs" }),
	)
	if _, err := b.run(t, workflows.Input{Plan: p}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"bare": "", "options": `{"options":{"n":1}}`, "foreign": `{"label":"foreign"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}
}

func TestRunGraphParallelPatchesDoNotClobber(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]jobFunc{
		"Job.Patch": func(_ context.Context, in graph.JobInput) (graph.JobOutput, error) {
			return graph.JobOutput{Context: map[string]any{"disks": map[string]any{in.Label: true}}}, nil
		},
	})
	var tasks []graph.PlannedTask
	want := map[string]any{}
	for i := range 20 {
		label := fmt.Sprint("t", i)
		tasks = append(tasks, task(label, "Job.Patch"))
		want[label] = true
	}
	record, err := b.run(t, workflows.Input{Plan: planOf(tasks...)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, record.Context["disks"]); diff != "" {
		t.Errorf("context (-want +got):\n%s", diff)
	}
}

func TestRunGraphFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]jobFunc{
		"Job.Fail": func(context.Context, graph.JobInput) (graph.JobOutput, error) {
			return graph.JobOutput{}, temporal.NewNonRetryableApplicationError("r1: power on: no such thing", "Permanent", nil)
		},
	})
	p := planOf(
		task("a", "Job.Test"), task("b", "Job.Fail", "a"), task("c", "Job.Test", "b"),
		with(task("slow", "Job.noop"), func(t *graph.PlannedTask) { t.Options = map[string]any{"delay": 3.6e6} }),
		with(task("clean", "Job.Test"), func(t *graph.PlannedTask) { t.Finally = true }),
	)
	record, err := b.run(t, workflows.Input{Plan: p})
	if err == nil || !strings.Contains(err.Error(), "task b: r1: power on: no such thing") {
		t.Fatalf("error %v", err)
	}
	want := map[string]graph.State{
		"a": graph.Succeeded, "b": graph.Failed, "c": graph.Unreachable, "slow": graph.Cancelled, "clean": graph.Succeeded,
	}
	if diff := cmp.Diff(want, states(p, record)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if record.State != graph.Failed || record.Tasks[1].Error != "r1: power on: no such thing" {
		t.Errorf("record %+v", record)
	}
}

func TestRunGraphTimeout(t *testing.T) {
	t.Parallel()
	for name, slow := range map[string]graph.PlannedTask{
		"noop": with(task("slow", "Job.noop"), func(t *graph.PlannedTask) {
			t.Options = map[string]any{"delay": 5000.0}
		}),
		"installer": with(task("slow", "Job.Installer.Wait"), func(t *graph.PlannedTask) {
			t.Options = map[string]any{"event": "done"}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			slow.Timeout = 1000
			p := planOf(slow, task("after", "Job.Test", "slow=timeout"))
			record, err := b.run(t, workflows.Input{Plan: p})
			if err != nil {
				t.Fatal(err)
			}
			if got := record.Tasks[0]; got.State != graph.TimedOut || !strings.Contains(got.Error, "did not complete within 1000ms") {
				t.Errorf("task %+v", got)
			}
		})
	}
}

func TestRunGraphInstaller(t *testing.T) {
	t.Parallel()
	wait := func(label, event string, waits ...string) graph.PlannedTask {
		return with(task(label, "Job.Installer.Wait", waits...), func(t *graph.PlannedTask) {
			t.Options = map[string]any{"event": event}
		})
	}
	p := planOf(wait("started", "started"), wait("done", "done", "started"))
	for name, c := range map[string]struct {
		events []workflows.InstallerEvent
		state  graph.State
		reason string
	}{
		"ends well":              {[]workflows.InstallerEvent{{Event: "started"}, {Event: "progress", Value: 40}, {Event: "done"}}, graph.Succeeded, ""},
		"both before the wait":   {[]workflows.InstallerEvent{{Event: "done"}, {Event: "started"}}, graph.Succeeded, ""},
		"fails with its reason":  {[]workflows.InstallerEvent{{Event: "started"}, {Event: "failed", Message: "no disk"}}, graph.Failed, "no disk"},
		"fails before it starts": {[]workflows.InstallerEvent{{Event: "failed", Message: "no disk"}}, graph.Failed, "no disk"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			for i, e := range c.events {
				b.RegisterDelayedCallback(func() { b.SignalWorkflow(workflows.InstallerSignal, e) }, time.Duration(i+1)*time.Minute)
			}
			record, _ := b.run(t, workflows.Input{Plan: p})
			if record.State != c.state || !strings.Contains(record.Error, c.reason) {
				t.Errorf("%s, %q", record.State, record.Error)
			}
		})
	}
}

func TestRunGraphCancelRunsCleanUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	p := planOf(
		with(task("slow", "Job.noop"), func(t *graph.PlannedTask) { t.Options = map[string]any{"delay": 3.6e6} }),
		task("never", "Job.Test", "slow"),
		with(task("clean", "Job.Test"), func(t *graph.PlannedTask) { t.Finally = true }),
	)
	b.RegisterDelayedCallback(b.CancelWorkflow, time.Minute)
	record, err := b.run(t, workflows.Input{Plan: p})
	if !temporal.IsCanceledError(err) || record.State != graph.Cancelled {
		t.Fatalf("%v, %+v", err, record)
	}
	want := map[string]graph.State{"slow": graph.Cancelled, "never": graph.Cancelled, "clean": graph.Succeeded}
	if diff := cmp.Diff(want, states(p, record)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"clean"}, b.called); diff != "" {
		t.Errorf("called (-want +got):\n%s", diff)
	}
}

func TestRunGraphEvaluateCondition(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	condition := with(task("if", "Job.Evaluate.Condition"), func(t *graph.PlannedTask) {
		t.Options = map[string]any{"when": "{{ context.go }}"}
	})
	p := planOf(condition, task("then", "Job.Test", "if"), task("else", "Job.Test", "if=failed"))
	record, err := b.run(t, workflows.Input{Plan: p, Context: map[string]any{"go": "no"}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]graph.State{"if": graph.Failed, "then": graph.Unreachable, "else": graph.Succeeded}
	if diff := cmp.Diff(want, states(p, record)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestRunGraphSubgraph(t *testing.T) {
	t.Parallel()
	run := with(task("sub", "Job.Graph.Run"), func(t *graph.PlannedTask) {
		t.Options = map[string]any{"graphName": "Graph.Child", "graphOptions": map[string]any{"target": "r2", "defaults": map[string]any{"x": 1.0}}}
	})
	for name, c := range map[string]struct {
		child  graph.PlannedTask
		limit  int64
		cancel bool
		want   graph.State
	}{
		"ends as its child": {child: task("c", "Job.Test"), want: graph.Succeeded},
		"fails with it":     {child: task("c", "Job.Fail"), want: graph.Failed},
		"stops it when its limit passes": {
			child: with(task("c", "Job.noop"), func(t *graph.PlannedTask) { t.Options = map[string]any{"delay": 3.6e6} }),
			limit: 1000, want: graph.TimedOut,
		},
		"stops it when it is cancelled": {
			child:  with(task("c", "Job.noop"), func(t *graph.PlannedTask) { t.Options = map[string]any{"delay": 3.6e6} }),
			cancel: true, want: graph.Cancelled,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, map[string]jobFunc{"Job.Fail": func(context.Context, graph.JobInput) (graph.JobOutput, error) {
				return graph.JobOutput{}, temporal.NewNonRetryableApplicationError("broken", "Permanent", nil)
			}})
			var asked graph.SubgraphRequest
			b.RegisterActivityWithOptions(func(_ context.Context, req graph.SubgraphRequest) (*graph.Subgraph, error) {
				asked = req
				clean := with(task("child-clean", "Job.Test"), func(t *graph.PlannedTask) { t.Finally = true })
				return &graph.Subgraph{Plan: planOf(c.child, clean), Server: "5b", ServerName: "r2"}, nil
			}, activity.RegisterOptions{Name: graph.ResolveJob})
			if c.cancel {
				b.RegisterDelayedCallback(b.CancelWorkflow, time.Minute)
			}
			sub := run
			if c.limit > 0 {
				sub.Timeout = c.limit
			}
			record, _ := b.run(t, workflows.Input{Plan: planOf(sub)})
			if got := record.Tasks[0]; got.State != c.want {
				t.Fatalf("%+v, want %s", got, c.want)
			}
			if asked.Graph != "Graph.Child" || asked.Target != "r2" {
				t.Errorf("asked for %+v", asked)
			}
			if len(b.called) == 0 || b.called[len(b.called)-1] != "child-clean" {
				t.Errorf("called %v: the child's clean-up should run", b.called)
			}
		})
	}
}

func TestRunGraphSubgraphOfSku(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer *graph.Subgraph
		err    error
		want   graph.State
		called []string
		says   string
	}{
		"none": {answer: &graph.Subgraph{}, want: graph.Succeeded},
		"one":  {answer: &graph.Subgraph{Plan: planOf(task("c", "Job.Test")), Server: "5b", ServerName: "r2"}, want: graph.Succeeded, called: []string{"c"}},
		"gone": {err: temporal.NewNonRetryableApplicationError("SKU x is not there any more", "Permanent", nil), want: graph.Failed, says: "SKU x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			var asked graph.SubgraphRequest
			b.RegisterActivityWithOptions(func(_ context.Context, req graph.SubgraphRequest) (*graph.Subgraph, error) {
				asked = req
				return c.answer, c.err
			}, activity.RegisterOptions{Name: graph.ResolveJob})
			p := planOf(with(task("sku", "Job.Graph.RunSku"), func(t *graph.PlannedTask) { t.Options = map[string]any{"nodeId": "r2"} }))
			record, _ := b.run(t, workflows.Input{Plan: p})
			if got := record.Tasks[0]; got.State != c.want || !strings.Contains(got.Error, c.says) {
				t.Errorf("%+v, want %s", got, c.want)
			}
			if diff := cmp.Diff(graph.SubgraphRequest{ID: asked.ID, Sku: true, Target: "r2"}, asked); diff != "" || asked.ID == "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.called, b.called); diff != "" {
				t.Errorf("called (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRunGraphRefusesResultsThatGrowTooLarge(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]jobFunc{"Job.Big": func(context.Context, graph.JobInput) (graph.JobOutput, error) {
		return graph.JobOutput{Result: strings.Repeat("x", 400<<10)}, nil
	}})
	p := planOf(task("a", "Job.Big"), task("b", "Job.Big", "a"), task("c", "Job.Big", "b"))
	record, err := b.run(t, workflows.Input{Plan: p})
	if err == nil || record.Tasks[2].State != graph.Failed || !strings.Contains(record.Tasks[2].Error, "larger than") {
		t.Fatalf("%v, %+v", err, record.Tasks[2])
	}
}

func TestRunGraphMissingTemplateValueFailsTheTask(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	p := planOf(with(task("a", "Job.Test"), func(t *graph.PlannedTask) { t.Options = map[string]any{"x": "{{ context.nope }}"} }))
	record, _ := b.run(t, workflows.Input{Plan: p})
	if got := record.Tasks[0].Error; !strings.Contains(got, "Value does not exist for context.nope") {
		t.Fatalf("error %q", got)
	}
	if len(b.called) != 0 {
		t.Errorf("called %v", b.called)
	}
}
