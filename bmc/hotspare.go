package bmc

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

const opHotspare = "assign hot spare"

// What a drive stands by for, in Redfish's words.
const (
	// HotspareGlobal is for every volume of its controller.
	HotspareGlobal = "Global"
	// HotspareDedicated is for the volumes that list it.
	HotspareDedicated = "Dedicated"
	hotspareNone      = "None"
)

// StartAssignSpare makes a drive a hot spare and returns the id of the job that does it.
// The drive and the volume are named by id, name, serial number or URI; without a volume
// the spare is for all of its controller. The id is empty when the drive is that already,
// or has become it at once. It refuses a drive that a volume has data on, and one that is
// another kind of spare.
//
// It waits until the Lifecycle Controller can take storage work. After an Unknown outcome
// look for the job, which [NewJob] tells.
func (b *BMC) StartAssignSpare(ctx context.Context, drive, volume string) (jobID string, err error) {
	storage, doc, err := b.findDrive(ctx, opHotspare, drive)
	if err != nil {
		return "", err
	}
	volumes, err := b.volumesOf(ctx, opHotspare, storage)
	if err != nil {
		return "", err
	}
	if i := slices.IndexFunc(volumes, func(v Volume) bool { return v.RAID != "None" && slices.Contains(v.Drives, doc.URI) }); i >= 0 {
		return "", b.refuse(opHotspare, fmt.Sprintf("drive %s belongs to volume %s", doc.ID, volumes[i].Name), "choose a drive that no volume has")
	}
	var dedicated *Volume
	if volume != "" {
		i := slices.IndexFunc(volumes, func(v Volume) bool { return v.Name == volume || v.ID == volume || v.URI == volume })
		if i < 0 {
			return "", b.refuse(opHotspare, fmt.Sprintf("controller %s has no volume %q", storage.ID, volume), "name a volume of the drive's own controller")
		}
		dedicated = &volumes[i]
	}
	if there, err := b.spareAlready(doc, dedicated); err != nil || there {
		return "", err
	}
	if err := b.storageReady(ctx, opHotspare); err != nil {
		return "", err
	}
	return b.assignSpare(ctx, doc, dedicated)
}

// spareAlready tells whether the drive is the spare that is wanted, and refuses one that
// is another.
func (b *BMC) spareAlready(drive *driveDoc, dedicated *Volume) (bool, error) {
	switch drive.hotspare() {
	case "":
		return false, nil
	case HotspareGlobal:
		if dedicated == nil {
			return true, nil
		}
	case HotspareDedicated:
		if dedicated != nil && slices.Contains(dedicated.Spares, drive.URI) {
			return true, nil
		}
	}
	return false, b.refuse(opHotspare, fmt.Sprintf("drive %s is a hot spare of type %s already", drive.ID, clean(drive.hotspare())), "take that away first, or choose another drive")
}

// assignSpare uses Dell's service where there is one. Elsewhere the drive's own property
// can be written, which cannot say for which volume.
func (b *BMC) assignSpare(ctx context.Context, drive *driveDoc, dedicated *Volume) (jobID string, err error) {
	target, err := b.raidAction(ctx, "AssignSpare")
	if err != nil {
		return "", err
	}
	switch {
	case target != "" && dedicated != nil:
		return b.start(ctx, opHotspare, http.MethodPost, target, map[string]any{"TargetFQDD": drive.ID, "VirtualDiskArray": []string{dedicated.ID}})
	case target != "":
		return b.start(ctx, opHotspare, http.MethodPost, target, map[string]any{"TargetFQDD": drive.ID})
	case dedicated != nil:
		return "", b.notOffered(opHotspare, "the BMC has no DellRaidService, which dedicates a spare to a volume")
	}
	jobID, err = b.startPatch(ctx, opHotspare, drive.URI, "", map[string]any{"HotspareType": HotspareGlobal})
	if hasStatus(err, http.StatusMethodNotAllowed) {
		return "", b.notOffered(opHotspare, "the BMC has no DellRaidService, and drives cannot be written")
	}
	return jobID, err
}

// raidAction returns where to post an action of Dell's service for RAID, which the system
// links to; "" where there is none.
func (b *BMC) raidAction(ctx context.Context, action string) (string, error) {
	system, err := b.system(ctx, opHotspare)
	if err != nil {
		return "", err
	}
	service := system.Links.Oem.Dell.uri("DellRaidService")
	if service == "" {
		return "", nil
	}
	var doc struct{ Actions dellLinks }
	if _, err := b.get(ctx, opHotspare, service, &doc); err != nil {
		return "", err
	}
	return doc.Actions.action(action), nil
}
