package activities_test

import (
	"testing"

	"github.com/rackflow/rackflow/sim"
)

func TestClearLogByUsage(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	check(t, d.power(t, d.stored.ID, action("powerOn")))
	result := d.run(t, "Job.Clear.Sel.By.Usage", nil)
	if result["cleared"] != false || result["used"] == 0.0 || d.count(sim.LogCleared) != 0 {
		t.Errorf("within 60 %%: %v", result)
	}
	d.refuse(t, "Job.Clear.Sel.By.Usage", map[string]any{"maxSelUsage": 0.0}, "selForceClear")
	if got := d.count(sim.LogCleared); got != 0 {
		t.Errorf("the log was cleared %d times without leave", got)
	}
	result = d.run(t, "Job.Clear.Sel.By.Usage", map[string]any{"maxSelUsage": 0.0, "selForceClear": true})
	if result["cleared"] != true || d.count(sim.LogCleared) != 1 {
		t.Errorf("above: %v, cleared %d times", result, d.count(sim.LogCleared))
	}
}
