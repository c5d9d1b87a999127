package starter_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/mock"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/workflows"
)

func recordOf(state graph.State, tasks ...graph.State) workflows.Record {
	r := workflows.Record{State: state}
	for _, s := range tasks {
		r.Tasks = append(r.Tasks, workflows.TaskRecord{State: s})
	}
	return r
}

func TestGetOpenRun(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.has(t, inputOf("a"), enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING)
	record := recordOf(graph.Running, graph.Succeeded)
	b.tells(&record, nil)
	for range 2 { // the second time without reading the history
		run, err := b.Get(t.Context(), id)
		check(t, err)
		if !run.Active() || run.InstanceID != id || run.Server != "5a" || run.ServerName != "r1" || run.Parent != "run-9.x" || run.Plan.ID != "1" {
			t.Errorf("run %+v", run)
		}
		if diff := cmp.Diff(record, run.Record); diff != "" {
			t.Errorf("record (-want +got):\n%s", diff)
		}
	}
}

// TestGetEndedRun reads the record out of every way in which a workflow can end.
func TestGetEndedRun(t *testing.T) {
	t.Parallel()
	ended := func(cause error) error { return errors.Join(&temporal.WorkflowExecutionError{}, cause) }
	known := recordOf(graph.Running, graph.Running)
	for name, c := range map[string]struct {
		status enumspb.WorkflowExecutionStatus
		err    error
		query  error
		want   workflows.Record
	}{
		"succeeded": {enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, nil, nil, recordOf(graph.Succeeded, graph.Succeeded)},
		"failed": {
			enumspb.WORKFLOW_EXECUTION_STATUS_FAILED,
			ended(temporal.NewNonRetryableApplicationError("x", workflows.GraphFailed, nil, recordOf(graph.Failed, graph.Failed))), errBroken,
			recordOf(graph.Failed, graph.Failed),
		},
		"cancelled": {
			enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED, ended(temporal.NewCanceledError(recordOf(graph.Cancelled, graph.Cancelled))), errBroken,
			recordOf(graph.Cancelled, graph.Cancelled),
		},
		"terminated": {
			enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, ended(&temporal.TerminatedError{}), nil,
			workflows.Record{State: graph.Cancelled, Tasks: known.Tasks, Error: "the workflow ended as Terminated"},
		},
		"terminated, no worker": {
			enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, ended(&temporal.TerminatedError{}), context.DeadlineExceeded,
			workflows.Record{State: graph.Cancelled, Tasks: recordOf("", graph.Pending).Tasks, Error: "the workflow ended as Terminated"},
		},
		"timed out": {
			enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT, ended(errors.New("timeout")), errBroken,
			workflows.Record{State: graph.Failed, Tasks: recordOf("", graph.Pending).Tasks, Error: "the workflow ended as TimedOut"},
		},
		"failed before the first task": {
			enumspb.WORKFLOW_EXECUTION_STATUS_FAILED, ended(temporal.NewApplicationError("x", "y")), nil,
			workflows.Record{State: graph.Failed, Tasks: known.Tasks, Error: "the workflow ended as Failed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			id := b.has(t, inputOf("a"), c.status)
			b.ends(c.want, c.err)
			b.tells(&known, c.query)
			run, err := b.Get(t.Context(), id)
			check(t, err)
			if run.Active() {
				t.Error("the run should have ended")
			}
			if diff := cmp.Diff(c.want, run.Record); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
}

// TestGetWhileTemporalIsAway must not make a failure of a run that nothing is known of.
func TestGetWhileTemporalIsAway(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.has(t, inputOf("a"), enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED)
	b.ends(workflows.Record{}, serviceerror.NewUnavailable("away"))
	_, err := b.Get(t.Context(), id)
	wantKind(t, err, starter.Unavailable)
}

func TestGetWithoutWorker(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		kind starter.Kind
		want string
	}{
		"no first task yet": {serviceerror.NewWorkflowNotReady("x"), starter.Unavailable, "no worker tells the state"},
		"out of time":       {context.DeadlineExceeded, starter.Unavailable, "no worker tells the state"},
		"too slow":          {serviceerror.NewDeadlineExceeded("x"), starter.Unavailable, "no worker tells the state"},
		"Temporal is away":  {serviceerror.NewUnavailable("x"), starter.Unavailable, "Temporal does not answer"},
		"refused":           {serviceerror.NewQueryFailed("no such query"), starter.Internal, "no such query"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			id := b.has(t, inputOf("a"), enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING)
			b.tells(&workflows.Record{}, c.err)
			_, err := b.Get(t.Context(), id)
			wantKind(t, err, c.kind, c.want)
		})
	}
}

func TestGetUnknownRun(t *testing.T) {
	t.Parallel()
	foreign := runInfo("server-5a", "r1", enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING)
	foreign.Type.Name = "Other"
	for name, c := range map[string]struct {
		id   string
		info *workflowpb.WorkflowExecutionInfo
		err  error
		kind starter.Kind
	}{
		"no id":            {"", nil, nil, starter.NotFound},
		"half an id":       {"server-5a.", nil, nil, starter.NotFound},
		"no such run":      {"server-5a.r1", nil, serviceerror.NewNotFound("x"), starter.NotFound},
		"no id of a run":   {"server-5a.r1", nil, serviceerror.NewInvalidArgument("not a UUID"), starter.NotFound},
		"another workflow": {"server-5a.r1", foreign, nil, starter.NotFound},
		"Temporal is away": {"server-5a.r1", nil, serviceerror.NewUnavailable("x"), starter.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.client.On("DescribeWorkflowExecution", mock.Anything, "server-5a", "r1").
				Return(&workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: c.info}, c.err)
			_, err := b.Get(t.Context(), c.id)
			wantKind(t, err, c.kind)
		})
	}
}

func TestActiveOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status enumspb.WorkflowExecutionStatus
		err    error
		active bool
		kind   starter.Kind
	}{
		"open":             {enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, nil, true, 0},
		"ended":            {enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, nil, false, 0},
		"never one":        {0, serviceerror.NewNotFound("x"), false, 0},
		"Temporal is away": {0, serviceerror.NewUnavailable("x"), false, starter.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if c.err != nil {
				b.client.On("DescribeWorkflowExecution", mock.Anything, "server-5a", "").Return(nil, c.err)
			} else {
				b.has(t, inputOf("a"), c.status)
			}
			b.tells(&workflows.Record{State: graph.Running}, nil)
			run, err := b.ActiveOn(t.Context(), "5a")
			if starter.KindOf(err) != c.kind || (run != nil) != c.active {
				t.Errorf("%+v, %v", run, err)
			}
		})
	}
}

// filtered returns the query that a filter makes of Temporal.
func filtered(t *testing.T, f starter.Filter) string {
	t.Helper()
	b := newBench(t)
	var query string
	b.client.On("CountWorkflow", mock.Anything, mock.Anything).Return(&workflowservice.CountWorkflowExecutionsResponse{}, nil)
	b.client.On("ListWorkflow", mock.Anything, mock.MatchedBy(func(r *workflowservice.ListWorkflowExecutionsRequest) bool {
		query = r.GetQuery()
		return true
	})).Return(&workflowservice.ListWorkflowExecutionsResponse{}, nil)
	_, _, err := b.List(t.Context(), f)
	check(t, err)
	return query
}

func TestFilter(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	const all = "WorkflowType = 'RunGraph'"
	for name, c := range map[string]struct {
		filter starter.Filter
		want   string
	}{
		"none":        {starter.Filter{}, all},
		"server":      {starter.Filter{Server: "5a"}, all + " AND WorkflowId = 'server-5a'"},
		"graph":       {starter.Filter{Graph: "Graph.X"}, all + " AND RackflowGraph = 'Graph.X'"},
		"state":       {starter.Filter{State: "failed"}, all + " AND (RackflowState = 'failed' OR ExecutionStatus = 'TimedOut')"},
		"cancelled":   {starter.Filter{State: "cancelled"}, all + " AND (RackflowState = 'cancelled' OR ExecutionStatus = 'Terminated')"},
		"succeeded":   {starter.Filter{State: "succeeded"}, all + " AND RackflowState = 'succeeded'"},
		"running":     {starter.Filter{State: "running"}, all + " AND ExecutionStatus = 'Running'"},
		"waiting":     {starter.Filter{State: "waiting"}, all + " AND RackflowState = 'waiting' AND ExecutionStatus = 'Running'"},
		"active":      {starter.Filter{Active: &yes}, all + " AND ExecutionStatus = 'Running'"},
		"ended":       {starter.Filter{Active: &no}, all + " AND ExecutionStatus != 'Running'"},
		"together":    {starter.Filter{Server: "5a", State: "failed", Active: &no}, all + " AND WorkflowId = 'server-5a' AND (RackflowState = 'failed' OR ExecutionStatus = 'TimedOut') AND ExecutionStatus != 'Running'"},
		"a quote":     {starter.Filter{Graph: "x' OR 'a'='a"}, all + " AND RackflowGraph = 'x'' OR ''a''=''a'"},
		"a backslash": {starter.Filter{Graph: `x\' OR 1=1 --`}, all + ` AND RackflowGraph = 'x\\'' OR 1=1 --'`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := filtered(t, c.filter); got != c.want {
				t.Errorf("query\n%s, want\n%s", got, c.want)
			}
		})
	}
}

// TestListPages lists five runs that Temporal gives in pages of two.
func TestListPages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		skip, top int
		want      string
	}{
		"all": {0, 0, "r0 r1 r2 r3 r4"}, "first two": {0, 2, "r0 r1"}, "across a page": {1, 3, "r1 r2 r3"},
		"skip a page": {3, 0, "r3 r4"}, "beyond the end": {9, 5, ""}, "more than there are": {4, 9, "r4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.hasPages(t, 5, 2)
			b.tells(&workflows.Record{State: graph.Running}, nil)
			runs, total, err := b.List(t.Context(), starter.Filter{Skip: c.skip, Top: c.top})
			check(t, err)
			var ids []string
			for _, run := range runs {
				ids = append(ids, run.RunID)
			}
			if got := strings.Join(ids, " "); got != c.want || total != 5 {
				t.Errorf("runs %s of %d, want %s", got, total, c.want)
			}
		})
	}
}

// hasPages makes Temporal list n open runs, some at a time.
func (b *bench) hasPages(t *testing.T, n, size int) {
	t.Helper()
	b.client.On("CountWorkflow", mock.Anything, mock.Anything).Return(&workflowservice.CountWorkflowExecutionsResponse{Count: int64(n)}, nil)
	for first := 0; first < n; first += size {
		page := &workflowservice.ListWorkflowExecutionsResponse{}
		for i := first; i < min(first+size, n); i++ {
			runID := fmt.Sprint("r", i)
			page.Executions = append(page.Executions, runInfo("run-x", runID, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING))
			b.hasHistory(t, "run-x", runID, inputOf("a"))
		}
		if first+size < n {
			page.NextPageToken = []byte(fmt.Sprint(first + size))
		}
		token := fmt.Sprint(first)
		if first == 0 {
			token = ""
		}
		b.client.On("ListWorkflow", mock.Anything, mock.MatchedBy(func(r *workflowservice.ListWorkflowExecutionsRequest) bool {
			return string(r.GetNextPageToken()) == token
		})).Return(page, nil)
	}
}

func TestListLeavesOutWhatRetentionHasRemoved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.client.On("GetWorkflowHistory", mock.Anything, "run-x", "r0", false, mock.Anything).Return(goneHistory())
	b.hasPages(t, 2, 2)
	b.tells(&workflows.Record{State: graph.Running}, nil)
	runs, _, err := b.List(t.Context(), starter.Filter{})
	check(t, err)
	if len(runs) != 1 || runs[0].RunID != "r1" {
		t.Errorf("%d runs", len(runs))
	}
}

func TestListErrors(t *testing.T) {
	t.Parallel()
	away := serviceerror.NewUnavailable("x")
	b := newBench(t)
	b.client.On("CountWorkflow", mock.Anything, mock.Anything).Return(nil, away)
	_, _, err := b.List(t.Context(), starter.Filter{})
	wantKind(t, err, starter.Unavailable)

	b = newBench(t)
	b.client.On("CountWorkflow", mock.Anything, mock.Anything).Return(&workflowservice.CountWorkflowExecutionsResponse{Count: 1}, nil)
	b.client.On("ListWorkflow", mock.Anything, mock.Anything).Return(nil, away)
	_, _, err = b.List(t.Context(), starter.Filter{})
	wantKind(t, err, starter.Unavailable)
}
