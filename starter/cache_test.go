package starter

import (
	"strconv"
	"testing"

	"github.com/rackflow/rackflow/workflows"
)

func TestPlanCacheForgetsTheOldest(t *testing.T) {
	t.Parallel()
	c := newPlanCache()
	for i := range maxPlans + 2 {
		id := strconv.Itoa(i)
		c.put(id, workflows.Input{Server: id})
		c.put(id, workflows.Input{Server: "another"}) // the input of a run never changes
	}
	for i, want := range map[int]bool{0: false, 1: false, 2: true, maxPlans + 1: true} {
		id := strconv.Itoa(i)
		in, ok := c.get(id)
		if ok != want || ok && in.Server != id {
			t.Errorf("%s: remembered %v, %q", id, ok, in.Server)
		}
	}
	if len(c.inputs) != maxPlans || len(c.order) != maxPlans {
		t.Errorf("%d inputs, %d in order", len(c.inputs), len(c.order))
	}
}
