package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rackflow/rackflow/iso"
	"github.com/rackflow/rackflow/store"
)

// Description is what is known of a vendor image.
type Description struct {
	store.Image

	Info iso.BaseInfo
	// System is what the image installs; empty where it does not tell.
	System iso.System
}

// Describe reads what a vendor image tells of itself. An image that is no ISO is Invalid.
func (l *Library) Describe(ref string) (_ Description, err error) {
	b, image, err := l.acquire(ref)
	if err != nil {
		return Description{}, err
	}
	defer func() { err = errors.Join(err, l.releasing(b)()) }()
	c, err := b.read(ref)
	if err != nil {
		return Description{}, err
	}
	return Description{Image: image, Info: c.Info(), System: c.system}, nil
}

// FinishUpload makes an uploaded image visible if it is an ISO. All else of an
// upload is done with [store.Images].
func (l *Library) FinishUpload(ctx context.Context, id string) (Description, error) {
	image, err := l.Images.FinishUpload(ctx, id, func(r io.ReaderAt, size int64) error {
		_, err := iso.Open(r, size)
		return err
	})
	if err != nil {
		return Description{}, err
	}
	return l.Describe(image.Name)
}

// Remove removes a vendor image. One that a link leads to, by itself or under an
// overlay, is a Conflict: a server may be reading it.
func (l *Library) Remove(ctx context.Context, ref string) error {
	image, err := l.Images.Stat(ref)
	if err != nil {
		return err
	}
	links, err := l.Links.MediaLinks(ctx)
	if err != nil {
		return err
	}
	for _, link := range links {
		if l.leadsTo(link, image) {
			return &store.Error{Kind: store.Conflict, What: "image", Ref: ref, Msg: fmt.Sprintf(
				"task %s of run %s.%s uses it: wait for the run's end, or cancel it", link.Task, link.WorkflowID, link.RunID)}
		}
	}
	if err := l.Images.RemoveImage(ref); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bases.remove(baseKey(image))
	return nil
}

// leadsTo reports whether a link needs the image. A link whose own image is gone
// needs nothing.
func (l *Library) leadsTo(link store.Link, image store.Image) bool {
	kind, ref, _ := strings.Cut(link.Ref, ":")
	switch kind {
	case imageSource:
		used, err := l.Images.Stat(ref)
		return err == nil && used.Same(image)
	case overlaySource:
		f, _, err := l.Blobs.Open(ref)
		if err != nil {
			return false
		}
		in, err := readInputs(f)
		return errors.Join(err, f.Close()) == nil && in.Digest == image.Digest
	}
	return false
}
