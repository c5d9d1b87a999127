package e2e

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"

	"github.com/rackflow/rackflow/workflows"
)

// recordEnv names the folder that TestRecordHistories writes to, as in
//
//	RACKFLOW_RECORD=../workflows/testdata/histories go test ./e2e -run TestRecordHistories
const recordEnv = "RACKFLOW_RECORD"

// maxPlainHistory is the size in bytes from which a recorded history is compressed.
const maxPlainHistory = 50 << 10

// TestRecordHistories plays every scenario on a real server. Where RACKFLOW_RECORD
// is set, it writes their histories for the replay tests of package workflows.
func TestRecordHistories(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(recordEnv)
	c := startTemporal(t, nil)
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			run := s.play(t, c)
			if dir == "" {
				return
			}
			h := recordedHistory(t, c, run.GetID(), run.GetRunID())
			writeHistory(t, dir, s.name, h)
			for _, e := range h.GetEvents() {
				if child := e.GetChildWorkflowExecutionStartedEventAttributes().GetWorkflowExecution(); child != nil {
					writeHistory(t, dir, s.name+"-child", recordedHistory(t, c, child.GetWorkflowId(), child.GetRunId()))
				}
			}
		})
	}
}

func recordedHistory(t *testing.T, c client.Client, workflowID, runID string) *historypb.History {
	t.Helper()
	var h historypb.History
	events := c.GetWorkflowHistory(t.Context(), workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		// The name of a worker's own queue holds the name of the machine.
		if queue := e.GetWorkflowTaskScheduledEventAttributes().GetTaskQueue(); queue.GetKind() == enumspb.TASK_QUEUE_KIND_STICKY {
			queue.Name = "sticky"
		}
		h.Events = append(h.Events, e)
	}
	if kind := h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName(); kind != workflows.RunGraphName {
		t.Fatalf("%s is a run of %s", workflowID, kind)
	}
	return &h
}

// writeHistory writes the JSON that Temporal's own tools write, compressed where it is large.
func writeHistory(t *testing.T, dir, name string, h *historypb.History) {
	t.Helper()
	data, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name+".json")
	if len(data) > maxPlainHistory {
		path += ".gz"
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		data = packed.Bytes()
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
