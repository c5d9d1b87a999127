package main

import (
	"context"
	"encoding/json"
	"fmt"

	v2 "github.com/rackflow/rackflow/api/v2"
)

// runTask runs a graph, on a node unless that is empty, waits for its end and reads the
// result of one task into out.
func (a *app) runTask(ctx context.Context, node, graphName, label string, options map[string]any, out any) error {
	api, err := a.client()
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"name": graphName, "options": map[string]any{label: options}})
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	started, err := decode[startedRun](runStart{a: a, node: node}.post(ctx, api, body))
	if err != nil {
		return err
	}
	w := &watcher{a: a, api: api, ids: []string{started.InstanceID}, reached: true}
	if err := w.watch(ctx); err != nil {
		return err
	}
	if err := outcome(w.runs); err != nil {
		return err
	}
	return taskResult(w.runs[0], label, out)
}

func taskResult(run v2.Workflow, label string, out any) error {
	outputs, _ := run.Context["outputs"].(map[string]any)
	data, err := json.Marshal(outputs[label])
	if err == nil {
		err = json.Unmarshal(data, out)
	}
	if err != nil {
		return fmt.Errorf("read the result of %s in run %s: %w", label, run.InstanceID, err)
	}
	return nil
}
