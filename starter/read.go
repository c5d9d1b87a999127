package starter

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/sync/errgroup"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/workflows"
)

// queryTimeout bounds how long a worker may take to tell the state of a run.
const queryTimeout = 10 * time.Second

// Get returns one run.
func (s *Starter) Get(ctx context.Context, instanceID string) (*Run, error) {
	workflowID, runID, err := parseID(instanceID)
	if err != nil {
		return nil, err
	}
	described, err := s.describe(ctx, workflowID, runID)
	if err != nil {
		return nil, err
	}
	return s.load(ctx, described)
}

func parseID(instanceID string) (workflowID, runID string, err error) {
	workflowID, runID, ok := workflows.ParseInstanceID(instanceID)
	if !ok {
		return "", "", unknownRun(instanceID)
	}
	return workflowID, runID, nil
}

func unknownRun(id string) *Error {
	return &Error{Kind: NotFound, Message: "Graph instance not found for " + id}
}

func (s *Starter) describe(ctx context.Context, workflowID, runID string) (*workflowpb.WorkflowExecutionInfo, error) {
	res, err := s.cfg.Client.DescribeWorkflowExecution(ctx, workflowID, runID)
	var (
		notFound *serviceerror.NotFound
		invalid  *serviceerror.InvalidArgument
	)
	if errors.As(err, &notFound) || errors.As(err, &invalid) {
		return nil, unknownRun(strings.TrimSuffix(workflows.InstanceID(workflowID, runID), "."))
	}
	if err != nil {
		return nil, fromTemporal(err)
	}
	info := res.GetWorkflowExecutionInfo()
	if info.GetType().GetName() != workflows.RunGraphName {
		return nil, unknownRun(workflowID)
	}
	return info, nil
}

// load reads what a run was started with and what has become of it.
func (s *Starter) load(ctx context.Context, info *workflowpb.WorkflowExecutionInfo) (*Run, error) {
	execution := info.GetExecution()
	run := &Run{
		InstanceID: workflows.InstanceID(execution.GetWorkflowId(), execution.GetRunId()),
		WorkflowID: execution.GetWorkflowId(), RunID: execution.GetRunId(), Started: info.GetStartTime().AsTime(),
	}
	in, err := s.input(ctx, run)
	if err != nil {
		return nil, err
	}
	run.take(in)
	if info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return run, s.query(ctx, run)
	}
	ended := info.GetCloseTime().AsTime()
	run.Ended = &ended
	return run, s.result(ctx, run, info.GetStatus())
}

// input reads the first event of the history.
func (s *Starter) input(ctx context.Context, run *Run) (workflows.Input, error) {
	if in, ok := s.plans.get(run.InstanceID); ok {
		return in, nil
	}
	events := s.cfg.Client.GetWorkflowHistory(ctx, run.WorkflowID, run.RunID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	var in workflows.Input
	if !events.HasNext() {
		return in, unknownRun(run.InstanceID)
	}
	first, err := events.Next()
	if err != nil {
		return in, fromTemporal(err)
	}
	payloads := first.GetWorkflowExecutionStartedEventAttributes().GetInput()
	if err := converter.GetDefaultDataConverter().FromPayloads(payloads, &in); err != nil {
		return in, fmt.Errorf("input of run %s: %w", run.InstanceID, err)
	}
	if in.Plan == nil {
		return in, unknownRun(run.InstanceID)
	}
	s.plans.put(run.InstanceID, in)
	return in, nil
}

func (s *Starter) query(ctx context.Context, run *Run) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	value, err := s.cfg.Client.QueryWorkflow(ctx, run.WorkflowID, run.RunID, workflows.StateQuery)
	if err != nil {
		return queryError(err)
	}
	return value.Get(&run.Record)
}

func queryError(err error) error {
	var (
		notReady *serviceerror.WorkflowNotReady
		deadline *serviceerror.DeadlineExceeded
	)
	if errors.As(err, &notReady) || errors.As(err, &deadline) || errors.Is(err, context.DeadlineExceeded) {
		return &Error{Kind: Unavailable, Message: "no worker tells the state of this run: is one up?", Err: err}
	}
	return fromTemporal(err)
}

// result reads the record out of how the run ended. A run that was terminated, or
// timed out, left none: what was known last is asked of a worker.
func (s *Starter) result(ctx context.Context, run *Run, status enumspb.WorkflowExecutionStatus) error {
	err := s.cfg.Client.GetWorkflow(ctx, run.WorkflowID, run.RunID).Get(ctx, &run.Record)
	if err == nil || details(err, &run.Record) {
		return nil
	}
	if _, ended := errors.AsType[*temporal.WorkflowExecutionError](err); !ended {
		return fromTemporal(err)
	}
	if err := s.query(ctx, run); err != nil {
		run.Record = pendingRecord(workflows.Input{Plan: run.Plan})
	}
	run.Record.State, run.Record.Error = graph.Failed, "the workflow ended as "+status.String()
	if status == enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED || status == enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED {
		run.Record.State = graph.Cancelled
	}
	return nil
}

func details(err error, into *workflows.Record) bool {
	var application *temporal.ApplicationError
	if errors.As(err, &application) && application.HasDetails() {
		return application.Details(into) == nil
	}
	var cancelled *temporal.CanceledError
	if errors.As(err, &cancelled) && cancelled.HasDetails() {
		return cancelled.Details(into) == nil
	}
	return false
}

// Filter selects runs.
type Filter struct {
	// Server is the id of a server: only runs bound to it.
	Server string
	// Active selects open runs, or ended ones.
	Active *bool
	// Graph is a graph's exact name.
	Graph string
	// State is running, waiting (for a person; these are running, too), succeeded, failed or cancelled.
	State string
	// Skip and Top are a page; Top 0 is all.
	Skip, Top int
	// prefix is what workflow ids begin with.
	prefix string
}

func (f Filter) query() string {
	parts := []string{"WorkflowType = " + quote(workflows.RunGraphName)}
	if f.Server != "" {
		parts = append(parts, "WorkflowId = "+quote(workflows.ServerWorkflowID(f.Server)))
	}
	if f.prefix != "" {
		parts = append(parts, "WorkflowId STARTS_WITH "+quote(f.prefix))
	}
	if f.Graph != "" {
		parts = append(parts, workflows.GraphAttribute.GetName()+" = "+quote(f.Graph))
	}
	if f.State != "" {
		parts = append(parts, stateQuery(f.State))
	}
	if f.Active != nil {
		operator := "!="
		if *f.Active {
			operator = "="
		}
		parts = append(parts, "ExecutionStatus "+operator+" 'Running'")
	}
	return strings.Join(parts, " AND ")
}

// stateQuery finds a state. A run that Temporal ended, not its workflow, keeps the attribute it had last.
func stateQuery(state string) string {
	attribute := workflows.StateAttribute.GetName()
	is := attribute + " = " + quote(state)
	switch graph.State(state) {
	case graph.Running:
		return "ExecutionStatus = 'Running'"
	case workflows.Waiting:
		return is + " AND ExecutionStatus = 'Running'"
	case graph.Failed:
		return "(" + is + " OR ExecutionStatus = 'TimedOut')"
	case graph.Cancelled:
		return "(" + is + " OR ExecutionStatus = 'Terminated')"
	}
	return is
}

// quote makes a string of Temporal's list filter, in which a backslash escapes.
func quote(s string) string { return "'" + quoteEscapes.Replace(s) + "'" }

var quoteEscapes = strings.NewReplacer(`\`, `\\`, "'", "''")

const (
	pageSize   = 200
	loadAtOnce = 8
)

// List returns runs, open ones first and then the newest, and how many there are.
func (s *Starter) List(ctx context.Context, f Filter) ([]*Run, int, error) {
	query := f.query()
	count, err := s.cfg.Client.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
	if err != nil {
		return nil, 0, fromTemporal(err)
	}
	infos, err := s.page(ctx, query, f)
	if err != nil {
		return nil, 0, err
	}
	runs, err := s.loadAll(ctx, infos)
	return runs, int(count.GetCount()), err
}

func (s *Starter) page(ctx context.Context, query string, f Filter) ([]*workflowpb.WorkflowExecutionInfo, error) {
	var infos []*workflowpb.WorkflowExecutionInfo
	skip := f.Skip
	var token []byte
	for {
		res, err := s.cfg.Client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query: query, PageSize: pageSize, NextPageToken: token,
		})
		if err != nil {
			return nil, fromTemporal(err)
		}
		executions := res.GetExecutions()
		n := min(skip, len(executions))
		skip -= n
		infos = append(infos, executions[n:]...)
		if f.Top > 0 && len(infos) >= f.Top {
			return infos[:f.Top], nil
		}
		if token = res.GetNextPageToken(); len(token) == 0 {
			return infos, nil
		}
	}
}

// loadAll reads the runs side by side. One that retention has just removed is left
// out, and one whose state no worker tells is shown without it: a list does not fail
// for one of many.
func (s *Starter) loadAll(ctx context.Context, infos []*workflowpb.WorkflowExecutionInfo) ([]*Run, error) {
	loaded := make([]*Run, len(infos))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(loadAtOnce)
	for i, info := range infos {
		group.Go(func() error {
			run, err := s.load(ctx, info)
			switch {
			case KindOf(err) == NotFound:
				return nil
			case KindOf(err) == Unavailable && run != nil:
				run.Record = pendingRecord(workflows.Input{Plan: run.Plan})
				run.Record.Error = err.Error()
				err = nil
			}
			loaded[i] = run
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	runs := make([]*Run, 0, len(loaded))
	for _, run := range loaded {
		if run != nil {
			runs = append(runs, run)
		}
	}
	return runs, nil
}

// ActiveOn returns the open run that is bound to a server, or nil.
func (s *Starter) ActiveOn(ctx context.Context, serverID string) (*Run, error) {
	return s.openRun(ctx, workflows.ServerWorkflowID(serverID))
}

func (s *Starter) openRun(ctx context.Context, workflowID string) (*Run, error) {
	info, err := s.describe(ctx, workflowID, "")
	if KindOf(err) == NotFound {
		return nil, nil //nolint:nilnil // no run is an answer, not an error
	}
	if err != nil || info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return nil, err
	}
	return s.load(ctx, info)
}
