package activities_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/store"
)

// doOwn runs a job of the test's own.
func (b *bench) doOwn(t *testing.T, a attempt, job func(context.Context) (graph.JobOutput, error)) (graph.JobOutput, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	side := &temporalSide{attempt: max(a.number, 1)}
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{side}, BackgroundActivityContext: a.ctx})
	env.RegisterActivityWithOptions(activities.Perform(b.cfg, job), activity.RegisterOptions{Name: "Job.Test"})
	a.job = "Job.Test"
	out, _, err := execute(env, side, a)
	return out, err
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	device := func(o bmc.Outcome, after time.Duration) error {
		return &bmc.Error{Outcome: o, Server: "r1", Op: "power on", Message: "no", RetryAfter: after}
	}
	for name, c := range map[string]struct {
		err       error
		kind      string
		retryable bool
		delay     time.Duration
	}{
		"declared permanent":          {activities.Permanent(errors.New("x")), activities.TypePermanent, false, 0},
		"declared transient":          {activities.Transient(errors.New("x")), activities.TypeTransient, true, 500 * time.Millisecond},
		"declared uncertain":          {activities.Uncertain(errors.New("x")), activities.TypeUnknown, false, 0},
		"what a job declares wins":    {activities.Permanent(device(bmc.Transient, 0)), activities.TypePermanent, false, 0},
		"BMC transient":               {device(bmc.Transient, 0), activities.TypeTransient, true, 500 * time.Millisecond},
		"BMC transient, says when":    {device(bmc.Transient, 20*time.Second), activities.TypeTransient, true, 20 * time.Second},
		"BMC unknown":                 {device(bmc.Unknown, 0), activities.TypeTransient, true, 500 * time.Millisecond},
		"BMC busy":                    {device(bmc.Busy, 0), activities.TypeBusy, true, 10 * time.Second},
		"BMC busy, says when":         {device(bmc.Busy, 40*time.Second), activities.TypeBusy, true, 40 * time.Second},
		"BMC permanent":               {device(bmc.Permanent, 0), activities.TypePermanent, false, 0},
		"BMC error, wrapped":          {fmt.Errorf("eject: %w", errors.Join(device(bmc.Busy, 0))), activities.TypeBusy, true, 10 * time.Second},
		"the store's expected ones":   {&store.Error{Kind: store.NotFound, What: "server", Ref: "5a"}, activities.TypePermanent, false, 0},
		"anything else":               {errors.New("disk I/O error"), activities.TypeTransient, true, 500 * time.Millisecond},
		"a deadline of the job's own": {context.DeadlineExceeded, activities.TypeTransient, true, 500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := b.doOwn(t, attempt{}, func(context.Context) (graph.JobOutput, error) { return graph.JobOutput{}, c.err })
			failure := wantFailure(t, err, c.kind, c.retryable)
			if got := failure.NextRetryDelay(); got != c.delay {
				t.Errorf("next try after %s, want %s", got, c.delay)
			}
		})
	}
}

func TestBusyDelayGrows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	busy := &bmc.Error{Outcome: bmc.Busy, Server: "r1"}
	for number, want := range map[int32]time.Duration{1: 10 * time.Second, 2: 20 * time.Second, 3: 30 * time.Second, 6: 30 * time.Second} {
		_, err := b.doOwn(t, attempt{number: number}, func(context.Context) (graph.JobOutput, error) { return graph.JobOutput{}, busy })
		if got := wantFailure(t, err, activities.TypeBusy, true).NextRetryDelay(); got != want {
			t.Errorf("attempt %d: next after %s, want %s", number, got, want)
		}
	}
}

// TestStopped tells a task that was cancelled from a worker that goes down.
func TestStopped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	untilDone := func(ctx context.Context) (graph.JobOutput, error) {
		<-ctx.Done()
		return graph.JobOutput{}, fmt.Errorf("r1: power on: %w", ctx.Err())
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(temporal.NewCanceledError())
	if _, err := b.doOwn(t, attempt{ctx: ctx}, untilDone); !temporal.IsCanceledError(err) {
		t.Errorf("a cancelled task ended with %v", err)
	}
	ctx, cancel = context.WithCancelCause(t.Context())
	cancel(errors.New("shutdown"))
	_, err := b.doOwn(t, attempt{ctx: ctx, number: 90}, untilDone)
	wantFailure(t, err, activities.TypeTransient, true, "the worker stopped: shutdown")
}

func TestHiddenValues(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	options := map[string]any{"password": b.seal(t, "calvin"), "note": "a " + b.seal(t, "calvin-long"), "user": "root"}
	_, err := b.doOwn(t, attempt{options: options}, func(context.Context) (graph.JobOutput, error) {
		return graph.JobOutput{}, errors.New(`login root:calvin-long, then "calvin" failed`)
	})
	failure := wantFailure(t, err, activities.TypeTransient, true)
	if got := failure.Message(); got != `login root:REDACTED, then "REDACTED" failed` {
		t.Errorf("message %q", got)
	}
}

func TestResults(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		out  graph.JobOutput
		want string
	}{
		"too large":          {graph.JobOutput{Result: strings.Repeat("x", 300<<10)}, "larger than"},
		"not JSON":           {graph.JobOutput{Result: map[string]any{"f": func() {}}}, "not a JSON value"},
		"no number of JSON":  {graph.JobOutput{Result: math.Inf(1)}, "not JSON"},
		"a patch of no JSON": {graph.JobOutput{Context: map[string]any{"c": make(chan int)}}, "not a JSON value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := b.doOwn(t, attempt{}, func(context.Context) (graph.JobOutput, error) { return c.out, nil })
			wantFailure(t, err, activities.TypePermanent, false, c.want)
		})
	}
}

func TestResultsAreSealed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	out, err := b.doOwn(t, attempt{}, func(context.Context) (graph.JobOutput, error) {
		secret := map[string]any{"password": "calvin", "user": "root"}
		return graph.JobOutput{Result: secret, Context: map[string]any{"login": secret, "gone": nil}}, nil
	})
	check(t, err)
	if text := fmt.Sprint(out); strings.Contains(text, "calvin") || !strings.Contains(text, "root") {
		t.Errorf("output %s", text)
	}
	if gone, ok := out.Context["gone"]; !ok || gone != nil {
		t.Errorf("the patch lost its null: %v", out.Context)
	}
}

func TestResolveJob(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cfg.Resolve = func(_ context.Context, req graph.SubgraphRequest) (*graph.Subgraph, error) {
		if req.Graph != "Graph.Child" {
			return nil, errors.New("Graph definition not found for " + req.Graph)
		}
		return &graph.Subgraph{Plan: &graph.Plan{ID: req.ID}, Server: "5a"}, nil
	}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	activities.Register(env, b.cfg)
	value, err := env.ExecuteActivity(graph.ResolveJob, graph.SubgraphRequest{ID: "1", Graph: "Graph.Child"})
	check(t, err)
	var sub graph.Subgraph
	check(t, value.Get(&sub))
	if sub.Plan.ID != "1" || sub.Server != "5a" {
		t.Errorf("sub-graph %+v", sub)
	}
	_, err = env.ExecuteActivity(graph.ResolveJob, graph.SubgraphRequest{Graph: "Graph.Nope"})
	wantFailure(t, err, activities.TypePermanent, false, "Graph.Nope")
}
