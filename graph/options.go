package graph

import (
	"encoding/json"
	"fmt"
	"math"
)

// defaultsKey holds the options of a graph that reach every task.
const defaultsKey = "defaults"

// MergeOptions lays the options of a run request over a graph's own: deeply, the request wins.
func MergeOptions(graph, request map[string]any) map[string]any {
	out := CloneMap(graph)
	if out == nil {
		out = map[string]any{}
	}
	overlay(out, request)
	return out
}

// overlay merges objects deeply; unlike Merge, null is a value and replaces.
func overlay(into, over map[string]any) {
	for key, value := range over {
		sub, isObject := value.(map[string]any)
		old, wasObject := into[key].(map[string]any)
		if isObject && wasObject {
			overlay(old, sub)
			continue
		}
		into[key] = Clone(value)
	}
}

// taskOptions gives the options of one task: its definition's, its overrides, then
// the graph's defaults and those below its label. A task with a schema takes all
// defaults its base task admits, one without only the names it knows. A key is
// replaced whole.
func taskOptions(t Task, def *TaskDefinition, base *BaseTask, graphOptions map[string]any) map[string]any {
	out := CloneMap(base.Options)
	if out == nil {
		out = map[string]any{}
	}
	overlay(out, def.Options)
	overlay(out, t.OptionOverrides)
	defaults, _ := graphOptions[defaultsKey].(map[string]any)
	own, _ := graphOptions[t.Label].(map[string]any)
	takesAll := len(def.OptionsSchema) > 0 || len(base.OptionsSchema) > 0
	known := map[string]bool{}
	if len(defaults) > 0 {
		known = knownNames(out, base, own)
	}
	for key, value := range defaults {
		if known[key] || takesAll && base.admits(key) {
			out[key] = Clone(value)
		}
	}
	for key, value := range own {
		if value == nil && takesAll && out[key] != nil {
			continue
		}
		out[key] = Clone(value)
	}
	return out
}

// admits reports whether a default of the whole graph may reach the job: a closed
// one is kept free of those meant for other tasks.
func (b *BaseTask) admits(key string) bool {
	if !b.Closed {
		return true
	}
	var schema struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(b.OptionsSchema, &schema); err != nil {
		return true
	}
	_, ok := schema.Properties[key]
	return ok
}

func knownNames(options map[string]any, base *BaseTask, own map[string]any) map[string]bool {
	known := map[string]bool{timeoutKey: true, "schedulerOverrides": true}
	for key := range options {
		known[key] = true
	}
	for _, key := range base.RequiredOptions {
		known[key] = true
	}
	for key := range own {
		known[key] = true
	}
	return known
}

// timeoutKey is the option that limits a task, in milliseconds.
const timeoutKey = "_taskTimeout"

// takeTimeout removes the limit from the options and returns it in milliseconds; 0 is none.
func takeTimeout(options map[string]any) (int64, error) {
	raw, given := options[timeoutKey]
	delete(options, timeoutKey)
	if overrides, ok := options["schedulerOverrides"].(map[string]any); ok && !given {
		raw, given = overrides["timeout"]
	}
	if !given || raw == nil {
		return DefaultTimeout.Milliseconds(), nil
	}
	ms, ok := number(raw)
	if !ok || ms != math.Trunc(ms) || ms < -1 {
		return 0, fmt.Errorf("%s should be a whole number of milliseconds, -1 or 0 for none, not %s", timeoutKey, Text(raw))
	}
	return int64(max(ms, 0)), nil
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}
