package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// shapes are graphs of chainLength regular activities: one after the other, all but
// the first at once, and layers of five that wait for each other.
var shapes = map[string]func(i int) (first, last int){
	"chain": func(i int) (int, int) { return i - 1, i },
	"fan":   func(i int) (int, int) { return 0, min(i, 1) },
	"mixed": func(i int) (int, int) { return i/5*5 - 5, i / 5 * 5 },
}

func shapeOf(waits func(i int) (first, last int)) string {
	var b strings.Builder
	b.WriteString("friendlyName: Shape\ninjectableName: Graph.Shape\ntasks:\n")
	for i := range chainLength {
		fmt.Fprintf(&b, "  - {label: %s, taskName: Task.Echo, waitOn: {", stepLabel(i))
		first, last := waits(i)
		for j := max(first, 0); j < last; j++ {
			fmt.Fprintf(&b, "%s: succeeded, ", stepLabel(j))
		}
		b.WriteString("}}\n")
	}
	return b.String()
}

// BenchmarkShapes measures throughput by the shape of graphs, and by how many are open at once.
func BenchmarkShapes(b *testing.B) {
	c := startTemporal(b, registerByHand)
	for _, name := range []string{"chain", "fan", "mixed"} {
		kind := chain{definition: shapeOf(shapes[name])}
		for _, n := range []int{1, 10, 100} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				var rates []float64
				for b.Loop() {
					took := pace(b, c, kind.startGraph, n, n)
					rates = append(rates, float64(n*chainLength)/took.wall.Seconds())
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(median(rates), "tasks/s")
			})
		}
	}
}
