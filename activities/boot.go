package activities

import (
	"context"
	"errors"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/graph"
)

// bootDevice makes the next boot, and only that, use options.device: Cd, the image that is
// inserted; Hdd, Pxe; or None to follow the boot order again.
func bootDevice(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o struct {
		Device string `json:"device"`
	}
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	if o.Device == "" {
		return graph.JobOutput{}, permanent(errors.New("option device is required: Cd, Hdd, Pxe or None"))
	}
	b, _, err := c.connect(ctx)
	if err != nil {
		return graph.JobOutput{}, err
	}
	switch device := bmc.BootDevice(o.Device); device {
	case bmc.BootNone:
		return graph.JobOutput{}, b.ClearBootOverride(ctx)
	case bmc.BootCd:
		return graph.JobOutput{}, b.BootMediaOnce(ctx)
	default:
		return graph.JobOutput{}, b.BootOnce(ctx, device)
	}
}
