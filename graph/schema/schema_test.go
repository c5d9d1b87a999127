package schema_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/graph/schema"
	"github.com/rackflow/rackflow/library"
)

func compile(t testing.TB, document []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("urn:test", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("urn:test")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// validate takes a document in YAML or JSON.
func validate(t testing.TB, s *jsonschema.Schema, document []byte) error {
	t.Helper()
	data, err := graph.ToJSON(document)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

// object is the part of a schema that the tests look at.
type object struct {
	Schema      string            `json:"$schema"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Properties  map[string]object `json:"properties"`
	Defs        map[string]object `json:"$defs"`
}

func read(t *testing.T, document []byte) object {
	t.Helper()
	var o object
	if err := json.Unmarshal(document, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// silent are keys that RackHD's documents carry and that have no field here.
var silent = []string{"id", "_id", "createdAt", "updatedAt", "requiredProperties", "schemaRef"}

// TestKeysOfFields holds the schema's keys against the fields of the Go types.
func TestKeysOfFields(t *testing.T) {
	t.Parallel()
	whole := read(t, schema.Graph())
	for name, test := range map[string]struct {
		schema object
		value  any
	}{
		"graph":           {whole, graph.Graph{}},
		"task":            {whole.Defs["task"], graph.Task{}},
		"retry":           {whole.Defs["retry"], graph.Retry{}},
		"task definition": {read(t, schema.Task()), graph.TaskDefinition{}},
	} {
		got := slices.DeleteFunc(slices.Sorted(maps.Keys(test.schema.Properties)), func(key string) bool {
			return slices.Contains(silent, key)
		})
		if diff := cmp.Diff(fieldKeys(test.value), got); diff != "" {
			t.Errorf("%s (-type +schema):\n%s", name, diff)
		}
	}
}

func fieldKeys(v any) []string {
	var keys []string
	for field := range reflect.TypeOf(v).Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		keys = append(keys, name)
	}
	slices.Sort(keys)
	return keys
}

// TestReaderKnowsKeys gives the reader every key of the schema: null, which is as good as absent, or no
// good for a key that is required, but never unknown.
func TestReaderKnowsKeys(t *testing.T) {
	t.Parallel()
	whole := read(t, schema.Graph())
	parseGraph := func(data []byte) graph.Problems {
		_, problems := graph.ParseGraph(data)
		return problems
	}
	parseTask := func(data []byte) graph.Problems {
		_, problems := graph.ParseTask(data)
		return problems
	}
	for name, test := range map[string]struct {
		schema        object
		before, after string
		parse         func([]byte) graph.Problems
	}{
		"graph":           {whole, "{", "}", parseGraph},
		"task":            {whole.Defs["task"], `{"tasks": [{`, `}]}`, parseGraph},
		"retry":           {whole.Defs["retry"], `{"tasks": [{"retry": {`, `}}]}`, parseGraph},
		"task definition": {read(t, schema.Task()), "{", "}", parseTask},
	} {
		for key := range test.schema.Properties {
			if problems := test.parse([]byte(test.before + `"` + key + `": null` + test.after)).Warnings(); len(problems) > 0 {
				t.Errorf("%s: the schema has %s: %v", name, key, problems)
			}
		}
		if problems := test.parse([]byte(test.before + `"colour": null` + test.after)).Warnings(); len(problems) != 1 {
			t.Errorf("%s: the reader takes every key: %v", name, problems)
		}
	}
}

func TestEveryKeyIsDescribed(t *testing.T) {
	t.Parallel()
	for name, document := range map[string][]byte{"graph": schema.Graph(), "task": schema.Task()} {
		o := read(t, document)
		if o.Schema != "https://json-schema.org/draft/2020-12/schema" || o.Title == "" || o.Description == "" {
			t.Errorf("%s: $schema %q, title %q, description %q", name, o.Schema, o.Title, o.Description)
		}
		described(t, name, o)
	}
}

func described(t *testing.T, path string, o object) {
	t.Helper()
	for key, property := range o.Properties {
		if property.Description == "" {
			t.Errorf("%s.%s has no description", path, key)
		}
		described(t, path+"."+key, property)
	}
	for key, def := range o.Defs {
		described(t, path+"/"+key, def)
	}
}

// TestInlineDefinition holds the graph's copy of the task schema against the task schema.
func TestInlineDefinition(t *testing.T) {
	t.Parallel()
	var whole struct {
		Defs map[string]map[string]any `json:"$defs"`
	}
	var task map[string]any
	if err := json.Unmarshal(schema.Graph(), &whole); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(schema.Task(), &task); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"$schema", "title", "description"} {
		delete(task, key)
	}
	if diff := cmp.Diff(task, whole.Defs["taskDefinition"]); diff != "" {
		t.Errorf("task schema and the graph's taskDefinition differ (-task +graph):\n%s", diff)
	}
}

func TestStock(t *testing.T) {
	t.Parallel()
	graphs, tasks := compile(t, schema.Graph()), compile(t, schema.Task())
	for _, document := range library.Graphs() {
		if err := validate(t, graphs, document); err != nil {
			t.Errorf("%s\n%v", document, err)
		}
	}
	for _, document := range library.Tasks() {
		if err := validate(t, tasks, document); err != nil {
			t.Errorf("%s\n%v", document, err)
		}
	}
}

// TestGraphForms holds schema and reader to one opinion, and that to the expected one.
func TestGraphForms(t *testing.T) {
	t.Parallel()
	const head = "friendlyName: A\ninjectableName: Graph.A\n"
	const plain = head + "tasks: [{label: a, taskName: Task.noop}]\n"
	one := func(entry string) string { return head + "tasks: [{label: a, taskName: Task.noop, " + entry + "}]\n" }
	tests := []struct {
		name, document string
		valid          bool
	}{
		{"plain", plain, true},
		{"everything of a graph", plain + "options: {defaults: {a: 1}, a: {b: 2}}\nserviceGraph: true\ntimeout: 5000\nx-owner: [me]\n_id: 5\n", true},
		{"nulls", plain + "options:\nserviceGraph:\ntimeout:\n", true},
		{"no tasks", head, false},
		{"empty tasks", head + "tasks: []\n", false},
		{"tasks no list", head + "tasks: {a: 1}\n", false},
		{"task no object", head + "tasks: [a]\n", false},
		{"no name", "friendlyName: A\ntasks: [{label: a, taskName: T}]\n", false},
		{"empty name", "friendlyName: ''\ninjectableName: G\ntasks: [{label: a, taskName: T}]\n", false},
		{"name no text", "friendlyName: 1\ninjectableName: G\ntasks: [{label: a, taskName: T}]\n", false},
		{"unknown key", plain + "option: {}\n", false},
		{"options no object", plain + "options: []\n", false},
		{"timeout below 0", plain + "timeout: -1\n", false},
		{"timeout with a fraction", plain + "timeout: 1.5\n", false},
		{"timeout of years", plain + "timeout: 2147483648\n", false},
		{"everything of a task", one("ignoreFailure: true, optionOverrides: {a: 1}, finally: true, when: 'true', rerun: true, maxParallel: 2, taskQueue: q, x-description: d, x-a: {}, outputs: {a: b.c}"), true},
		{"nulls of a task", one("ignoreFailure: , optionOverrides: , finally: , when: , rerun: , maxParallel: , taskQueue: , x-description: , outputs: , waitOn: , retry: , forEach: , taskDefinition: "), true},
		{"unknown key of a task", one("ignoreFailures: true"), false},
		{"no label", head + "tasks: [{taskName: T}]\n", false},
		{"empty label", head + "tasks: [{label: '', taskName: T}]\n", false},
		{"flag as text", one("ignoreFailure: 'true'"), false},
		{"description no text", one("x-description: 1"), false},
		{"waitOn a state", one("waitOn: {b: succeeded}"), true},
		{"waitOn states", one("waitOn: {b: [failed, timeout]}"), true},
		{"waitOn any of", one("waitOn: {b: finished, anyOf: {c: cancelled, d: [succeeded]}}"), true},
		{"waitOn an unknown state", one("waitOn: {b: done}"), false},
		{"waitOn no state", one("waitOn: {b: []}"), false},
		{"waitOn null", one("waitOn: {b: }"), false},
		{"waitOn a list", one("waitOn: [b]"), false},
		{"any of a list", one("waitOn: {anyOf: [b]}"), false},
		{"any of an unknown state", one("waitOn: {anyOf: {b: skipped}}"), false},
		{"retry", one("retry: {attempts: 3, delay: 0, backoff: 1.5, maxDelay: 9, on: [busy, timeout]}"), true},
		{"retry on one", one("retry: {attempts: 3, on: failed}"), true},
		{"retry without attempts", one("retry: {delay: 1}"), false},
		{"retry 0 times", one("retry: {attempts: 0}"), false},
		{"retry with a shrinking pause", one("retry: {attempts: 2, backoff: 0.5}"), false},
		{"retry on an unknown outcome", one("retry: {attempts: 2, on: [permanent]}"), false},
		{"retry with an unknown key", one("retry: {attempts: 2, wait: 1}"), false},
		{"for each element", one("forEach: [1, {a: 2}]"), true},
		{"for each of a template", one("forEach: '{{ context.list }}'"), true},
		{"for each of a text", one("forEach: abc"), false},
		{"for each of a number", one("forEach: 5"), false},
		{"parallel below 0", one("maxParallel: -1"), false},
		{"output no text", one("outputs: {a: 1}"), false},
		{"output empty", one("outputs: {a: ''}"), false},
		{"inline", head + "tasks: [{label: a, taskDefinition: {friendlyName: T, injectableName: T, implementsTask: B, options: {}, properties: {}}}]\n", true},
		{"inline with a fault", head + "tasks: [{label: a, taskDefinition: {friendlyName: T, injectableName: T, implementsTask: B, options: {}}}]\n", false},
		{"inline no object", head + "tasks: [{label: a, taskDefinition: T}]\n", false},
	}
	s := compile(t, schema.Graph())
	for _, test := range tests {
		err := validate(t, s, []byte(test.document))
		if (err == nil) != test.valid {
			t.Errorf("%s: the schema says %v", test.name, err)
		}
		if _, problems := graph.ParseGraph([]byte(test.document)); (len(problems) == 0) != test.valid {
			t.Errorf("%s: the reader says %v", test.name, problems)
		}
	}
}

// TestStructure are faults that the schema finds and the reader leaves to graph.Check.
func TestStructure(t *testing.T) {
	t.Parallel()
	const head = "friendlyName: A\ninjectableName: Graph.A\n"
	s := compile(t, schema.Graph())
	for name, document := range map[string]string{
		"the reserved label": head + "tasks: [{label: anyOf, taskName: T}]\n",
		"a task without one": head + "tasks: [{label: a}]\n",
		"a path to nothing":  head + "tasks: [{label: a, taskName: /api/2.0/workflows/tasks/}]\n",
	} {
		if validate(t, s, []byte(document)) == nil {
			t.Errorf("%s passed", name)
		}
	}
}

func TestTaskForms(t *testing.T) {
	t.Parallel()
	const plain = "friendlyName: T\ninjectableName: Task.T\nimplementsTask: Task.Base.noop\noptions: {}\nproperties: {}\n"
	tests := []struct {
		name, document string
		valid          bool
	}{
		{"plain", plain, true},
		{"everything", plain + "optionsSchema: {type: object}\nrequiredProperties: {}\nschemaRef: a\nx-a: 1\nid: 7\n", true},
		{"schema by name", plain + "optionsSchema: noop.json\n", true},
		{"schema a list", plain + "optionsSchema: []\n", false},
		{"unknown key", plain + "runJob: Job.noop\n", false},
		{"no options", strings.Replace(plain, "options: {}\n", "", 1), false},
		{"options null", strings.Replace(plain, "options: {}", "options:", 1), false},
		{"properties a list", strings.Replace(plain, "properties: {}", "properties: []", 1), false},
		{"no base", strings.Replace(plain, "implementsTask: Task.Base.noop\n", "", 1), false},
	}
	s := compile(t, schema.Task())
	for _, test := range tests {
		err := validate(t, s, []byte(test.document))
		if (err == nil) != test.valid {
			t.Errorf("%s: the schema says %v", test.name, err)
		}
		if _, problems := graph.ParseTask([]byte(test.document)); (len(problems) == 0) != test.valid {
			t.Errorf("%s: the reader says %v", test.name, problems)
		}
	}
}

// TestCases holds schema and reader to one opinion about the graphs of the engine's cases.
func TestCases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/cases/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	graphs, tasks := compile(t, schema.Graph()), compile(t, schema.Task())
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var document struct {
			Graph  json.RawMessage   `json:"graph"`
			Graphs []json.RawMessage `json:"graphs"`
			Tasks  []json.RawMessage `json:"tasks"`
		}
		if data, err = graph.ToJSON(data); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if err := json.Unmarshal(data, &document); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, raw := range append(document.Graphs, document.Graph) {
			agree(t, file, graphs, raw, parsesAsGraph)
		}
		for _, raw := range document.Tasks {
			agree(t, file, tasks, raw, parsesAsTask)
		}
	}
}

// agree lets the schema find more than the reader only where graph.Check finds it too.
func agree(t *testing.T, file string, s *jsonschema.Schema, raw []byte, parse func([]byte) graph.Problems) {
	t.Helper()
	if len(raw) == 0 {
		return
	}
	err, problems := validate(t, s, raw), parse(raw)
	if (err == nil) != (len(problems) == 0) {
		t.Errorf("%s: the schema says %v, the reader %v:\n%s", file, err, problems, raw)
	}
}

func parsesAsGraph(data []byte) graph.Problems {
	g, problems := graph.ParseGraph(data)
	if g != nil {
		problems = append(problems, incomplete(g)...)
	}
	return problems
}

func parsesAsTask(data []byte) graph.Problems {
	_, problems := graph.ParseTask(data)
	return problems
}

// incomplete finds what TestStructure does.
func incomplete(g *graph.Graph) graph.Problems {
	var problems graph.Problems
	for _, t := range g.Tasks {
		if t.Label == "anyOf" || t.TaskName == "" && t.TaskDefinition == nil {
			problems = append(problems, graph.Problem{Path: t.Label, Message: "reserved label, or no task"})
		}
	}
	return problems
}

// TestRackHD validates RackHD's own definitions, which are no part of the project.
func TestRackHD(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("RACKHD_DEFINITIONS") //nolint:forbidigo // the definitions are no part of the project
	if folder == "" {
		t.Skip("RACKHD_DEFINITIONS names no folder with RackHD's graphs.json and tasks.json")
	}
	for file, test := range map[string]struct {
		schema []byte
		parse  func([]byte) graph.Problems
	}{"graphs.json": {schema.Graph(), parsesAsGraph}, "tasks.json": {schema.Task(), parsesAsTask}} {
		data, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		var documents []json.RawMessage
		if err := json.Unmarshal(data, &documents); err != nil {
			t.Fatal(err)
		}
		s := compile(t, test.schema)
		for _, document := range documents {
			agree(t, file, s, document, test.parse)
		}
	}
}
