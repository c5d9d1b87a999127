package workflows

import (
	"fmt"
	"strings"
	"time"

	"github.com/rackflow/rackflow/graph"
)

// Input starts a run.
type Input struct {
	Plan *graph.Plan `json:"plan"`
	// Server is the id of the server the run is bound to; empty for an unbound run.
	Server string `json:"server,omitempty"`
	// ServerName is what people call it.
	ServerName string         `json:"serverName,omitempty"`
	Context    map[string]any `json:"context,omitempty"`
	// Parent is the instance id of the run whose task started this one.
	Parent string `json:"parent,omitempty"`
	// Ended are the tasks, by label, whose ends a retry takes over from an earlier run; Context holds their results.
	Ended map[string]graph.State `json:"ended,omitempty"`
	// RetryOf is the instance id of that run.
	RetryOf string `json:"retryOf,omitempty"`
	// TaskQueue is where jobs of rackflow's own run; empty is the workflow's queue.
	TaskQueue string `json:"taskQueue,omitempty"`
}

// Record is what has become of a run so far, or in the end. Its JSON is short, for
// it stays in the history: see recordJSON.
type Record struct {
	State graph.State
	// Tasks are in the plan's order.
	Tasks []TaskRecord
	// Context leaves out graphId, graphName and target, which the run's id and Input tell.
	Context map[string]any
	// Prompts wait for a person, ordered by their ids.
	Prompts []Prompt
	Error   string
}

// TaskRecord is what has become of one task.
type TaskRecord struct {
	State   graph.State
	Started *time.Time
	Ended   *time.Time
	Error   string
	// Progress is the last that was heard of a long task.
	Progress string
}

// InstallerEvent is a call of an installer: started, progress, done or failed; or of the
// system that it has installed: booted.
type InstallerEvent struct {
	Event   string `json:"event"`
	Message string `json:"message,omitempty"`
	// Value is the share that is done, in percent.
	Value int `json:"value,omitempty"`
}

// maxRows bounds the table in the run's details: a person reads it.
const maxRows = 100

// details draws the tasks and their states as a markdown table, for Temporal's Web UI.
func (r *run) details() string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**", r.in.Plan.InjectableName)
	if r.in.ServerName != "" {
		fmt.Fprintf(&b, " on **%s**", r.in.ServerName)
	}
	fmt.Fprintf(&b, ": %s\n\n| task | job | state | |\n|---|---|---|---|\n", r.machine.Outcome())
	rows := 0
	for i, t := range r.in.Plan.Tasks {
		record := r.tasks[i]
		if len(r.tasks) > maxRows && record.State != graph.Running && !record.State.Bad() {
			continue
		}
		if rows++; rows > maxRows {
			break
		}
		note := record.Error
		if note == "" {
			note = record.Progress
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(t.Label), cell(t.Job), record.State, cell(note))
	}
	if len(r.tasks) > maxRows {
		fmt.Fprintf(&b, "\n%d tasks; running and failed ones are shown.\n", len(r.tasks))
	}
	return b.String()
}

var cellEscapes = strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ")

func cell(s string) string { return cellEscapes.Replace(s) }
