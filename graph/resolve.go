package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Request is what a run is started with.
type Request struct {
	// ID is the plan's id: unique, made by the caller.
	ID string
	// Options are laid over the graph's own.
	Options map[string]any
	// Context is where the run begins.
	Context map[string]any
	// Server is the id of the server the run is bound to.
	Server string
	Roots  Roots
}

// Resolve turns a graph that passed Check into the plan of one run: options
// merged, templates rendered but for what the context will hold, required
// options and schemas checked.
func Resolve(g *Graph, lib Library, req Request) (*Plan, Problems) {
	problems := Check(g, lib)
	if problems.Err() != nil {
		return nil, problems
	}
	plan := &Plan{
		ID: req.ID, Name: g.FriendlyName, InjectableName: g.InjectableName, ServiceGraph: g.ServiceGraph,
		Options: MergeOptions(g.Options, req.Options), Roots: req.Roots, Timeout: g.Timeout,
	}
	warnStrayOptions(g, req.Options, &problems)
	plan.Tasks = make([]PlannedTask, 0, len(g.Tasks))
	for _, t := range g.Tasks {
		planned, faults := resolveTask(t, lib, plan, req)
		plan.Tasks = append(plan.Tasks, planned)
		problems = append(problems, faults...)
	}
	if problems.Err() != nil {
		return nil, problems
	}
	return plan, problems
}

// warnStrayOptions finds keys of a request that reach no task: most often a mistyped label.
func warnStrayOptions(g *Graph, options map[string]any, problems *Problems) {
	if len(options) == 0 {
		return
	}
	known := map[string]bool{defaultsKey: true, "instanceId": true, "nodeId": true}
	for _, t := range g.Tasks {
		known[t.Label] = true
	}
	for _, key := range sortedKeys(options) {
		if !known[key] {
			problems.warn("options."+key, "no task has the label '"+key+"'", "options of all tasks go below defaults")
		}
	}
}

func resolveTask(t Task, lib Library, plan *Plan, req Request) (PlannedTask, Problems) {
	var problems Problems
	def := t.TaskDefinition
	if def == nil {
		def = lib.TaskDefinition(t.TaskName)
	}
	base := lib.BaseTask(def.ImplementsTask)
	path := "options." + t.Label
	planned := PlannedTask{
		Label: t.Label, Name: def.InjectableName, FriendlyName: def.FriendlyName, BaseTask: base.InjectableName,
		Job: base.RunJob, WaitOn: t.WaitOn, IgnoreFailure: t.IgnoreFailure, Finally: t.Finally,
		Local: base.Local, TaskQueue: t.TaskQueue, Inline: t.TaskDefinition != nil,
		When: t.When, Retry: t.Retry, ForEach: t.ForEach, MaxParallel: t.MaxParallel, Outputs: t.Outputs, Rerun: t.Rerun,
	}
	options := taskOptions(t, def, base, plan.Options)
	rendered, err := Render(options, Scope{
		Options: options, Context: req.Context, Task: TaskScope{Plan: plan.ID, Label: t.Label, Server: req.Server}, Roots: req.Roots, Defer: true,
		Each: t.ForEach != nil,
	})
	if err != nil {
		problems.add(path, err.Error(), "give it in the run's options")
		return planned, problems
	}
	planned.Options = rendered.(map[string]any) //nolint:forcetypeassert // Render keeps an object an object.
	if planned.Timeout, err = takeTimeout(planned.Options); err != nil {
		problems.add(path, err.Error(), "")
	}
	checkRequired(planned, base, plan.InjectableName, path, &problems)
	schema := both(def.OptionsSchema, base.OptionsSchema)
	problems = append(problems, CheckOptions(planned.Name, planned.Options, schema, path)...)
	if holdsTemplate(planned.Options) {
		planned.Schema = schema
	}
	return planned, problems
}

// both joins two schemas; one that is only a file's name counts as none.
func both(a, b json.RawMessage) json.RawMessage {
	isObject := func(s json.RawMessage) bool { return len(s) > 0 && s[0] == '{' }
	switch {
	case isObject(a) && isObject(b):
		return json.RawMessage(fmt.Sprintf(`{"allOf":[%s,%s]}`, a, b))
	case isObject(a):
		return a
	case isObject(b):
		return b
	}
	return nil
}

func checkRequired(t PlannedTask, base *BaseTask, graph, path string, problems *Problems) {
	for _, name := range base.RequiredOptions {
		if t.Options[name] == nil {
			problems.add(path+"."+name,
				fmt.Sprintf("required option %s for task %s in graph %s", name, t.Name, graph),
				fmt.Sprintf("give it as options.%s.%s or options.defaults.%s", t.Label, name, name))
		}
	}
}

func holdsTemplate(v any) bool {
	switch v := v.(type) {
	case string:
		return IsTemplate(v)
	case []any:
		if slices.ContainsFunc(v, holdsTemplate) {
			return true
		}
	case map[string]any:
		// Whether there is one at all has no order.
		//workflowcheck:ignore
		for _, value := range v {
			if holdsTemplate(value) {
				return true
			}
		}
	}
	return false
}

// RunOptions renders a task's options at its start, when the context is known, and checks them once more.
func RunOptions(t PlannedTask, plan *Plan, context map[string]any, server string) (map[string]any, error) {
	return runOptions(t, Scope{Options: t.Options, Context: context, Task: TaskScope{Plan: plan.ID, Label: t.Label, Server: server}, Roots: plan.Roots})
}

// ElementOptions is RunOptions for one element of a forEach: templates find it as item, and its place as index.
func ElementOptions(t PlannedTask, plan *Plan, context map[string]any, server string, item any, index int) (map[string]any, error) {
	return runOptions(t, Scope{
		Options: t.Options, Context: context, Task: TaskScope{Plan: plan.ID, Label: t.Label, Server: server}, Roots: plan.Roots, Each: true, Item: item, Index: index,
	})
}

func runOptions(t PlannedTask, scope Scope) (map[string]any, error) {
	if !holdsTemplate(t.Options) {
		return t.Options, nil
	}
	rendered, err := Render(t.Options, scope)
	if err != nil {
		return nil, fmt.Errorf("TemplateRenderError: %w", err)
	}
	options := rendered.(map[string]any) //nolint:forcetypeassert // Render keeps an object an object.
	faults, err := optionFaults(options, t.Schema)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	if len(faults) > 0 {
		return nil, errors.New(schemaFailed(t.Name) + joinFaults(faults))
	}
	return options, nil
}

func joinFaults(faults []schemaFault) string {
	texts := make([]string, len(faults))
	for i, f := range faults {
		texts[i] = f.String()
	}
	return strings.Join(texts, ", ")
}
