package bmc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const opDrives = "list drives"

type storageDoc struct {
	URI     string `json:"@odata.id"`
	ID      string `json:"Id"`
	Drives  []link
	Volumes link
}

// Drives lists the drives of all storage controllers.
func (b *BMC) Drives(ctx context.Context) ([]Drive, error) {
	controllers, err := b.controllers(ctx, opDrives)
	if err != nil {
		return nil, err
	}
	var drives []Drive
	for i := range controllers {
		docs, err := b.drivesOf(ctx, opDrives, &controllers[i])
		if err != nil {
			return nil, err
		}
		for j := range docs {
			drives = append(drives, docs[j].drive(controllers[i].ID))
		}
	}
	return drives, nil
}

func (b *BMC) controllers(ctx context.Context, op string) ([]storageDoc, error) {
	uri, err := b.place("Storage", func() (string, error) {
		system, err := b.findSystem(ctx, op)
		if err != nil {
			return "", err
		}
		var doc struct{ Storage link }
		_, err = b.get(ctx, op, system, &doc)
		return doc.Storage.URI, err
	})
	if err != nil {
		return nil, err
	}
	return readMembers[storageDoc](ctx, b, op, uri)
}

func (b *BMC) controller(ctx context.Context, op, id string) (*storageDoc, error) {
	controllers, err := b.controllers(ctx, op)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(controllers))
	for i := range controllers {
		if controllers[i].ID == id {
			return &controllers[i], nil
		}
		ids = append(ids, controllers[i].ID)
	}
	return nil, b.refuse(op, fmt.Sprintf("there is no storage controller %q", id), fmt.Sprintf("the server has %v", ids))
}

// drivesOf follows the controller's links: where a drive is differs between firmware, as
// Storage/Drives/<drive> or Storage/<controller>/Drives/<drive>.
func (b *BMC) drivesOf(ctx context.Context, op string, storage *storageDoc) ([]driveDoc, error) {
	docs := make([]driveDoc, len(storage.Drives))
	for i, drive := range storage.Drives {
		if _, err := b.get(ctx, op, drive.URI, &docs[i]); err != nil {
			return nil, err
		}
		docs[i].URI = drive.URI
	}
	return docs, nil
}

// pickDrives returns the drives of a controller that are named by id, serial number or URI.
func (b *BMC) pickDrives(ctx context.Context, storage *storageDoc, names []string) ([]Drive, error) {
	docs, err := b.drivesOf(ctx, opCreateVolume, storage)
	if err != nil {
		return nil, err
	}
	picked := make([]Drive, 0, len(names))
	for _, name := range names {
		i := slices.IndexFunc(docs, func(d driveDoc) bool { return d.answersTo(name) })
		if i < 0 {
			return nil, b.refuse(opCreateVolume, fmt.Sprintf("controller %s has no drive %q", storage.ID, name), fmt.Sprintf("it has %s", driveIDs(docs)))
		}
		drive := docs[i].drive(storage.ID)
		if slices.ContainsFunc(picked, func(d Drive) bool { return d.URI == drive.URI }) {
			return nil, b.refuse(opCreateVolume, fmt.Sprintf("drive %q is named twice", drive.ID), "name each drive once")
		}
		picked = append(picked, drive)
	}
	return picked, nil
}

func (d *driveDoc) answersTo(name string) bool {
	return name != "" && (d.ID == name || d.URI == name || strings.EqualFold(strings.TrimSpace(d.SerialNumber), name))
}

func driveIDs(docs []driveDoc) string {
	ids := make([]string, 0, len(docs))
	for i := range docs {
		ids = append(ids, docs[i].ID)
	}
	return strings.Join(ids, ", ")
}

// storageReady waits until the Lifecycle Controller takes storage work. While it does
// not, the BMC accepts the work and the job fails, or it answers SYS518.
func (b *BMC) storageReady(ctx context.Context, op string) error {
	err := b.WaitReady(ctx)
	if e, ok := errors.AsType[*Error](err); ok {
		renamed := *e
		renamed.Op = op
		return &renamed
	}
	return err
}

// Drive returns the drive that has this id, serial number or URI.
func (b *BMC) Drive(ctx context.Context, name string) (Drive, error) {
	storage, doc, err := b.findDrive(ctx, opDrives, name)
	if err != nil {
		return Drive{}, err
	}
	return doc.drive(storage.ID), nil
}

// findDrive returns the drive of that id, serial number or URI, and the controller that has it.
func (b *BMC) findDrive(ctx context.Context, op, name string) (*storageDoc, *driveDoc, error) {
	controllers, err := b.controllers(ctx, op)
	if err != nil {
		return nil, nil, err
	}
	for i := range controllers {
		docs, err := b.drivesOf(ctx, op, &controllers[i])
		if err != nil {
			return nil, nil, err
		}
		for j := range docs {
			if docs[j].answersTo(name) {
				return &controllers[i], &docs[j], nil
			}
		}
	}
	return nil, nil, b.refuse(op, fmt.Sprintf("there is no drive %q", name), "read the inventory again and name a drive that is there")
}
