package activities

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/rule"
	"github.com/rackflow/rackflow/store"
)

// generateSKU gives a server the SKU whose rules match its catalogs, or none; with
// option all it does so for every server.
func generateSKU(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o struct {
		All bool `json:"all"`
	}
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	// Where SKUs change meanwhile it begins anew, so that of two jobs at a time the last
	// to write has the last rules.
	for range maxConflicts {
		servers, err := c.classifying(ctx, o.All, nil)
		if err != nil {
			return graph.JobOutput{}, err
		}
		skus, err := c.Store.SKUs(ctx)
		if err != nil {
			return graph.JobOutput{}, err
		}
		result, err := c.assignSKUs(ctx, servers, skus)
		if err != nil {
			return graph.JobOutput{}, err
		}
		now, err := c.Store.SKUs(ctx)
		if err != nil {
			return graph.JobOutput{}, err
		}
		if slices.EqualFunc(skus, now, sameSKU) {
			return graph.JobOutput{Result: result}, nil
		}
	}
	return graph.JobOutput{}, transient(errors.New("SKUs are being changed all the time; try again"))
}

func sameSKU(a, b store.SKU) bool { return a.ID == b.ID && a.Updated.Equal(b.Updated) }

// assignSKUs gives each server its SKU and returns the job's result.
func (c *call) assignSKUs(ctx context.Context, servers []store.Server, stored []store.SKU) (map[string]any, error) {
	skus, sources, err := readRules(stored, func(k store.SKU) (string, json.RawMessage) { return "SKU " + k.Name, k.Rules })
	if err != nil {
		return nil, err
	}
	var match store.SKU
	done, err := c.classify(ctx, servers, sources, func(s *store.Server, known rule.Catalogs) bool {
		match = matchingSKU(skus, known)
		changed := s.SKU != match.ID
		s.SKU = match.ID
		return changed
	})
	if err != nil {
		return nil, err
	}
	return done.result(map[string]any{"sku": match.ID, "name": match.Name}), nil
}

// matchingSKU is the one with the deepest rule of those that match, and of several the
// newest; the zero SKU when none does. RackHD's job decides so.
func matchingSKU(skus []ruled[store.SKU], known rule.Catalogs) store.SKU {
	var best ruled[store.SKU]
	for _, sku := range skus {
		if !sku.rules.Match(known) {
			continue
		}
		depth, bestDepth := sku.rules.Depth(), best.rules.Depth()
		if depth > bestDepth || depth == bestDepth && sku.of.Created.After(best.of.Created) {
			best = sku
		}
	}
	return best.of
}

// generateTag gives servers the tags whose rules match their catalogs. As with RackHD
// a server keeps the tags it has: they may be a person's.
func generateTag(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o struct {
		NodeIDs []string `json:"nodeIds"`
		All     bool     `json:"all"`
	}
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	servers, err := c.classifying(ctx, o.All, o.NodeIDs)
	if err != nil {
		return graph.JobOutput{}, err
	}
	stored, err := c.Store.Tags(ctx)
	if err != nil {
		return graph.JobOutput{}, err
	}
	tags, sources, err := readRules(stored, func(t store.Tag) (string, json.RawMessage) { return "tag " + t.Name, t.Rules })
	if err != nil {
		return graph.JobOutput{}, err
	}
	var matches []string
	done, err := c.classify(ctx, servers, sources, func(s *store.Server, known rule.Catalogs) bool {
		matches = matchingTags(tags, known)
		before := len(s.Tags)
		s.Tags = union(s.Tags, matches)
		return len(s.Tags) > before
	})
	if err != nil {
		return graph.JobOutput{}, err
	}
	return graph.JobOutput{Result: done.result(map[string]any{"tags": matches})}, nil
}

func matchingTags(tags []ruled[store.Tag], known rule.Catalogs) []string {
	names := []string{}
	for _, tag := range tags {
		if tag.rules.Match(known) {
			names = append(names, tag.of.Name)
		}
	}
	return names
}

// union adds what is not there yet.
func union(list, more []string) []string {
	for _, one := range more {
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}
