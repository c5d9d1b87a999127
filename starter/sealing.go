package starter

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/seal"
	"github.com/rackflow/rackflow/store"
)

// sealer seals the secrets of definitions and requests before anything is made of
// them: rendering would spread them, and a store or a history keep them in clear.
// Only options are looked at. Elsewhere a secret's name is no sign of a secret: a
// schema describes "password", and a task may be labelled "get-token".
type sealer struct {
	keeper *seal.Keeper
}

// values seals the options of one task, or a context.
func (s sealer) values(ctx context.Context, values map[string]any) (map[string]any, error) {
	if values == nil {
		return nil, nil //nolint:nilnil // none stay none
	}
	sealed, err := s.keeper.SealSecrets(ctx, values)
	if err != nil {
		return nil, err
	}
	return sealed.(map[string]any), nil //nolint:forcetypeassert // SealSecrets keeps the shape
}

// labelled seals options whose first level are labels of tasks.
func (s sealer) labelled(ctx context.Context, options map[string]any) (map[string]any, error) {
	if options == nil {
		return nil, nil //nolint:nilnil // none stay none
	}
	out := make(map[string]any, len(options))
	for label, value := range options {
		own, isObject := value.(map[string]any)
		if !isObject {
			own = map[string]any{label: value}
		}
		sealed, err := s.values(ctx, own)
		if err != nil {
			return nil, fmt.Errorf("options of %s: %w", label, err)
		}
		out[label] = sealed
		if !isObject {
			out[label] = sealed[label]
		}
	}
	return out, nil
}

// graph returns a copy whose secrets are sealed.
func (s sealer) graph(ctx context.Context, g *graph.Graph) (*graph.Graph, error) {
	var err error
	out := *g
	if out.Options, err = s.labelled(ctx, g.Options); err != nil {
		return nil, err
	}
	out.Tasks = make([]graph.Task, len(g.Tasks))
	for i, t := range g.Tasks {
		if t.OptionOverrides, err = s.values(ctx, t.OptionOverrides); err != nil {
			return nil, err
		}
		if t.TaskDefinition != nil {
			if t.TaskDefinition, err = s.task(ctx, t.TaskDefinition); err != nil {
				return nil, err
			}
		}
		out.Tasks[i] = t
	}
	return &out, nil
}

// task returns a copy whose secrets are sealed.
func (s sealer) task(ctx context.Context, t *graph.TaskDefinition) (*graph.TaskDefinition, error) {
	out := *t
	var err error
	out.Options, err = s.values(ctx, t.Options)
	return &out, err
}

// document seals the secrets of a definition that is to be stored, and keeps what
// its author wrote beside them.
func (s sealer) document(ctx context.Context, kind store.DefinitionKind, body []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var doc map[string]any
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	if kind == store.Task {
		if err := s.replace(ctx, doc, "options", s.values); err != nil {
			return nil, err
		}
		return json.Marshal(doc)
	}
	if err := s.replace(ctx, doc, "options", s.labelled); err != nil {
		return nil, err
	}
	tasks, _ := doc["tasks"].([]any)
	for _, entry := range tasks {
		task, _ := entry.(map[string]any)
		inline, _ := task["taskDefinition"].(map[string]any)
		if err := s.replace(ctx, task, "optionOverrides", s.values); err != nil {
			return nil, err
		}
		if err := s.replace(ctx, inline, "options", s.values); err != nil {
			return nil, err
		}
	}
	return json.Marshal(doc)
}

func (s sealer) replace(ctx context.Context, in map[string]any, key string,
	by func(context.Context, map[string]any) (map[string]any, error),
) error {
	values, ok := in[key].(map[string]any)
	if !ok {
		return nil
	}
	sealed, err := by(ctx, values)
	if err != nil {
		return err
	}
	in[key] = sealed
	return nil
}
