package graphcase

import (
	"strings"
	"time"

	"github.com/rackflow/rackflow/graph"
)

// native are the jobs that are done, not scripted. It is filled in by init because
// a sub-graph leads back to them.
var native map[string]func(*call)

func init() { //nolint:gochecknoinits // breaks the initialisation cycle described above
	native = map[string]func(*call){
		"Job.noop":               wait,
		"Job.Wait":               wait,
		"Job.Evaluate.Condition": evaluateCondition,
		"Job.Installer.Wait":     installerWait,
		"Job.Graph.Run":          graphRun,
		"Job.Graph.RunSku":       graphRunSku,
		"Job.Prompt":             ask,
	}
}

func wait(c *call) {
	delay, ok := c.options["delay"].(float64)
	if c.options["delay"] != nil && (!ok || delay < 0) {
		c.failf("option delay should be a number of milliseconds, not %s", graph.Text(c.options["delay"]))
		return
	}
	c.endAfter(time.Duration(delay*float64(time.Millisecond)), func() { c.finish(succeeded(graph.JobOutput{})) })
}

// failf ends an attempt at once.
func (c *call) failf(format string, args ...any) {
	c.pending = c.clock.after(0, func() { c.finish(failedf(format, args...)) })
}

func evaluateCondition(c *call) {
	when := graph.Text(c.options["when"])
	if strings.TrimSpace(when) == "true" {
		c.endAfter(0, func() { c.finish(succeeded(graph.JobOutput{})) })
		return
	}
	c.failf("condition is not met: when is %q", when)
}

func installerWait(c *call) {
	want, _ := c.options["event"].(string)
	if want == "" {
		c.failf("option event is required: started, done or failed")
		return
	}
	if c.limited {
		c.pending = c.clock.at(c.deadline, func() { c.finish(timedOut(c.task)) })
	}
	c.listen(want)
}

// listen ends a wait for the installer when it has reported what is waited for, or that it failed.
func (c *call) listen(want string) {
	if c.stopped {
		return
	}
	event, heard := c.events[want]
	failure, broken := c.events["failed"]
	switch {
	case heard:
		c.pending.drop()
		c.pending = c.clock.after(0, func() {
			c.finish(succeeded(graph.JobOutput{Result: map[string]any{"event": want, "message": event.Message}}))
		})
	case broken:
		c.pending.drop()
		c.failf("the installer failed: %s", failure.Message)
	default:
		c.heard = append(c.heard, func() { c.listen(want) })
	}
}

const busyMessage = "Unable to run multiple task graphs against a single target."

func graphRun(c *call) {
	name, _ := c.options["graphName"].(string)
	if name == "" {
		c.failf("option graphName is required")
		return
	}
	options, _ := c.options["graphOptions"].(map[string]any)
	target, _ := options["target"].(string)
	options = graph.CloneMap(options)
	delete(options, "target")
	c.runSubgraph(graph.SubgraphRequest{Graph: name, Target: target, Options: options})
}

func graphRunSku(c *call) {
	target, _ := c.options["nodeId"].(string)
	if target == "" {
		c.failf("option nodeId is required")
		return
	}
	c.runSubgraph(graph.SubgraphRequest{Sku: true, Target: target})
}

func (c *call) runSubgraph(req graph.SubgraphRequest) {
	req.ID = graph.InstanceID(c.plan.ID, c.id)
	sub, err := c.play.Subgraph(req)
	switch {
	case err != nil:
		c.failf("%s", err)
		return
	case sub.Plan == nil:
		c.endAfter(0, func() { c.finish(succeeded(graph.JobOutput{})) })
		return
	case sub.Server != "" && sub.Server != c.server && c.held[sub.Server]:
		c.failf(busyMessage)
		return
	}
	c.startChild(sub)
}

func (c *call) startChild(sub *graph.Subgraph) {
	late := false
	if c.limited {
		c.pending = c.clock.at(c.deadline, func() {
			late = true
			c.child.cancel()
		})
	}
	c.child = c.start(sub.Plan, sub.Server, boundTo(sub.Server), func(child *run) {
		c.pending.drop()
		c.clock.after(0, func() { c.finish(c.childEnd(child, late)) })
	})
}

func (c *call) childEnd(child *run, late bool) end {
	c.child = nil
	switch {
	case late:
		return timedOut(c.task)
	case child.machine.Outcome() == graph.Succeeded:
		return succeeded(graph.JobOutput{Result: map[string]any{"graphId": child.plan.ID, "status": string(graph.Succeeded)}})
	case child.machine.Outcome() == graph.Cancelled:
		return cancelled
	}
	return failedf("Graph %s failed with status %s: %s", child.plan.ID, graph.Failed, child.err)
}
