package e2e

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/standalone"
	"github.com/rackflow/rackflow/worker"
	"github.com/rackflow/rackflow/workflows"
)

// startTemporal starts a Temporal server and a worker inside the test process, set
// up as `rackflow up` does, with jobs that touch nothing outside. Both end with the
// test. register may add to the worker.
func startTemporal(tb testing.TB, register func(sdkworker.Worker)) client.Client {
	tb.Helper()
	c := startServer(tb, nil)
	w := worker.New(c, worker.TaskQueue, activities.Config{Resolve: resolveChild, Log: slog.New(slog.DiscardHandler)})
	registerFakes(w)
	if register != nil {
		register(w)
	}
	if err := w.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(w.Stop)
	return c
}

// startServer starts a server without a worker; settings are as in standalone.Config.
func startServer(tb testing.TB, settings map[string]any) client.Client {
	tb.Helper()
	server, err := standalone.Start(tb.Context(), standalone.Config{
		Dir: tb.TempDir(), FrontendAddr: "127.0.0.1:0", SearchAttributes: workflows.SearchAttributes(), Settings: settings,
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(server.Stop)
	c, err := server.Client(client.Options{Identity: worker.Identity})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

func registerFakes(w sdkworker.Worker) {
	for name, job := range fakeJobs {
		w.RegisterActivityWithOptions(job, activity.RegisterOptions{Name: name})
	}
}

// startRun starts a plan with the options that starter uses.
func startRun(ctx context.Context, c client.Client, id string, plan *graph.Plan) (client.WorkflowRun, error) {
	return c.ExecuteWorkflow(ctx, startOptions(id, plan), workflows.RunGraphName, workflows.Input{Plan: plan})
}

func startOptions(id string, plan *graph.Plan) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: id, TaskQueue: worker.TaskQueue, EnableEagerStart: true,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		StaticSummary:            workflows.Summary(plan, ""),
		TypedSearchAttributes:    workflows.Attributes(plan, ""),
	}
}

// resolveFake makes the plan of a graph whose tasks are named by fakeLibrary.
func resolveFake(definition, id string) (*graph.Plan, error) {
	g, problems := graph.ParseGraph([]byte(definition))
	if g == nil {
		return nil, problems.Err()
	}
	plan, problems := graph.Resolve(g, fakeLibrary{}, graph.Request{ID: id})
	return plan, problems.Err()
}

// fakeBases are the base tasks there are here, by the last word of their names.
var fakeBases = map[string]graph.BaseTask{
	"noop":               {RunJob: "Job.noop"},
	"Installer.Wait":     {RunJob: "Job.Installer.Wait"},
	"Graph.Run":          {RunJob: "Job.Graph.Run"},
	"Evaluate.Condition": {RunJob: "Job.Evaluate.Condition"},
	"Prompt":             {RunJob: "Job.Prompt"},
	"Echo":               {RunJob: "Job.Fake.Echo"},
	"Break":              {RunJob: "Job.Fake.Break"},
	"Hang":               {RunJob: "Job.Fake.Hang"},
	"Local":              {RunJob: "Job.Fake.Local", Local: true},
}

// fakeLibrary has one task for each of fakeBases: Task.Echo, say, which implements Task.Base.Echo.
type fakeLibrary struct{}

func (fakeLibrary) TaskDefinition(name string) *graph.TaskDefinition {
	kind, _ := strings.CutPrefix(name, "Task.")
	return &graph.TaskDefinition{FriendlyName: kind, InjectableName: name, ImplementsTask: "Task.Base." + kind}
}

func (fakeLibrary) BaseTask(name string) *graph.BaseTask {
	kind, _ := strings.CutPrefix(name, "Task.Base.")
	base, ok := fakeBases[kind]
	if !ok {
		return nil
	}
	base.InjectableName, base.FriendlyName = name, kind
	return &base
}

type fakeJob = func(context.Context, graph.JobInput) (graph.JobOutput, error)

var fakeJobs = map[string]fakeJob{"Job.Fake.Echo": echo, "Job.Fake.Local": echo, "Job.Fake.Break": breakDown, "Job.Fake.Hang": hang}

// echo gives back what it is told to say, and nothing where it is told nothing.
func echo(_ context.Context, in graph.JobInput) (graph.JobOutput, error) {
	words, ok := in.Options["say"]
	if !ok {
		return graph.JobOutput{}, nil
	}
	return graph.JobOutput{Result: map[string]any{"said": words}, Context: map[string]any{"last": words}}, nil
}

func breakDown(ctx context.Context, _ graph.JobInput) (graph.JobOutput, error) {
	return graph.JobOutput{}, temporal.NewNonRetryableApplicationError(activity.GetInfo(ctx).ActivityID+" is broken", activities.TypePermanent, nil)
}

// hang runs until it is cancelled.
func hang(ctx context.Context, _ graph.JobInput) (graph.JobOutput, error) {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return graph.JobOutput{}, temporal.NewCanceledError()
		case <-ticker.C:
			activity.RecordHeartbeat(ctx)
		}
	}
}

// childGraph is what a task finds that runs another graph.
const childGraph = `
friendlyName: Child
injectableName: Graph.Child
tasks:
  - {label: prepare, taskName: Task.Echo}
  - {label: check, taskName: Task.Local, waitOn: {prepare: succeeded}}
`

func resolveChild(_ context.Context, req graph.SubgraphRequest) (*graph.Subgraph, error) {
	if req.Graph != "Graph.Child" {
		return nil, errors.New("there is no graph " + req.Graph)
	}
	plan, err := resolveFake(childGraph, req.ID)
	return &graph.Subgraph{Plan: plan}, err
}
