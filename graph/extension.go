package graph

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// outcomes are those that a Retry may name.
var outcomes = []string{OnTransient, OnBusy, OnUnknown, OnFailed, OnTimeout}

func (r *reader) retry() *Retry {
	object := r.fields("retry", false)
	if object == nil {
		return nil
	}
	sub := r.below(object, r.at("retry"))
	retry := &Retry{
		Attempts: int(sub.whole("attempts", 1)), Delay: sub.whole("delay", 0), MaxDelay: sub.whole("maxDelay", 0),
		Backoff: sub.backoff(), On: sub.on(),
	}
	if object["attempts"] == nil {
		sub.problems.add(sub.at("attempts"), "attempts (number) is required", "how often the job is tried in all")
	}
	sub.done()
	r.problems = append(r.problems, sub.problems...)
	return retry
}

func (r *reader) backoff() float64 {
	raw := r.get("backoff")
	if raw == nil {
		return 0
	}
	factor, ok := number(raw)
	if !ok || factor < 1 {
		r.problems.add(r.at("backoff"), "backoff should be a number, 1 or more, not "+Text(raw), "")
		return 0
	}
	return factor
}

func (r *reader) on() []string {
	raw := r.get("on")
	if raw == nil {
		return nil
	}
	list, ok := raw.([]any)
	if !ok {
		list = []any{raw}
	}
	var names []string
	for _, e := range list {
		name, _ := e.(string)
		if !slices.Contains(outcomes, name) {
			r.problems.add(r.at("on"), "unknown outcome '"+Text(e)+"'", "use "+strings.Join(outcomes, ", "))
			continue
		}
		names = append(names, name)
	}
	return names
}

func (r *reader) forEach() any {
	raw := r.get("forEach")
	switch v := raw.(type) {
	case nil, []any:
		return v
	case string:
		if IsTemplate(v) {
			return v
		}
	}
	r.problems.add(r.at("forEach"), "forEach should be an array, or a template that gives one, not "+typeName(raw), "")
	return nil
}

func (r *reader) outputs() map[string]string {
	object := r.fields("outputs", false)
	if object == nil {
		return nil
	}
	out := make(map[string]string, len(object))
	for _, name := range sortedKeys(object) {
		path, ok := object[name].(string)
		if !ok || path == "" {
			r.problems.add(r.at("outputs")+"."+name, "an output should be a path in the result, not "+typeName(object[name]), "")
			continue
		}
		out[name] = path
	}
	return out
}

// Tries reports whether the policy wants another attempt after the given one, counted from 1.
func (r *Retry) Tries(outcome string, attempt int) bool {
	on := r.On
	if len(on) == 0 {
		on = []string{OnTransient, OnBusy}
	}
	return attempt < r.Attempts && slices.Contains(on, outcome)
}

// BeyondBusy reports whether the policy names outcomes other than transient and busy.
func (r *Retry) BeyondBusy() bool {
	return slices.ContainsFunc(r.On, func(outcome string) bool { return outcome != OnTransient && outcome != OnBusy })
}

const (
	retryDelay    = 500 * time.Millisecond
	retryMaxDelay = 30 * time.Second
	retryFactor   = 2
)

// Limit bounds the pauses.
func (r *Retry) Limit() time.Duration {
	if r.MaxDelay > 0 {
		return time.Duration(r.MaxDelay) * time.Millisecond
	}
	return retryMaxDelay
}

// Factor is what each pause is longer than the one before.
func (r *Retry) Factor() float64 {
	if r.Backoff > 0 {
		return r.Backoff
	}
	return retryFactor
}

// Pause is how long to wait after an attempt, counted from 1.
func (r *Retry) Pause(attempt int) time.Duration {
	pause := retryDelay
	if r.Delay > 0 {
		pause = time.Duration(r.Delay) * time.Millisecond
	}
	for range attempt - 1 {
		if pause >= r.Limit() {
			break
		}
		pause = time.Duration(float64(pause) * r.Factor())
	}
	return min(pause, r.Limit())
}

// Named gives a result's parts their names. They stand beside what the result
// holds itself; a result that is no object is kept as result.
func Named(result any, outputs map[string]string) (any, error) {
	if len(outputs) == 0 {
		return result, nil
	}
	out, ok := Clone(result).(map[string]any)
	if !ok {
		out = map[string]any{"result": result}
	}
	for _, name := range sortedKeys(outputs) {
		value, ok := lookup(result, outputs[name])
		if !ok {
			return nil, fmt.Errorf("output %s: there is nothing at %s in the result", name, outputs[name])
		}
		out[name] = Clone(value)
	}
	return out, nil
}

// MaxElements bounds how many elements a forEach may have: each is an activity in one history.
const MaxElements = 1000

// Elements renders what a task is done for, one instance each.
func Elements(t PlannedTask, plan *Plan, context map[string]any, server string) ([]any, error) {
	v, err := Render(t.ForEach, Scope{Options: t.Options, Context: context, Task: TaskScope{Plan: plan.ID, Label: t.Label, Server: server}, Roots: plan.Roots})
	if err != nil {
		return nil, fmt.Errorf("forEach: %w", err)
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("forEach should give an array, not %s", typeName(v))
	}
	if len(list) > MaxElements {
		return nil, fmt.Errorf("forEach gives %d elements; %d are the most", len(list), MaxElements)
	}
	return list, nil
}
