package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rackflow/rackflow/bmc"
)

// rackhdVolume are the options of RackHD's tasks for volumes. Its users write numbers and
// lists as text, too.
type rackhdVolume struct {
	Drives     any    `json:"drives"`
	Name       string `json:"name"`
	RAIDLevel  any    `json:"raidLevel"`
	Size       any    `json:"sizeInBytes"`
	StripeSize any    `json:"stripeSize"` // KiB
	VolumeID   string `json:"volumeId"`
}

func (o rackhdVolume) drives() []string {
	switch drives := o.Drives.(type) {
	case string:
		return strings.FieldsFunc(drives, func(r rune) bool { return r == ',' || r == ' ' })
	case []any:
		out := make([]string, 0, len(drives))
		for _, drive := range drives {
			out = append(out, fmt.Sprint(drive))
		}
		return out
	}
	return nil
}

// rackhdAddVolume makes a volume of drives that are all on one controller.
func rackhdAddVolume(ctx context.Context, c *call, t machine, o rackhdVolume) (any, error) {
	names := o.drives()
	if len(names) == 0 || o.Name == "" {
		return nil, permanent(errors.New("options drives and name are required"))
	}
	controller, err := controllerOf(ctx, t, names)
	if err != nil {
		return nil, err
	}
	size, err := wholeNumber("sizeInBytes", o.Size)
	if err != nil {
		return nil, err
	}
	strip, err := wholeNumber("stripeSize", o.StripeSize)
	if err != nil {
		return nil, err
	}
	return volumeCreate(ctx, c, t, volumeOptions{
		Controller: controller, Name: o.Name, RAID: raidName(o.RAIDLevel), Drives: names, Bytes: size, StripBytes: strip << 10,
	})
}

// raidName turns RackHD's 0, 1, 5, … into Redfish's RAID0, RAID1, RAID5, …
func raidName(level any) string {
	name := fmt.Sprint(level)
	if strings.HasPrefix(strings.ToUpper(name), "RAID") {
		return strings.ToUpper(name)
	}
	return "RAID" + name
}

// wholeNumber reads an option that may be a number, its digits, or missing.
func wholeNumber(name string, v any) (int64, error) {
	switch v := v.(type) {
	case nil:
		return 0, nil
	case float64:
		return int64(v), nil
	case string:
		var n int64
		if _, err := fmt.Sscan(v, &n); err == nil || v == "" {
			return n, nil
		}
	}
	return 0, permanent(fmt.Errorf("option %s should be a number", name))
}

// controllerOf finds the one controller that has the drives.
func controllerOf(ctx context.Context, t machine, names []string) (string, error) {
	drives, err := t.Drives(ctx)
	if err != nil {
		return "", err
	}
	controller := ""
	for _, name := range names {
		i := slices.IndexFunc(drives, func(d bmc.Drive) bool {
			return strings.EqualFold(d.ID, name) || strings.EqualFold(d.SerialNumber, name) || d.URI == name
		})
		switch {
		case i < 0:
			return "", permanent(fmt.Errorf("%s has no drive %q: Graph.Server.Catalog lists them", t, name))
		case controller != "" && drives[i].Controller != controller:
			return "", permanent(fmt.Errorf("%s: the drives are on controllers %s and %s: a volume is on one", t, controller, drives[i].Controller))
		}
		controller = drives[i].Controller
	}
	return controller, nil
}

// rackhdDeleteVolume deletes a volume by Dell's name for it, which ends with that of its
// controller.
func rackhdDeleteVolume(ctx context.Context, c *call, t machine, o rackhdVolume) (any, error) {
	_, controller, ok := strings.Cut(o.VolumeID, ":")
	if !ok {
		return nil, permanent(errors.New("option volumeId is required, such as Disk.Virtual.0:RAID.Integrated.1-1"))
	}
	return volumeDelete(ctx, c, t, deleteOptions{Controller: controller, Name: o.VolumeID, Confirm: o.VolumeID})
}

// rackhdStorage stands in for the two steps around RackHD's change of storage, which
// fetched the configuration as a file and imported it: it reads what there is, so that a
// controller that does not answer fails the graph where it did.
func rackhdStorage(ctx context.Context, _ *call, t machine, _ struct{}) (any, error) {
	drives, err := t.Drives(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]any{"drives": drives}, nil
}
