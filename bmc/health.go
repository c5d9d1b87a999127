package bmc

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

const opHealth = "read health"

// Health is how a server is, in Redfish's words: OK, Warning or Critical, or empty where
// the BMC does not know, as while the server is off.
type Health struct {
	// Status is the worst of the server and all of its components.
	Status string `json:"status"`
	Power  string `json:"power"`
	// Parts are the components that an iDRAC sums up, such as Fan, Storage and Temp.
	Parts map[string]string `json:"parts,omitempty"`
	// BMC is the health of the controller itself.
	BMC string `json:"bmc"`
}

// Ailing lists, sorted, the components that are not well.
func (h Health) Ailing() []string {
	parts := make([]string, 0, len(h.Parts))
	for name, status := range h.Parts {
		if status == "Warning" || status == "Critical" {
			parts = append(parts, name)
		}
	}
	slices.Sort(parts)
	return parts
}

type statusDoc struct {
	Health       string
	HealthRollup string
}

func (s statusDoc) worst() string { return cmp.Or(s.HealthRollup, s.Health) }

// Health reads how the server and its BMC are, with two requests. An iDRAC sums its
// components up as DellSystem's …RollupStatus; where there is none, Parts is empty.
func (b *BMC) Health(ctx context.Context) (Health, error) {
	system, err := b.system(ctx, opHealth)
	if err != nil {
		return Health{}, err
	}
	manager, err := b.manager(ctx, opHealth, system)
	if err != nil {
		return Health{}, err
	}
	return Health{
		Status: system.Status.worst(), Power: system.PowerState, Parts: rollups(system.OEM.Dell.System), BMC: manager.Status.worst(),
	}, nil
}

// rollups takes a component's status by the end of its name; what else Dell says there
// has other names.
func rollups(system map[string]json.RawMessage) map[string]string {
	parts := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(system)) {
		part, is := strings.CutSuffix(name, "RollupStatus")
		var status string
		if is && part != "" && json.Unmarshal(system[name], &status) == nil && status != "" {
			parts[part] = status
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return parts
}
