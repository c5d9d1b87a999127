package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rackflow/rackflow/graph"
)

// execute runs one task to its end.
func (r *run) execute(ctx workflow.Context, i int) ended {
	task := r.in.Plan.Tasks[i]
	options, err := graph.RunOptions(task, r.in.Plan, r.context, r.in.Server)
	if err != nil {
		return ended{task: i, state: graph.Failed, err: err.Error()}
	}
	output, err := r.perform(ctx, task, options)
	state, message := outcome(task, err)
	return ended{task: i, state: state, output: output, err: message}
}

// perform does a job here when it only decides or waits, and as an activity otherwise.
func (r *run) perform(ctx workflow.Context, task graph.PlannedTask, options map[string]any) (graph.JobOutput, error) {
	if job, ok := native[task.Job]; ok && task.TaskQueue == "" {
		return job(ctx, r, task, options)
	}
	input := graph.JobInput{Label: task.Label, Server: r.in.Server, Options: options}
	if task.Local {
		ctx = workflow.WithLocalActivityOptions(ctx, localOptions(task))
		var out graph.JobOutput
		err := workflow.ExecuteLocalActivity(ctx, task.Job, input).Get(ctx, &out)
		return out, err
	}
	ctx = workflow.WithActivityOptions(ctx, r.activityOptions(task))
	var out graph.JobOutput
	err := workflow.ExecuteActivity(ctx, task.Job, input).Get(ctx, &out)
	return out, err
}

const (
	// heartbeatTimeout is how long a regular activity may be silent. Jobs beat from a
	// ticker, so that a dead worker is told from a long step.
	heartbeatTimeout = 30 * time.Second
	// localTimeout bounds a local activity, which holds up the workflow task that runs it.
	localTimeout = 10 * time.Second
	// foreignAttempts is how often a job on a task queue of the user's is tried:
	// rackflow's own jobs count their attempts themselves.
	foreignAttempts = 7
)

func (r *run) activityOptions(task graph.PlannedTask) workflow.ActivityOptions {
	o := workflow.ActivityOptions{
		ActivityID: task.Label, Summary: task.Label, TaskQueue: r.in.TaskQueue,
		StartToCloseTimeout: forever, HeartbeatTimeout: heartbeatTimeout, WaitForCancellation: true,
		RetryPolicy: retryPolicy(0),
	}
	if limit, ok := task.Limit(); ok {
		o.ScheduleToCloseTimeout, o.StartToCloseTimeout = limit, limit
	}
	if task.TaskQueue != "" {
		o.TaskQueue, o.HeartbeatTimeout, o.RetryPolicy = task.TaskQueue, 0, retryPolicy(foreignAttempts)
	}
	return o
}

func localOptions(task graph.PlannedTask) workflow.LocalActivityOptions {
	o := workflow.LocalActivityOptions{
		StartToCloseTimeout: localTimeout, ScheduleToCloseTimeout: time.Minute, Summary: task.Label, RetryPolicy: retryPolicy(0),
	}
	if limit, ok := task.Limit(); ok {
		o.ScheduleToCloseTimeout = min(limit, o.ScheduleToCloseTimeout)
	}
	return o
}

func retryPolicy(attempts int32) *temporal.RetryPolicy {
	return &temporal.RetryPolicy{
		InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second,
		MaximumAttempts: attempts,
	}
}

// errTimeout ends a native job whose limit has passed.
var errTimeout = errors.New("limit passed")

// outcome gives the state that an error stands for, and what to show of it.
func outcome(task graph.PlannedTask, err error) (graph.State, string) {
	var timeout *temporal.TimeoutError
	var activity *temporal.ActivityError
	switch {
	case err == nil:
		return graph.Succeeded, ""
	case temporal.IsCanceledError(err):
		return graph.Cancelled, "cancelled"
	case errors.Is(err, errTimeout), errors.As(err, &timeout):
		return graph.TimedOut, limitMessage(task, "")
	case errors.As(err, &activity) && activity.RetryState() == enumspb.RETRY_STATE_TIMEOUT:
		return graph.TimedOut, limitMessage(task, "; last: "+rootMessage(err))
	}
	return graph.Failed, rootMessage(err)
}

func limitMessage(task graph.PlannedTask, more string) string {
	return fmt.Sprintf("TaskTimeoutError: Task did not complete within %dms%s", task.Timeout, more)
}

// rootMessage drops what Temporal wraps around a job's own words.
func rootMessage(err error) string {
	var application *temporal.ApplicationError
	if errors.As(err, &application) {
		return application.Message()
	}
	return err.Error()
}

func size(v any) int {
	data, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return len(data)
}
