package starter

import (
	"sync"

	"github.com/rackflow/rackflow/workflows"
)

// maxPlans bounds the inputs of runs that are remembered: they never change, and
// reading one means reading a history.
const maxPlans = 1000

// planCache remembers the inputs of runs, the oldest forgotten first.
type planCache struct {
	mu     sync.Mutex
	inputs map[string]workflows.Input
	order  []string
}

func newPlanCache() *planCache {
	return &planCache{inputs: map[string]workflows.Input{}}
}

func (c *planCache) get(id string) (workflows.Input, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	in, ok := c.inputs[id]
	return in, ok
}

func (c *planCache) put(id string, in workflows.Input) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.inputs[id]; ok {
		return
	}
	c.inputs[id] = in
	c.order = append(c.order, id)
	if len(c.order) > maxPlans {
		delete(c.inputs, c.order[0])
		c.order = c.order[1:]
	}
}
