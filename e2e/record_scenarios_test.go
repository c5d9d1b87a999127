package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/workflows"
)

// scenario is a graph, what happens to its run, and what shall become of it.
type scenario struct {
	name   string
	tasks  string
	happen func(t *testing.T, run *scenarioRun)
	state  graph.State
	// want is what becomes of the tasks; those it leaves out succeed.
	want map[string]graph.State
}

// scenarios together use every way in which RunGraph reaches the history.
var scenarios = []scenario{
	{
		name: "chain", state: graph.Succeeded,
		tasks: `
- {label: a, taskName: Task.Echo}
- {label: b, taskName: Task.Echo, waitOn: {a: succeeded}}
- {label: c, taskName: Task.Echo, waitOn: {b: finished}}
- {label: d, taskName: Task.Echo, waitOn: {c: [succeeded, failed]}}`,
	},
	{
		name: "fan", state: graph.Succeeded,
		tasks: "\n- {label: first, taskName: Task.Echo}" + fan(12) +
			"\n- {label: last, taskName: Task.Echo, waitOn: {" + fanLabels(12) + "}}",
	},
	{
		name: "failure", state: graph.Failed,
		want: map[string]graph.State{"break": graph.Failed, "slow": graph.Cancelled, "never": graph.Unreachable},
		tasks: `
- {label: break, taskName: Task.Break}
- {label: slow, taskName: Task.Hang}
- {label: never, taskName: Task.Echo, waitOn: {break: succeeded}}
- {label: clean-power, taskName: Task.Echo, finally: true}
- {label: clean-media, taskName: Task.Echo, finally: true}`,
	},
	{
		name: "handler", state: graph.Succeeded,
		want: map[string]graph.State{"break": graph.Failed, "go-on": graph.Unreachable, "ignored": graph.Failed},
		tasks: `
- {label: break, taskName: Task.Break}
- {label: ignored, taskName: Task.Break, ignoreFailure: true}
- {label: go-on, taskName: Task.Echo, waitOn: {break: succeeded}}
- {label: repair, taskName: Task.Echo, waitOn: {break: failed}}
- {label: after, taskName: Task.Echo, waitOn: {repair: succeeded}}`,
	},
	{
		name: "any-of", state: graph.Succeeded,
		want: map[string]graph.State{"break": graph.Failed},
		tasks: `
- {label: break, taskName: Task.Break}
- {label: works, taskName: Task.Echo}
- {label: either, taskName: Task.Echo, waitOn: {anyOf: {break: succeeded, works: succeeded}}}
- {label: mend, taskName: Task.Echo, waitOn: {break: failed, anyOf: {works: succeeded, either: succeeded}}}`,
	},
	{
		name: "cancel", state: graph.Cancelled, happen: cancelAt("slow"),
		want: map[string]graph.State{"slow": graph.Cancelled, "slower": graph.Cancelled, "never": graph.Cancelled},
		tasks: `
- {label: slow, taskName: Task.Hang}
- {label: slower, taskName: Task.noop, optionOverrides: {delay: 3600000}}
- {label: never, taskName: Task.Echo, waitOn: {slow: succeeded}}
- {label: clean-power, taskName: Task.Echo, finally: true}
- {label: clean-media, taskName: Task.Echo, finally: true, waitOn: {clean-power: finished}}`,
	},
	{
		name: "timeout", state: graph.Succeeded,
		want: map[string]graph.State{"slow": graph.TimedOut, "pause": graph.TimedOut, "silent": graph.TimedOut},
		tasks: `
- {label: slow, taskName: Task.Hang, optionOverrides: {_taskTimeout: 1000}}
- {label: pause, taskName: Task.noop, optionOverrides: {delay: 3600000, _taskTimeout: 300}}
- {label: silent, taskName: Task.Installer.Wait, optionOverrides: {event: done, _taskTimeout: 300}}
- {label: after, taskName: Task.Echo, waitOn: {slow: timeout, pause: timeout, silent: timeout}}`,
	},
	{
		name: "sub-graph", state: graph.Succeeded,
		tasks: `
- {label: before, taskName: Task.Echo}
- {label: child, taskName: Task.Graph.Run, optionOverrides: {graphName: Graph.Child}, waitOn: {before: succeeded}}
- label: after
  taskName: Task.Echo
  optionOverrides: {say: "{{ context.outputs.child.status }}"}
  waitOn: {child: succeeded}`,
	},
	{
		name: "installer", state: graph.Succeeded, happen: installerReports,
		tasks: `
- {label: power-on, taskName: Task.Echo}
- {label: started, taskName: Task.Installer.Wait, optionOverrides: {event: started}, waitOn: {power-on: succeeded}}
- {label: done, taskName: Task.Installer.Wait, optionOverrides: {event: done}, waitOn: {started: succeeded}}
- {label: eject, taskName: Task.Echo, waitOn: {done: succeeded}}`,
	},
	{
		name: "local", state: graph.Succeeded,
		tasks: `
- {label: a, taskName: Task.Local}
- {label: b, taskName: Task.Local}
- {label: both, taskName: Task.Echo, waitOn: {a: succeeded, b: succeeded}}
- {label: c, taskName: Task.Local, waitOn: {both: succeeded}}`,
	},
	{
		name: "context", state: graph.Succeeded,
		want: map[string]graph.State{"if-not": graph.Failed, "else": graph.Unreachable},
		tasks: `
- {label: ask, taskName: Task.Echo, optionOverrides: {say: tr}}
- {label: repeat, taskName: Task.Local, optionOverrides: {say: "{{ context.outputs.ask.said }}ue"}, waitOn: {ask: succeeded}}
- {label: if, taskName: Task.Evaluate.Condition, optionOverrides: {when: "{{ context.outputs.repeat.said }}"}, waitOn: {repeat: succeeded}}
- {label: if-not, taskName: Task.Evaluate.Condition, optionOverrides: {when: "{{ context.graphName }}"}, waitOn: {repeat: succeeded}}
- {label: then, taskName: Task.Echo, optionOverrides: {say: "{{ context.last }}"}, waitOn: {if: succeeded, if-not: failed}}
- {label: else, taskName: Task.Echo, waitOn: {if-not: succeeded}}`,
	},
	{
		name: "extensions", state: graph.Succeeded, happen: answerAt("ask"),
		want: map[string]graph.State{"skip": graph.Skipped, "again": graph.Failed},
		tasks: `
- {label: list, taskName: Task.Echo, optionOverrides: {say: [a, b, c]}, outputs: {names: said}}
- {label: beside, taskName: Task.Echo}
- label: each
  taskName: Task.Echo
  waitOn: {list: succeeded}
  forEach: "{{ context.outputs.list.names }}"
  maxParallel: 2
  optionOverrides: {say: "{{ index }} {{ item }}"}
- {label: skip, taskName: Task.Echo, waitOn: {list: succeeded}, when: size(context.outputs.list.names) > 9}
- {label: again, taskName: Task.Break, waitOn: {each: succeeded}, ignoreFailure: true, retry: {attempts: 2, delay: 10, on: [failed]}}
- {label: ask, taskName: Task.Prompt, waitOn: {again: finished, skip: succeeded}, optionOverrides: {title: "Go on?", approval: true}}
- {label: last, taskName: Task.Echo, waitOn: {ask: succeeded}, optionOverrides: {say: "{{ context.outputs.ask.by }}"}}`,
	},
}

// fan is n tasks that may all start when the task first has succeeded.
func fan(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "\n- {label: t%02d, taskName: Task.Echo, optionOverrides: {say: %d}, waitOn: {first: succeeded}}", i, i)
	}
	return b.String()
}

func fanLabels(n int) string {
	waits := make([]string, n)
	for i := range waits {
		waits[i] = fmt.Sprintf("t%02d: succeeded", i)
	}
	return strings.Join(waits, ", ")
}

// scenarioLimit is ample: every scenario takes a second or two.
const scenarioLimit = time.Minute

// scenarioRun is the run of a scenario that is under way.
type scenarioRun struct {
	client.WorkflowRun

	client client.Client
	plan   *graph.Plan
}

// start starts the scenario's graph under an id that is the same in every recording.
func (s scenario) start(t *testing.T, c client.Client) *scenarioRun {
	t.Helper()
	id := workflows.UnboundWorkflowID(s.name)
	plan, err := resolveFake("friendlyName: "+s.name+"\ninjectableName: Graph."+s.name+"\ntasks:"+s.tasks, id)
	if err != nil {
		t.Fatal(err)
	}
	started, err := startRun(t.Context(), c, id, plan)
	if err != nil {
		t.Fatal(err)
	}
	return &scenarioRun{WorkflowRun: started, client: c, plan: plan}
}

// play runs the scenario to its end and checks what has become of it.
func (s scenario) play(t *testing.T, c client.Client) *scenarioRun {
	t.Helper()
	run := s.start(t, c)
	if s.happen != nil {
		s.happen(t, run)
	}
	ctx, cancel := context.WithTimeout(t.Context(), scenarioLimit)
	defer cancel()
	record := run.record(ctx, t)
	got, want := map[string]graph.State{}, map[string]graph.State{}
	for i, task := range run.plan.Tasks {
		got[task.Label], want[task.Label] = record.Tasks[i].State, graph.Succeeded
		if state, ok := s.want[task.Label]; ok {
			want[task.Label] = state
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || record.State != s.state {
		t.Errorf("run %s, want %s; tasks (-want +got):\n%s", record.State, s.state, diff)
	}
	return run
}

// record waits for the end of the run, whichever that is.
func (r *scenarioRun) record(ctx context.Context, t *testing.T) *workflows.Record {
	t.Helper()
	var record workflows.Record
	err := r.Get(ctx, &record)
	var failed *temporal.ApplicationError
	var cancelled *temporal.CanceledError
	switch {
	case errors.As(err, &failed):
		err = failed.Details(&record)
	case errors.As(err, &cancelled):
		err = cancelled.Details(&record)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &record
}

// awaitState waits until a task is in a state.
func (r *scenarioRun) awaitState(t *testing.T, label string, state graph.State) {
	t.Helper()
	await(t, label+" is "+string(state), func() bool {
		value, err := r.client.QueryWorkflow(t.Context(), r.GetID(), r.GetRunID(), workflows.StateQuery)
		var record workflows.Record
		if err != nil || value.Get(&record) != nil {
			return false
		}
		for i, task := range r.plan.Tasks {
			if task.Label == label {
				return record.Tasks[i].State == state
			}
		}
		return false
	})
}

func cancelAt(label string) func(*testing.T, *scenarioRun) {
	return func(t *testing.T, run *scenarioRun) {
		t.Helper()
		run.awaitState(t, label, graph.Running)
		if err := run.client.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()); err != nil {
			t.Fatal(err)
		}
	}
}

func answerAt(label string) func(*testing.T, *scenarioRun) {
	return func(t *testing.T, run *scenarioRun) {
		t.Helper()
		run.awaitState(t, label, graph.Running)
		// A worker that replays from the start may see an answer before the question.
		await(t, label+" is answered", func() bool {
			handle, err := run.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
				WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: workflows.AnswerUpdate,
				Args:         []any{workflows.Answer{Prompt: label, Answer: map[string]any{"approved": true}, By: "ann"}},
				WaitForStage: client.WorkflowUpdateStageCompleted,
			})
			if err == nil {
				err = handle.Get(t.Context(), nil)
			}
			return err == nil
		})
	}
}

// installerReports has one report come before anything waits for it.
func installerReports(t *testing.T, run *scenarioRun) {
	t.Helper()
	report := func(event workflows.InstallerEvent) {
		if err := run.client.SignalWorkflow(t.Context(), run.GetID(), run.GetRunID(), workflows.InstallerSignal, event); err != nil {
			t.Fatal(err)
		}
	}
	report(workflows.InstallerEvent{Event: "started"})
	run.awaitState(t, "done", graph.Running)
	report(workflows.InstallerEvent{Event: "progress", Value: 40, Message: "packages"})
	report(workflows.InstallerEvent{Event: "done"})
}
