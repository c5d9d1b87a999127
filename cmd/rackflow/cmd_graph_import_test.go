package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/rackflow/rackflow/graph/schema"
	"github.com/rackflow/rackflow/library"
	"github.com/rackflow/rackflow/rackhd"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/store"
)

// TestImportRackHD pins the report on RackHD's own definitions, which are no part of the project.
func TestImportRackHD(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("RACKHD_DEFINITIONS")
	if folder == "" {
		t.Skip("RACKHD_DEFINITIONS names no folder with RackHD's graphs.json, tasks.json and base-tasks.json")
	}
	c := newCase("graph", "import", folder, "--report", "-o", "json")
	p := c.process()
	p.ReadFile, p.ReadDir = os.ReadFile, os.ReadDir
	if code := run(t.Context(), p); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &c.stderr)
	}
	var report rackhd.Report
	if err := json.Unmarshal(c.stdout.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(rackhd.Totals{RunsNow: 27, NeedsJobs: 62, NeverRun: 57, Warnings: 3}, report.Totals); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	var runs, warnings []string
	for _, g := range report.Graphs {
		if g.Verdict == rackhd.RunsNow {
			runs = append(runs, g.Name)
		}
		for _, p := range g.Problems {
			warnings = append(warnings, g.Name+" "+p.Path)
		}
	}
	slices.Sort(runs)
	want := []string{
		"Graph.Add.Hotspare", "Graph.Add.Volume", "Graph.ClearSEL.Node", "Graph.Dell.Configure.Idrac",
		"Graph.Dell.Racadm.GetFirmwareListCatalog", "Graph.Dell.Racadm.ResetComponents", "Graph.Dell.Racadm.SetBIOS",
		"Graph.Dell.Wsman.Add.Hotspare", "Graph.Dell.Wsman.Add.Volume", "Graph.Dell.Wsman.Configure.Redfish.Alert",
		"Graph.Dell.Wsman.Discovery", "Graph.Dell.Wsman.Export.SCP", "Graph.Dell.Wsman.GetSystemComponentsCatalog",
		"Graph.Dell.Wsman.GetTrapConfig", "Graph.Dell.Wsman.Import.SCP", "Graph.Dell.Wsman.Powerthermal",
		"Graph.Dell.Wsman.Simple.Update.Firmware", "Graph.GenerateSku", "Graph.Get.Switch.Config", "Graph.McReset",
		"Graph.PowerOff.Node", "Graph.PowerOn.Node", "Graph.Reboot.Node", "Graph.Redfish.Actions.Reset",
		"Graph.Redfish.Ip.Range.Discovery", "Graph.Reset.Node", "Graph.Update.Switch.Firmware",
	}
	if diff := gocmp.Diff(want, runs); diff != "" {
		t.Errorf("graphs that run now (-want +got):\n%s", diff)
	}
	want = []string{
		"Graph.Refresh.Immediate.Discovery options.nodeId", "Graph.Refresh.Immediate.Discovery options.run-sku-graph",
		"Graph.SKU.Switch.Discovery.Active options.vendor-discovery-graph.graphName",
	}
	slices.Sort(warnings)
	if diff := gocmp.Diff(want, warnings); diff != "" {
		t.Errorf("problems of graphs (-want +got):\n%s", diff)
	}
	if len(report.Tasks) > 0 {
		t.Errorf("faults of tasks were found that they do not have: %v", report.Tasks)
	}
}

// TestTableKnowsBuild holds the table against the build: what has no reason is here.
func TestTableKnowsBuild(t *testing.T) {
	t.Parallel()
	build, err := thisBuild()
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range build.Table.WithoutReason() {
		b := build.Stock.BaseTask(base)
		if b == nil || !slices.Contains(build.Jobs, b.RunJob) {
			t.Errorf("%s is not here, and the table does not say why", base)
		}
	}
}

// TestSchema prints what editors read: JSON as it is, and YAML of the same content.
func TestSchema(t *testing.T) {
	t.Parallel()
	for noun, want := range map[string]string{"graph": string(schema.Graph()), "task": string(schema.Task())} {
		c := newCase(noun, "schema")
		if code := runCase(t, c); code != exitOK || c.stdout.String() != want {
			t.Errorf("%s: exit code %d, stdout (-want +got):\n%s", noun, code, gocmp.Diff(want, c.stdout.String()))
		}
		c = newCase(noun, "schema", "-o", "yaml")
		if code := runCase(t, c); code != exitOK {
			t.Errorf("%s: exit code %d", noun, code)
		}
		var asJSON, asYAML any
		if err := yaml.Unmarshal([]byte(want), &asJSON); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(c.stdout.Bytes(), &asYAML); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(asJSON, asYAML); diff != "" {
			t.Errorf("%s in YAML (-want +got):\n%s", noun, diff)
		}
	}
}

// noDefinitions is a store without a user's definitions.
type noDefinitions struct{ starter.DefinitionStore }

func (noDefinitions) Definition(_ context.Context, _ store.DefinitionKind, name string) (store.Definition, error) {
	return store.Definition{}, fmt.Errorf("%s: %w", name, store.ErrNotFound)
}

// TestLintAgreesWithServer holds the check without a server against the server's own.
func TestLintAgreesWithServer(t *testing.T) {
	t.Parallel()
	server, err := starter.NewDefinitions(noDefinitions{}, nil, starter.Stock{
		BaseTasks: library.BaseTasks(), Tasks: library.Tasks(), Graphs: library.Graphs(),
	})
	if err != nil {
		t.Fatal(err)
	}
	lib, err := newStockLibrary()
	if err != nil {
		t.Fatal(err)
	}
	const head = "friendlyName: A\ninjectableName: Graph.A\n"
	for _, document := range []string{
		head + "tasks: [{label: a, taskName: task.NOOP}]",
		head + "colour: red\ntasks: [{label: a, taskName: Task.noop, maxParallel: 2}]",
		head + "tasks: [{label: a, taskName: Task.Nope, when: 'a ==', waitOn: {b: failed}}, {label: a}]",
		head + "tasks: [{label: a, taskName: Task.noop, waitOn: {a: succeeded}}]",
		head + "tasks: [{label: anyOf, taskDefinition: {friendlyName: x, injectableName: x, implementsTask: x, options: {}, properties: {}}}]",
		head + "tasks: []\ntimeout: soon",
		"[1]",
	} {
		_, want, _ := server.CheckGraph(t.Context(), []byte(document)) // the problems are the error
		if diff := gocmp.Diff(want, lintGraph([]byte(document), lib)); diff != "" {
			t.Errorf("%s\n(-server +lint):\n%s", document, diff)
		}
	}
}
