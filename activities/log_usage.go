package activities

import (
	"context"
	"fmt"

	"github.com/rackflow/rackflow/bmc"
)

// defaultUsage is how full the system event log may be in RackHD, in per cent.
const defaultUsage = 60.0

// logClearByUsage clears the system event log, once what it holds is kept, when it is
// fuller than options.maxSelUsage and options.selForceClear allows that; it fails when it
// does not.
func logClearByUsage(ctx context.Context, c *call, t machine, o struct {
	Most  *float64 `json:"maxSelUsage"`
	Clear bool     `json:"selForceClear"`
},
) (any, error) {
	most := defaultUsage
	if o.Most != nil {
		most = *o.Most
	}
	used, limit, err := t.LogUsage(ctx, bmc.LogSEL)
	if err != nil {
		return nil, err
	}
	percent := float64(used) * 100 / float64(limit)
	result := map[string]any{"used": used, "limit": limit, "cleared": false}
	if percent <= most {
		return result, nil
	}
	if !o.Clear {
		return nil, permanent(fmt.Errorf("%s: the system event log is %.0f %% full, which is more than %.0f %%: option selForceClear clears it", t, percent, most))
	}
	if _, err := logClear(ctx, c, t, logOptions{}); err != nil {
		return nil, err
	}
	result["cleared"] = true
	return result, nil
}
