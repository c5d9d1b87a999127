package graph_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rackflow/rackflow/graph"
)

// shapes are graphs of n tasks: a chain, a fan out of one task, and layers of ten that wait for each other.
var shapes = map[string]func(i int) []string{
	"chain": func(i int) []string { return labels(i-1, i) },
	"fan":   func(i int) []string { return labels(0, min(i, 1)) },
	"mixed": func(i int) []string { return labels(max(i/10*10-10, 0), i/10*10) },
}

func labels(from, to int) []string {
	var out []string
	for i := max(from, 0); i < to; i++ {
		out = append(out, fmt.Sprint("t", i))
	}
	return out
}

func graphOf(n int, waits func(i int) []string) *graph.Graph {
	g := &graph.Graph{FriendlyName: "B", InjectableName: "Graph.B"}
	for i := range n {
		t := graph.Task{Label: fmt.Sprint("t", i), TaskName: "Task.noop", OptionOverrides: map[string]any{"when": "{{ context.x }}"}}
		for _, label := range waits(i) {
			t.WaitOn.All = append(t.WaitOn.All, graph.Wait{Label: label, States: []graph.State{graph.Succeeded}})
		}
		g.Tasks = append(g.Tasks, t)
	}
	return g
}

// execute does all that the engine itself does for a run: check, resolve, render, walk.
func execute(tb testing.TB, g *graph.Graph, lib graph.Library) {
	tb.Helper()
	plan, problems := graph.Resolve(g, lib, graph.Request{ID: "1"})
	if plan == nil {
		tb.Fatal(problems)
	}
	m := graph.NewMachine(plan)
	context := map[string]any{"x": "true"}
	for !m.Done() {
		for _, i := range m.Ready() {
			if _, err := graph.RunOptions(plan.Tasks[i], plan, context, ""); err != nil {
				tb.Fatal(err)
			}
			m.Finish(i, graph.Succeeded)
		}
	}
}

// BenchmarkEngine measures the engine's own time, without Temporal: the time of a
// task at 1,000 tasks, and how much longer 1,000 tasks take than 100 in the same run.
func BenchmarkEngine(b *testing.B) {
	index, err := graph.ReadIndex(nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	index.AddBase(lib{}.BaseTask("Task.Base.noop"))
	index.AddTask(lib{}.TaskDefinition("Task.noop"))
	for name, waits := range shapes {
		b.Run(name, func(b *testing.B) {
			small, large := graphOf(100, waits), graphOf(1000, waits)
			var smallTime, largeTime time.Duration
			for b.Loop() {
				start := time.Now()
				execute(b, small, index)
				middle := time.Now()
				execute(b, large, index)
				smallTime += middle.Sub(start)
				largeTime += time.Since(middle)
			}
			b.ReportMetric(float64(largeTime.Microseconds())/float64(b.N*1000), "µs/task")
			b.ReportMetric(float64(largeTime)/float64(smallTime), "1000/100")
			b.ReportMetric(0, "ns/op")
		})
	}
}
