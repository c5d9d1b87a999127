package media

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rackflow/rackflow/iso"
	"github.com/rackflow/rackflow/store"
)

// Overlay is a vendor image customised for one server.
type Overlay struct {
	// Source is for [Library.Open].
	Source string
	// Label is the volume's, which stays the vendor's.
	Label string
	// Size is the whole image's, and Stored what of it is not the vendor's, in bytes.
	Size, Stored int64
	// System is what the image installs. Where the image does not tell, all but
	// the family is empty.
	System iso.System
}

// inputs are what is stored of an overlay.
type inputs struct {
	// Image is the vendor image's name when the overlay was made, and Digest its content's.
	Image  string `json:"image"`
	Digest string `json:"digest"`
	// Tag is the made image's, which it must get again.
	Tag string `json:"tag"`
	// Sealed is the customization, as JSON.
	Sealed string `json:"sealed"`
}

// maxInputs bounds what is read of a stored overlay, in bytes.
const maxInputs = 32 << 20

// overlayImage is an overlay in memory. It is of use for as long as its base is open.
type overlayImage struct {
	base  *base
	image *iso.Image
	// ref is what the base was found by, and digest its content's.
	ref, digest string
	// size and modified are those of the stored inputs.
	size     int64
	modified time.Time
}

// Customize makes an image of the vendor image ref, and stores nothing. With no
// family, the image's own is detected.
func (l *Library) Customize(ctx context.Context, ref string, c iso.Customization) (*File, error) {
	b, digest, err := l.acquireDigest(ctx, ref)
	if err != nil {
		return nil, err
	}
	made, _, err := b.customize(ref, c)
	if err != nil {
		return nil, errors.Join(err, l.releasing(b)())
	}
	return l.overlayFile(overlayImage{base: b, image: made, digest: digest, modified: time.Now()}), nil
}

// PutOverlay makes an image of the vendor image ref, and stores its inputs under
// the key. With no family, the image's own is detected. It computes the vendor
// image's digest if that is not known, which takes seconds a gigabyte.
func (l *Library) PutOverlay(ctx context.Context, key, ref string, c iso.Customization) (_ Overlay, err error) {
	b, digest, err := l.acquireDigest(ctx, ref)
	if err != nil {
		return Overlay{}, err
	}
	defer func() { err = errors.Join(err, l.releasing(b)()) }()
	made, overlay, err := b.customize(ref, c)
	if err != nil {
		return Overlay{}, err
	}
	c.Family = overlay.System.Family
	in := inputs{Image: ref, Digest: digest, Tag: made.ETag()}
	if err := l.putInputs(ctx, key, in, c); err != nil {
		return Overlay{}, err
	}
	overlay.Source = overlaySource + ":" + key
	return overlay, nil
}

// acquireDigest acquires an image as it was when its digest was computed.
func (l *Library) acquireDigest(ctx context.Context, ref string) (*base, string, error) {
	digest, err := l.Images.Digest(ctx, ref)
	if err != nil {
		return nil, "", err
	}
	b, image, err := l.acquire(ref)
	if err != nil {
		return nil, "", err
	}
	if image.Digest != digest {
		return nil, "", errors.Join(changed(ref), l.releasing(b)())
	}
	return b, digest, nil
}

// customize makes an image, and describes it but for its source.
func (b *base) customize(ref string, by iso.Customization) (*iso.Image, Overlay, error) {
	c, err := b.read(ref)
	if err != nil {
		return nil, Overlay{}, err
	}
	system := c.system
	switch {
	case by.Family == "" && c.unknown != nil:
		return nil, Overlay{}, c.unknown
	case by.Family == "":
		by.Family = system.Family
	case by.Family != system.Family:
		system = iso.System{Family: by.Family}
	}
	made, err := c.Customize(by)
	if err != nil {
		return nil, Overlay{}, unfit(ref, err)
	}
	return made, Overlay{Label: c.Info().Label, Size: made.Size(), Stored: made.Stored(), System: system}, nil
}

func (l *Library) putInputs(ctx context.Context, key string, in inputs, c iso.Customization) error {
	plain, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("store overlay %s: %w", key, err)
	}
	if in.Sealed, err = l.Keeper.Seal(ctx, string(plain)); err != nil {
		return fmt.Errorf("store overlay %s: %w", key, err)
	}
	data, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("store overlay %s: %w", key, err)
	}
	return l.Blobs.Put(ctx, key, data)
}

func (l *Library) openOverlay(ctx context.Context, key string) (_ *File, err error) {
	f, size, err := l.Blobs.Open(key)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	modified, err := modifiedAt(f)
	if err != nil {
		return nil, err
	}
	if file, ok := l.remembered(key, size, modified); ok {
		return file, nil
	}
	in, err := readInputs(f)
	if err != nil {
		return nil, fmt.Errorf("open overlay %s: %w", key, err)
	}
	made, err := l.makeAgain(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("open overlay %s: %w", key, err)
	}
	made.size, made.modified = size, modified
	l.mu.Lock()
	l.overlays.put(key, made, made.image.Stored())
	l.mu.Unlock()
	return l.overlayFile(made), nil
}

// remembered opens an overlay that is in memory, unless its inputs or its base
// have changed since.
func (l *Library) remembered(key string, size int64, modified time.Time) (*File, bool) {
	l.mu.Lock()
	made, ok := l.overlays.get(key)
	l.mu.Unlock()
	if !ok || made.size != size || !made.modified.Equal(modified) {
		return nil, false
	}
	b, _, err := l.acquire(made.ref)
	if err != nil {
		return nil, false
	}
	file := l.overlayFile(made)
	if b != made.base {
		_ = file.Close() // it was open for reading only
		return nil, false
	}
	return file, true
}

func readInputs(r io.Reader) (in inputs, err error) {
	data, err := io.ReadAll(io.LimitReader(r, maxInputs))
	if err != nil {
		return in, err
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return in, fmt.Errorf("its inputs cannot be read: %w", err)
	}
	return in, nil
}

// makeAgain makes an image of its stored inputs. What comes of them may differ
// under another version of rackflow; an installer that has read a part of the
// first image must not get the second.
func (l *Library) makeAgain(ctx context.Context, in inputs) (_ overlayImage, err error) {
	plain, err := l.Keeper.Open(ctx, in.Sealed)
	if err != nil {
		return overlayImage{}, err
	}
	var c iso.Customization
	if err := json.Unmarshal([]byte(plain), &c); err != nil {
		return overlayImage{}, errors.New("its inputs are not those of an overlay") // the cause may quote a secret
	}
	ref := l.locate(in)
	b, digest, err := l.acquireDigest(ctx, ref)
	if err != nil {
		return overlayImage{}, err
	}
	made, _, err := b.customize(ref, c)
	switch {
	case digest != in.Digest:
		err = changed(ref)
	case err == nil && made.ETag() != in.Tag:
		err = &store.Error{Kind: store.Conflict, What: "image", Ref: ref, Msg: "it does not become the same overlay again, as after an upgrade of rackflow: run the graph again"}
	}
	if err != nil {
		return overlayImage{}, errors.Join(err, l.releasing(b)())
	}
	return overlayImage{base: b, ref: ref, digest: digest, image: made}, nil
}

// locate prefers the digest, under which an uploaded image is found whatever its
// names have become.
func (l *Library) locate(in inputs) string {
	if _, err := l.Images.Stat(in.Digest); err == nil {
		return in.Digest
	}
	return in.Image
}

// overlayFile gives the base, which the caller has acquired, back with the file.
func (l *Library) overlayFile(made overlayImage) *File {
	return &File{
		ReaderAt: made.image, Size: made.image.Size(), ETag: etag(made.digest, made.image.ETag()),
		Modified: made.modified, close: l.releasing(made.base),
	}
}

func changed(ref string) error {
	return &store.Error{Kind: store.Conflict, What: "image", Ref: ref, Msg: "its file has changed while it was in use: run the graph again"}
}
