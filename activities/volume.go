package activities

import (
	"context"
	"errors"
	"time"

	"github.com/rackflow/rackflow/bmc"
)

// volumeLimit is how long a controller may take to create or delete a volume.
const volumeLimit = time.Hour

type volumeOptions struct {
	Controller string `json:"controller"`
	Name       string `json:"name"`
	// RAID is the level, such as RAID1.
	RAID string `json:"raid"`
	// Drives are ids or serial numbers.
	Drives []string `json:"drives"`
	Bytes  int64    `json:"bytes"`
	// StripBytes is the size of a strip on one drive.
	StripBytes int64 `json:"stripBytes"`
	// OnReset leaves it to the next restart, which the graph has to see to.
	OnReset bool `json:"onReset"`
}

// volumeCreate makes a volume of the drives that are named, unless it is there.
func volumeCreate(ctx context.Context, c *call, t machine, o volumeOptions) (any, error) {
	if o.Controller == "" || o.Name == "" || len(o.Drives) == 0 {
		return nil, permanent(errors.New("options controller, name and drives are required: the catalog of the server lists controllers and drives"))
	}
	spec := bmc.VolumeSpec{
		Name: o.Name, RAID: o.RAID, Drives: o.Drives, Bytes: o.Bytes, StripBytes: o.StripBytes, OnReset: o.OnReset,
	}
	job, err := c.follow(ctx, t.BMC, deviceWork{
		what: "create volume " + o.Name, staged: o.OnReset, limit: volumeLimit,
		start: func(ctx context.Context) (string, error) { return t.StartCreateVolume(ctx, o.Controller, spec) },
	})
	if err != nil {
		return nil, err
	}
	if o.OnReset {
		return staged(job), nil
	}
	volumes, err := t.Volumes(ctx, o.Controller)
	if err != nil {
		return nil, err
	}
	for _, v := range volumes {
		if v.Name == o.Name {
			return map[string]any{"volume": v}, nil
		}
	}
	return nil, transient(errors.New("the BMC does not list volume " + o.Name + " yet"))
}

type deleteOptions struct {
	Controller string `json:"controller"`
	Name       string `json:"name"`
	Confirm    string `json:"confirm"`
}

// volumeDelete deletes the volume of that name or id and all data on it.
func volumeDelete(ctx context.Context, c *call, t machine, o deleteOptions) (any, error) {
	if o.Controller == "" || o.Name == "" {
		return nil, permanent(errors.New("options controller and name are required: the catalog of the server lists controllers and volumes"))
	}
	if o.Confirm != o.Name {
		return nil, permanent(errors.New("volume " + o.Name + " is not deleted: option confirm has to be its name too"))
	}
	_, err := c.follow(ctx, t.BMC, deviceWork{
		what: "delete volume " + o.Name, once: true, limit: volumeLimit,
		start: func(ctx context.Context) (string, error) { return t.StartDeleteVolume(ctx, o.Controller, o.Name) },
	})
	return nil, err
}
