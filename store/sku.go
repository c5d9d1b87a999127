package store

import (
	"encoding/json"
	"time"
)

// SKU is a kind of server, told by rules.
type SKU struct {
	ID   string // a UUID
	Name string // of no other SKU, without regard to case

	Rules json.RawMessage // a JSON list; what is in it is for the caller to know

	// DiscoveryGraph is the name of the graph that Job.Graph.RunSku runs; empty when
	// there is none.
	DiscoveryGraph string
	// DiscoveryGraphOptions are the run's options; the caller has sealed their secrets.
	DiscoveryGraphOptions map[string]any
	// Config is RackHD's skuConfig; the caller has sealed its secrets.
	Config map[string]any

	Created time.Time
	Updated time.Time // also the version that UpdateSKU compares
}

func (s *SKU) validate() error { return validateRules("sku", s.Name, s.Rules) }

// Tag is a name that servers get by rules. Tags that people give need none of these.
type Tag struct {
	ID   string // a UUID
	Name string // of no other tag, without regard to case

	Rules json.RawMessage // a JSON list; what is in it is for the caller to know

	Created time.Time
	Updated time.Time
}

func (t *Tag) validate() error { return validateRules("tag", t.Name, t.Rules) }

func validateRules(what, name string, rules json.RawMessage) error {
	if name == "" {
		return invalid(what, "", "a %s needs a name", what)
	}
	var list []json.RawMessage
	if json.Unmarshal(rules, &list) != nil || list == nil {
		return invalid(what, name, "its rules are no JSON list")
	}
	return nil
}
