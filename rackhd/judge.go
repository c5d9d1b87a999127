package rackhd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rackflow/rackflow/graph"
)

// Build is what a build of rackflow brings.
type Build struct {
	// Jobs are the activities and what workflows do themselves.
	Jobs []string
	// Actions are those that Job.Obm.Node can do.
	Actions []string
	// Stock finds the tasks and base tasks of the library.
	Stock graph.Library
	// Graphs are the stock graphs.
	Graphs []*graph.Graph
	Table  *Table
}

const (
	jobObmNode  = "Job.Obm.Node"
	jobGraphRun = "Job.Graph.Run"
)

// Judge reports on all documents together: a graph may use the tasks, base tasks
// and graphs of the others. Names are found without regard to case; of two
// definitions of one name the later counts, as when they are stored one by one.
func Judge(build Build, in Input) *Report {
	j := &judge{
		build: build,
		report: &Report{
			Graphs: []GraphReport{}, Tasks: []TaskReport{}, Files: append([]FileReport{}, in.Broken...),
		},
		bases: map[string]*graph.BaseTask{}, tasks: map[string]*graph.TaskDefinition{},
		graphs: map[string]*graph.Graph{}, stock: map[string]*graph.Graph{}, taken: map[string]Document{}, planned: map[string]bool{},
	}
	for _, g := range build.Graphs {
		j.stock[strings.ToLower(g.InjectableName)] = g
	}
	documents, again := latest(in.Documents)
	for _, d := range documents {
		if d.Kind != Graph {
			j.define(d, again[key(d)])
		}
	}
	for _, d := range documents {
		if d.Kind == Graph {
			j.parse(d, again[key(d)])
		}
	}
	for i := range j.report.Graphs {
		j.decide(&j.report.Graphs[i])
	}
	j.plan()
	j.report.count()
	return j.report
}

// judge is the state of one judgement; its maps are by name in lower case.
type judge struct {
	build  Build
	report *Report
	bases  map[string]*graph.BaseTask
	tasks  map[string]*graph.TaskDefinition
	graphs map[string]*graph.Graph
	stock  map[string]*graph.Graph
	// taken are the documents of tasks and graphs, by key.
	taken map[string]Document
	// planned are the tasks that the plan has seen.
	planned map[string]bool
}

func key(d Document) string { return keyOf(d.Kind, d.Name) }

func keyOf(kind Kind, name string) string { return string(kind) + " " + strings.ToLower(name) }

// latest keeps the last of each name, in its place, with a warning where an earlier one differs.
func latest(documents []Document) ([]Document, map[string]graph.Problems) {
	last := map[string]int{}
	for i, d := range documents {
		last[key(d)] = i
	}
	var kept []Document
	again := map[string]graph.Problems{}
	for i, d := range documents {
		at := last[key(d)]
		if i == at || d.Name == "" {
			kept = append(kept, d)
			continue
		}
		if !sameJSON(d.Body, documents[at].Body) {
			again[key(d)] = append(again[key(d)], graph.Problem{
				Path: "injectableName", Message: fmt.Sprintf("%s %s is defined more than once", d.Kind, d.Name),
				Hint: "the one at " + d.Source + " differs, and is left out", Warning: true,
			})
		}
	}
	return kept, again
}

func sameJSON(a, b []byte) bool {
	var one, two any
	if json.Unmarshal(a, &one) != nil || json.Unmarshal(b, &two) != nil {
		return bytes.Equal(a, b)
	}
	return same(one, two)
}

// same compares by JSON, in which keys have one order and numbers one form.
func same(a, b any) bool {
	one, errOne := json.Marshal(a)
	two, errTwo := json.Marshal(b)
	return errOne == nil && errTwo == nil && bytes.Equal(one, two)
}

// define takes in a task or base task.
func (j *judge) define(d Document, problems graph.Problems) {
	name := strings.ToLower(d.Name)
	if d.Kind == Task {
		task, faults := graph.ParseTask(d.Body)
		problems = append(problems, faults...)
		if task != nil {
			j.tasks[name], j.taken[key(d)] = task, d
		}
	} else {
		base, fault := parseBase(d)
		if fault != nil {
			problems = append(problems, *fault)
		} else {
			j.bases[name] = base
		}
	}
	if len(problems) > 0 {
		j.report.Tasks = append(j.report.Tasks, TaskReport{Name: d.Name, Source: d.Source, Kind: d.Kind, Problems: problems})
	}
}

// parseBase reads no more than the job: where the build has one, its own base task counts.
func parseBase(d Document) (*graph.BaseTask, *graph.Problem) {
	var document struct {
		RunJob string `json:"runJob"`
	}
	if err := json.Unmarshal(d.Body, &document); err != nil {
		return nil, &graph.Problem{Path: "runJob", Message: "runJob should be a string"}
	}
	if document.RunJob == "" || d.Name == "" {
		return nil, &graph.Problem{Message: "injectableName and runJob (string) are required"}
	}
	return &graph.BaseTask{InjectableName: d.Name, RunJob: document.RunJob}, nil
}

func (j *judge) parse(d Document, problems graph.Problems) {
	g, faults := graph.ParseGraph(d.Body)
	report := GraphReport{Name: d.Name, Source: d.Source, Problems: append(problems, faults...)}
	if g != nil {
		report.Problems = append(report.Problems, graph.CheckDefinition(g, j)...)
	}
	if report.Problems.Err() == nil {
		name := strings.ToLower(d.Name)
		j.graphs[name], j.taken[key(d)] = g, d
	} else {
		report.Verdict = Invalid
	}
	j.report.Graphs = append(j.report.Graphs, report)
}

// TaskDefinition finds a task of the import, and then of stock.
func (j *judge) TaskDefinition(name string) *graph.TaskDefinition {
	if t := j.tasks[strings.ToLower(name)]; t != nil {
		return t
	}
	return j.build.Stock.TaskDefinition(name)
}

// BaseTask finds a base task of stock, and then those that the import or the table
// know: with these a graph is sound, though it does not run.
func (j *judge) BaseTask(name string) *graph.BaseTask {
	if b := j.build.Stock.BaseTask(name); b != nil {
		return b
	}
	if b := j.bases[strings.ToLower(name)]; b != nil {
		return b
	}
	if b, ok := j.build.Table.bases[strings.ToLower(name)]; ok {
		return &graph.BaseTask{InjectableName: name, RunJob: b.Job}
	}
	return nil
}

func (j *judge) hasJob(name string) bool { return slices.Contains(j.build.Jobs, name) }
