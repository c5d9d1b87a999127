package starter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/seal"
	"github.com/rackflow/rackflow/store"
)

// DefinitionStore keeps the definitions of users.
type DefinitionStore interface {
	PutDefinition(ctx context.Context, d store.Definition) (store.Definition, error)
	Definition(ctx context.Context, kind store.DefinitionKind, name string) (store.Definition, error)
	Definitions(ctx context.Context, kind store.DefinitionKind) ([]store.Definition, error)
	DeleteDefinition(ctx context.Context, kind store.DefinitionKind, name string) error
}

// Definition is a graph or task definition as a document.
type Definition struct {
	Name string
	// Body is the definition as JSON.
	Body json.RawMessage
	// Stock marks what came with rackflow and is not in the store.
	Stock bool
	// Stored is the store's record of it, zero for a stock definition.
	Stored store.Definition
}

// Definitions are the stock graphs and tasks with those of users laid over them.
type Definitions struct {
	store DefinitionStore
	seal  sealer
	stock map[store.DefinitionKind]map[string]Definition // by name in lower case
	// base has the base tasks, and no task definitions.
	base *graph.Index
}

// Stock is what a library gives: YAML or JSON documents, one definition each.
type Stock struct {
	BaseTasks, Tasks, Graphs [][]byte
}

// NewDefinitions parses the stock; a stock definition with a fault is an error of the
// build. The keeper seals the secrets of what is stored and resolved.
func NewDefinitions(s DefinitionStore, keeper *seal.Keeper, stock Stock) (*Definitions, error) {
	base, err := graph.ReadIndex(stock.BaseTasks, nil)
	if err != nil {
		return nil, fmt.Errorf("stock %w", err)
	}
	d := &Definitions{store: s, seal: sealer{keeper}, base: base, stock: map[store.DefinitionKind]map[string]Definition{
		store.Graph: {}, store.Task: {},
	}}
	for kind, documents := range map[store.DefinitionKind][][]byte{store.Task: stock.Tasks, store.Graph: stock.Graphs} {
		for _, raw := range documents {
			if err := d.addStock(kind, raw); err != nil {
				return nil, err
			}
		}
	}
	return d, d.checkStock()
}

func (d *Definitions) addStock(kind store.DefinitionKind, raw []byte) error {
	body, err := graph.ToJSON(raw)
	if err != nil {
		return fmt.Errorf("stock %s: %w", kind, err)
	}
	var named struct {
		InjectableName string `json:"injectableName"`
	}
	if err := json.Unmarshal(body, &named); err != nil {
		return fmt.Errorf("stock %s: %w", kind, err)
	}
	d.stock[kind][strings.ToLower(named.InjectableName)] = Definition{Name: named.InjectableName, Body: body, Stock: true}
	return nil
}

func (d *Definitions) checkStock() error {
	lib := d.base.Clone()
	for _, def := range d.stock[store.Task] {
		t, problems := graph.ParseTask(def.Body)
		if len(problems) > 0 {
			return fmt.Errorf("stock task %s: %w", def.Name, problems)
		}
		lib.AddTask(t)
	}
	for _, def := range d.stock[store.Graph] {
		g, problems := graph.ParseGraph(def.Body)
		if len(problems) == 0 {
			problems = graph.Check(g, lib)
		}
		if len(problems) > 0 {
			return fmt.Errorf("stock graph %s: %w", def.Name, problems)
		}
	}
	return nil
}

// library reads the task definitions that a graph names: a graph of three tasks
// should not cost the parsing of hundreds.
func (d *Definitions) library(ctx context.Context, g *graph.Graph) (*graph.Index, error) {
	lib := d.base.Clone()
	for _, t := range g.Tasks {
		if t.TaskName == "" || lib.TaskDefinition(t.TaskName) != nil {
			continue
		}
		def, err := d.Get(ctx, store.Task, t.TaskName)
		if KindOf(err) == NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		parsed, problems := graph.ParseTask(def.Body)
		if err := problems.Err(); err != nil {
			return nil, fmt.Errorf("stored task %s: %w", def.Name, err)
		}
		sealed, err := d.seal.task(ctx, parsed)
		if err != nil {
			return nil, fmt.Errorf("task %s: %w", def.Name, err)
		}
		lib.AddTask(sealed)
	}
	return lib, nil
}

// Get returns a definition by name, without regard to case; one of a user's hides the stock one.
func (d *Definitions) Get(ctx context.Context, kind store.DefinitionKind, name string) (Definition, error) {
	stored, err := d.store.Definition(ctx, kind, name)
	switch {
	case err == nil:
		return Definition{Name: stored.Name, Body: stored.Body, Stored: stored}, nil
	case !errors.Is(err, store.ErrNotFound):
		return Definition{}, err
	}
	if stock, ok := d.stock[kind][strings.ToLower(name)]; ok {
		return stock, nil
	}
	message := "Graph definition not found for " + name
	if kind == store.Task {
		message = "Could not find task definition with injectableName " + name
	}
	return Definition{}, &Error{Kind: NotFound, Message: message}
}

// List returns all definitions of a kind, ordered by name.
func (d *Definitions) List(ctx context.Context, kind store.DefinitionKind) ([]Definition, error) {
	stored, err := d.store.Definitions(ctx, kind)
	if err != nil {
		return nil, err
	}
	own := make(map[string]bool, len(stored))
	var out []Definition
	for _, s := range stored {
		own[strings.ToLower(s.Name)] = true
		out = append(out, Definition{Name: s.Name, Body: s.Body, Stored: s})
	}
	for key, stock := range d.stock[kind] {
		if !own[key] {
			out = append(out, stock)
		}
	}
	slices.SortFunc(out, func(a, b Definition) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return out, nil
}

// PutGraph checks a graph's structure and stores it with its secrets sealed. Options
// are not judged: they may come with the run. The problems returned with no error are warnings.
func (d *Definitions) PutGraph(ctx context.Context, body []byte) (Definition, graph.Problems, error) {
	g, problems, err := d.CheckGraph(ctx, body)
	if err != nil {
		return Definition{}, problems, err
	}
	def, err := d.put(ctx, store.Graph, g.InjectableName, body)
	return def, problems, err
}

// CheckGraph reads and checks a graph's structure, and stores nothing.
func (d *Definitions) CheckGraph(ctx context.Context, body []byte) (*graph.Graph, graph.Problems, error) {
	g, problems := graph.ParseGraph(body)
	if problems.Err() != nil {
		return nil, problems, invalid(problems)
	}
	lib, err := d.library(ctx, g)
	if err != nil {
		return nil, problems, err
	}
	problems = append(problems, graph.CheckDefinition(g, lib)...)
	if problems.Err() != nil {
		return nil, problems, invalid(problems)
	}
	return g, problems, nil
}

// PutTask stores a task definition with its secrets sealed. As with RackHD its base
// task is looked up only when a graph names it.
func (d *Definitions) PutTask(ctx context.Context, body []byte) (Definition, graph.Problems, error) {
	t, problems := graph.ParseTask(body)
	if problems.Err() != nil {
		return Definition{}, problems, invalid(problems)
	}
	def, err := d.put(ctx, store.Task, t.InjectableName, body)
	return def, problems, err
}

func (d *Definitions) put(ctx context.Context, kind store.DefinitionKind, name string, body []byte) (Definition, error) {
	document, err := graph.ToJSON(body)
	if err != nil {
		return Definition{}, &Error{Kind: Invalid, Message: err.Error(), Err: err}
	}
	if document, err = d.seal.document(ctx, kind, document); err != nil {
		return Definition{}, fmt.Errorf("seal the secrets of %s: %w", name, err)
	}
	stored, err := d.store.PutDefinition(ctx, store.Definition{Kind: kind, Name: name, Body: document})
	if err != nil {
		return Definition{}, fromStore(err)
	}
	return Definition{Name: stored.Name, Body: stored.Body, Stored: stored}, nil
}

// Delete removes a user's definition. Stock ones stay.
func (d *Definitions) Delete(ctx context.Context, kind store.DefinitionKind, name string) error {
	err := d.store.DeleteDefinition(ctx, kind, name)
	if err == nil {
		return nil
	}
	if _, stock := d.stock[kind][strings.ToLower(name)]; stock && errors.Is(err, store.ErrNotFound) {
		return &Error{Kind: Invalid, Message: fmt.Sprintf("%s came with rackflow and cannot be deleted; PUT one of the same name to replace it", name)}
	}
	return fromStore(err)
}

// SealOptions seals the secrets of a run's options that are to be stored: at the first
// level are labels of tasks, whose names are no sign of a secret.
func (d *Definitions) SealOptions(ctx context.Context, options map[string]any) (map[string]any, error) {
	return d.seal.labelled(ctx, options)
}

// Graph returns a parsed graph.
func (d *Definitions) Graph(ctx context.Context, name string) (*graph.Graph, error) {
	def, err := d.Get(ctx, store.Graph, name)
	if err != nil {
		return nil, err
	}
	g, problems := graph.ParseGraph(def.Body)
	if problems.Err() != nil {
		return nil, fmt.Errorf("stored graph %s: %w", name, problems)
	}
	return g, nil
}

// Resolve makes the plan of one run. The secrets of the graph and of its tasks are
// sealed before anything is rendered; those of the request are the caller's to seal.
func (d *Definitions) Resolve(ctx context.Context, g *graph.Graph, req graph.Request) (*graph.Plan, graph.Problems, error) {
	g, err := d.seal.graph(ctx, g)
	if err != nil {
		return nil, nil, err
	}
	lib, err := d.library(ctx, g)
	if err != nil {
		return nil, nil, err
	}
	plan, problems := graph.Resolve(g, lib, req)
	if problems.Err() != nil {
		return nil, problems, invalid(problems)
	}
	return plan, problems, nil
}

// fromStore gives the store's own kinds a place among ours.
func fromStore(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		return &Error{Kind: NotFound, Message: err.Error(), Err: err}
	case errors.Is(err, store.ErrInvalid), errors.Is(err, store.ErrConflict):
		return &Error{Kind: Invalid, Message: err.Error(), Err: err}
	}
	return err
}
