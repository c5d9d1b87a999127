package e2e

import (
	"os"
	"os/exec"
	"testing"

	sdkworker "go.temporal.io/sdk/worker"
)

// uncachedEnv marks the process that keeps no workflow in memory.
const uncachedEnv = "RACKFLOW_UNCACHED"

// TestScenariosReplayFromTheStart plays every scenario on a worker that forgets
// each run after each of its workflow tasks, so that the next replays it from the
// first event. The cache is the whole process's: a process of its own is without.
func TestScenariosReplayFromTheStart(t *testing.T) {
	t.Parallel()
	if os.Getenv(uncachedEnv) == "" {
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		again.Env = append(os.Environ(), uncachedEnv+"=1")
		out, err := again.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	sdkworker.SetStickyWorkflowCacheSize(0)
	c := startTemporal(t, nil)
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) { s.play(t, c) })
	}
}
