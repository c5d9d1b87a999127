package workflows

import (
	"encoding/json"
	"time"

	"github.com/rackflow/rackflow/graph"
)

// recordJSON is a Record as it is written: times are milliseconds after the first
// task's start, and a task's state is left out where it has succeeded.
type recordJSON struct {
	State   graph.State    `json:"state"`
	Start   *time.Time     `json:"start,omitempty"`
	Tasks   []taskJSON     `json:"tasks"`
	Context map[string]any `json:"context,omitempty"`
	Prompts []Prompt       `json:"prompts,omitempty"`
	Error   string         `json:"error,omitempty"`
}

type taskJSON struct {
	State graph.State `json:"state,omitempty"`
	// At is when the task started, in milliseconds after Start, and Took how many it ran.
	At       *int64 `json:"at,omitempty"`
	Took     *int64 `json:"took,omitempty"`
	Error    string `json:"error,omitempty"`
	Progress string `json:"progress,omitempty"`
}

// MarshalJSON writes the record short.
func (r Record) MarshalJSON() ([]byte, error) {
	out := recordJSON{State: r.State, Context: r.Context, Prompts: r.Prompts, Error: r.Error, Start: r.start(), Tasks: make([]taskJSON, len(r.Tasks))}
	for i, t := range r.Tasks {
		short := taskJSON{State: t.State, Error: t.Error, Progress: t.Progress}
		if t.State == graph.Succeeded {
			short.State = ""
		}
		if t.Started != nil {
			short.At = millis(t.Started.Sub(*out.Start))
			if t.Ended != nil {
				short.Took = millis(t.Ended.Sub(*t.Started))
			}
		}
		out.Tasks[i] = short
	}
	return json.Marshal(out)
}

// start is when the first task did, to the millisecond.
func (r Record) start() *time.Time {
	var first *time.Time
	for _, t := range r.Tasks {
		if t.Started != nil && (first == nil || t.Started.Before(*first)) {
			first = t.Started
		}
	}
	if first == nil {
		return nil
	}
	start := first.Truncate(time.Millisecond)
	return &start
}

func millis(d time.Duration) *int64 {
	ms := d.Milliseconds()
	return &ms
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Record) UnmarshalJSON(data []byte) error {
	var in recordJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*r = Record{State: in.State, Context: in.Context, Prompts: in.Prompts, Error: in.Error, Tasks: make([]TaskRecord, len(in.Tasks))}
	for i, t := range in.Tasks {
		task := TaskRecord{State: t.State, Error: t.Error, Progress: t.Progress}
		if t.State == "" {
			task.State = graph.Succeeded
		}
		if in.Start != nil && t.At != nil {
			task.Started = after(*in.Start, *t.At)
			if t.Took != nil {
				task.Ended = after(*task.Started, *t.Took)
			}
		}
		r.Tasks[i] = task
	}
	return nil
}

func after(t time.Time, ms int64) *time.Time {
	at := t.Add(time.Duration(ms) * time.Millisecond)
	return &at
}
