package rackhd

import (
	"slices"
	"strings"

	"github.com/rackflow/rackflow/graph"
)

// decide gives a sound graph its verdict.
func (j *judge) decide(r *GraphReport) {
	if r.Verdict == Invalid {
		return
	}
	g := j.graphs[strings.ToLower(r.Name)]
	w := &walk{judge: j, top: g, seen: map[*graph.Graph]bool{}}
	w.visit(g)
	r.Needs, r.Problems = w.needs, append(r.Problems, w.unknown...)
	r.Verdict = RunsNow
	if len(r.Needs) > 0 {
		r.Verdict = NeedsJobs
	}
}

// walk collects what a graph needs, and what the graphs need that it runs.
type walk struct {
	*judge

	top   *graph.Graph
	seen  map[*graph.Graph]bool
	needs []Need
	// unknown warns of what only the run will tell.
	unknown graph.Problems
}

func (w *walk) visit(g *graph.Graph) {
	if w.seen[g] {
		return
	}
	w.seen[g] = true
	for _, t := range g.Tasks {
		def := t.TaskDefinition
		if def == nil {
			def = w.TaskDefinition(t.TaskName)
		}
		w.job(g, t, def)
	}
}

// job looks at the job behind a task. On a task queue of the user's it is the user's to have.
func (w *walk) job(g *graph.Graph, t graph.Task, def *graph.TaskDefinition) {
	base := w.build.Stock.BaseTask(def.ImplementsTask)
	switch {
	case base == nil:
		w.missing(g, def)
	case t.TaskQueue != "":
	case !w.hasJob(base.RunJob):
		w.add(g, Need{Job: base.RunJob, Reason: w.build.Table.reasonForBase(base.InjectableName)})
	case base.RunJob == jobObmNode:
		w.action(g, option(g, t, def, "action"))
	case base.RunJob == jobGraphRun:
		w.subgraph(g, t, option(g, t, def, "graphName"))
	}
}

// missing is for a base task that stock does not have. Where nobody knows it, a task
// of the import has taken the place of the one that a stock graph was made for.
func (w *walk) missing(g *graph.Graph, def *graph.TaskDefinition) {
	base := w.BaseTask(def.ImplementsTask)
	switch {
	case base == nil:
		w.add(g, Need{Task: def.InjectableName, Reason: Reason{Hint: "it implements " + def.ImplementsTask + ", which does not exist"}})
	case w.hasJob(base.RunJob):
		w.add(g, Need{Job: base.RunJob, Reason: Reason{
			Hint: "the job is here, but not " + base.InjectableName + ": let the task implement a base task that is",
		}})
	default:
		w.add(g, Need{Job: base.RunJob, Reason: w.build.Table.reasonForBase(base.InjectableName)})
	}
}

func (w *walk) action(g *graph.Graph, value any) {
	name, ok := value.(string)
	if !ok || graph.IsTemplate(name) || slices.Contains(w.build.Actions, name) {
		return
	}
	w.add(g, Need{Job: jobObmNode, Action: name, Reason: w.build.Table.reasonForAction(name)})
}

func (w *walk) subgraph(g *graph.Graph, t graph.Task, value any) {
	name, ok := value.(string)
	if !ok || graph.IsTemplate(name) {
		if g == w.top {
			w.unknown = append(w.unknown, graph.Problem{
				Path: "options." + t.Label + ".graphName", Message: "which graph this task runs is known only when the run starts",
				Hint: "what that graph needs is not reported", Warning: true,
			})
		}
		return
	}
	if sub := w.graph(name); sub != nil {
		w.visit(sub)
		return
	}
	hint := "there is none of this name; import it too"
	if w.isInvalid(name) {
		hint = "it is invalid"
	}
	w.add(g, Need{Graph: name, Reason: Reason{Hint: hint}})
}

func (w *walk) graph(name string) *graph.Graph {
	if g := w.graphs[strings.ToLower(name)]; g != nil {
		return g
	}
	return w.stock[strings.ToLower(name)]
}

func (w *walk) isInvalid(name string) bool {
	return slices.ContainsFunc(w.report.Graphs, func(r GraphReport) bool {
		return r.Verdict == Invalid && strings.EqualFold(r.Name, name)
	})
}

func (w *walk) add(g *graph.Graph, need Need) {
	if g != w.top {
		need.In = g.InjectableName
	}
	known := slices.ContainsFunc(w.needs, func(n Need) bool { return n.String() == need.String() })
	if !known {
		w.needs = append(w.needs, need)
	}
}

// option is what a task's option is before the run gives any: the closest to the graph wins.
func option(g *graph.Graph, t graph.Task, def *graph.TaskDefinition, name string) any {
	for _, options := range []any{g.Options[t.Label], g.Options["defaults"], t.OptionOverrides, def.Options} {
		if object, ok := options.(map[string]any); ok && object[name] != nil {
			return object[name]
		}
	}
	return nil
}
