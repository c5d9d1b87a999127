package starter_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/mock"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/workflows"
)

const (
	open  = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	ended = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
)

func TestCancel(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status enumspb.WorkflowExecutionStatus
		err    error
		kind   starter.Kind
	}{
		"open":             {open, nil, 0},
		"ended":            {ended, nil, starter.NotActive},
		"ends just now":    {open, serviceerror.NewNotFound("x"), starter.NotActive},
		"Temporal is away": {open, serviceerror.NewUnavailable("x"), starter.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			id := b.has(t, inputOf("a"), c.status)
			b.client.On("CancelWorkflow", mock.Anything, "server-5a", "r1").Return(c.err)
			err := b.Cancel(t.Context(), id)
			if c.kind != 0 {
				wantKind(t, err, c.kind)
				return
			}
			check(t, err)
			b.client.AssertCalled(t, "CancelWorkflow", mock.Anything, "server-5a", "r1")
		})
	}
	wantKind(t, newBench(t).Cancel(t.Context(), "nonsense"), starter.NotFound, "Graph instance not found for nonsense")
}

// deleter is Temporal's service as far as Delete uses it.
type deleter struct {
	workflowservice.WorkflowServiceClient

	asked *workflowservice.DeleteWorkflowExecutionRequest
	err   error
}

func (d *deleter) DeleteWorkflowExecution(_ context.Context, r *workflowservice.DeleteWorkflowExecutionRequest, _ ...grpc.CallOption,
) (*workflowservice.DeleteWorkflowExecutionResponse, error) {
	d.asked = r
	return nil, d.err
}

func TestDelete(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status enumspb.WorkflowExecutionStatus
		err    error
		kind   starter.Kind
		want   string
	}{
		"ended":            {ended, nil, 0, ""},
		"open":             {open, nil, starter.Active, "Forbidden to delete an active workflow server-5a.r1"},
		"gone just now":    {ended, serviceerror.NewNotFound("x"), starter.NotFound, ""},
		"Temporal is away": {ended, serviceerror.NewUnavailable("x"), starter.Unavailable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			id := b.has(t, inputOf("a"), c.status)
			service := &deleter{err: c.err}
			b.client.On("WorkflowService").Return(service)
			err := b.Delete(t.Context(), id)
			if c.kind != 0 {
				wantKind(t, err, c.kind, c.want)
				return
			}
			check(t, err)
			if e := service.asked.GetWorkflowExecution(); service.asked.GetNamespace() != "ns" || e.GetWorkflowId() != "server-5a" || e.GetRunId() != "r1" {
				t.Errorf("asked for %v", service.asked)
			}
		})
	}
	wantKind(t, newBench(t).Delete(t.Context(), "nonsense"), starter.NotFound)
}

func TestInstallerEvent(t *testing.T) {
	t.Parallel()
	event := workflows.InstallerEvent{Event: "progress", Value: 40}
	signal := func(err error) error {
		b := newBench(t)
		b.client.On("SignalWorkflow", mock.Anything, "server-5a", "r1", workflows.InstallerSignal, event).Return(err)
		return b.InstallerEvent(t.Context(), "server-5a", "r1", event)
	}
	check(t, signal(nil))
	if err := signal(serviceerror.NewNotFound("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the run has ended: %v", err)
	}
	wantKind(t, signal(serviceerror.NewUnavailable("x")), starter.Unavailable)
}
