package workflows_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/graph/graphcase"
	"github.com/rackflow/rackflow/library"
	"github.com/rackflow/rackflow/workflows"
)

// TestCases plays every case of the graph's test language as a workflow, with the
// same expectations as the pure engine has.
func TestCases(t *testing.T) {
	t.Parallel()
	lib, err := graphcase.NewLibrary(library.BaseTasks(), library.Tasks())
	if err != nil {
		t.Fatal(err)
	}
	cases, err := graphcase.ReadAll(os.DirFS("../graph/testdata/cases"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play, err := graphcase.Prepare(c, lib)
			if err != nil {
				t.Fatal(err)
			}
			result := play.Result
			if play.Plan != nil {
				result = perform(t, play)
			}
			if diff := c.Diff(result); diff != "" {
				t.Errorf("%s:\n%s", c.About, diff)
			}
		})
	}
}

// stage plays one case in Temporal's test environment, where time is skipped.
type stage struct {
	*testsuite.TestWorkflowEnvironment

	t     *testing.T
	drama *graphcase.Play

	mu sync.Mutex
	// plans are those of sub-graphs, by the ids of their runs.
	plans map[string]*graph.Plan
	// spent is how long a job has taken so far, over its attempts.
	spent  map[string]time.Duration
	result graphcase.Result
	round  int
	starts []start
}

// start is when a task began: in which of the runs, counted from 0, and when there.
type start struct {
	label string
	round int
	at    time.Time
}

// ownQueue is the task queue of rackflow's own jobs.
const ownQueue = "rackflow"

// perform plays a case, and as often again as it is retried.
func perform(t *testing.T, drama *graphcase.Play) graphcase.Result {
	t.Helper()
	c := drama.Case
	in := workflows.Input{
		Plan: drama.Plan, Server: c.Run.Server, ServerName: c.Run.Server, Context: c.Run.Context, TaskQueue: ownQueue,
	}
	s := newStage(t, drama)
	result := s.play(in)
	for range c.Retried {
		in.Ended, in.Context = graphcase.Retry(drama.Plan, result.States, result.Context)
		again := newStage(t, drama)
		again.starts, again.round = s.starts, s.round+1
		s, result = again, again.play(in)
	}
	result.Order = s.order(c.Expect.Order)
	return result
}

func newStage(t *testing.T, drama *graphcase.Play) *stage {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetDisableRegistrationAliasing(true)
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	s := &stage{
		TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, drama: drama,
		plans: map[string]*graph.Plan{}, spent: map[string]time.Duration{}, result: drama.Result,
	}
	s.result.States, s.result.Errors = map[string]graph.State{}, map[string]string{}
	s.RegisterWorkflowWithOptions(workflows.RunGraph, workflow.RegisterOptions{Name: workflows.RunGraphName})
	s.RegisterActivityWithOptions(s.resolve, activity.RegisterOptions{Name: graph.ResolveJob})
	for _, job := range drama.JobNames() {
		s.RegisterActivityWithOptions(s.job, activity.RegisterOptions{Name: job})
	}
	s.SetOnChildWorkflowStartedListener(s.childStarted)
	s.SetOnChildWorkflowCompletedListener(s.childEnded)
	return s
}

func (s *stage) play(in workflows.Input) graphcase.Result {
	s.schedule()
	s.ExecuteWorkflow(workflows.RunGraphName, in)
	if !s.IsWorkflowCompleted() {
		s.t.Fatal("the workflow did not end")
	}
	var record workflows.Record
	err := s.GetWorkflowError()
	if err == nil {
		err = s.GetWorkflowResult(&record)
	} else {
		err = details(err, &record)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.take(in.Plan, &record)
	s.result.Outcome, s.result.Error, s.result.Context = record.State, record.Error, whole(in, record.Context)
	s.result.Calls = s.drama.Jobs.Calls()
	return s.result
}

// whole adds to a record's context what readers know from the input.
func whole(in workflows.Input, context map[string]any) map[string]any {
	out := map[string]any{"graphName": in.Plan.InjectableName}
	if in.Server != "" {
		out["target"] = in.Server
	}
	maps.Copy(out, context)
	return out
}

// schedule sets what happens to the run from outside.
func (s *stage) schedule() {
	c := s.drama.Case
	if c.Cancel != nil {
		s.RegisterDelayedCallback(s.CancelWorkflow, milliseconds(c.Cancel.At))
	}
	for _, e := range c.Installer {
		s.RegisterDelayedCallback(func() {
			s.SignalWorkflow(workflows.InstallerSignal, workflows.InstallerEvent{Event: e.Event, Message: e.Message, Value: e.Value})
		}, milliseconds(e.At))
	}
	s.result.Refusals = make([]string, len(c.Answers))
	for i, a := range c.Answers {
		s.RegisterDelayedCallback(func() { s.answer(i, a) }, milliseconds(a.At))
	}
}

func (s *stage) answer(i int, a graphcase.Answer) {
	s.UpdateWorkflow(workflows.AnswerUpdate, fmt.Sprint(i), &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) {
			if refusal, ok := errors.AsType[*temporal.ApplicationError](err); ok {
				s.result.Refusals[i] = refusal.Message()
			}
		},
		OnComplete: func(any, error) {},
	}, workflows.Answer{Prompt: a.Prompt, Answer: a.Answer, By: a.By})
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// details reads the record that the error of a run carries.
func details(err error, record *workflows.Record) error {
	var application *temporal.ApplicationError
	var cancelled *temporal.CanceledError
	switch {
	case errors.As(err, &application) && application.HasDetails():
		return application.Details(record)
	case errors.As(err, &cancelled) && cancelled.HasDetails():
		return cancelled.Details(record)
	}
	return err
}

// alreadyStarted is what the environment says of a child workflow whose id is in
// use. Temporal itself has an error of its own type for that.
const alreadyStarted = "Workflow execution already started"

func (s *stage) take(plan *graph.Plan, record *workflows.Record) {
	for i, t := range plan.Tasks {
		got := record.Tasks[i]
		s.result.States[t.Label], s.result.Errors[t.Label] = got.State, strings.Replace(got.Error, alreadyStarted, workflows.BusyMessage, 1)
		if got.Started != nil {
			s.starts = append(s.starts, start{t.Label, s.round, *got.Started})
		}
	}
}

// order arranges what has started by its time, and what started at one time as the
// case expects it: the clock does not tell more.
func (s *stage) order(want []graphcase.Step) []graphcase.Step {
	if want == nil {
		return nil
	}
	var rank []string
	for _, step := range want {
		rank = append(rank, step...)
	}
	slices.SortStableFunc(s.starts, func(a, b start) int {
		return cmp.Or(a.round-b.round, a.at.Compare(b.at), slices.Index(rank, a.label)-slices.Index(rank, b.label))
	})
	var got []graphcase.Step
	for _, one := range s.starts {
		n := len(got) - 1
		if n < 0 || n >= len(want) || len(got[n]) == len(want[n]) {
			got = append(got, graphcase.Step{one.label})
			continue
		}
		got[n] = append(got[n], one.label)
	}
	return got
}

func (s *stage) resolve(_ context.Context, req graph.SubgraphRequest) (*graph.Subgraph, error) {
	sub, err := s.drama.Subgraph(req)
	if err != nil {
		return nil, temporal.NewNonRetryableApplicationError(err.Error(), "Permanent", nil)
	}
	return sub, nil
}

func (s *stage) childStarted(info *workflow.Info, _ workflow.Context, args converter.EncodedValues) {
	var in workflows.Input
	if err := args.Get(&in); err != nil {
		s.t.Error(err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plans[info.WorkflowExecution.RunID] = in.Plan
}

func (s *stage) childEnded(info *workflow.Info, result converter.EncodedValue, err error) {
	var record workflows.Record
	if err == nil {
		err = result.Get(&record)
	} else {
		err = details(err, &record)
	}
	if err != nil {
		s.t.Error(err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take(s.plans[info.WorkflowExecution.RunID], &record)
}

// job plays a script. A call that takes its time is completed from outside later on
// the workflow's clock, which stands still while an activity runs.
func (s *stage) job(ctx context.Context, in graph.JobInput) (graph.JobOutput, error) {
	info := activity.GetInfo(ctx)
	if in.Label == "" {
		in.Label = info.ActivityID
	}
	call := s.drama.Jobs.Call(in, foreign(info))
	pause, again := call.Again(in.Retry)
	limit := info.ScheduleToCloseTimeout
	s.mu.Lock()
	left := limit - s.spent[in.Label]
	s.spent[in.Label] += call.Takes() + pause
	s.mu.Unlock()
	switch {
	case limit > 0 && call.Takes() > left:
		return s.complete(info, left, graph.JobOutput{}, timeout())
	case again && limit > 0 && call.Takes()+pause > left:
		return s.complete(info, call.Takes(), graph.JobOutput{}, timeout())
	case again:
		return graph.JobOutput{}, temporal.NewApplicationErrorWithOptions(call.Fail.Message, kind(call.Fail),
			temporal.ApplicationErrorOptions{NextRetryDelay: call.Takes() + pause})
	case call.Fail != nil:
		return s.complete(info, call.Takes(), graph.JobOutput{}, temporal.NewNonRetryableApplicationError(call.Fail.Message, kind(call.Fail), nil))
	}
	return s.complete(info, call.Takes(), call.Output(), nil)
}

func (s *stage) complete(info activity.Info, after time.Duration, out graph.JobOutput, err error) (graph.JobOutput, error) {
	if after == 0 || info.IsLocalActivity {
		return out, err
	}
	s.RegisterDelayedCallback(func() {
		if err := s.CompleteActivity(info.TaskToken, out, err); err != nil {
			s.t.Error(err)
		}
		s.wake(info.WorkflowExecution)
	}, after)
	return graph.JobOutput{}, activity.ErrResultPending
}

// wake makes a child workflow look at what has come to it: the environment wakes
// only the parent when an activity is completed from outside.
func (s *stage) wake(e workflow.Execution) {
	s.mu.Lock()
	_, isChild := s.plans[e.RunID]
	s.mu.Unlock()
	if !isChild {
		return
	}
	if err := s.SignalWorkflowByID(e.ID, "wake", nil); err != nil {
		s.t.Error(err)
	}
}

func foreign(info activity.Info) string {
	if info.TaskQueue == ownQueue || info.IsLocalActivity {
		return ""
	}
	return info.TaskQueue
}

func timeout() error {
	return temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, nil)
}

// kind is the error type that rackflow's own jobs give an outcome.
func kind(f *graphcase.Failure) string {
	switch f.Outcome {
	case graphcase.Transient:
		return "Transient"
	case graphcase.Busy:
		return "Busy"
	case graphcase.Unknown:
		return "Unknown"
	}
	return "Permanent"
}
