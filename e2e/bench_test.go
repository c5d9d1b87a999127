package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
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

// cost is what a number of workflows took.
type cost struct {
	wall time.Duration
	// cpu is that of the whole process: server, database, worker and client. Unlike
	// wall it hardly depends on what else the machine is doing.
	cpu time.Duration
}

// pace runs n workflows, no more than concurrent at a time.
func pace(b *testing.B, c client.Client, start startFunc, n, concurrent int) cost {
	b.Helper()
	group, ctx := errgroup.WithContext(b.Context())
	group.SetLimit(concurrent)
	began, cpu := time.Now(), cpuTime(b)
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
	return cost{wall: time.Since(began), cpu: cpuTime(b) - cpu}
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// inTurn measures the two forms one after the other, the first to go changing every time.
func (c chain) inTurn(b *testing.B, tc client.Client, i, n, concurrent int) (graph, byHand cost) {
	b.Helper()
	if i%2 == 0 {
		graph = pace(b, tc, c.startGraph, n, concurrent)
		return graph, pace(b, tc, c.startByHand, n, concurrent)
	}
	byHand = pace(b, tc, c.startByHand, n, concurrent)
	return pace(b, tc, c.startGraph, n, concurrent), byHand
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
	kind.inTurn(b, c, 0, concurrentGraphs, concurrentGraphs)
	var rates, cpus, speeds, cpuRatios []float64
	for b.Loop() {
		graph, byHand := kind.inTurn(b, c, len(rates), kind.graphs, concurrentGraphs)
		rates = append(rates, float64(kind.graphs)/graph.wall.Seconds())
		cpus = append(cpus, msPerTask(graph.cpu, kind.graphs))
		speeds = append(speeds, byHand.wall.Seconds()/graph.wall.Seconds())
		cpuRatios = append(cpuRatios, byHand.cpu.Seconds()/graph.cpu.Seconds())
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(rates), "graphs/s")
	b.ReportMetric(median(rates)*chainLength, "tasks/s")
	b.ReportMetric(median(cpus), "cpu-ms/task")
	b.ReportMetric(median(speeds), "speed/by-hand")
	b.ReportMetric(median(cpuRatios), "speed/by-hand-in-cpu")
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
	const runs = 5
	kind.inTurn(b, c, 0, runs, 1)
	var steps, byHandSteps []float64
	for b.Loop() {
		graph, byHand := kind.inTurn(b, c, len(steps), runs, 1)
		steps = append(steps, msPerTask(graph.wall, runs))
		byHandSteps = append(byHandSteps, msPerTask(byHand.wall, runs))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(steps), "ms/step")
	b.ReportMetric(median(byHandSteps), "by-hand-ms/step")
}

func msPerTask(took time.Duration, graphs int) float64 {
	return took.Seconds() * 1000 / float64(graphs*chainLength)
}
