package workflows_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/workflows"
)

// histories reads what TestRecordHistories of package e2e has recorded, by name.
// They stand for runs that are open while one rackflow takes the place of another:
// a release adds to them and replaces none.
func histories(t *testing.T) map[string]*historypb.History {
	t.Helper()
	paths, err := filepath.Glob("testdata/histories/*.json*")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatal("no histories in testdata")
	}
	out := map[string]*historypb.History{}
	for _, path := range paths {
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		h, err := client.HistoryFromJSON(bytes.NewReader(historyJSON(t, path)), client.HistoryJSONOptions{})
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out[name] = h
	}
	return out
}

func historyJSON(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(path) != ".gz" {
		return data
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if data, err = io.ReadAll(r); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return data
}

type interpreter func(workflow.Context, workflows.Input) (*workflows.Record, error)

// replay holds a history against an interpreter.
func replay(t *testing.T, run interpreter, h *historypb.History) error {
	t.Helper()
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: workflows.RunGraphName})
	return replayer.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), h)
}

func TestReplay(t *testing.T) {
	t.Parallel()
	for name, h := range histories(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := replay(t, workflows.RunGraph, h); err != nil {
				t.Error(err)
			}
		})
	}
}

// reversed starts tasks that are ready at the same time in the opposite order.
func reversed(ctx workflow.Context, in workflows.Input) (*workflows.Record, error) {
	plan := *in.Plan
	plan.Tasks = slices.Clone(plan.Tasks)
	slices.Reverse(plan.Tasks)
	in.Plan = &plan
	return workflows.RunGraph(ctx, in)
}

// exchanged gives every second task the name of the one before it and the other way
// round, wherever they are named: the same work under other ids.
func exchanged(ctx workflow.Context, in workflows.Input) (*workflows.Record, error) {
	names := map[string]string{}
	for i, t := range in.Plan.Tasks {
		if neighbour := i ^ 1; neighbour < len(in.Plan.Tasks) {
			names[t.Label] = in.Plan.Tasks[neighbour].Label
		} else {
			names[t.Label] = t.Label
		}
	}
	plan := *in.Plan
	plan.Tasks = slices.Clone(plan.Tasks)
	for i := range plan.Tasks {
		t := &plan.Tasks[i]
		t.Label = names[t.Label]
		t.WaitOn = graph.WaitOn{All: renamed(t.WaitOn.All, names), Any: renamed(t.WaitOn.Any, names)}
	}
	in.Plan = &plan
	return workflows.RunGraph(ctx, in)
}

func renamed(waits []graph.Wait, names map[string]string) []graph.Wait {
	out := slices.Clone(waits)
	for i := range out {
		out[i].Label = names[out[i].Label]
	}
	return out
}

// TestReplayFindsAnotherOrder replays with interpreters that do the right things in
// the wrong order. Temporal compares no more of an activity than its type and its
// id: with ids that merely count up, two tasks of the same type could change places
// unseen, and each would be handed the other's result. That ids are labels is what
// this test keeps.
func TestReplayFindsAnotherOrder(t *testing.T) {
	t.Parallel()
	shown := 0
	for name, h := range histories(t) {
		if !startsTogether(h) {
			continue
		}
		shown++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantNondeterminism(t, replay(t, reversed, h))
		})
	}
	if shown < 4 {
		t.Errorf("only %d histories start two activities at once", shown)
	}
}

// startsTogether reports whether a workflow task of the history started several
// activities: one that was started alone had no place to change.
func startsTogether(h *historypb.History) bool {
	seen := map[int64]bool{}
	for _, e := range h.GetEvents() {
		scheduled := e.GetActivityTaskScheduledEventAttributes()
		if scheduled == nil {
			continue
		}
		by := scheduled.GetWorkflowTaskCompletedEventId()
		if seen[by] {
			return true
		}
		seen[by] = true
	}
	return false
}

// TestReplayFindsExchangedLabels needs no two tasks at once: one activity is enough.
func TestReplayFindsExchangedLabels(t *testing.T) {
	t.Parallel()
	for name, h := range histories(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantNondeterminism(t, replay(t, exchanged, h))
		})
	}
}

func wantNondeterminism(t *testing.T, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "[TMPRL1100]") {
		t.Errorf("got %v, want a non-determinism error", err)
	}
}
