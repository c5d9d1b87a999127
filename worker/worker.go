// Package worker assembles Temporal workers out of workflows and activities. It
// must not import api.
package worker

import (
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/workflows"
)

// TaskQueue is where runs and rackflow's own jobs wait for a worker.
const TaskQueue = "rackflow"

// stopTimeout is how long activities may take to notice that the worker stops.
const stopTimeout = 5 * time.Second

// Identity names this worker in Temporal's tools. It is the same for every
// process on the same data, so that a new one recognises what a killed one left.
const Identity = "rackflow"

// Options are those of every rackflow worker; docs/benchmarks.md tells what each is worth.
func Options() worker.Options {
	return worker.Options{
		Identity:                   Identity,
		WorkerStopTimeout:          stopTimeout,
		WorkflowTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
		ActivityTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
	}
}

// New returns a worker for the task queue; Start and Stop it.
func New(c client.Client, queue string, jobs activities.Config) worker.Worker {
	w := worker.New(c, queue, Options())
	w.RegisterWorkflowWithOptions(workflows.RunGraph, workflow.RegisterOptions{Name: workflows.RunGraphName})
	activities.Register(w, jobs)
	return w
}
