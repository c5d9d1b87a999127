package workflows

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/rackflow/rackflow/graph"
)

// recordJSON is a Record as it is written. What is known of all tasks stands in
// columns, in the plan's order; what is known of few, by the task's place in it.
type recordJSON struct {
	State graph.State `json:"state"`
	// Start is when the first task started.
	Start *time.Time `json:"start,omitempty"`
	// At is when each task started, in milliseconds after Start; null has not.
	At []*int64 `json:"at"`
	// Took is how many milliseconds it ran; null has not ended.
	Took []*int64 `json:"took,omitempty"`
	// States leaves out the tasks that have succeeded.
	States   map[graph.State][]int `json:"states,omitempty"`
	Errors   map[int]string        `json:"errors,omitempty"`
	Progress map[int]string        `json:"progress,omitempty"`
	Context  map[string]any        `json:"context,omitempty"`
	Prompts  []Prompt              `json:"prompts,omitempty"`
	Error    string                `json:"error,omitempty"`
}

// MarshalJSON writes the record short.
func (r Record) MarshalJSON() ([]byte, error) {
	out := recordJSON{
		State: r.State, Context: r.Context, Prompts: r.Prompts, Error: r.Error, Start: r.start(),
		At: make([]*int64, len(r.Tasks)), Took: make([]*int64, len(r.Tasks)),
		States: map[graph.State][]int{}, Errors: map[int]string{}, Progress: map[int]string{},
	}
	for i, t := range r.Tasks {
		out.take(i, t)
	}
	return json.Marshal(out)
}

func (r *recordJSON) take(i int, t TaskRecord) {
	if t.State != graph.Succeeded {
		r.States[t.State] = append(r.States[t.State], i)
	}
	if t.Error != "" {
		r.Errors[i] = t.Error
	}
	if t.Progress != "" {
		r.Progress[i] = t.Progress
	}
	if t.Started == nil {
		return
	}
	r.At[i] = millis(t.Started.Sub(*r.Start))
	if t.Ended != nil {
		r.Took[i] = millis(t.Ended.Sub(*t.Started))
	}
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
	*r = Record{State: in.State, Context: in.Context, Prompts: in.Prompts, Error: in.Error, Tasks: make([]TaskRecord, len(in.At))}
	for i := range r.Tasks {
		r.Tasks[i] = in.task(i)
	}
	for state, places := range in.States {
		for _, i := range places {
			if i < 0 || i >= len(r.Tasks) {
				return fmt.Errorf("record: task %d is %s, and there are %d", i, state, len(r.Tasks))
			}
			r.Tasks[i].State = state
		}
	}
	return nil
}

func (r *recordJSON) task(i int) TaskRecord {
	task := TaskRecord{State: graph.Succeeded, Error: r.Errors[i], Progress: r.Progress[i]}
	if r.Start == nil || r.At[i] == nil {
		return task
	}
	task.Started = after(*r.Start, *r.At[i])
	if i < len(r.Took) && r.Took[i] != nil {
		task.Ended = after(*task.Started, *r.Took[i])
	}
	return task
}

func after(t time.Time, ms int64) *time.Time {
	at := t.Add(time.Duration(ms) * time.Millisecond)
	return &at
}
