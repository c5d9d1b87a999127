package workflows_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/library"
	"github.com/rackflow/rackflow/workflows"
)

// stockPlan resolves a stock graph.
func stockPlan(t *testing.T, name string, options map[string]any) *graph.Plan {
	t.Helper()
	lib, err := graph.ReadIndex(library.BaseTasks(), library.Tasks())
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range library.Graphs() {
		g, problems := graph.ParseGraph(document)
		if problems.Err() != nil {
			t.Fatal(problems)
		}
		if g.InjectableName != name {
			continue
		}
		plan, problems := graph.Resolve(g, lib, graph.Request{ID: "2f6b", Server: "5a", Options: options})
		if problems.Err() != nil {
			t.Fatal(problems)
		}
		return plan
	}
	t.Fatalf("there is no %s", name)
	return nil
}

// TestDeployOSBranches runs Graph.Deploy.OS by what its check finds.
func TestDeployOSBranches(t *testing.T) {
	t.Parallel()
	always := []string{
		"boot-disk", "boot-media", "build-image", "check", "clean-boot-order", "clean-eject", "clean-links", "eject", "insert-image",
		"inventory", "power-off", "power-on", "result", "settle", "start-system",
	}
	for name, c := range map[string]struct {
		check map[string]any
		more  []string
	}{
		"calls, also at first boot": {
			map[string]any{"seed": false, "callbacks": true, "prove": "booted"}, []string{"installer-started", "installer-done", "system-booted"},
		},
		"answers beside, a port": {
			map[string]any{"seed": true, "callbacks": true, "prove": "port"},
			[]string{"build-seed", "insert-seed", "installer-started", "installer-done", "system-answers"},
		},
		"nothing can be known": {map[string]any{"seed": false, "callbacks": false, "prove": "none"}, []string{"installer-off"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := map[string]any{
				"family": "windows", "product": "", "version": "", "hostname": "web-1", "addresses": []any{}, "image": "x.iso",
				"settleMs": 1000.0, "host": "192.0.2.1", "port": 22.0,
			}
			maps.Copy(found, c.check)
			b := newBench(t, deployJobs(found))
			b.RegisterDelayedCallback(func() {
				for _, event := range []string{"started", "done", "booted"} {
					b.SignalWorkflow(workflows.InstallerSignal, workflows.InstallerEvent{Event: event})
				}
			}, 1)
			plan := stockPlan(t, "Graph.Deploy.OS", map[string]any{"defaults": map[string]any{
				"image": "x.iso", "answers": map[string]any{"hostname": "web-1"},
			}})
			record, err := b.run(t, workflows.Input{Plan: plan, Server: "5a"})
			if err != nil {
				t.Fatalf("%v: %+v", err, record)
			}
			got := []string{}
			for label, state := range states(plan, record) {
				if state == graph.Succeeded {
					got = append(got, label)
				}
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(append(c.more, always...)))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("tasks that ran (-want +got):\n%s", diff)
			}
			if c.check["seed"] == true && b.inputs["insert-seed"].Options["source"] != "blob:runs/1" {
				t.Errorf("the seed was inserted with %v", b.inputs["insert-seed"].Options)
			}
		})
	}
}

// deployJobs do nothing but give what the graph goes by.
func deployJobs(found map[string]any) map[string]jobFunc {
	give := func(result any) jobFunc {
		return func(context.Context, graph.JobInput) (graph.JobOutput, error) {
			return graph.JobOutput{Result: result}, nil
		}
	}
	jobs := map[string]jobFunc{
		"Job.Deploy.Check":   give(found),
		"Job.Iso.Overlay":    give(map[string]any{"source": "overlay:runs/1"}),
		"Job.Iso.Seed":       give(map[string]any{"source": "blob:runs/1"}),
		"Job.Server.Catalog": give(map[string]any{"summary": map[string]any{"serviceTag": "SM00000"}}),
	}
	for _, name := range []string{
		"Job.Obm.Node", "Job.Media.Insert", "Job.Media.Eject", "Job.Media.Release", "Job.Boot.Device", "Job.Power.Wait", "Job.Port.Wait",
	} {
		jobs[name] = give(nil)
	}
	return jobs
}
