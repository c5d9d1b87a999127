package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rackflow/rackflow/graph"
)

// nativeJob is a job that only decides or waits: the workflow does it itself,
// which costs no event, or a timer's two.
type nativeJob func(ctx workflow.Context, c *call) (graph.JobOutput, error)

// call is one attempt at a native job.
type call struct {
	run *run
	// index is the task's place in the plan, and id the attempt's name in the history.
	index   int
	task    graph.PlannedTask
	id      string
	options map[string]any
}

const (
	jobInstallerWait = "Job.Installer.Wait"
	jobGraphRun      = "Job.Graph.Run"
)

// native is filled in by init because jobGraphRun leads back to the interpreter.
var native map[string]nativeJob

func init() { //nolint:gochecknoinits // breaks the initialisation cycle described above
	native = map[string]nativeJob{
		"Job.noop":               noop,
		"Job.Wait":               noop,
		"Job.Evaluate.Condition": evaluateCondition,
		jobInstallerWait:         installerWait,
		jobGraphRun:              graphRun,
		"Job.Graph.RunSku":       graphRunSku,
		"Job.Prompt":             prompt,
		"Job.Report":             report,
	}
}

// NativeJobs are the jobs that need no worker for activities, sorted.
func NativeJobs() []string {
	return workflow.DeterministicKeys(native)
}

// noop does nothing for options.delay milliseconds.
func noop(ctx workflow.Context, c *call) (graph.JobOutput, error) {
	delay, err := milliseconds(c.options, "delay")
	if err != nil || delay == 0 {
		return graph.JobOutput{}, err
	}
	limit, limited := c.task.Limit()
	late := limited && limit < delay
	if late {
		delay = limit
	}
	timer := workflow.NewTimerWithOptions(ctx, delay, workflow.TimerOptions{Summary: c.id})
	if err := timer.Get(ctx, nil); err != nil {
		return graph.JobOutput{}, err
	}
	if late {
		return graph.JobOutput{}, errTimeout
	}
	return graph.JobOutput{}, nil
}

func milliseconds(options map[string]any, name string) (time.Duration, error) {
	switch v := options[name].(type) {
	case nil:
		return 0, nil
	case float64:
		if v >= 0 {
			return time.Duration(v * float64(time.Millisecond)), nil
		}
	case int:
		if v >= 0 {
			return time.Duration(v) * time.Millisecond, nil
		}
	}
	return 0, permanent("option %s should be a number of milliseconds, not %s", name, graph.Text(options[name]))
}

// evaluateCondition succeeds when options.when is "true" once rendered, and fails
// otherwise: graphs branch on succeeded and failed.
func evaluateCondition(_ workflow.Context, c *call) (graph.JobOutput, error) {
	when := graph.Text(c.options["when"])
	if strings.TrimSpace(when) == "true" {
		return graph.JobOutput{}, nil
	}
	return graph.JobOutput{}, permanent("condition is not met: when is %q", when)
}

const (
	eventProgress = "progress"
	eventFailed   = "failed"
)

// installerWait waits until the installer has reported options.event. That it
// failed, or is already done, answers every other wait.
func installerWait(ctx workflow.Context, c *call) (graph.JobOutput, error) {
	r := c.run
	want, _ := c.options["event"].(string)
	if want == "" {
		return graph.JobOutput{}, permanent("option event is required: started, done, booted or failed")
	}
	limit, limited := c.task.Limit()
	if !limited {
		limit = forever
	}
	heard := func() bool { return r.heard(want) || r.heard(eventFailed) }
	ok, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: limit, TimerOptions: workflow.TimerOptions{Summary: c.id},
	}, heard)
	if err != nil {
		return graph.JobOutput{}, err
	}
	if !ok {
		return graph.JobOutput{}, r.silence(want)
	}
	if !r.heard(want) {
		return graph.JobOutput{}, permanent("the installer failed: %s", r.events[eventFailed].Message)
	}
	event := r.events[want]
	return graph.JobOutput{Result: map[string]any{"event": want, "message": event.Message}}, nil
}

// silence is the end of a wait for an event that did not come: what came instead tells
// how far the installer was.
func (r *run) silence(want string) error {
	last := "nothing has been heard of it"
	for _, event := range []string{"started", eventProgress, "done"} {
		if heard, ok := r.events[event]; ok {
			last = fmt.Sprintf("last heard: %s, %d %% %s", event, heard.Value, heard.Message)
		}
	}
	return &timeoutError{more: "; the installer has not reported " + want + ", " + last}
}

func (r *run) heard(event string) bool {
	_, ok := r.events[event]
	return ok
}

func permanent(format string, args ...any) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf(format, args...), "Permanent", nil)
}
