package activities

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/rackflow/rackflow/bmc"
)

// biosCatalog reads the BIOS settings, those that wait for a restart apart.
func biosCatalog(ctx context.Context, c *call, t machine, _ struct{}) (any, error) {
	settings, err := t.BIOS(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := c.keep(ctx, t, sourceBIOS, map[string]any{"attributes": settings.Attributes, "pending": settings.Pending}); err != nil {
		return nil, err
	}
	return map[string]any{"attributes": len(settings.Attributes), "pending": settings.Pending}, nil
}

// biosConfigure stages a change of BIOS settings. Its result has the id of the BMC's job
// that the next restart carries out, empty when all is as wanted.
func biosConfigure(ctx context.Context, c *call, t machine, o struct {
	Attributes map[string]any `json:"attributes"`
},
) (any, error) {
	if len(o.Attributes) == 0 {
		return nil, permanent(errors.New("option attributes is required: values by the names of BIOS attributes"))
	}
	change, err := t.StartSetBIOS(ctx, o.Attributes)
	if err != nil || change.JobID == "" {
		return biosChange(change), err
	}
	_, err = awaited(ctx, bmcJobLimit, func(ctx context.Context) (bmc.Job, error) { return t.WaitStaged(ctx, change.JobID) })
	return biosChange(change), err
}

// biosChange names what changes and gives the values from before, for the way back.
func biosChange(change bmc.BIOSChange) any {
	return map[string]any{
		"jobId": change.JobID, "changed": slices.Sorted(maps.Keys(change.Changed)), "previous": change.Previous,
	}
}

// biosReset has the next restart reset the BIOS to its defaults.
func biosReset(ctx context.Context, _ *call, t machine, _ struct{}) (any, error) {
	return nil, t.ResetBIOS(ctx)
}
