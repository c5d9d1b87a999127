package activities

import (
	"maps"
	"slices"
)

// Actions lists what Job.Obm.Node can be asked to do, sorted.
func Actions() []string { return slices.Sorted(maps.Keys(powerActions)) }
