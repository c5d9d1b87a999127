package media

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/rackflow/rackflow/seal"
	"github.com/rackflow/rackflow/store"
)

// The kinds of sources.
const (
	imageSource   = "image"
	blobSource    = "blob"
	overlaySource = "overlay"
)

const (
	// maxBases bounds the vendor images that are open at once.
	maxBases = 64
	// maxOverlays bounds, in bytes, the changes of overlays that are in memory.
	// Those of a server are some ten to a hundred kilobytes.
	maxOverlays = 128 << 20
)

// Config is what a Library stands on. All of it is required.
type Config struct {
	Images *store.Images
	Blobs  *store.Blobs
	Links  Links
	Keeper *seal.Keeper
}

// Links tells which images are in use; its contract is that of [store.Store].
type Links interface {
	MediaLinks(ctx context.Context) ([]store.Link, error)
}

// Library opens sources. However many of them are made of one vendor image, and
// however many requests read them, that image is open once and parsed once. It
// is safe for concurrent use.
//
// Failures that a caller can act on are [*store.Error] values.
type Library struct {
	Config

	// Progress is what is read of the images that links lead to. Who serves them
	// notes it.
	Progress *Progress

	mu       sync.Mutex
	bases    *cache[string, *base]
	overlays *cache[string, overlayImage]
}

// New returns a Library. Close it when nothing is open any more.
func New(c Config) *Library {
	l := &Library{Config: c, Progress: newProgress(), overlays: newCache[string, overlayImage](maxOverlays, nil)}
	l.bases = newCache[string](maxBases, l.retire)
	return l
}

// Close closes the vendor images that no file is open on. Those others go with
// their last file.
func (l *Library) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bases.clear()
	l.overlays.clear()
}

// File is an open source. Its content does not change while it is open. It may
// be read by many goroutines at once.
type File struct {
	io.ReaderAt

	// Size is in bytes.
	Size int64
	// ETag is a quoted entity tag that is the same whenever the source is opened,
	// in any process, for as long as its content is.
	ETag string
	// Modified is fixed as the ETag is.
	Modified time.Time

	close func() error
}

// Close is called once, when the file is not read any more.
func (f *File) Close() error { return f.close() }

// Open opens a source. A vendor image that has changed since an overlay was made
// of it is a Conflict.
func (l *Library) Open(ctx context.Context, source string) (*File, error) {
	kind, ref, _ := strings.Cut(source, ":")
	switch kind {
	case imageSource:
		return l.openImage(ref)
	case blobSource:
		return l.openBlob(ref)
	case overlaySource:
		return l.openOverlay(ctx, ref)
	}
	return nil, &store.Error{Kind: store.Invalid, What: "source", Ref: source, Msg: "it should be image:<name>, blob:<key> or overlay:<key>"}
}

// Check reports whether a source can be opened.
func (l *Library) Check(ctx context.Context, source string) error {
	f, err := l.Open(ctx, source)
	if err != nil {
		return err
	}
	return f.Close()
}

func (l *Library) openImage(ref string) (*File, error) {
	b, image, err := l.acquire(ref)
	if err != nil {
		return nil, err
	}
	tag := etag(image.Digest)
	if image.Digest == "" || !image.Uploaded {
		// Not the digest, which is computed at some time while the image is served.
		tag = etag(image.Name, image.Size, image.Modified.UnixNano())
	}
	return &File{ReaderAt: b.file, Size: image.Size, ETag: tag, Modified: image.Modified, close: l.releasing(b)}, nil
}

func (l *Library) openBlob(key string) (*File, error) {
	f, size, err := l.Blobs.Open(key)
	if err != nil {
		return nil, err
	}
	modified, err := modifiedAt(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &File{ReaderAt: f, Size: size, ETag: etag(key, size, modified.UnixNano()), Modified: modified, close: f.Close}, nil
}

func modifiedAt(f *os.File) (time.Time, error) {
	info, err := f.Stat()
	if err != nil {
		return time.Time{}, fmt.Errorf("open media: %w", err)
	}
	return info.ModTime(), nil
}

// etag is short, since a BMC's client has little room for headers.
func etag(parts ...any) string {
	sum := sha256.Sum256(fmt.Appendln(nil, parts...))
	return fmt.Sprintf(`"%x"`, sum[:12])
}
