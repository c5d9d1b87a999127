package graph

// CheckDefinition is what a graph is told when it is stored or linted: Check, and
// a warning for every key of its own options that reaches no task. A run need not
// hear of these again.
func CheckDefinition(g *Graph, lib Library) Problems {
	return append(Check(g, lib), strayOptions(g)...)
}

// strayOptions takes instanceId and nodeId for stray too: they mean something only in a run's request.
func strayOptions(g *Graph) Problems {
	known := map[string]bool{defaultsKey: true}
	for _, t := range g.Tasks {
		known[t.Label] = true
	}
	var problems Problems
	for _, key := range sortedKeys(g.Options) {
		if !known[key] {
			problems.warn("options."+key, "no task has the label '"+key+"'", "options of all tasks go below defaults")
		}
	}
	return problems
}
