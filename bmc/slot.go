package bmc

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

const opSlots = "list media slots"

// MediaSlot is a virtual drive of the BMC.
type MediaSlot struct {
	// ID is the BMC's name for it, such as "1" or "CD".
	ID string
	// Inserted tells whether an image is connected.
	Inserted bool
	// Image is the URL of the connected image.
	Image string
	// Types are the kinds of media that it can be, such as CD, DVD or USBStick.
	Types []string
}

// MediaSlots lists the virtual drives: those that can be a CD or DVD first, the
// lowest id first. The first is the one to boot from; on some BMCs the only one that
// can be booted from.
func (b *BMC) MediaSlots(ctx context.Context) ([]MediaSlot, error) {
	docs, err := b.readSlots(ctx, opSlots)
	if err != nil {
		return nil, err
	}
	slots := make([]MediaSlot, 0, len(docs))
	for _, doc := range docs {
		slots = append(slots, MediaSlot{ID: doc.ID, Inserted: doc.isInserted(), Image: doc.Image, Types: doc.MediaTypes})
	}
	return slots, nil
}

type mediaDoc struct {
	URI        string `json:"@odata.id"`
	ID         string `json:"Id"`
	Image      string
	Inserted   *bool
	MediaTypes []string
	Actions    struct {
		Insert struct {
			Target string `json:"target"`
		} `json:"#VirtualMedia.InsertMedia"`
		Eject struct {
			Target string `json:"target"`
		} `json:"#VirtualMedia.EjectMedia"`
	}
}

// isInserted goes by the image where a BMC leaves Inserted out.
func (d *mediaDoc) isInserted() bool {
	if d.Inserted == nil {
		return d.Image != ""
	}
	return *d.Inserted
}

func (d *mediaDoc) holds(image string) bool { return d.isInserted() && d.Image == image }

func (d *mediaDoc) isDisc() bool {
	return slices.Contains(d.MediaTypes, "CD") || slices.Contains(d.MediaTypes, "DVD")
}

func (b *BMC) slot(ctx context.Context, op string, index int) (*mediaDoc, error) {
	docs, err := b.readSlots(ctx, op)
	if err != nil {
		return nil, err
	}
	if index < 0 || index >= len(docs) {
		return nil, b.refuse(op, fmt.Sprintf("there is no media slot %d", index), fmt.Sprintf("the BMC has %d, counted from 0", len(docs)))
	}
	return &docs[index], nil
}

func (b *BMC) readSlot(ctx context.Context, op, uri string) (*mediaDoc, error) {
	doc := new(mediaDoc)
	_, err := b.get(ctx, op, uri, doc)
	return doc, err
}

// readSlots finds the slots below the system, where newer firmware has them, else
// below the manager.
func (b *BMC) readSlots(ctx context.Context, op string) ([]mediaDoc, error) {
	system, err := b.system(ctx, op)
	if err != nil {
		return nil, err
	}
	docs, err := b.slotsAt(ctx, op, system.VirtualMedia.URI)
	if err != nil || len(docs) > 0 {
		return docs, err
	}
	manager, err := b.manager(ctx, op, system)
	if err != nil {
		return nil, err
	}
	docs, err = b.slotsAt(ctx, op, manager.VirtualMedia.URI)
	if err == nil && len(docs) == 0 {
		return nil, b.refuse(op, "the BMC offers no virtual media", "its licence may not cover it: virtual media needs iDRAC Enterprise")
	}
	return docs, err
}

func (b *BMC) slotsAt(ctx context.Context, op, uri string) ([]mediaDoc, error) {
	if uri == "" {
		return nil, nil
	}
	docs, err := readMembers[mediaDoc](ctx, b, op, uri)
	if hasStatus(err, http.StatusNotFound) {
		return nil, nil
	}
	slices.SortStableFunc(docs, compareSlots)
	return docs, err
}

func compareSlots(a, b mediaDoc) int {
	if a.isDisc() != b.isDisc() {
		if a.isDisc() {
			return -1
		}
		return 1
	}
	return compareIDs(a.ID, b.ID)
}

// compareIDs puts numbers in their order and before names.
func compareIDs(a, b string) int {
	n, errA := strconv.Atoi(a)
	m, errB := strconv.Atoi(b)
	switch {
	case errA == nil && errB == nil:
		return cmp.Compare(n, m)
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	default:
		return cmp.Compare(a, b)
	}
}
