package rackhd

import (
	"slices"

	"github.com/rackflow/rackflow/graph"
)

// Verdict is what becomes of a definition.
type Verdict string

const (
	// RunsNow is a graph that runs as it is.
	RunsNow Verdict = "runs now"
	// NeedsJobs is a sound graph that uses what this build has not.
	NeedsJobs Verdict = "needs jobs"
	// Invalid is a definition with a fault of structure.
	Invalid Verdict = "invalid"
)

// Report says of every definition what becomes of it.
type Report struct {
	// Graphs are in the order in which they were given.
	Graphs []GraphReport `json:"graphs"`
	// Tasks are the task and base task definitions that there is something to say about.
	Tasks []TaskReport `json:"tasks"`
	// Files are those that could not be read at all.
	Files  []FileReport `json:"files"`
	Totals Totals       `json:"totals"`

	plan Plan
}

// GraphReport is what is said of one graph.
type GraphReport struct {
	Name    string  `json:"name"`
	Source  string  `json:"source"`
	Verdict Verdict `json:"verdict"`
	// Needs are what is missing, of the graphs that it runs too, in their order.
	Needs []Need `json:"needs,omitempty"`
	// Problems are faults and warnings, as they would be at PUT.
	Problems graph.Problems `json:"problems,omitempty"`
}

// TaskReport is what is said of one task or base task definition.
type TaskReport struct {
	Name     string         `json:"name"`
	Source   string         `json:"source"`
	Kind     Kind           `json:"kind"`
	Problems graph.Problems `json:"problems"`
}

// FileReport is what is said of a file that holds no definitions.
type FileReport struct {
	Source  string `json:"source"`
	Message string `json:"message"`
}

// Need is one thing that a graph uses and that is not there: a job, an action of
// Job.Obm.Node, a graph, or a task that can be done.
type Need struct {
	Job    string `json:"job,omitempty"`
	Action string `json:"action,omitempty"`
	Graph  string `json:"graph,omitempty"`
	Task   string `json:"task,omitempty"`
	// In is the graph that needs it, where that is one that the graph runs.
	In     string `json:"in,omitempty"`
	Reason Reason `json:"reason"`
}

// String names what is needed.
func (n Need) String() string {
	switch {
	case n.Graph != "":
		return "graph " + n.Graph
	case n.Task != "":
		return "task " + n.Task
	case n.Action != "":
		return n.Job + " action " + n.Action
	}
	return n.Job
}

// Totals count what the report says.
type Totals struct {
	RunsNow   int `json:"runsNow"`
	NeedsJobs int `json:"needsJobs"`
	// NeverRun are those of NeedsJobs that need something that is left out for good.
	NeverRun int `json:"neverRun"`
	Invalid  int `json:"invalid"`
	// InvalidTasks are task and base task definitions with faults.
	InvalidTasks int `json:"invalidTasks"`
	BrokenFiles  int `json:"brokenFiles"`
	Warnings     int `json:"warnings"`
}

func (r *Report) count() {
	r.Totals.BrokenFiles = len(r.Files)
	for _, g := range r.Graphs {
		switch g.Verdict {
		case RunsNow:
			r.Totals.RunsNow++
		case NeedsJobs:
			r.Totals.NeedsJobs++
			if slices.ContainsFunc(g.Needs, func(n Need) bool { return n.Reason.Status == Never }) {
				r.Totals.NeverRun++
			}
		case Invalid:
			r.Totals.Invalid++
		}
		r.Totals.Warnings += len(g.Problems.Warnings())
	}
	for _, t := range r.Tasks {
		if t.Problems.Err() != nil {
			r.Totals.InvalidTasks++
		}
		r.Totals.Warnings += len(t.Problems.Warnings())
	}
}

// Plan is what an import stores.
type Plan struct {
	// Graphs run now, and Tasks are those they use. Both are without what stock has with the same meaning.
	Graphs, Tasks []Document
	// Stock are the names of the graphs and tasks left alone because stock has the same.
	Stock []string
	// Hiding are the names of those that differ from the stock definition of the name, and will hide it.
	Hiding []string
}

// Plan returns what is worth storing: tasks first, as graphs are checked against them.
func (r *Report) Plan() Plan { return r.plan }
