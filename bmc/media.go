package bmc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	opInsert = "insert media"
	opEject  = "eject media"

	// insertTries bounds how often a cause is removed that keeps coming back.
	insertTries = 3

	attributeAttached = "VirtualMedia.1.Attached"
	autoAttach        = "AutoAttach"
)

// InsertMedia connects an image, by its URL, to a slot: an index into [BMC.MediaSlots].
// Another image in the slot is ejected first. An image that is there already, by the
// same URL, is left alone, and a BMC may go on reporting an ejected one for a while:
// use a URL of its own for each attempt to install.
//
// A BMC can report a failure and attach the image a minute later, so this can take
// minutes before it fails.
func (b *BMC) InsertMedia(ctx context.Context, slot int, image string) error {
	protocol, err := imageProtocol(image)
	if err != nil {
		return b.refuse(opInsert, err.Error(), "serve the image at a plain URL")
	}
	media, err := b.slot(ctx, opInsert, slot)
	if err != nil {
		return err
	}
	if media.holds(image) {
		return nil
	}
	return hideImage(b.insert(ctx, media, image, protocol), image)
}

// insert removes what is in the way, as far as the BMC's message tells, and tries again.
func (b *BMC) insert(ctx context.Context, media *mediaDoc, image, protocol string) error {
	inserted := media.isInserted()
	for try := 1; ; try++ {
		if inserted {
			if err := b.eject(ctx, media); err != nil {
				return err
			}
		}
		err := b.attach(ctx, media, image, protocol)
		cure := b.cureInsert(err, image)
		if cure == nil || ctx.Err() != nil {
			return err
		}
		if try == insertTries {
			return b.incurable(ctx, media, err)
		}
		if err := cure(ctx); err != nil {
			return err
		}
		inserted = true // although it may not be reported
	}
}

// cureInsert returns what to do before an insert that failed so is tried again, or nil.
func (b *BMC) cureInsert(err error, image string) func(context.Context) error {
	switch {
	case hasMessage(err, msgMediaInserted):
		return func(context.Context) error { return nil }
	case hasMessage(err, msgMediaDetached):
		return func(ctx context.Context) error { return b.freeMedia(ctx, image) }
	case hasMessage(err, msgImageUnreachable, msgShareUnreachable):
		// An iDRAC may hold a stale connection, which it takes some seconds to drop.
		return func(ctx context.Context) error {
			return b.failure(opInsert).of(ctx, sleep(ctx, b.pace.reinsert))
		}
	default:
		return nil
	}
}

// incurable makes the last failure Permanent where the BMC cannot reach the image, or has
// one in another slot beside which it takes no second.
func (b *BMC) incurable(ctx context.Context, media *mediaDoc, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	last := *e
	switch {
	case hasMessage(err, msgImageUnreachable, msgShareUnreachable):
		last.Outcome = Permanent
	case hasMessage(err, msgMediaInserted) && b.usesAnother(ctx, media):
		last.Outcome, last.Hint = Permanent, "this firmware takes one image at a time: eject the other, or put what this one holds into it"
	}
	return &last
}

func (b *BMC) usesAnother(ctx context.Context, media *mediaDoc) bool {
	slots, err := b.readSlots(ctx, opInsert)
	return err == nil && slices.ContainsFunc(slots, func(other mediaDoc) bool { return other.URI != media.URI && other.isInserted() })
}

// freeMedia attaches virtual media that was detached from the server, and ejects what others
// have inserted: a BMC in whose one slot something is stuck refuses to insert into another.
// Images from the same server as this one stay, since they may be for the same installation.
func (b *BMC) freeMedia(ctx context.Context, image string) error {
	slots, err := b.readSlots(ctx, opInsert)
	if err != nil {
		return err
	}
	foreign := slices.DeleteFunc(slots, func(slot mediaDoc) bool { return sameServer(slot.Image, image) })
	if err := b.ejectEach(ctx, foreign); err != nil {
		return err
	}
	err = b.setAttribute(ctx, opInsert, attributeAttached, autoAttach)
	if errors.Is(err, errNotOffered) {
		return nil
	}
	return err
}

// attach inserts into an empty slot and confirms it.
func (b *BMC) attach(ctx context.Context, media *mediaDoc, image, protocol string) error {
	asked := b.askInsert(ctx, media, image, protocol)
	w := wait{op: opInsert, what: "the image is inserted", every: b.pace.poll, limit: b.pace.insert}
	return b.confirm(ctx, asked, w, func(ctx context.Context) (bool, error) {
		now, err := b.readSlot(ctx, opInsert, media.URI)
		return err == nil && now.holds(image), err
	})
}

// askInsert goes down from all parameters to the image alone while the BMC rejects
// the request as such: firmware differs in which parameters it knows.
func (b *BMC) askInsert(ctx context.Context, media *mediaDoc, image, protocol string) error {
	var err error
	for _, parameters := range []map[string]any{
		{"Image": image, "Inserted": true, "WriteProtected": true, "TransferProtocolType": protocol},
		{"Image": image, "Inserted": true, "WriteProtected": true},
		{"Image": image, "TransferProtocolType": protocol},
		{"Image": image},
	} {
		err = b.post(ctx, opInsert, media.Actions.Insert.Target, parameters)
		if !parametersRejected(err) {
			return err
		}
	}
	return err
}

// parametersRejected tells a request that the BMC did not understand from one that it
// understood and refused.
func parametersRejected(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Status != http.StatusBadRequest {
		return false
	}
	_, understood := meanings[e.MessageID]
	return !understood
}

// EjectMedia disconnects whatever is in the slot: an index into [BMC.MediaSlots].
// Power the server off first if it runs from the image.
func (b *BMC) EjectMedia(ctx context.Context, slot int) error {
	media, err := b.slot(ctx, opEject, slot)
	if err != nil || !media.isInserted() {
		return err
	}
	return b.eject(ctx, media)
}

// EjectAll ejects every slot, and goes on after a slot that fails.
func (b *BMC) EjectAll(ctx context.Context) error {
	slots, err := b.readSlots(ctx, opEject)
	if err != nil {
		return err
	}
	return b.ejectEach(ctx, slots)
}

func (b *BMC) ejectEach(ctx context.Context, slots []mediaDoc) error {
	var failed []error
	for i := range slots {
		if slots[i].isInserted() {
			failed = append(failed, b.eject(ctx, &slots[i]))
		}
	}
	return errors.Join(failed...)
}

// eject ejects and confirms it. A BMC that says nothing was inserted is believed even
// when the slot goes on showing an image, which some do for a while.
func (b *BMC) eject(ctx context.Context, media *mediaDoc) error {
	asked := b.post(ctx, opEject, media.Actions.Eject.Target, struct{}{})
	empty := hasMessage(asked, msgNothingInserted)
	if empty {
		asked = nil
	}
	w := wait{op: opEject, what: "the slot is empty", every: b.pace.poll, limit: b.pace.eject}
	err := b.confirm(ctx, asked, w, func(ctx context.Context) (bool, error) {
		now, err := b.readSlot(ctx, opEject, media.URI)
		return err == nil && !now.isInserted(), err
	})
	if empty && ctx.Err() == nil {
		return nil
	}
	return err
}

// sameServer tells whether two URLs have the same host and port.
func sameServer(a, b string) bool {
	one, errOne := url.Parse(a)
	other, errOther := url.Parse(b)
	return errOne == nil && errOther == nil && one.Host != "" && one.Host == other.Host
}

// imageProtocol returns the Redfish name of an image URL's protocol. Its errors do not
// repeat the URL.
func imageProtocol(image string) (string, error) {
	u, err := url.Parse(image)
	switch {
	case err != nil || u.Host == "":
		return "", errors.New("the image is not given by a URL with a host")
	case u.User != nil:
		return "", errors.New("the image URL carries credentials")
	}
	switch u.Scheme {
	case "http", "https", "nfs", "cifs":
		return strings.ToUpper(u.Scheme), nil
	default:
		return "", fmt.Errorf("a BMC cannot read an image over %q", u.Scheme)
	}
}

// hideImage keeps an image's path, whose knowledge may be all that it takes to read
// the image, out of an error in which the BMC repeats it.
func hideImage(err error, image string) error {
	if e, ok := errors.AsType[*Error](err); ok {
		if u, parseErr := url.Parse(image); parseErr == nil {
			e.Message = strings.ReplaceAll(e.Message, image, u.Scheme+"://"+u.Host+"/…")
		}
	}
	return err
}
