package graph

import (
	"encoding/json"
	"fmt"
)

// A plan stands in the history of every run, so its JSON says once what several
// tasks have in common: which definition they are of. Each task then points to it,
// and to the tasks it waits for, by their places.

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

	WaitOn waitsJSON `json:"waitOn,omitzero"`
	// Definition is left out where it is the first.
	Definition int `json:"of,omitempty"`
}

// waitsJSON is a WaitOn in one of two forms: the places of the tasks that have to
// succeed, which is what nearly all tasks wait for, or RackHD's object for all else.
type waitsJSON struct {
	WaitOn

	places []int
}

// MarshalJSON writes the shorter of the two forms that says it all.
func (w waitsJSON) MarshalJSON() ([]byte, error) {
	if len(w.places) > 0 {
		return json.Marshal(w.places)
	}
	return json.Marshal(w.WaitOn)
}

// UnmarshalJSON reads either form.
func (w *waitsJSON) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '[' {
		return json.Unmarshal(data, &w.places)
	}
	return json.Unmarshal(data, &w.WaitOn)
}

// shorten gives waits their places, where that says all of them.
func shorten(w WaitOn, places map[string]int) waitsJSON {
	full := waitsJSON{WaitOn: w}
	if len(w.Any) > 0 {
		return full
	}
	short := make([]int, len(w.All))
	for i, wait := range w.All {
		place, ok := places[wait.Label]
		if !ok || len(wait.States) != 1 || wait.States[0] != Succeeded {
			return full
		}
		short[i] = place
	}
	return waitsJSON{WaitOn: w, places: short}
}

// expand is the reverse of shorten.
func (w waitsJSON) expand(tasks []taskJSON) (WaitOn, error) {
	if len(w.places) == 0 {
		return w.WaitOn, nil
	}
	all := make([]Wait, len(w.places))
	for i, place := range w.places {
		if place < 0 || place >= len(tasks) {
			return WaitOn{}, fmt.Errorf("waits for task %d, and there are %d", place, len(tasks))
		}
		all[i] = Wait{Label: tasks[place].Label, States: []State{Succeeded}}
	}
	return WaitOn{All: all}, nil
}

// MarshalJSON writes the definitions of the tasks apart from the tasks.
func (p Plan) MarshalJSON() ([]byte, error) {
	out := planJSON{barePlan: barePlan(p), Tasks: make([]taskJSON, len(p.Tasks))}
	places := make(map[string]int, len(p.Tasks))
	for i, t := range p.Tasks {
		places[t.Label] = i
	}
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
		out.Tasks[i] = taskJSON{bareTask: bare, WaitOn: shorten(t.WaitOn, places), Definition: index}
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
		task, err := in.expand(t)
		if err != nil {
			return fmt.Errorf("plan: task %s %w", t.Label, err)
		}
		p.Tasks[i] = task
	}
	return nil
}

func (p *planJSON) expand(t taskJSON) (PlannedTask, error) {
	task := PlannedTask(t.bareTask)
	var err error
	if task.WaitOn, err = t.WaitOn.expand(p.Tasks); err != nil {
		return task, err
	}
	if len(p.Definitions) == 0 {
		return task, nil
	}
	if t.Definition < 0 || t.Definition >= len(p.Definitions) {
		return task, fmt.Errorf("is of definition %d, and there are %d", t.Definition, len(p.Definitions))
	}
	task.join(p.Definitions[t.Definition])
	return task, nil
}

func (t *PlannedTask) join(def planDefinition) {
	t.Name, t.FriendlyName, t.BaseTask, t.Job = def.Name, def.FriendlyName, def.BaseTask, def.Job
	t.Local, t.Inline, t.Timeout = def.Local, def.Inline, DefaultTimeout.Milliseconds()
	if def.Timeout != nil {
		t.Timeout = *def.Timeout
	}
}
