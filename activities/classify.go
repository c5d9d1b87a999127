package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/rackflow/rackflow/rule"
	"github.com/rackflow/rackflow/store"
)

// maxConflicts is how often a server is read again because somebody else was faster to change it.
const maxConflicts = 10

// classified says which servers a job looks at, and what came of it.
type classified struct {
	servers []store.Server
	changed int
}

// result is what a job gives back; more is added where it looked at one server alone.
func (c classified) result(one map[string]any) map[string]any {
	out := map[string]any{"servers": len(c.servers), "changed": c.changed}
	if len(c.servers) == 1 {
		maps.Copy(out, one)
	}
	return out
}

// classifying are the servers to look at: all of them, those named, or the run's own.
func (c *call) classifying(ctx context.Context, all bool, refs []string) ([]store.Server, error) {
	if all {
		return c.Store.Servers(ctx)
	}
	if len(refs) == 0 {
		ref, err := c.serverID()
		if err != nil {
			return nil, err
		}
		refs = []string{ref}
	}
	servers := make([]store.Server, 0, len(refs))
	for _, ref := range refs {
		server, err := c.Store.Server(ctx, ref)
		if err != nil {
			return nil, err
		}
		servers = append(servers, server)
	}
	return servers, nil
}

// classify holds rules against the latest catalogs of each server. What apply makes of
// them it writes into the server, and reports whether that changed it.
func (c *call) classify(ctx context.Context, servers []store.Server, sources []string,
	apply func(s *store.Server, known rule.Catalogs) bool,
) (classified, error) {
	done := classified{servers: servers}
	for _, server := range servers {
		changed, err := c.classifyOne(ctx, server, sources, apply)
		if len(servers) > 1 && errors.Is(err, store.ErrNotFound) {
			continue // it was deleted meanwhile
		}
		if err != nil {
			return done, err
		}
		if changed {
			done.changed++
		}
	}
	return done, nil
}

func (c *call) classifyOne(ctx context.Context, server store.Server, sources []string,
	apply func(s *store.Server, known rule.Catalogs) bool,
) (changed bool, err error) {
	known, err := c.latest(ctx, server, sources)
	if err != nil {
		return false, err
	}
	for range maxConflicts {
		if !apply(&server, known) {
			return false, nil
		}
		_, err := c.Store.UpdateServer(ctx, server)
		if err == nil || !errors.Is(err, store.ErrConflict) {
			return err == nil, err
		}
		if server, err = c.Store.Server(ctx, server.ID); err != nil {
			return false, err
		}
	}
	return false, transient(fmt.Errorf("server %s is being changed by others all the time; try again", server.Name))
}

// latest reads the latest catalog of each source that has told anything of the server.
func (c *call) latest(ctx context.Context, server store.Server, sources []string) (rule.Catalogs, error) {
	known := rule.Catalogs{}
	for _, source := range sources {
		catalog, err := c.Store.Catalog(ctx, server.ID, source)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var data any
		if err := json.Unmarshal(catalog.Data, &data); err != nil {
			return nil, permanent(fmt.Errorf("catalog %s of server %s: %w", source, server.Name, err))
		}
		known[source] = data
	}
	return known, nil
}

// ruled is a SKU or a tag, with its rules read.
type ruled[T any] struct {
	of    T
	rules rule.Rules
}

// readRules reads the rules of every SKU or tag, and the sources that all of them look into.
func readRules[T any](all []T, of func(T) (name string, rules json.RawMessage)) (read []ruled[T], sources []string, err error) {
	var together rule.Rules
	for _, one := range all {
		name, data := of(one)
		rules, problems := rule.Parse(data)
		if len(problems) > 0 {
			return nil, nil, permanent(fmt.Errorf("the rules of %s cannot be read, store it again: %w", name, problems))
		}
		read, together = append(read, ruled[T]{one, rules}), append(together, rules...)
	}
	return read, together.Sources(), nil
}
