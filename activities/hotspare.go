package activities

import (
	"context"
	"errors"
	"fmt"

	"github.com/rackflow/rackflow/bmc"
)

type hotspareOptions struct {
	// DriveID is the drive's id, serial number or URI.
	DriveID string `json:"driveId"`
	// Type is RackHD's: ghs for every volume of the controller, dhs for one.
	Type     string `json:"hotspareType"`
	VolumeID string `json:"volumeId"`
}

// hotspareAdd makes a drive a hot spare, unless it is one.
func hotspareAdd(ctx context.Context, c *call, t machine, o hotspareOptions) (any, error) {
	want, volume, err := o.wanted()
	if err != nil {
		return nil, permanent(err)
	}
	_, err = c.follow(ctx, t.BMC, deviceWork{
		what: "make drive " + o.DriveID + " a hot spare", limit: volumeLimit,
		start: func(ctx context.Context) (string, error) { return t.StartAssignSpare(ctx, o.DriveID, volume) },
	})
	if err != nil {
		return nil, err
	}
	drive, err := t.Drive(ctx, o.DriveID)
	if err != nil {
		return nil, err
	}
	if drive.Hotspare != want {
		return nil, transient(fmt.Errorf("%s: drive %s is not shown as a %s hot spare yet", t, drive.ID, want))
	}
	return map[string]any{"drive": drive}, nil
}

// wanted is what the drive is to be, and the volume that it is for.
func (o hotspareOptions) wanted() (hotspare, volume string, err error) {
	switch {
	case o.DriveID == "":
		return "", "", errors.New("option driveId is required: the catalog of the server lists its drives")
	case o.Type == "" || o.Type == "ghs":
		return bmc.HotspareGlobal, "", nil
	case o.Type == "dhs" && o.VolumeID != "":
		return bmc.HotspareDedicated, o.VolumeID, nil
	case o.Type == "dhs":
		return "", "", errors.New("option volumeId is required for a dedicated hot spare")
	}
	return "", "", fmt.Errorf("option hotspareType should be ghs (for all volumes) or dhs (for one), not %q", o.Type)
}
