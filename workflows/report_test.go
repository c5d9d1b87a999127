package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/workflows"
)

func TestReport(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	p := planOf(
		with(task("wait", "Job.Wait"), func(t *graph.PlannedTask) { t.Options = map[string]any{"delay": 90000.0} }),
		with(task("left-out", "Job.Test", "wait"), func(t *graph.PlannedTask) { t.When = "false" }),
		with(task("report", "Job.Report", "left-out"), func(t *graph.PlannedTask) {
			t.Options = map[string]any{"values": map[string]any{"hostname": "web-1", "cores": 8.0}}
		}),
		task("nothing", "Job.Report", "report"),
	)
	record, err := b.run(t, workflows.Input{Plan: p})
	if err != nil {
		t.Fatal(err)
	}
	at := func(when *time.Time) string { return when.UTC().Format(time.RFC3339) }
	phase := func(i int, label string, seconds float64) map[string]any {
		return map[string]any{
			"task": label, "state": "succeeded", "seconds": seconds, "started": at(record.Tasks[i].Started), "ended": at(record.Tasks[i].Ended),
		}
	}
	outputs, _ := record.Context["outputs"].(map[string]any)
	want := map[string]any{
		"report":  map[string]any{"hostname": "web-1", "cores": 8.0, "phases": []any{phase(0, "wait", 90)}},
		"nothing": map[string]any{"phases": []any{phase(0, "wait", 90), phase(2, "report", 0)}},
	}
	if diff := cmp.Diff(want, outputs); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

// TestSubgraphResults takes over what the task names of its child's results.
func TestSubgraphResults(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]jobFunc{"Job.Give": func(context.Context, graph.JobInput) (graph.JobOutput, error) {
		return graph.JobOutput{Result: map[string]any{"n": 7.0}}, nil
	}})
	b.RegisterActivityWithOptions(func(context.Context, graph.SubgraphRequest) (*graph.Subgraph, error) {
		return &graph.Subgraph{Plan: planOf(task("give", "Job.Give"), task("other", "Job.Give"))}, nil
	}, activity.RegisterOptions{Name: graph.ResolveJob})
	sub := func(label string, results ...any) graph.PlannedTask {
		return with(task(label, "Job.Graph.Run"), func(t *graph.PlannedTask) {
			t.Options = map[string]any{"graphName": "Graph.Child", "graphOptions": map[string]any{}, "results": results}
		})
	}
	record, err := b.run(t, workflows.Input{Plan: planOf(sub("one", "give", "nobody"), with(sub("none"), func(t *graph.PlannedTask) {
		t.WaitOn.All = []graph.Wait{{Label: "one", States: []graph.State{graph.Succeeded}}}
	}))})
	if err != nil {
		t.Fatal(err)
	}
	outputs, _ := record.Context["outputs"].(map[string]any)
	got := map[string]any{}
	for label, output := range outputs {
		result, _ := output.(map[string]any)
		got[label] = result["results"]
	}
	want := map[string]any{"one": map[string]any{"give": map[string]any{"n": 7.0}}, "none": nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}
