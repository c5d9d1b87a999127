package graph

import (
	"cmp"
	"strings"
)

// Scope is what the expressions of one task's options are looked up in.
type Scope struct {
	Options map[string]any
	Context map[string]any
	Task    TaskScope
	Roots   Roots
	// Defer leaves every expression with context in it as it is, for the second pass.
	Defer bool
	// Each adds item and index, the element of a forEach and its place, or defers them too.
	Each  bool
	Item  any
	Index int
}

// TaskScope is what templates find as task.
type TaskScope struct {
	// Plan is the id of the plan, and Server that of the server the run is bound to.
	Plan, Label, Server string
}

func (t TaskScope) object() map[string]any {
	return map[string]any{"nodeId": t.Server, "instanceId": InstanceID(t.Plan, t.Label), "label": t.Label}
}

// rootNames are the roots there may be.
var rootNames = []string{"options", "context", "task", "server", "api", "file", "sku", "env", "item", "index"}

// root returns one of the roots. Most templates use one or two: the others are not made.
func (s *Scope) root(name string) (any, bool) {
	switch name {
	case "options":
		return s.Options, true
	case "context":
		return s.Context, true
	case "task":
		return s.Task.object(), true
	case "server":
		return s.Roots.Server, true
	case "api":
		return s.Roots.api()
	case "file":
		return s.Roots.file()
	case "sku", "env": // RackHD's env has global values beneath, of which there are none here
		return s.Roots.SKU, s.Roots.SKU != nil
	case "item":
		return s.Item, s.Each
	case "index":
		return float64(s.Index), s.Each
	}
	return nil, false
}

// all returns every root, for mustache.
func (s *Scope) all() map[string]any {
	out := make(map[string]any, len(rootNames))
	for _, name := range rootNames {
		if v, ok := s.root(name); ok {
			out[name] = v
		}
	}
	return out
}

// lookup follows a path that begins with a root's name.
func (s *Scope) lookup(path string) (any, bool) {
	keys := SplitPath(path)
	if len(keys) == 0 {
		return nil, false
	}
	v, ok := s.root(keys[0])
	if !ok {
		return nil, false
	}
	return Follow(v, keys[1:])
}

func (r Roots) address() string { return strings.TrimSuffix(r.API, "/") }

func (r Roots) api() (any, bool) {
	api := r.address()
	if api == "" {
		return nil, false
	}
	base := api + "/api/current"
	return map[string]any{
		"server": api, "base": base, "templates": base + "/templates", "profiles": base + "/profiles",
		"lookups": base + "/lookups", "files": base + "/files", "nodes": base + "/nodes",
	}, true
}

func (r Roots) file() (any, bool) {
	files := cmp.Or(r.Files, r.address())
	return map[string]any{"server": files}, files != ""
}
