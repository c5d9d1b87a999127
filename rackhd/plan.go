package rackhd

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/rackflow/rackflow/graph"
)

// plan picks what is worth storing, each definition once and in the order of its graphs.
func (j *judge) plan() {
	for _, r := range j.report.Graphs {
		if r.Verdict == RunsNow {
			g := j.graphs[strings.ToLower(r.Name)]
			j.planGraph(g)
			j.planTasks(g)
		}
	}
}

func (j *judge) planGraph(g *graph.Graph) {
	name, plan := strings.ToLower(g.InjectableName), &j.report.plan
	stock := j.stock[name]
	if j.keeps(g.InjectableName, stock != nil, stock != nil && sameGraph(stock, g)) {
		plan.Graphs = append(plan.Graphs, j.taken[keyOf(Graph, name)])
	}
}

func (j *judge) planTasks(g *graph.Graph) {
	plan := &j.report.plan
	for _, t := range g.Tasks {
		name := strings.ToLower(t.TaskName)
		task := j.tasks[name]
		if task == nil || t.TaskDefinition != nil || j.planned[name] {
			continue
		}
		j.planned[name] = true
		stock := j.build.Stock.TaskDefinition(name)
		if j.keeps(task.InjectableName, stock != nil, stock != nil && sameTask(stock, task)) {
			plan.Tasks = append(plan.Tasks, j.taken[keyOf(Task, name)])
		}
	}
}

// keeps notes how a definition stands to the stock one of its name, and says whether it is to be stored.
func (j *judge) keeps(name string, hasStock, alike bool) bool {
	plan := &j.report.plan
	switch {
	case alike:
		plan.Stock = append(plan.Stock, name)
	case hasStock:
		plan.Hiding = append(plan.Hiding, name)
	}
	return !alike
}

// sameTask compares what tasks do. Titles are for people, and properties served
// only a check of RackHD's that is not made here.
func sameTask(a, b *graph.TaskDefinition) bool {
	return strings.EqualFold(a.ImplementsTask, b.ImplementsTask) &&
		same(a.Options, b.Options) && same(schemaOf(a), schemaOf(b))
}

// schemaOf returns the schema itself; the name of one of RackHD's files counts as none.
func schemaOf(t *graph.TaskDefinition) json.RawMessage {
	if bytes.HasPrefix(t.OptionsSchema, []byte(`"`)) {
		return nil
	}
	return t.OptionsSchema
}

func sameGraph(a, b *graph.Graph) bool { return same(untitled(a), untitled(b)) }

// untitled leaves out what only people read.
func untitled(g *graph.Graph) graph.Graph {
	out := *g
	out.InjectableName, out.FriendlyName = "", ""
	out.Tasks = slices.Clone(g.Tasks)
	for i := range out.Tasks {
		out.Tasks[i].Description = ""
	}
	return out
}
