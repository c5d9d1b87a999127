package rule

import (
	"slices"

	"github.com/rackflow/rackflow/graph"
)

// Catalogs are the latest data of each source, as JSON decodes it.
type Catalogs map[string]any

// Rules match a server when every one of them does. There is at least one.
type Rules []Rule

// Rule is what one value of a catalog has to be.
type Rule struct {
	// Path is the source of a catalog, and the way into its data.
	Path string

	keys       []string
	conditions []condition
}

// Match reports whether every rule holds.
func (r Rules) Match(c Catalogs) bool {
	return len(r) > 0 && !slices.ContainsFunc(r, func(one Rule) bool { return !one.Match(c) })
}

// Sources are those of the catalogs that the rules look into, sorted.
func (r Rules) Sources() []string {
	sources := make([]string, 0, len(r))
	for _, one := range r {
		sources = append(sources, one.keys[0])
	}
	slices.Sort(sources)
	return slices.Compact(sources)
}

// Depth is the number of keys in the longest path. Of several SKUs that match, the one
// with the deepest rule counts, as RackHD's Job.Catalog.GenerateSku has it.
func (r Rules) Depth() int {
	depth := 0
	for _, one := range r {
		depth = max(depth, len(one.keys))
	}
	return depth
}

// Match reports whether the value at the rule's path is as all its operators want it.
// Without an operator it only has to be there.
func (r Rule) Match(c Catalogs) bool {
	value, known := r.value(c)
	if len(r.conditions) == 0 {
		return known
	}
	return !slices.ContainsFunc(r.conditions, func(one condition) bool { return !one.holds(value, known) })
}

// value finds what the rule is about; null counts as unknown. The length of a list is
// its last key, as it is in JavaScript.
func (r Rule) value(c Catalogs) (value any, known bool) {
	last := len(r.keys) - 1
	value, known = graph.Follow(map[string]any(c), r.keys)
	if !known && r.keys[last] == "length" {
		parent, _ := graph.Follow(map[string]any(c), r.keys[:last])
		if list, ok := parent.([]any); ok {
			return float64(len(list)), true
		}
	}
	return value, known && value != nil
}
