package workflows

import (
	"maps"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/rackflow/rackflow/graph"
)

// report gives options.values back, and with them when each task of the run so far has
// begun and ended: what a later task passes on, or a person reads.
func report(_ workflow.Context, c *call) (graph.JobOutput, error) {
	values, _ := c.options["values"].(map[string]any)
	result := maps.Clone(values)
	if result == nil {
		result = map[string]any{}
	}
	result["phases"] = c.run.phases()
	return graph.JobOutput{Result: result}, nil
}

// phases are the tasks that have done their work, in the order of the graph.
func (r *run) phases() []any {
	phases := []any{}
	for i, task := range r.tasks {
		if task.Started == nil || task.Ended == nil || r.machine.State(i) == graph.Skipped {
			continue
		}
		phases = append(phases, map[string]any{
			"task": r.in.Plan.Tasks[i].Label, "state": string(r.machine.State(i)),
			"started": task.Started.UTC().Format(time.RFC3339), "ended": task.Ended.UTC().Format(time.RFC3339),
			"seconds": task.Ended.Sub(*task.Started).Seconds(),
		})
	}
	return phases
}
