package rackhd_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/library"
	"github.com/rackflow/rackflow/rackhd"
)

// none is a library without definitions.
type none struct{}

func (none) TaskDefinition(string) *graph.TaskDefinition { return nil }

func (none) BaseTask(string) *graph.BaseTask { return nil }

// stock is the real library.
type stock struct {
	tasks []*graph.TaskDefinition
	bases []*graph.BaseTask
}

func (s stock) TaskDefinition(name string) *graph.TaskDefinition {
	for _, t := range s.tasks {
		if strings.EqualFold(t.InjectableName, name) {
			return t
		}
	}
	return nil
}

func (s stock) BaseTask(name string) *graph.BaseTask {
	for _, b := range s.bases {
		if strings.EqualFold(b.InjectableName, name) {
			return b
		}
	}
	return nil
}

// build has the stock definitions, and few of their jobs.
func build(t *testing.T) rackhd.Build {
	t.Helper()
	var s stock
	for _, document := range library.BaseTasks() {
		var b graph.BaseTask
		if err := yaml.Unmarshal(document, &b); err != nil {
			t.Fatal(err)
		}
		s.bases = append(s.bases, &b)
	}
	for _, document := range library.Tasks() {
		task, problems := graph.ParseTask(document)
		if problems.Err() != nil {
			t.Fatal(problems)
		}
		s.tasks = append(s.tasks, task)
	}
	b := rackhd.Build{
		Jobs: []string{"Job.noop", "Job.Obm.Node", "Job.Graph.Run"}, Actions: []string{"powerOn", "powerOff"},
		Stock: s, Table: readTable(t),
	}
	for _, document := range library.Graphs() {
		g, problems := graph.ParseGraph(document)
		if problems.Err() != nil {
			t.Fatal(problems)
		}
		b.Graphs = append(b.Graphs, g)
	}
	return b
}

func judge(t *testing.T, documents ...string) *rackhd.Report {
	t.Helper()
	var in rackhd.Input
	for i, d := range documents {
		in.Add(fmt.Sprintf("%d.yaml", i), []byte(d))
	}
	if len(in.Documents) != len(documents) {
		t.Fatalf("%d documents, want %d: %v", len(in.Documents), len(documents), in.Broken)
	}
	return rackhd.Judge(build(t), in)
}

func graphOf(name, rest string) string {
	return "friendlyName: x\ninjectableName: " + name + "\n" + rest
}

func taskOf(name, base, options string) string {
	return "friendlyName: x\ninjectableName: " + name + "\nimplementsTask: " + base + "\noptions: " + options + "\nproperties: {}\n"
}

func inline(base, options string) string {
	return "tasks: [{label: a, taskDefinition: {friendlyName: x, injectableName: x, implementsTask: " + base + ", options: " + options + ", properties: {}}}]\n"
}

// lines is a verdict with what it stands on, in one line each.
func lines(r rackhd.GraphReport) []string {
	out := []string{string(r.Verdict)}
	for _, n := range r.Needs {
		line := n.String()
		if n.In != "" {
			line += " in " + n.In
		}
		out = append(out, line+": "+n.Reason.String())
	}
	for _, p := range r.Problems {
		out = append(out, fault(p))
	}
	return out
}

// fault leaves out the hint: it is for package graph to word.
func fault(p graph.Problem) string {
	if p.Hint = ""; p.Warning {
		return "warning: " + p.String()
	}
	return p.String()
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		documents []string // the first is the graph in question
		want      []string
	}{
		{"runs", []string{graphOf("G", "tasks: [{label: a, taskName: TASK.NOOP}]")}, []string{"runs now"}},
		{"its own task", []string{graphOf("G", "tasks: [{label: a, taskName: Task.Own}]"), taskOf("task.OWN", "task.base.NOOP", "{}")}, []string{"runs now"}},
		{"RackHD's base task", []string{graphOf("G", inline("task.base.snmp.ping", "{}"))}, []string{
			"needs jobs", "Job.Snmp.Ping: never: SNMP is not spoken; query the device from a job of your own on a taskQueue",
		}},
		{"waited for", []string{graphOf("G", inline("Task.Base.Dell.Wsman.Update.Firmware", "{}"))}, []string{
			"needs jobs", "Job.Dell.Wsman.Firmware.Update: not yet: firmware update over Redfish",
		}},
		{"a base task of the import", []string{graphOf("G", inline("Task.Base.Own", "{}")), "injectableName: Task.Base.Own\nrunJob: Job.Own\n"}, []string{
			"needs jobs", "Job.Own: this build has no such job",
		}},
		{"a base task with a job of the build", []string{graphOf("G", inline("Task.Base.Own", "{}")), "injectableName: Task.Base.Own\nrunJob: Job.noop\n"}, []string{
			"needs jobs", "Job.noop: the job is here, but not Task.Base.Own: let the task implement a base task that is",
		}},
		{"stock's base task wins", []string{graphOf("G", inline("Task.Base.noop", "{}")), "injectableName: Task.Base.noop\nrunJob: Job.Other\n"}, []string{"runs now"}},
		{"stock's base task without its job", []string{graphOf("G", inline("Task.Base.Rest", "{url: x, method: y}"))}, []string{
			"needs jobs", "Job.Rest: this build has no such job",
		}},
		{"on a task queue", []string{graphOf("G", strings.Replace(inline("Task.Base.Rest", "{}"), "{label", "{taskQueue: own, label", 1))}, []string{"runs now"}},
		{"an action", []string{graphOf("G", inline("Task.Base.Obm.Node", "{action: powerOn}"))}, []string{"runs now"}},
		{"an action that is not here", []string{graphOf("G", inline("Task.Base.Obm.Node", "{action: clearWatchDog}"))}, []string{
			"needs jobs", "Job.Obm.Node action clearWatchDog: never: the IPMI watchdog is not reached over Redfish; leave the task out",
		}},
		{"no action of RackHD's", []string{graphOf("G", inline("Task.Base.Obm.Node", "{action: dance}"))}, []string{
			"needs jobs", "Job.Obm.Node action dance: this is no action of RackHD's either",
		}},
		{"an action of the run", []string{graphOf("G", inline("Task.Base.Obm.Node", "{action: '{{ options.a }}'}"))}, []string{"runs now"}},
		{"an action of the label", []string{graphOf("G", inline("Task.Base.Obm.Node", "{action: clearSEL}")+"options: {a: {action: powerOff}, defaults: {action: NMI}}")}, []string{"runs now"}},
		{"an action of the defaults", []string{graphOf("G", inline("Task.Base.Obm.Node", "{action: clearSEL}")+"options: {defaults: {action: powerOff}}")}, []string{"runs now"}},
		{"each need once", []string{
			graphOf("G", "tasks: [{label: a, taskName: T}, {label: b, taskName: t}]"), taskOf("T", "Task.Base.Ucs", "{}"),
		}, []string{"needs jobs", "Job.Ucs: never: pollers are not graphs here; leave RackHD's poller service out"}},
		{"an unknown base task", []string{graphOf("G", inline("Task.Base.Nope", "{}"))}, []string{
			"invalid", "tasks[0].implementsTask: Base task definition for Task.Base.Nope should exist (object) is required",
		}},
		{"all faults", []string{graphOf("G", "option: {}\noptions: {nodeId: 1}\ntasks: [{label: a, taskName: Task.Nope}, {label: a, taskName: Task.noop, waitOn: {z: failed}}]")}, []string{
			"invalid",
			"warning: option: unknown key 'option'",
			"tasks[1].label: The task label 'a' is used more than once in the graph definition.",
			"tasks[0].taskName: Could not find task definition with injectableName Task.Nope",
			"tasks[1].waitOn.z: Task to wait on does not exist: z",
			"warning: options.nodeId: no task has the label 'nodeId'",
		}},
		{"a sub-graph", []string{
			graphOf("G", inline("Task.Base.Graph.Run", "{graphName: h, graphOptions: {}}")), graphOf("H", inline("Task.Base.Ucs", "{}")),
		}, []string{"needs jobs", "Job.Ucs in H: never: pollers are not graphs here; leave RackHD's poller service out"}},
		{"a sub-graph of stock", []string{graphOf("G", inline("Task.Base.Graph.Run", "{graphName: graph.poweron, graphOptions: {}}"))}, []string{"runs now"}},
		{"a sub-graph of stock that does not run", []string{graphOf("G", inline("Task.Base.Graph.Run", "{graphName: Graph.Reboot, graphOptions: {}}"))}, []string{
			"needs jobs", "Job.Obm.Node action reboot in Graph.Reboot: this is no action of RackHD's either",
		}},
		{"a task of a stock graph replaced", []string{
			graphOf("G", inline("Task.Base.Graph.Run", "{graphName: Graph.PowerOn, graphOptions: {}}")), taskOf("Task.Obm.Node.PowerOn", "Task.Base.Nope", "{}"),
		}, []string{"needs jobs", "task Task.Obm.Node.PowerOn in Graph.PowerOn: it implements Task.Base.Nope, which does not exist"}},
		{"a task by its path", []string{graphOf("G", "tasks: [{label: a, taskName: /api/2.0/workflows/tasks/Task.Own}]"), taskOf("Task.Own", "Task.Base.Ucs", "{}")}, []string{
			"needs jobs", "Job.Ucs: never: pollers are not graphs here; leave RackHD's poller service out",
		}},
		{"no such sub-graph", []string{graphOf("G", inline("Task.Base.Graph.Run", "{graphName: H, graphOptions: {}}"))}, []string{
			"needs jobs", "graph H: there is none of this name; import it too",
		}},
		{"an invalid sub-graph", []string{
			graphOf("G", inline("Task.Base.Graph.Run", "{graphName: H, graphOptions: {}}")), graphOf("h", "tasks: []"),
		}, []string{"needs jobs", "graph H: it is invalid"}},
		{"a graph that runs itself", []string{graphOf("G", inline("Task.Base.Graph.Run", "{graphName: G, graphOptions: {}}"))}, []string{"runs now"}},
		{"a graph of the run", []string{graphOf("G", inline("Task.Base.Graph.Run", "{graphName: null, graphOptions: {}}"))}, []string{
			"runs now",
			"warning: options.a.graphName: which graph this task runs is known only when the run starts",
		}},
		{"defined twice", []string{
			graphOf("G", "tasks: [{label: a, taskName: Task.noop}]"), graphOf("g", "tasks: [{label: b, taskName: Task.noop}]"),
		}, []string{"runs now", "warning: injectableName: graph G is defined more than once"}},
		{"twice the same", []string{
			graphOf("G", "tasks: [{label: a, taskName: Task.noop}]"), graphOf("G", "tasks: [{taskName: Task.noop, label: a}]"),
		}, []string{"runs now"}},
	}
	for _, test := range tests {
		report := judge(t, test.documents...)
		if diff := cmp.Diff(test.want, lines(report.Graphs[0])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestTasks(t *testing.T) {
	t.Parallel()
	report := judge(t,
		taskOf("T", "Task.Base.noop", "{a: 1}"), taskOf("t", "Task.Base.noop", "{a: 2}"),
		taskOf("Bad", "Task.Base.noop", "1"), taskOf("Odd", "Task.Base.noop", "{}\ncolour: red"),
		"runJob: Job.x", "injectableName: B\nrunJob: 1", taskOf("Good", "Task.Base.noop", "{}"))
	var got []string
	for _, r := range report.Tasks {
		for _, p := range r.Problems {
			got = append(got, fmt.Sprintf("%s %s %s: %s", r.Source, r.Kind, r.Name, fault(p)))
		}
	}
	want := []string{
		"1.yaml task t: warning: injectableName: task T is defined more than once",
		"2.yaml task Bad: options: options should be an object, not a number",
		"3.yaml task Odd: warning: colour: unknown key 'colour'",
		"4.yaml base task : injectableName and runJob (string) are required",
		"5.yaml base task B: runJob: runJob should be a string",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(rackhd.Totals{InvalidTasks: 3, Warnings: 2}, report.Totals); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	report := judge(t,
		graphOf("G", "tasks: [{label: a, taskName: T}, {label: b, taskName: Task.noop}, {label: c, taskName: Task.Obm.Node.PowerOn}, {label: d, taskName: t}]"),
		graphOf("Needy", "tasks: [{label: a, taskName: Unused}, {label: b, taskName: Task.Snmp}]"),
		graphOf("graph.powerOFF", "tasks: [{label: power-off, taskName: Task.Obm.Node.PowerOff, x-description: why}]"),
		graphOf("Graph.PowerOn", "tasks: [{label: power, taskName: Task.Obm.Node.PowerOn}]"),
		graphOf("Invalid", "tasks: []"),
		taskOf("T", "Task.Base.noop", "{a: 1}"), taskOf("Unused", "Task.Base.noop", "{}"), taskOf("Task.Snmp", "Task.Base.Snmp.Ping", "{}"),
		taskOf("Task.Obm.Node.PowerOn", "task.base.obm.node", "{action: powerOn}")+"optionsSchema: obm-control.json\n",
		taskOf("task.Noop", "Task.Base.noop", "{delay: 5}"))
	names := func(documents []rackhd.Document) []string {
		var out []string
		for _, d := range documents {
			out = append(out, d.Name)
		}
		return out
	}
	plan := report.Plan()
	for _, test := range []struct {
		what      string
		want, got []string
	}{
		{"graphs", []string{"G", "Graph.PowerOn"}, names(plan.Graphs)},
		{"tasks", []string{"T", "task.Noop"}, names(plan.Tasks)},
		{"stock", []string{"Task.Obm.Node.PowerOn", "graph.powerOFF"}, plan.Stock},
		{"hiding", []string{"task.Noop", "Graph.PowerOn"}, plan.Hiding},
	} {
		slices.Sort(test.want)
		slices.Sort(test.got)
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.what, diff)
		}
	}
	if diff := cmp.Diff(rackhd.Totals{RunsNow: 3, NeedsJobs: 1, NeverRun: 1, Invalid: 1}, report.Totals); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
}
