package activities

import (
	"context"
	"fmt"
	"strings"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/iso"
)

// foundDisk is the drive or volume that the answers name.
type foundDisk struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// checkDisk looks for the disk that the answers name. A path is the kernel's word, which
// no BMC knows: the installer looks for that itself.
func (d *deployment) checkDisk(ctx context.Context, t machine) (problem, err error) {
	want := d.answers.Disk
	if want == (iso.Disk{Path: want.Path}) {
		return nil, nil
	}
	drives, err := t.Drives(ctx)
	if err != nil {
		return nil, err
	}
	volumes, err := allVolumes(ctx, t, drives)
	if err != nil {
		return nil, err
	}
	found := matchDrives(want, drives)
	found = append(found, matchVolumes(want, volumes)...)
	switch {
	case len(found) == 1:
		d.Disk = &found[0]
		return nil, nil
	case len(found) > 1 && want.Model == "":
		return fmt.Errorf("%d of its disks match %s: name one", len(found), describeDisk(want)), nil
	case want.Model != "" && (len(found) > 0 || len(volumes) > 0):
		// An operating system sees volumes under their controller's model, which the BMC
		// does not tell, and not the drives behind them.
		return nil, nil
	}
	return fmt.Errorf("it has no disk with %s: it has %s; nothing has been changed", describeDisk(want), listDisks(drives, volumes)), nil
}

// allVolumes are those of all controllers that have drives.
func allVolumes(ctx context.Context, t machine, drives []bmc.Drive) ([]bmc.Volume, error) {
	var all []bmc.Volume
	asked := map[string]bool{"": true}
	for _, drive := range drives {
		if asked[drive.Controller] {
			continue
		}
		asked[drive.Controller] = true
		volumes, err := t.Volumes(ctx, drive.Controller)
		if err != nil {
			return nil, err
		}
		all = append(all, volumes...)
	}
	return all, nil
}

func matchDrives(want iso.Disk, drives []bmc.Drive) []foundDisk {
	var found []foundDisk
	for _, drive := range drives {
		if want.Serial != "" && strings.EqualFold(want.Serial, drive.SerialNumber) ||
			want.WWN != "" && drive.WWN != "" && bareWWN(want.WWN) == bareWWN(drive.WWN) ||
			want.Model != "" && strings.Contains(strings.ToLower(drive.Model), strings.ToLower(want.Model)) {
			found = append(found, foundDisk{ID: drive.ID, Name: drive.Model, Bytes: drive.Bytes})
		}
	}
	return found
}

func matchVolumes(want iso.Disk, volumes []bmc.Volume) []foundDisk {
	name := bareWWN(want.WWN + want.Volume)
	var found []foundDisk
	for _, volume := range volumes {
		if name != "" && bareWWN(volume.WWN) == name {
			found = append(found, foundDisk{ID: volume.ID, Name: volume.Name, Bytes: volume.Bytes})
		}
	}
	return found
}

// bareWWN is a name's digits alone.
func bareWWN(name string) string {
	name = strings.ToLower(name)
	for _, prefix := range []string{"0x", "naa.", "eui."} {
		name = strings.TrimPrefix(name, prefix)
	}
	return name
}

func describeDisk(d iso.Disk) string {
	for _, by := range [][2]string{{"serial", d.Serial}, {"wwn", d.WWN}, {"volume", d.Volume}, {"model", d.Model}} {
		if by[1] != "" {
			return by[0] + " " + by[1]
		}
	}
	return "path " + d.Path
}

// maxListed bounds the disks in a message.
const maxListed = 8

func listDisks(drives []bmc.Drive, volumes []bmc.Volume) string {
	var names []string
	for _, volume := range volumes {
		names = append(names, fmt.Sprintf("volume %s (%s)", volume.WWN, volume.Name))
	}
	for _, drive := range drives {
		names = append(names, fmt.Sprintf("serial %s (%s)", drive.SerialNumber, drive.Model))
	}
	switch {
	case len(names) == 0:
		return "none that its BMC knows"
	case len(names) > maxListed:
		return strings.Join(names[:maxListed], ", ") + fmt.Sprintf(" and %d more", len(names)-maxListed)
	}
	return strings.Join(names, ", ")
}
