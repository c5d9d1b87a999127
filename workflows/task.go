package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rackflow/rackflow/graph"
)

// execute runs one task to its end.
func (r *run) execute(ctx workflow.Context, i int) ended {
	task := r.in.Plan.Tasks[i]
	output, err := r.do(ctx, i, task)
	state, message := outcome(task, err)
	return ended{task: i, state: state, output: output, err: message}
}

// errSkipped ends a task whose condition is false.
var errSkipped = errors.New("skipped")

func (r *run) do(ctx workflow.Context, i int, task graph.PlannedTask) (graph.JobOutput, error) {
	if err := r.admit(task); err != nil {
		return graph.JobOutput{}, err
	}
	if task.ForEach != nil {
		return r.forEach(ctx, i, task)
	}
	options, err := graph.RunOptions(task, r.in.Plan, r.context, r.in.Server)
	if err != nil {
		return graph.JobOutput{}, permanent("%s", err)
	}
	return r.attempt(ctx, i, task, options, task.Label)
}

// admit evaluates the task's condition.
func (r *run) admit(task graph.PlannedTask) error {
	if task.When == "" {
		return nil
	}
	met, err := graph.When(task.When, r.context, task.Options, r.taskStates())
	if err != nil {
		return permanent("%s", err)
	}
	if !met {
		return errSkipped
	}
	return nil
}

// shown is what conditions last saw of a task.
type shown struct {
	state graph.State
	err   string
}

// taskStates is what a condition sees as tasks. It is kept from one condition to the
// next, and only what has changed is written: else each would cost as much as the graph is large.
func (r *run) taskStates() map[string]any {
	if r.states == nil {
		r.states, r.shown = make(map[string]any, len(r.tasks)), make([]shown, len(r.tasks))
	}
	for i, t := range r.in.Plan.Tasks {
		now := shown{r.machine.State(i), r.tasks[i].Error}
		if now != r.shown[i] {
			r.shown[i] = now
			r.states[t.Label] = map[string]any{"state": string(now.state), "error": now.err}
		}
	}
	return r.states
}

// attempt performs a job until it succeeds or the task's policy is at its end. A
// policy that knows only transient and busy is followed by the activity itself and
// Temporal, which costs no history. Any other is followed here, each attempt under
// an id with its number; so is that of a job that is no activity.
func (r *run) attempt(ctx workflow.Context, i int, task graph.PlannedTask, options map[string]any, id string) (graph.JobOutput, error) {
	policy := task.Retry
	here := policy != nil && task.TaskQueue == "" && policy.BeyondBusy()
	if here {
		task.Retry = &graph.Retry{Attempts: 1}
	}
	for n := 1; ; n++ {
		attemptID := id
		if n > 1 {
			attemptID = fmt.Sprintf("%s#%d", id, n)
		}
		output, err := r.perform(ctx, i, task, options, attemptID)
		if err == nil {
			return named(task, output)
		}
		if !here || !policy.Tries(outcomeName(err), n) || ctx.Err() != nil {
			return graph.JobOutput{}, err
		}
		timer := workflow.NewTimerWithOptions(ctx, policy.Pause(n), workflow.TimerOptions{Summary: id})
		if err := timer.Get(ctx, nil); err != nil {
			return graph.JobOutput{}, err
		}
	}
}

// named gives the parts of a result their names.
func named(task graph.PlannedTask, output graph.JobOutput) (_ graph.JobOutput, err error) {
	if output.Result, err = graph.Named(output.Result, task.Outputs); err != nil {
		return graph.JobOutput{}, permanent("%s", err)
	}
	return output, nil
}

// outcomeName names the outcome of an error as a retry policy does.
func outcomeName(err error) string {
	switch {
	case temporal.IsCanceledError(err):
		return ""
	case isTimeout(err):
		return graph.OnTimeout
	}
	if application, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		switch kind := strings.ToLower(application.Type()); kind {
		case graph.OnTransient, graph.OnBusy, graph.OnUnknown:
			return kind
		}
	}
	return graph.OnFailed
}

// perform does a job here when it only decides or waits, and as an activity otherwise.
func (r *run) perform(ctx workflow.Context, i int, task graph.PlannedTask, options map[string]any, id string) (graph.JobOutput, error) {
	if job, ok := native[task.Job]; ok && task.TaskQueue == "" {
		return job(ctx, &call{run: r, index: i, task: task, id: id, options: options})
	}
	input := graph.JobInput{Label: id, Server: r.in.Server, Options: options, Retry: task.Retry}
	var out graph.JobOutput
	if task.Local {
		ctx = workflow.WithLocalActivityOptions(ctx, localOptions(task))
		err := workflow.ExecuteLocalActivity(ctx, task.Job, input).Get(ctx, &out)
		return out, err
	}
	ctx = workflow.WithActivityOptions(ctx, r.activityOptions(task, id))
	err := workflow.ExecuteActivity(ctx, task.Job, arguments(task, input)...).Get(ctx, &out)
	return out, err
}

// arguments leaves out what rackflow's own jobs know without it, for every byte of
// it stays in the history: the label, which is the activity's id, and an input that
// then says nothing. A job on a queue of the user's gets all of it.
func arguments(task graph.PlannedTask, input graph.JobInput) []any {
	if task.TaskQueue != "" {
		return []any{input}
	}
	input.Label = ""
	if input.Server == "" && len(input.Options) == 0 && input.Retry == nil {
		return nil
	}
	return []any{input}
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

func (r *run) activityOptions(task graph.PlannedTask, id string) workflow.ActivityOptions {
	o := workflow.ActivityOptions{
		ActivityID: id, Summary: id, TaskQueue: r.in.TaskQueue,
		StartToCloseTimeout: forever, HeartbeatTimeout: heartbeatTimeout, WaitForCancellation: true,
		RetryPolicy: retryPolicy(0),
	}
	if limit, ok := task.Limit(); ok {
		o.ScheduleToCloseTimeout, o.StartToCloseTimeout = limit, 0
	}
	if task.TaskQueue != "" {
		o.TaskQueue, o.HeartbeatTimeout, o.RetryPolicy = task.TaskQueue, 0, foreignPolicy(task.Retry)
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

// foreignPolicy leaves the attempts to Temporal: rackflow does not know the outcomes
// of a job that is not its own, so all errors that may be retried are.
func foreignPolicy(retry *graph.Retry) *temporal.RetryPolicy {
	if retry == nil {
		return retryPolicy(foreignAttempts)
	}
	return &temporal.RetryPolicy{
		InitialInterval: retry.Pause(1), BackoffCoefficient: retry.Factor(), MaximumInterval: retry.Limit(),
		MaximumAttempts: int32(retry.Attempts), //nolint:gosec // parsed as a 31-bit number
	}
}

func retryPolicy(attempts int32) *temporal.RetryPolicy {
	return &temporal.RetryPolicy{
		InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second,
		MaximumAttempts: attempts,
	}
}

// errTimeout ends a native job whose limit has passed.
var errTimeout = errors.New("limit passed")

// timeoutError is errTimeout with something to add.
type timeoutError struct{ more string }

func (e *timeoutError) Error() string { return errTimeout.Error() + e.more }
func (e *timeoutError) Unwrap() error { return errTimeout }

// outcome gives the state that an error stands for, and what to show of it.
func outcome(task graph.PlannedTask, err error) (graph.State, string) {
	var activity *temporal.ActivityError
	var timeout *timeoutError
	switch {
	case err == nil:
		return graph.Succeeded, ""
	case errors.Is(err, errSkipped):
		return graph.Skipped, ""
	case temporal.IsCanceledError(err):
		return graph.Cancelled, "cancelled"
	case errors.As(err, &timeout):
		return graph.TimedOut, limitMessage(task, timeout.more)
	case isTimeout(err):
		return graph.TimedOut, limitMessage(task, "")
	case errors.As(err, &activity) && activity.RetryState() == enumspb.RETRY_STATE_TIMEOUT:
		return graph.TimedOut, limitMessage(task, "; last: "+rootMessage(err))
	}
	return graph.Failed, rootMessage(err)
}

func isTimeout(err error) bool {
	var timeout *temporal.TimeoutError
	return errors.Is(err, errTimeout) || errors.As(err, &timeout)
}

func limitMessage(task graph.PlannedTask, more string) string {
	return fmt.Sprintf("TaskTimeoutError: Task did not complete within %dms%s", task.Timeout, more)
}

// rootMessage drops what Temporal wraps around a job's own words.
func rootMessage(err error) string {
	if application, ok := errors.AsType[*temporal.ApplicationError](err); ok {
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
