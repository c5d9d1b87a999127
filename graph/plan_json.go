package graph

import (
	"encoding/json"
	"fmt"
)

// A plan stands in the history of every run, so its JSON says once what several
// tasks have in common: which definition they are of. Each task then points to it.

// planDefinition is what tasks of the same definition share.
type planDefinition struct {
	Name         string `json:"task,omitempty"`
	FriendlyName string `json:"name,omitempty"`
	BaseTask     string `json:"base,omitempty"`
	Job          string `json:"job,omitempty"`
	Local        bool   `json:"local,omitempty"`
	Inline       bool   `json:"inline,omitempty"`
	// Timeout is left out where it is the default.
	Timeout *int64 `json:"timeout,omitempty"`
}

// barePlan and bareTask are the types without their own JSON.
type (
	barePlan Plan
	bareTask PlannedTask
)

type planJSON struct {
	barePlan

	Definitions []planDefinition `json:"definitions,omitempty"`
	Tasks       []taskJSON       `json:"tasks"`
}

type taskJSON struct {
	bareTask

	Definition *int `json:"of,omitempty"`
}

// MarshalJSON writes the definitions of the tasks apart from the tasks.
func (p Plan) MarshalJSON() ([]byte, error) {
	out := planJSON{barePlan: barePlan(p), Tasks: make([]taskJSON, len(p.Tasks))}
	known := map[string]int{}
	for i, t := range p.Tasks {
		def, bare := t.split()
		key, err := json.Marshal(def)
		if err != nil {
			return nil, err
		}
		index, ok := known[string(key)]
		if !ok {
			index = len(out.Definitions)
			known[string(key)] = index
			out.Definitions = append(out.Definitions, def)
		}
		out.Tasks[i] = taskJSON{bareTask: bare, Definition: &index}
	}
	return json.Marshal(out)
}

func (t PlannedTask) split() (planDefinition, bareTask) {
	def := planDefinition{
		Name: t.Name, FriendlyName: t.FriendlyName, BaseTask: t.BaseTask, Job: t.Job, Local: t.Local, Inline: t.Inline,
	}
	if t.Timeout != DefaultTimeout.Milliseconds() {
		def.Timeout = &t.Timeout
	}
	bare := bareTask(t)
	bare.Name, bare.FriendlyName, bare.BaseTask, bare.Job, bare.Local, bare.Inline, bare.Timeout = "", "", "", "", false, false, 0
	return def, bare
}

// UnmarshalJSON reads what MarshalJSON wrote, and plans whose tasks hold all themselves.
func (p *Plan) UnmarshalJSON(data []byte) error {
	var in planJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*p = Plan(in.barePlan)
	p.Tasks = make([]PlannedTask, len(in.Tasks))
	for i, t := range in.Tasks {
		p.Tasks[i] = PlannedTask(t.bareTask)
		if t.Definition == nil {
			continue
		}
		if *t.Definition < 0 || *t.Definition >= len(in.Definitions) {
			return fmt.Errorf("plan: task %s is of definition %d, and there are %d", t.Label, *t.Definition, len(in.Definitions))
		}
		p.Tasks[i].join(in.Definitions[*t.Definition])
	}
	return nil
}

func (t *PlannedTask) join(def planDefinition) {
	t.Name, t.FriendlyName, t.BaseTask, t.Job = def.Name, def.FriendlyName, def.BaseTask, def.Job
	t.Local, t.Inline, t.Timeout = def.Local, def.Inline, DefaultTimeout.Milliseconds()
	if def.Timeout != nil {
		t.Timeout = *def.Timeout
	}
}
