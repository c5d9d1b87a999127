package e2e

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/rackflow/rackflow/worker"
	"github.com/rackflow/rackflow/workflows"
)

// setting is one thing done otherwise than rackflow does it.
type setting struct {
	name string
	// server lies over the embedded server's settings.
	server map[string]any
	worker func(*sdkworker.Options)
	start  func(*client.StartWorkflowOptions)
	// jobs names the chain; empty is regular.
	jobs string
}

// settings are Temporal's own defaults, where rackflow's differ, and what else there is to choose.
var settings = []setting{
	{name: "two-fixed-pollers", worker: func(o *sdkworker.Options) {
		o.WorkflowTaskPollerBehavior, o.ActivityTaskPollerBehavior = nil, nil
	}},
	{name: "no-eager-activities", worker: func(o *sdkworker.Options) { o.DisableEagerActivities = true }},
	{name: "no-eager-start", start: func(o *client.StartWorkflowOptions) { o.EnableEagerStart = false }},
	{name: "four-partitions", server: map[string]any{
		"matching.numTaskqueueReadPartitions": 4, "matching.numTaskqueueWritePartitions": 4,
	}},
	{name: "20-transfer-reads", server: map[string]any{transferReads: 20}},
	{name: "1000-transfer-reads", server: map[string]any{transferReads: 1000}},
	{name: "no-fairness", server: map[string]any{"matching.enableFairness": false}},
	{name: "local-activities", jobs: "local"},
}

const transferReads = "history.transferProcessorMaxPollRPS"

const (
	// settingGraphs is how many graphs make a round, all of them open at once.
	settingGraphs = 20
	// settingSteps is how many graphs are run one by one, for the time of a step.
	settingSteps = 3
)

// BenchmarkSettings measures every setting against rackflow's own, in turn: 1 is as
// good, less is worse. A step is a task of a graph that is alone.
func BenchmarkSettings(b *testing.B) {
	if os.Getenv(uncachedEnv) != "" {
		sdkworker.SetStickyWorkflowCacheSize(0)
	}
	b.Run("own", func(b *testing.B) {
		own := startServer(b, nil)
		var rates []float64
		for b.Loop() {
			rates = append(rates, settingGraphs*chainLength/setting{}.turn(b, own).many.wall.Seconds())
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(median(rates), "tasks/s")
	})
	for _, s := range settings {
		b.Run(s.name, s.benchmark)
	}
	b.Run("no-sticky-cache", benchmarkUncached)
}

// benchmark gives each side a server of its own, of the same age: one that has done more is slower.
func (s setting) benchmark(b *testing.B) {
	own, other := startServer(b, nil), startServer(b, s.server)
	var speeds, cpus, steps []float64
	for b.Loop() {
		var with, without spell
		if len(speeds)%2 == 0 {
			with, without = s.turn(b, other), setting{}.turn(b, own)
		} else {
			without, with = setting{}.turn(b, own), s.turn(b, other)
		}
		speeds = append(speeds, without.many.wall.Seconds()/with.many.wall.Seconds())
		cpus = append(cpus, without.many.cpu.Seconds()/with.many.cpu.Seconds())
		steps = append(steps, without.alone.wall.Seconds()/with.alone.wall.Seconds())
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(speeds), "speed/own")
	b.ReportMetric(median(cpus), "speed/own-in-cpu")
	b.ReportMetric(median(steps), "step/own")
}

// spell is what graphs took: many at once, then a few one by one.
type spell struct{ many, alone cost }

// turn runs graphs with a worker of its own.
func (s setting) turn(b *testing.B, c client.Client) spell {
	b.Helper()
	options := worker.Options()
	if s.worker != nil {
		s.worker(&options)
	}
	w := sdkworker.New(c, worker.TaskQueue, options)
	w.RegisterWorkflowWithOptions(workflows.RunGraph, workflow.RegisterOptions{Name: workflows.RunGraphName})
	registerFakes(w)
	if err := w.Start(); err != nil {
		b.Fatal(err)
	}
	defer w.Stop()
	pace(b, c, s.startGraph, settingGraphs/4, settingGraphs/4)
	return spell{
		many:  pace(b, c, s.startGraph, settingGraphs, settingGraphs),
		alone: pace(b, c, s.startGraph, settingSteps, 1),
	}
}

func (s setting) startGraph(ctx context.Context, c client.Client) (client.WorkflowRun, error) {
	kind := chains["regular"]
	if s.jobs != "" {
		kind = chains[s.jobs]
	}
	id := uuid.NewString()
	plan, err := resolveFake(kind.definition, id)
	if err != nil {
		return nil, err
	}
	options := startOptions(id, plan)
	if s.start != nil {
		s.start(&options)
	}
	return c.ExecuteWorkflow(ctx, options, workflows.RunGraphName, workflows.Input{Plan: plan})
}

// benchmarkUncached compares processes: the cache is that of a whole process, and the
// embedded server's own workers hold it from its start.
func benchmarkUncached(b *testing.B) {
	var speeds, cpus []float64
	for b.Loop() {
		rate, cpu := measureProcess(b)
		uncachedRate, uncachedCPU := measureProcess(b, uncachedEnv+"=1")
		speeds = append(speeds, uncachedRate/rate)
		cpus = append(cpus, cpu.Seconds()/uncachedCPU.Seconds())
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(speeds), "speed/own")
	b.ReportMetric(median(cpus), "speed/own-in-cpu")
}

var rateLine = regexp.MustCompile(`([\d.]+) tasks/s`)

// measureProcess has another process measure rackflow's own settings, and returns its
// tasks a second and all CPU it used, its start included.
func measureProcess(b *testing.B, env ...string) (rate float64, cpu time.Duration) {
	b.Helper()
	again := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^$", "-test.bench=^BenchmarkSettings$/^own$", "-test.benchtime=1x")
	again.Env = append(os.Environ(), env...)
	out, err := again.CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	found := rateLine.FindSubmatch(out)
	if found == nil {
		b.Fatalf("no rate in\n%s", out)
	}
	if rate, err = strconv.ParseFloat(string(found[1]), 64); err != nil {
		b.Fatal(err)
	}
	return rate, again.ProcessState.UserTime() + again.ProcessState.SystemTime()
}
