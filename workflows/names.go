package workflows

import (
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
)

const (
	// RunGraphName is the workflow type.
	RunGraphName = "RunGraph"
	// StateQuery answers with the Record of the run.
	StateQuery = "state"
	// InstallerSignal carries an InstallerEvent.
	InstallerSignal = "installer"
	// AnswerUpdate answers a prompt: its argument is an Answer.
	AnswerUpdate = "answer"

	// GraphFailed is the error type of a run that failed; its Record is in the details.
	GraphFailed = "GraphFailed"
)

// Search attributes of every run.
var (
	GraphAttribute  = temporal.NewSearchAttributeKeyKeyword("RackflowGraph")
	ServerAttribute = temporal.NewSearchAttributeKeyKeyword("RackflowServer")
	StateAttribute  = temporal.NewSearchAttributeKeyKeyword("RackflowState")
)

// SearchAttributes are to be registered with the namespace before the first run.
func SearchAttributes() map[string]enumspb.IndexedValueType {
	return map[string]enumspb.IndexedValueType{
		GraphAttribute.GetName():  enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		ServerAttribute.GetName(): enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		StateAttribute.GetName():  enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	}
}

const (
	serverPrefix = "server-"
	runPrefix    = "run-"
)

// ServerWorkflowID is the workflow id of every run bound to a server. That it is
// the same for all of them is the server's lock: Temporal has one open run an id.
func ServerWorkflowID(serverID string) string { return serverPrefix + serverID }

// UnboundWorkflowID is the workflow id of a run without a server; id is unique.
func UnboundWorkflowID(id string) string { return runPrefix + id }

// InstanceID names one run for good: its workflow id and run id together.
func InstanceID(workflowID, runID string) string { return workflowID + "." + runID }

// ParseInstanceID cuts an instance id in two; ok is false for what is none.
func ParseInstanceID(id string) (workflowID, runID string, ok bool) {
	i := strings.LastIndexByte(id, '.')
	if i <= 0 || i == len(id)-1 {
		return "", "", false
	}
	return id[:i], id[i+1:], true
}
