package graph

import (
	"fmt"
	"reflect"
	"strings"
)

// checkProperties holds what base tasks require of the machine, such as the system
// that runs on it, against the properties of the tasks that stand before them in the
// graph, as RackHD does: in the order of the array, not of the waits.
func checkProperties(g *Graph, lib Library, problems *Problems) {
	supplied := map[string]any{}
	for i, t := range g.Tasks {
		def := t.TaskDefinition
		if def == nil {
			def = lib.TaskDefinition(t.TaskName)
		}
		base := lib.BaseTask(def.ImplementsTask)
		for _, path := range sortedKeys(base.RequiredProperties) {
			if fault := unmet(supplied, path, base.RequiredProperties[path]); fault != "" {
				problems.add(taskPath(i), fmt.Sprintf("expected property %s for task %s in graph %s", fault, base.InjectableName, g.InjectableName),
					"place a task whose properties supply it before this one")
			}
		}
		supply(supplied, base.Properties)
		supply(supplied, def.Properties)
	}
}

// supply adds properties to those there are. What is there stays: an earlier task
// wins over a later one, and a base task over the task made of it.
func supply(supplied, properties map[string]any) {
	for _, key := range sortedKeys(properties) {
		value, there := supplied[key]
		if !there {
			supplied[key] = Clone(properties[key])
			continue
		}
		into, isObject := value.(map[string]any)
		more, ok := properties[key].(map[string]any)
		if isObject && ok {
			supply(into, more)
		}
	}
}

// unmet says what is wrong with a property, or nothing.
func unmet(supplied map[string]any, path string, want any) string {
	keys := SplitPath(path)
	for n := range keys {
		if _, ok := Follow(supplied, keys[:n+1]); !ok {
			return "[" + strings.Join(keys[:n+1], ".") + "] to be supplied"
		}
	}
	if got, _ := Follow(supplied, keys); !reflect.DeepEqual(got, want) {
		return "[" + path + "] to be " + Text(want)
	}
	return ""
}
