package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/workflows"
)

// TestInstallerThatFallsSilent says what was heard last when the wait's time is up.
func TestInstallerThatFallsSilent(t *testing.T) {
	t.Parallel()
	for want, events := range map[string][]workflows.InstallerEvent{
		"within 300000ms; the installer has not reported done, nothing has been heard of it":     nil,
		"; the installer has not reported done, last heard: started, 0 % up":                     {{Event: "started", Message: "up"}},
		"; the installer has not reported done, last heard: progress, 40 % installing packages":  {{Event: "started"}, {Event: "progress", Value: 40, Message: "installing packages"}},
		"; the installer has not reported done, last heard: progress, 90 % packages are on disk": {{Event: "progress", Value: 90, Message: "packages are on disk"}, {Event: "booted"}},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			b.RegisterDelayedCallback(func() {
				for _, event := range events {
					b.SignalWorkflow(workflows.InstallerSignal, event)
				}
			}, time.Minute)
			record, _ := b.run(t, workflows.Input{Plan: planOf(with(task("wait", "Job.Installer.Wait"), func(t *graph.PlannedTask) {
				t.Timeout, t.Options = 300_000, map[string]any{"event": "done"}
			}))})
			if got := record.Tasks[0]; got.State != graph.TimedOut || !strings.HasSuffix(got.Error, want) {
				t.Errorf("%s: %q, want it to end with %q", got.State, got.Error, want)
			}
		})
	}
}
