package starter

import (
	"context"
	"errors"
	"io/fs"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/rackflow/rackflow/workflows"
)

// Cancel asks an open run to stop. It returns when the request is recorded: the
// run then cancels its tasks and does its clean-up.
func (s *Starter) Cancel(ctx context.Context, instanceID string) error {
	workflowID, runID, err := parseID(instanceID)
	if err != nil {
		return err
	}
	info, err := s.describe(ctx, workflowID, runID)
	if err != nil {
		return err
	}
	if info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return notActive(instanceID)
	}
	err = s.cfg.Client.CancelWorkflow(ctx, workflowID, runID)
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return notActive(instanceID)
	}
	return fromTemporal(err)
}

func notActive(id string) *Error {
	return &Error{Kind: NotActive, Message: id + " is not an active workflow"}
}

// Delete removes a run that has ended, with its history.
func (s *Starter) Delete(ctx context.Context, instanceID string) error {
	workflowID, runID, err := parseID(instanceID)
	if err != nil {
		return err
	}
	info, err := s.describe(ctx, workflowID, runID)
	if err != nil {
		return err
	}
	if info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return &Error{Kind: Active, Message: "Forbidden to delete an active workflow " + instanceID}
	}
	_, err = s.cfg.Client.WorkflowService().DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{
		Namespace:         s.cfg.Namespace,
		WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: workflowID, RunId: runID},
	})
	return fromTemporal(err)
}

// InstallerEvent passes a report of an installer on to the run. The error is
// fs.ErrNotExist when that run has ended.
func (s *Starter) InstallerEvent(ctx context.Context, workflowID, runID string, event workflows.InstallerEvent) error {
	err := s.cfg.Client.SignalWorkflow(ctx, workflowID, runID, workflows.InstallerSignal, event)
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return fs.ErrNotExist
	}
	return fromTemporal(err)
}
