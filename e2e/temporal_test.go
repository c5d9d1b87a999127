package e2e

import (
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/rackflow/rackflow/sim"
)

// TestReadableInTemporal holds what Temporal's Web UI and CLI show of a run: they
// read the same history, search attributes and metadata.
func TestReadableInTemporal(t *testing.T) {
	t.Parallel()
	fleet := startFleet(t, sim.Config{})
	s := fleet.Servers()[0]
	e := startEngine(t)
	id := e.startOn(e.addServer(s), "Graph.PowerOn", nil)
	if got := e.awaitRun(id, deployLimit); got.Status != "succeeded" {
		t.Fatalf("%+v", got)
	}
	c, err := client.Dial(client.Options{HostPort: e.temporal()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	workflowID, runID, _ := strings.Cut(id, ".")

	query := "RackflowGraph = 'Graph.PowerOn' AND RackflowServer = '" + s.Tag() + "' AND RackflowState = 'succeeded'"
	e.await(10*time.Second, "visibility shows the run", func() bool {
		list, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: query})
		return err == nil && len(list.GetExecutions()) == 1 && list.GetExecutions()[0].GetExecution().GetRunId() == runID
	})

	value, err := c.QueryWorkflow(t.Context(), workflowID, runID, "__temporal_workflow_metadata")
	if err != nil {
		t.Fatal(err)
	}
	var metadata sdkpb.WorkflowMetadata
	if err := value.Get(&metadata); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"**Graph.PowerOn** on **" + s.Tag() + "**: succeeded", "| power-on | Job.Obm.Node | succeeded |"} {
		if !strings.Contains(metadata.GetCurrentDetails(), want) {
			t.Errorf("%q is not in the details:\n%s", want, metadata.GetCurrentDetails())
		}
	}

	described, err := c.DescribeWorkflow(t.Context(), workflowID, runID)
	if err != nil {
		t.Fatal(err)
	}
	if summary, err := described.GetStaticSummary(); err != nil || !strings.Contains(summary, s.Tag()) {
		t.Errorf("summary %q, %v", summary, err)
	}

	events := c.GetWorkflowHistory(t.Context(), workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	found := false
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		scheduled := event.GetActivityTaskScheduledEventAttributes()
		if scheduled == nil {
			continue
		}
		found = true
		var summary string
		if err := converter.GetDefaultDataConverter().FromPayload(event.GetUserMetadata().GetSummary(), &summary); err != nil {
			t.Fatal(err)
		}
		if scheduled.GetActivityType().GetName() != "Job.Obm.Node" || scheduled.GetActivityId() != "power-on" || summary != "power-on" {
			t.Errorf("activity type %s, id %s, summary %s", scheduled.GetActivityType().GetName(), scheduled.GetActivityId(), summary)
		}
	}
	if !found {
		t.Error("no activity in the history")
	}
}
