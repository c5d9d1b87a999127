package graphcase

import (
	"encoding/json"

	"github.com/rackflow/rackflow/graph"
)

// Case is one file of the test language.
type Case struct {
	// About says in one line what the case shows.
	About string `json:"about"`
	// Graph, Tasks and Graphs are definitions as users write them: the graph that runs,
	// and what it finds by name beside the library.
	Graph  json.RawMessage   `json:"graph"`
	Tasks  []json.RawMessage `json:"tasks,omitempty"`
	Graphs []json.RawMessage `json:"graphs,omitempty"`
	// Bases are base tasks beside those of the library.
	Bases []graph.BaseTask `json:"bases,omitempty"`
	// Skus are the graphs that belong to the SKUs of servers, by the servers' ids.
	Skus map[string]Sku `json:"skus,omitempty"`
	Run  Request        `json:"run,omitzero"`
	// Jobs are scripts by label, or label[n] for one element of a forEach. Tasks of
	// sub-graphs are found by their labels too, so labels should differ in all of a case.
	Jobs map[string]Script `json:"jobs,omitempty"`
	// Cancel cancels the run.
	Cancel *Moment `json:"cancel,omitempty"`
	// Installer are the reports of an installer to the run.
	Installer []InstallerEvent `json:"installer,omitempty"`
	// Answers are given to the run's prompts.
	Answers []Answer `json:"answers,omitempty"`
	// Retried is how often the run is retried when it has ended. What is expected then
	// is of the last time, but for the order and the attempts, which are of all together.
	Retried int    `json:"retried,omitempty"`
	Expect  Expect `json:"expect"`
}

// Request is what the run is started with.
type Request struct {
	Options map[string]any `json:"options,omitempty"`
	Context map[string]any `json:"context,omitempty"`
	// Server is the id of the server the run is bound to.
	Server string `json:"server,omitempty"`
	// Roots are what templates find beside options, context and task.
	Roots graph.Roots `json:"roots,omitzero"`
}

// Sku names the graph that a server's SKU has.
type Sku struct {
	Graph   string         `json:"graph"`
	Options map[string]any `json:"options,omitempty"`
}

// Moment is a time since the start of the run, in milliseconds.
type Moment struct {
	At int64 `json:"at"`
}

// InstallerEvent is a report of an installer.
type InstallerEvent struct {
	Moment

	Event   string `json:"event"`
	Message string `json:"message,omitempty"`
	Value   int    `json:"value,omitempty"`
}

// Answer is a person's answer to a prompt.
type Answer struct {
	Moment

	// Prompt is the label of the task that asks, or label[n].
	Prompt string         `json:"prompt"`
	Answer map[string]any `json:"answer"`
	By     string         `json:"by,omitempty"`
	// Refused is why the answer is not taken; empty is that it is.
	Refused string `json:"refused,omitempty"`
}

// Script is what a job does, one entry a call; the last one repeats.
type Script []Attempt

// Attempt is what one call of a job comes to.
type Attempt struct {
	// After is how long it takes, in milliseconds.
	After int64 `json:"after,omitempty"`
	// Result and Context are what it gives back, as graph.JobOutput.
	Result  any            `json:"result,omitempty"`
	Context map[string]any `json:"context,omitempty"`
	// Fail makes it fail instead.
	Fail *Failure `json:"fail,omitempty"`
}

// Failure is how an attempt fails.
type Failure struct {
	Message string `json:"message"`
	// Outcome is transient, busy, permanent or unknown; empty is permanent. After the
	// first two a job tries again of its own accord while its script has more entries,
	// unless the task has a policy of its own.
	Outcome string `json:"outcome,omitempty"`
}

// Expect is what must come of a case. What is left out is not looked at, but for
// warnings: there must be those that stand here and no others. In a text, … stands
// for any text.
type Expect struct {
	// Refused are all faults, of which the graph or the request is refused.
	Refused []Fault `json:"refused,omitempty"`
	// RefusedAt is define when it is absent: the graph cannot be stored. Or it is run:
	// the graph can be stored, and this request cannot be run.
	RefusedAt string `json:"refusedAt,omitempty"`
	// Warned are all warnings.
	Warned []Fault `json:"warned,omitempty"`
	// States are those of all tasks, sub-graphs' included.
	States map[string]graph.State `json:"states,omitempty"`
	// Order is all tasks that started, in order.
	Order []Step `json:"order,omitempty"`
	// Options are what a job was last called with, whole. Jobs that the interpreter does itself have none.
	Options map[string]map[string]any `json:"options,omitempty"`
	// Attempts is how often a job was called.
	Attempts map[string]int `json:"attempts,omitempty"`
	// TaskQueues are where a job was called; empty is rackflow's own queue.
	TaskQueues map[string]string `json:"taskQueues,omitempty"`
	// Context is part of the run's context at its end; null is what must not be there.
	Context map[string]any `json:"context,omitempty"`
	// Errors are the tasks' own, by label.
	Errors map[string]string `json:"errors,omitempty"`
	// Outcome is succeeded, failed or cancelled; it is required unless the case is refused.
	Outcome graph.State `json:"outcome,omitempty"`
	// Error is the run's.
	Error string `json:"error,omitempty"`
	// Took is how long the run took, in milliseconds of virtual time.
	Took *int64 `json:"took,omitempty"`
}

// Fault is a graph.Problem without its hint.
type Fault struct {
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

// Step is tasks that start together: in YAML a label, or an array of labels.
type Step []string

// When a request is refused: see Expect.RefusedAt.
const (
	AtDefine = "define"
	AtRun    = "run"
)

// Outcomes of a Failure.
const (
	Transient = graph.OnTransient
	Busy      = graph.OnBusy
	Unknown   = graph.OnUnknown
	Permanent = "permanent"
)
