package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/worker"
)

const (
	// chainLength is the number of tasks of every graph measured here.
	chainLength = 20
	// concurrentGraphs is how many are open at a time.
	concurrentGraphs = 20
)

// chain is the same work in two forms: a graph that RunGraph interprets, and the
// workflow that somebody would write by hand instead.
type chain struct {
	definition string
	byHand     any
	// graphs is how many make a round of about two seconds.
	graphs int
}

var chains = map[string]chain{
	"noop":    {definition: chainOf("Task.noop"), byHand: noopsByHand, graphs: 200},
	"local":   {definition: chainOf("Task.Local"), byHand: localsByHand, graphs: 100},
	"regular": {definition: chainOf("Task.Echo"), byHand: regularsByHand, graphs: 40},
}

// chainOf is a graph of tasks of which each waits for the one before.
func chainOf(taskName string) string {
	var b strings.Builder
	b.WriteString("friendlyName: Chain\ninjectableName: Graph.Chain\ntasks:\n")
	for i := range chainLength {
		fmt.Fprintf(&b, "  - {label: %s, taskName: %s", stepLabel(i), taskName)
		if i > 0 {
			fmt.Fprintf(&b, ", waitOn: {%s: succeeded}", stepLabel(i-1))
		}
		b.WriteString("}\n")
	}
	return b.String()
}

func stepLabel(i int) string { return fmt.Sprintf("step-%02d", i+1) }

// noopsByHand has nothing to do: a noop is no event.
func noopsByHand(workflow.Context) error { return nil }

func localsByHand(ctx workflow.Context) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 10 * time.Second})
	for i := range chainLength {
		if err := workflow.ExecuteLocalActivity(ctx, "Job.Fake.Local", graph.JobInput{Label: stepLabel(i)}).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func regularsByHand(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 24 * time.Hour, HeartbeatTimeout: 30 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, MaximumInterval: 30 * time.Second},
	})
	for i := range chainLength {
		if err := workflow.ExecuteActivity(ctx, "Job.Fake.Echo", graph.JobInput{Label: stepLabel(i)}).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func registerByHand(w sdkworker.Worker) {
	for _, c := range chains {
		w.RegisterWorkflow(c.byHand)
	}
}

// startGraph starts the chain as a graph, startByHand as the workflow written by hand.
func (c chain) startGraph(ctx context.Context, tc client.Client) (client.WorkflowRun, error) {
	id := uuid.NewString()
	plan, err := resolveFake(c.definition, id)
	if err != nil {
		return nil, err
	}
	return startRun(ctx, tc, id, plan)
}

func (c chain) startByHand(ctx context.Context, tc client.Client) (client.WorkflowRun, error) {
	return tc.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: uuid.NewString(), TaskQueue: worker.TaskQueue, EnableEagerStart: true,
	}, c.byHand)
}

type startFunc func(context.Context, client.Client) (client.WorkflowRun, error)

// pace runs n workflows, no more than concurrent at a time, and returns how long all of them took.
func pace(b *testing.B, c client.Client, start startFunc, n, concurrent int) time.Duration {
	b.Helper()
	group, ctx := errgroup.WithContext(b.Context())
	group.SetLimit(concurrent)
	began := time.Now()
	for range n {
		group.Go(func() error {
			run, err := start(ctx, c)
			if err != nil {
				return err
			}
			return run.Get(ctx, nil)
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

// inTurn measures the two forms one after the other, the first to go changing every time.
func inTurn(i int, graph, byHand func() time.Duration) (graphTook, byHandTook time.Duration) {
	if i%2 == 0 {
		graphTook = graph()
		return graphTook, byHand()
	}
	byHandTook = byHand()
	return graph(), byHandTook
}

func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// BenchmarkChain measures throughput and history of RunGraph against a workflow
// written by hand: same steps, same server, same worker, same minute.
func BenchmarkChain(b *testing.B) {
	c := startTemporal(b, registerByHand)
	for _, kind := range []string{"noop", "local", "regular"} {
		b.Run(kind, func(b *testing.B) { benchmarkChain(b, c, chains[kind]) })
	}
}

func benchmarkChain(b *testing.B, c client.Client, kind chain) {
	pace(b, c, kind.startGraph, concurrentGraphs, concurrentGraphs)
	pace(b, c, kind.startByHand, concurrentGraphs, concurrentGraphs)
	var rates, ratios []float64
	for b.Loop() {
		graphTook, byHandTook := inTurn(len(ratios),
			func() time.Duration { return pace(b, c, kind.startGraph, kind.graphs, concurrentGraphs) },
			func() time.Duration { return pace(b, c, kind.startByHand, kind.graphs, concurrentGraphs) })
		rates = append(rates, float64(kind.graphs)/graphTook.Seconds())
		ratios = append(ratios, byHandTook.Seconds()/graphTook.Seconds())
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(rates), "graphs/s")
	b.ReportMetric(median(rates)*chainLength, "tasks/s")
	b.ReportMetric(median(ratios), "speed/by-hand")
	graphBytes, byHandBytes := historyBytes(b, c, kind.startGraph), historyBytes(b, c, kind.startByHand)
	b.ReportMetric(graphBytes/chainLength, "history-B/task")
	b.ReportMetric(graphBytes/byHandBytes, "history/by-hand")
}

// historyBytes is the size of the history of one run.
func historyBytes(b *testing.B, c client.Client, start startFunc) float64 {
	b.Helper()
	run, err := start(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	if err := run.Get(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	described, err := c.DescribeWorkflowExecution(b.Context(), run.GetID(), run.GetRunID())
	if err != nil {
		b.Fatal(err)
	}
	return float64(described.GetWorkflowExecutionInfo().GetHistorySizeBytes())
}

// BenchmarkStep measures how long one task of a chain takes when nothing else runs.
func BenchmarkStep(b *testing.B) {
	c := startTemporal(b, registerByHand)
	for _, kind := range []string{"noop", "local", "regular"} {
		b.Run(kind, func(b *testing.B) { benchmarkStep(b, c, chains[kind]) })
	}
}

func benchmarkStep(b *testing.B, c client.Client, kind chain) {
	const alone = 5
	pace(b, c, kind.startGraph, alone, 1)
	pace(b, c, kind.startByHand, alone, 1)
	var steps, byHand []float64
	for b.Loop() {
		graphTook, byHandTook := inTurn(len(steps),
			func() time.Duration { return pace(b, c, kind.startGraph, alone, 1) },
			func() time.Duration { return pace(b, c, kind.startByHand, alone, 1) })
		steps = append(steps, msPerStep(graphTook, alone))
		byHand = append(byHand, msPerStep(byHandTook, alone))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(steps), "ms/step")
	b.ReportMetric(median(byHand), "by-hand-ms/step")
}

func msPerStep(took time.Duration, graphs int) float64 {
	return took.Seconds() * 1000 / float64(graphs*chainLength)
}
