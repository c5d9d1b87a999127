package graph

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// MaxDefinition bounds a definition's size in bytes.
const MaxDefinition = 1 << 20

// ParseGraph reads a graph definition in JSON or YAML. It reports every fault of
// form at once; unknown keys are warnings. The graph is nil when there are errors.
func ParseGraph(data []byte) (*Graph, Problems) {
	r, problems := newReader(data)
	if r == nil {
		return nil, problems
	}
	g := r.graph()
	if r.problems.Err() != nil {
		return nil, r.problems
	}
	return g, r.problems
}

// ParseTask reads a task definition in JSON or YAML, as ParseGraph reads a graph.
func ParseTask(data []byte) (*TaskDefinition, Problems) {
	r, problems := newReader(data)
	if r == nil {
		return nil, problems
	}
	t := r.taskDefinition()
	if r.problems.Err() != nil {
		return nil, r.problems
	}
	return t, r.problems
}

// reader reads typed fields out of one object of a definition.
type reader struct {
	object   map[string]any
	path     string
	known    map[string]bool
	problems Problems
}

func newReader(data []byte) (*reader, Problems) {
	if len(data) > MaxDefinition {
		return nil, Problems{{Message: fmt.Sprintf("definition is larger than %d bytes", MaxDefinition)}}
	}
	var object map[string]any
	if err := decode(data, &object); err != nil {
		return nil, Problems{{Message: "neither JSON nor YAML: " + err.Error()}}
	}
	if object == nil {
		return nil, Problems{{Message: "definition should be an object", Hint: "it is empty"}}
	}
	return &reader{object: object, known: map[string]bool{}}, nil
}

// decode reads what starts as JSON does as JSON where it can, so that JSON's own
// errors are shown, and all else as YAML.
func decode(data []byte, into any) error {
	document, err := ToJSON(data)
	if trimmed := bytes.TrimSpace(data); err != nil && len(trimmed) > 0 && trimmed[0] == '{' {
		if jsonErr := json.Unmarshal(trimmed, into); jsonErr != nil {
			return jsonErr
		}
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(document, into)
}

func (r *reader) at(key string) string {
	if r.path == "" {
		return key
	}
	return r.path + "." + key
}

func (r *reader) get(key string) any {
	r.known[key] = true
	return r.object[key]
}

func (r *reader) text(key string, required bool) string {
	switch v := r.get(key).(type) {
	case string:
		if v == "" && required {
			r.problems.add(r.at(key), key+" (string) is required", "it is empty")
		}
		return v
	case nil:
		if required {
			r.problems.add(r.at(key), key+" (string) is required", "")
		}
	default:
		r.problems.add(r.at(key), fmt.Sprintf("%s should be a string, not %s", key, typeName(v)), "")
	}
	return ""
}

func (r *reader) flag(key string) bool {
	switch v := r.get(key).(type) {
	case bool:
		return v
	case nil:
	default:
		r.problems.add(r.at(key), fmt.Sprintf("%s should be true or false, not %s", key, typeName(v)), "")
	}
	return false
}

// whole reads a number without a fraction that is not below least.
func (r *reader) whole(key string, least int64) int64 {
	raw := r.get(key)
	if raw == nil {
		return 0
	}
	n, ok := number(raw)
	if !ok || n != math.Trunc(n) || n < float64(least) || n > math.MaxInt32 {
		r.problems.add(r.at(key), fmt.Sprintf("%s should be a whole number, %d or more, not %s", key, least, Text(raw)), "")
		return 0
	}
	return int64(n)
}

func (r *reader) fields(key string, required bool) map[string]any {
	switch v := r.get(key).(type) {
	case map[string]any:
		return v
	case nil:
		if required {
			r.problems.add(r.at(key), key+" (object) is required", "")
		}
	default:
		r.problems.add(r.at(key), fmt.Sprintf("%s should be an object, not %s", key, typeName(v)), "")
	}
	return nil
}

// schema takes an object, or the name of a schema file.
func (r *reader) schema(key string) json.RawMessage {
	v := r.get(key)
	switch v.(type) {
	case nil:
		return nil
	case map[string]any, string:
		raw, err := json.Marshal(v)
		if err == nil {
			return raw
		}
	}
	r.problems.add(r.at(key), fmt.Sprintf("%s should be an object or a name, not %s", key, typeName(v)), "")
	return nil
}

func (r *reader) below(object map[string]any, path string) *reader {
	return &reader{object: object, path: path, known: map[string]bool{}}
}

// done reports the keys that nobody asked for.
func (r *reader) done(ignored ...string) {
	for _, key := range sortedKeys(r.object) {
		if !r.known[key] && !slices.Contains(ignored, key) && !strings.HasPrefix(key, "x-") {
			r.problems.warn(r.at(key), "unknown key '"+key+"'", "it is stored, and has no effect")
		}
	}
}

// stored are the keys that RackHD's own documents carry.
var stored = []string{"id", "_id", "createdAt", "updatedAt"}

func (r *reader) graph() *Graph {
	g := &Graph{
		FriendlyName:   r.text("friendlyName", true),
		InjectableName: r.text("injectableName", true),
		Options:        r.fields("options", false),
		ServiceGraph:   r.flag("serviceGraph"),
		Timeout:        r.whole("timeout", 0),
	}
	list, ok := r.get("tasks").([]any)
	if !ok || len(list) == 0 {
		r.problems.add(r.at("tasks"), "Graph.tasks ([object]) is required", "a graph has at least one task")
	}
	for i, entry := range list {
		path := fmt.Sprintf("%s[%d]", r.at("tasks"), i)
		object, ok := entry.(map[string]any)
		if !ok {
			r.problems.add(path, "a task should be an object, not "+typeName(entry), "")
			continue
		}
		sub := r.below(object, path)
		g.Tasks = append(g.Tasks, sub.task())
		r.problems = append(r.problems, sub.problems...)
	}
	r.done(stored...)
	return g
}

func (r *reader) task() Task {
	t := Task{
		Label:           r.text("label", true),
		TaskName:        r.taskName(),
		IgnoreFailure:   r.flag("ignoreFailure"),
		OptionOverrides: r.fields("optionOverrides", false),
		Finally:         r.flag("finally"),
		When:            r.text("when", false),
		Retry:           r.retry(),
		ForEach:         r.forEach(),
		MaxParallel:     int(r.whole("maxParallel", 0)),
		Outputs:         r.outputs(),
		Rerun:           r.flag("rerun"),
		TaskQueue:       r.text("taskQueue", false),
		Description:     r.text("x-description", false),
	}
	if object := r.fields("taskDefinition", false); object != nil {
		sub := r.below(object, r.at("taskDefinition"))
		t.TaskDefinition = sub.taskDefinition()
		r.problems = append(r.problems, sub.problems...)
	}
	t.WaitOn = readWaitOn(r.fields("waitOn", false), r.at("waitOn"), &r.problems)
	r.done()
	return t
}

// taskName takes a bare name or an API path, of which the last segment counts.
func (r *reader) taskName() string {
	name := r.text("taskName", false)
	return name[strings.LastIndexByte(name, '/')+1:]
}

func (r *reader) taskDefinition() *TaskDefinition {
	d := &TaskDefinition{
		FriendlyName:   r.text("friendlyName", true),
		InjectableName: r.text("injectableName", true),
		ImplementsTask: r.text("implementsTask", true),
		Options:        r.fields("options", true),
		Properties:     r.fields("properties", true),
		OptionsSchema:  r.schema("optionsSchema"),
	}
	r.done(append(stored, "requiredProperties", "schemaRef")...)
	return d
}

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case float64, int, int64:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "an array"
	}
	return "an object"
}

func sortedKeys[V any](m map[string]V) []string {
	if len(m) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(m)) //workflowcheck:ignore // sorted
}
