package standalone

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	ourIdentity = "rackflow@test"
	flashJob    = "Job.Test.Flash"
	// serveDir is the variable that makes this test binary a server to be killed.
	serveDir = "STANDALONE_TEST_SERVE_DIR"
)

// flashResult is what a second attempt knows of the first.
type flashResult struct {
	Attempt int32
	Cursor  string
}

// flash runs one activity whose loss would go unnoticed for a minute.
func flash(ctx workflow.Context) (result flashResult, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           "jobs",
		ActivityID:          "flash",
		StartToCloseTimeout: 10 * time.Minute,
		HeartbeatTimeout:    time.Minute,
	})
	err = workflow.ExecuteActivity(ctx, flashJob).Get(ctx, &result)
	return result, err
}

func resume(ctx context.Context) (flashResult, error) {
	result := flashResult{Attempt: activity.GetInfo(ctx).Attempt}
	return result, activity.GetHeartbeatDetails(ctx, &result.Cursor)
}

func TestFailOrphans(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t))
	c := dial(t, s, ourIdentity)
	w := worker.New(c, testQueue, worker.Options{})
	w.RegisterWorkflow(flash)
	startWorker(t, w)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "w", TaskQueue: testQueue}, flash)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	takeAndVanish(t, c, "JID_1")
	awaitList(t, c, "ExecutionStatus = 'Running'", "w")

	for name, search := range map[string]struct {
		identity string
		before   time.Time
	}{
		"another identity":  {"someone-else@test", time.Now()},
		"started afterward": {ourIdentity, began},
	} {
		if n, err := s.FailOrphans(t.Context(), search.identity, search.before); n != 0 || err != nil {
			t.Errorf("%s: ended %d, %v, want none", name, n, err)
		}
	}
	if n, err := s.FailOrphans(t.Context(), ourIdentity, time.Now()); n != 1 || err != nil {
		t.Fatalf("ended %d, %v, want one", n, err)
	}
	checkPending(t, c, run)
	checkResumed(t, c, run)
	if n, err := s.FailOrphans(t.Context(), ourIdentity, time.Now()); n != 0 || err != nil {
		t.Errorf("afterwards: ended %d, %v, want none", n, err)
	}
}

func TestFailOrphansNeedsTheServer(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t))
	s.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := s.FailOrphans(ctx, ourIdentity, time.Now()); err == nil {
		t.Error("no error without a server")
	}
}

// patchyClient answers for runs of which each fails in another way.
type patchyClient struct {
	client.Client

	before time.Time
}

func (patchyClient) ListWorkflow(_ context.Context, request *workflowservice.ListWorkflowExecutionsRequest,
) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	page := func(next string, ids ...string) *workflowservice.ListWorkflowExecutionsResponse {
		response := &workflowservice.ListWorkflowExecutionsResponse{NextPageToken: []byte(next)}
		for _, id := range ids {
			execution := &commonpb.WorkflowExecution{WorkflowId: id}
			response.Executions = append(response.Executions, &workflowpb.WorkflowExecutionInfo{Execution: execution})
		}
		return response
	}
	switch string(request.GetNextPageToken()) {
	case "":
		return page("2", "unreadable", "closed meanwhile", "good 1"), nil
	case "2":
		return page("3", "stubborn", "good 2"), nil
	default:
		return nil, errors.New("list broke off")
	}
}

func (p patchyClient) DescribeWorkflowExecution(_ context.Context, id, _ string,
) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	switch id {
	case "unreadable":
		return nil, errors.New("history is damaged")
	case "closed meanwhile":
		return nil, serviceerror.NewNotFound("no such workflow")
	}
	pending := func(id string, state enumspb.PendingActivityState) *workflowpb.PendingActivityInfo {
		return &workflowpb.PendingActivityInfo{
			ActivityId:         id,
			State:              state,
			LastWorkerIdentity: ourIdentity,
			LastStartedTime:    timestamppb.New(p.before.Add(-time.Second)),
		}
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{PendingActivities: []*workflowpb.PendingActivityInfo{
		pending("waiting", enumspb.PENDING_ACTIVITY_STATE_SCHEDULED),
		pending("ended meanwhile", enumspb.PENDING_ACTIVITY_STATE_STARTED),
		pending("lost", enumspb.PENDING_ACTIVITY_STATE_STARTED),
	}}, nil
}

func (patchyClient) CompleteActivityByID(_ context.Context, _, workflowID, _, activityID string, _ any, _ error) error {
	switch {
	case activityID == "waiting":
		return errors.New("an attempt that has not started was ended")
	case activityID == "ended meanwhile":
		return serviceerror.NewNotFound("no such activity")
	case workflowID == "stubborn":
		return errors.New("shard is busy")
	}
	return nil
}

func TestFailOrphansGoesOn(t *testing.T) {
	t.Parallel()
	before := time.Now()
	search := orphanSearch{client: patchyClient{before: before}, identity: ourIdentity, before: before}
	n, err := search.run(t.Context())
	if n != 2 {
		t.Errorf("ended %d, want the two good ones", n)
	}
	if err == nil {
		t.Fatal("no error")
	}
	got := strings.Split(err.Error(), "\n")
	slices.Sort(got)
	want := []string{
		"end activity lost of workflow stubborn: shard is busy",
		"list open workflows: list broke off",
		"read workflow unreadable: history is damaged",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

// takeAndVanish takes the activity as a worker would, heartbeats, and never answers.
func takeAndVanish(t *testing.T, c client.Client, cursor string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	task, err := c.WorkflowService().PollActivityTaskQueue(ctx, &workflowservice.PollActivityTaskQueueRequest{
		Namespace: DefaultNamespace,
		TaskQueue: &taskqueuepb.TaskQueue{Name: "jobs", Kind: enumspb.TASK_QUEUE_KIND_NORMAL},
		Identity:  ourIdentity,
	})
	if err != nil {
		t.Fatal(err)
	}
	details, err := converter.GetDefaultDataConverter().ToPayloads(cursor)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.WorkflowService().RecordActivityTaskHeartbeat(ctx, &workflowservice.RecordActivityTaskHeartbeatRequest{
		Namespace: DefaultNamespace,
		TaskToken: task.GetTaskToken(),
		Details:   details,
		Identity:  ourIdentity,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkPending(t *testing.T, c client.Client, run client.WorkflowRun) {
	t.Helper()
	description, err := c.DescribeWorkflowExecution(t.Context(), run.GetID(), run.GetRunID())
	if err != nil {
		t.Fatal(err)
	}
	failure := description.GetPendingActivities()[0].GetLastFailure()
	if got := failure.GetApplicationFailureInfo().GetType(); got != WorkerLost {
		t.Errorf("error type %q, want %q", got, WorkerLost)
	}
	if got, want := failure.GetMessage(), "the process that ran this was killed; trying again"; got != want {
		t.Errorf("message %q, want %q", got, want)
	}
}

// checkResumed starts a worker and wants the second attempt, with the first
// one's heartbeat details, long before the heartbeat timeout of a minute.
func checkResumed(t *testing.T, c client.Client, run client.WorkflowRun) {
	t.Helper()
	w := worker.New(c, "jobs", worker.Options{})
	w.RegisterActivityWithOptions(resume, activity.RegisterOptions{Name: flashJob})
	began := time.Now()
	startWorker(t, w)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got flashResult
	if err := c.GetWorkflow(ctx, run.GetID(), run.GetRunID()).Get(ctx, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(flashResult{Attempt: 2, Cursor: "JID_1"}, got); diff != "" {
		t.Errorf("second attempt (-want +got):\n%s", diff)
	}
	t.Logf("second attempt after %s", time.Since(began).Round(time.Millisecond))
}

func TestKilledProcess(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	serveUntilKilled(t, cfg.Dir)

	s := start(t, cfg)
	c := dial(t, s, ourIdentity)
	if n, err := s.FailOrphans(t.Context(), ourIdentity, time.Now()); n != 1 || err != nil {
		t.Fatalf("ended %d, %v, want one", n, err)
	}
	w := worker.New(c, testQueue, worker.Options{})
	w.RegisterWorkflow(flash)
	startWorker(t, w)
	checkResumed(t, c, c.GetWorkflow(t.Context(), "w", ""))
}

// serveUntilKilled runs this test binary as another process, see [TestMain],
// and kills it while its activity runs.
func serveUntilKilled(t *testing.T, dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), serveDir+"="+dir)
	child.Stderr = t.Output()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "running\n" {
		t.Errorf("the other process said %q, %v", line, err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Error(err)
	}
	if err := child.Wait(); err == nil {
		t.Error("the other process ended by itself")
	}
}

//nolint:forbidigo // this is the main of the other process
func TestMain(m *testing.M) {
	dir := os.Getenv(serveDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := serve(context.Background(), os.Stdout, dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve runs a server and a worker whose activity never ends, says "running"
// to out when the server has its heartbeat, and waits to be killed.
func serve(ctx context.Context, out io.Writer, dir string) error {
	s, err := Start(ctx, Config{Dir: dir, FrontendAddr: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	c, err := s.Client(client.Options{Identity: ourIdentity})
	if err != nil {
		return err
	}
	w := worker.New(c, testQueue, worker.Options{})
	w.RegisterWorkflow(flash)
	jobs := worker.New(c, "jobs", worker.Options{})
	jobs.RegisterActivityWithOptions(func(ctx context.Context) (flashResult, error) {
		activity.RecordHeartbeat(ctx, "JID_1")
		<-ctx.Done()
		return flashResult{}, ctx.Err()
	}, activity.RegisterOptions{Name: flashJob})
	if err := w.Start(); err != nil {
		return err
	}
	if err := jobs.Start(); err != nil {
		return err
	}
	if _, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "w", TaskQueue: testQueue}, flash); err != nil {
		return err
	}
	if err := awaitHeartbeat(ctx, c, "w"); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, "running"); err != nil {
		return err
	}
	select {}
}

func awaitHeartbeat(ctx context.Context, c client.Client, workflowID string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		description, err := c.DescribeWorkflowExecution(ctx, workflowID, "")
		if err != nil {
			return err
		}
		for _, pending := range description.GetPendingActivities() {
			if pending.GetHeartbeatDetails() != nil {
				return nil
			}
		}
		<-time.After(10 * time.Millisecond)
	}
}
