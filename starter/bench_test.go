package starter_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/mock"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/library"
	"github.com/rackflow/rackflow/seal"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/store"
	"github.com/rackflow/rackflow/workflows"
)

// bench is a Starter with a real store and a Temporal client that a test tells what to answer.
type bench struct {
	*starter.Starter

	client *mocks.Client
	db     *store.SQLite
	keeper *seal.Keeper
}

func newBench(t *testing.T) *bench {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "rackflow.db"))
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	b := &bench{client: &mocks.Client{}, db: db, keeper: seal.NewLocal([seal.KeySize]byte{7})}
	definitions, err := starter.NewDefinitions(db, b.keeper, starter.Stock{
		BaseTasks: library.BaseTasks(), Tasks: append(library.Tasks(), []byte(loginTask)), Graphs: library.Graphs(),
	})
	check(t, err)
	b.Starter = starter.New(starter.Config{
		Client: b.client, Servers: db, Definitions: definitions, Keeper: b.keeper, Namespace: "ns", TaskQueue: "queue",
		Roots: graph.Roots{API: "http://h:8080"},
	})
	return b
}

// loginTask is a stock task with a secret of its own, which a template repeats.
const loginTask = `
friendlyName: Log In
injectableName: Task.Login
implementsTask: Task.Base.Rest
options:
  method: POST
  url: 'http://bmc/?p={{ options.password }}'
  password: stock-secret
  pin: 0
properties: {}
`

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, kind starter.Kind, words ...string) {
	t.Helper()
	if err == nil || starter.KindOf(err) != kind {
		t.Fatalf("error %v of kind %d, want kind %d", err, starter.KindOf(err), kind)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not say %q", err, word)
		}
	}
}

// started is what Temporal was asked to start.
type started struct {
	options client.StartWorkflowOptions
	in      workflows.Input
}

// takesRuns makes Temporal start what it is asked to.
func (b *bench) takesRuns(t *testing.T) *started {
	t.Helper()
	var s started
	b.client.On("ExecuteWorkflow", mock.Anything, mock.Anything, workflows.RunGraphName, mock.Anything).
		Return(func(_ context.Context, options client.StartWorkflowOptions, _ any, args ...any) client.WorkflowRun {
			s.options = options
			s.in, _ = args[0].(workflows.Input)
			run := &mocks.WorkflowRun{}
			run.On("GetID").Return(options.ID)
			run.On("GetRunID").Return("0193")
			return run
		}, nil)
	return &s
}

// has makes Temporal know one run.
func (b *bench) has(t *testing.T, in workflows.Input, status enumspb.WorkflowExecutionStatus) (instanceID string) {
	t.Helper()
	b.client.On("DescribeWorkflowExecution", mock.Anything, "server-5a", mock.Anything).
		Return(&workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: runInfo("server-5a", "r1", status)}, nil)
	b.hasHistory(t, "server-5a", "r1", in)
	return "server-5a.r1"
}

func (b *bench) hasHistory(t *testing.T, workflowID, runID string, in workflows.Input) {
	t.Helper()
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(in)
	check(t, err)
	first := &historypb.HistoryEvent{Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
		WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{Input: payloads},
	}}
	events := &mocks.HistoryEventIterator{}
	events.On("HasNext").Return(true)
	events.On("Next").Return(first, nil)
	b.client.On("GetWorkflowHistory", mock.Anything, workflowID, runID, false, mock.Anything).Return(events).Once()
}

func runInfo(workflowID, runID string, status enumspb.WorkflowExecutionStatus) *workflowpb.WorkflowExecutionInfo {
	return &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: workflowID, RunId: runID},
		Type:      &commonpb.WorkflowType{Name: workflows.RunGraphName}, Status: status,
		StartTime: timestamppb.Now(), CloseTime: timestamppb.Now(),
	}
}

// tells makes a worker answer the state query, or fail to.
func (b *bench) tells(record *workflows.Record, err error) {
	value := &mocks.Value{}
	value.On("Get", mock.Anything).Return(func(into any) error {
		*into.(*workflows.Record) = *record
		return nil
	})
	if err != nil {
		b.client.On("QueryWorkflow", mock.Anything, mock.Anything, mock.Anything, workflows.StateQuery).Return(nil, err)
		return
	}
	b.client.On("QueryWorkflow", mock.Anything, mock.Anything, mock.Anything, workflows.StateQuery).Return(value, nil)
}

// ends makes the run's result that error, or the record when there is none.
func (b *bench) ends(record workflows.Record, err error) {
	run := &mocks.WorkflowRun{}
	run.On("Get", mock.Anything, mock.Anything).Return(func(_ context.Context, into any) error {
		if err == nil {
			*into.(*workflows.Record) = record
		}
		return err
	})
	b.client.On("GetWorkflow", mock.Anything, mock.Anything, mock.Anything).Return(run)
}

func inputOf(tasks ...string) workflows.Input {
	plan := &graph.Plan{ID: "1", Name: "Test", InjectableName: "Graph.Test"}
	for _, label := range tasks {
		plan.Tasks = append(plan.Tasks, graph.PlannedTask{Label: label, Job: "Job.noop"})
	}
	return workflows.Input{Plan: plan, Server: "5a", ServerName: "r1", Parent: "run-9.x"}
}

func asText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	check(t, err)
	return string(text)
}

var errBroken = errors.New("broken")

// goneHistory is the history of a run that retention has removed.
func goneHistory() *mocks.HistoryEventIterator {
	events := &mocks.HistoryEventIterator{}
	events.On("HasNext").Return(true)
	events.On("Next").Return(nil, serviceerror.NewNotFound("x"))
	return events
}
