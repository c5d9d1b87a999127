package standalone

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// WorkerLost is the error type of an attempt that [Server.FailOrphans] ended.
const WorkerLost = "WorkerLost"

const (
	// orphanConcurrency bounds the calls in flight: the server has one database connection.
	orphanConcurrency = 8
	// orphanRetryDelay replaces the activity's own backoff, which zero would not.
	orphanRetryDelay = time.Millisecond
)

// FailOrphans ends the attempts of activities that a killed process left behind,
// so that the server starts the next attempt now instead of after a heartbeat or
// start-to-close timeout. It returns how many it ended. Heartbeat details are
// kept for the next attempt; an activity that has used all its attempts fails.
//
// An attempt is an orphan when it started before the given time on a worker with
// the given identity. Both are certain only when this process alone uses the
// identity and has not started its workers yet: call it between the two.
//
// A workflow that cannot be read or changed does not stop the rest; its error is
// among those joined into the result. A workflow started in the last moments
// before the kill may not be listed yet, and then waits for its timeout.
func (s *Server) FailOrphans(ctx context.Context, identity string, before time.Time) (int, error) {
	c, err := s.Client(client.Options{Identity: identity})
	if err != nil {
		return 0, err
	}
	defer c.Close()
	search := orphanSearch{client: c, namespace: s.cfg.Namespace, identity: identity, before: before}
	return search.run(ctx)
}

// orphanSearch looks at open runs, several at a time, and sums up.
type orphanSearch struct {
	client    client.Client
	namespace string
	identity  string
	before    time.Time

	mu    sync.Mutex
	ended int
	errs  []error
}

func (o *orphanSearch) run(ctx context.Context) (int, error) {
	runs := make(chan *commonpb.WorkflowExecution)
	var workers sync.WaitGroup
	for range orphanConcurrency {
		workers.Go(func() {
			for run := range runs {
				o.visit(ctx, run)
			}
		})
	}
	err := o.listOpen(ctx, runs)
	close(runs)
	workers.Wait()
	return o.ended, errors.Join(append(o.errs, err)...)
}

// listOpen sends every open run of the namespace.
func (o *orphanSearch) listOpen(ctx context.Context, runs chan<- *commonpb.WorkflowExecution) error {
	request := &workflowservice.ListWorkflowExecutionsRequest{Query: "ExecutionStatus = 'Running'"}
	for {
		page, err := o.client.ListWorkflow(ctx, request)
		if err != nil {
			return fmt.Errorf("list open workflows: %w", err)
		}
		for _, info := range page.GetExecutions() {
			runs <- info.GetExecution()
		}
		request.NextPageToken = page.GetNextPageToken()
		if len(request.GetNextPageToken()) == 0 {
			return nil
		}
	}
}

// visit ends the orphans of one run.
func (o *orphanSearch) visit(ctx context.Context, run *commonpb.WorkflowExecution) {
	description, err := o.client.DescribeWorkflowExecution(ctx, run.GetWorkflowId(), run.GetRunId())
	if err != nil {
		o.note(0, fmt.Errorf("read workflow %s: %w", run.GetWorkflowId(), err))
		return
	}
	for _, activity := range description.GetPendingActivities() {
		if !o.isOrphan(activity) {
			continue
		}
		if err := o.end(ctx, run, activity.GetActivityId()); err != nil {
			o.note(0, fmt.Errorf("end activity %s of workflow %s: %w", activity.GetActivityId(), run.GetWorkflowId(), err))
			continue
		}
		o.note(1, nil)
	}
}

func (o *orphanSearch) isOrphan(activity *workflowpb.PendingActivityInfo) bool {
	return activity.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED &&
		activity.GetLastWorkerIdentity() == o.identity &&
		activity.GetLastStartedTime().AsTime().Before(o.before)
}

// end fails the attempt without heartbeat details: the server then keeps those it has.
func (o *orphanSearch) end(ctx context.Context, run *commonpb.WorkflowExecution, activityID string) error {
	lost := temporal.NewApplicationErrorWithOptions(
		"the process that ran this was killed; trying again", WorkerLost,
		temporal.ApplicationErrorOptions{NextRetryDelay: orphanRetryDelay})
	return o.client.CompleteActivityByID(ctx, o.namespace, run.GetWorkflowId(), run.GetRunId(), activityID, nil, lost)
}

// note counts what was ended and keeps err, unless it says that the run or the
// activity is gone: whatever ended it, nobody waits for it any more.
func (o *orphanSearch) note(ended int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended += ended
	var gone *serviceerror.NotFound
	if err != nil && !errors.As(err, &gone) {
		o.errs = append(o.errs, err)
	}
}
