package graph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Check validates a graph's structure against what the library holds: names,
// labels, waitOn, cycles and required properties. Options are not looked at: they may come with the run.
// Messages are RackHD's where it had one.
func Check(g *Graph, lib Library) Problems {
	var problems Problems
	labels := checkLabels(g, &problems)
	for i, t := range g.Tasks {
		path := taskPath(i)
		checkDefinition(t, lib, path, &problems)
		checkWaitOn(g, t, labels, path, &problems)
		checkExtensions(t, path, &problems)
	}
	if problems.Err() == nil {
		checkCycle(g, labels, &problems)
		checkProperties(g, lib, &problems)
	}
	return problems
}

func taskPath(i int) string { return "tasks[" + strconv.Itoa(i) + "]" }

func checkLabels(g *Graph, problems *Problems) map[string]int {
	labels := make(map[string]int, len(g.Tasks))
	for i, t := range g.Tasks {
		if t.Label == anyOf {
			problems.add(taskPath(i)+".label", "Label anyOf is reserved, please use another label.", "")
		}
		if first, ok := labels[t.Label]; ok {
			problems.add(taskPath(i)+".label", fmt.Sprintf("The task label '%s' is used more than once in the graph definition.", t.Label),
				"first used by "+taskPath(first))
			continue
		}
		labels[t.Label] = i
	}
	return labels
}

func checkDefinition(t Task, lib Library, path string, problems *Problems) {
	if t.TaskDefinition == nil && t.TaskName == "" {
		problems.missing(path, "Could not find task definition with injectableName undefined", "give taskName or taskDefinition")
		return
	}
	def := t.TaskDefinition
	if def == nil {
		def = lib.TaskDefinition(t.TaskName)
	}
	if def == nil {
		problems.missing(path+".taskName", "Could not find task definition with injectableName "+t.TaskName,
			"store the task first, or write it inline as taskDefinition")
		return
	}
	if lib.BaseTask(def.ImplementsTask) == nil {
		problems.add(path+".implementsTask",
			fmt.Sprintf("Base task definition for %s should exist (object) is required", def.ImplementsTask),
			"this build has no job for it")
	}
}

func checkWaitOn(g *Graph, t Task, labels map[string]int, path string, problems *Problems) {
	for _, w := range t.WaitOn.waits() {
		i, ok := labels[w.Label]
		if !ok {
			problems.add(path+".waitOn."+w.Label, "Task to wait on does not exist: "+w.Label, closest(w.Label, sortedKeys(labels)))
			continue
		}
		if other := g.Tasks[i]; t.Finally != other.Finally {
			problems.add(path+".waitOn."+w.Label, fmt.Sprintf("'%s' and '%s' are not both marked finally", t.Label, w.Label),
				"clean-up starts when all else has ended, so it can only wait for clean-up, and nothing else for it")
		}
	}
}

func checkExtensions(t Task, path string, problems *Problems) {
	if t.When != "" {
		if err := CheckWhen(t.When); err != nil {
			problems.add(path+".when", err.Error(), "conditions are CEL: context.x == 1 && tasks['a'].state == 'failed'")
		}
	}
	if t.MaxParallel > 0 && t.ForEach == nil {
		problems.warn(path+".maxParallel", "maxParallel has no effect without forEach", "")
	}
}

// closest suggests the label that was probably meant.
func closest(label string, labels []string) string {
	for _, l := range labels {
		if strings.EqualFold(l, label) {
			return "did you mean '" + l + "'?"
		}
	}
	return "labels are " + strings.Join(labels, ", ")
}

// checkCycle walks the waits depth first; a task met again on the way down closes a cycle.
func checkCycle(g *Graph, labels map[string]int, problems *Problems) {
	const (
		unseen = iota
		onPath
		cleared
	)
	marks := make([]int, len(g.Tasks))
	var path []int
	var visit func(i int) bool
	visit = func(i int) bool {
		switch marks[i] {
		case onPath:
			problems.add(taskPath(i)+".waitOn", "Detected a cyclic graph with tasks "+cycleNames(g, path, i), "")
			return false
		case cleared:
			return true
		}
		marks[i] = onPath
		path = append(path, i)
		for _, w := range g.Tasks[i].WaitOn.waits() {
			if !visit(labels[w.Label]) {
				return false
			}
		}
		path = path[:len(path)-1]
		marks[i] = cleared
		return true
	}
	for i := range g.Tasks {
		if !visit(i) {
			return
		}
	}
}

func cycleNames(g *Graph, path []int, back int) string {
	var names []string
	for _, i := range path[slices.Index(path, back):] {
		names = append(names, g.Tasks[i].Label)
	}
	return strings.Join(append(names, g.Tasks[back].Label), " -> ")
}
