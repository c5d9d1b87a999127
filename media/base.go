package media

import (
	"errors"
	"io/fs"
	"os"
	"sync"

	"github.com/rackflow/rackflow/iso"
	"github.com/rackflow/rackflow/store"
)

// base is a vendor image that is open.
type base struct {
	file *os.File
	size int64 // bytes

	// Guarded by the library's mutex. The users are the open files, and the cache.
	image store.Image
	users int

	reading  sync.Mutex
	contents *contents // nil until it has been read
}

// contents are what is read of an image once.
type contents struct {
	*iso.Base

	system iso.System
	// unknown is why the image does not tell its system; nil if it does.
	unknown error
}

// acquire returns the open image of that name or digest, and what is known of it
// now. An image whose file has changed is opened anew; who reads the old one goes
// on doing so. The caller releases it.
func (l *Library) acquire(ref string) (*base, store.Image, error) {
	image, err := l.Images.Stat(ref)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.bases.remove(ref) // its space on the disk is free when nobody reads it
		return nil, store.Image{}, err
	}
	if b, ok := l.bases.get(baseKey(image)); ok && b.image.Same(image) {
		b.image = image
		b.users++
		return b, image, nil
	}
	f, image, err := l.Images.Open(ref)
	if err != nil {
		return nil, store.Image{}, err
	}
	b := &base{file: f, size: image.Size, image: image, users: 2}
	l.bases.put(baseKey(image), b, 1)
	return b, image, nil
}

// read returns the image's contents. A disk that fails may not fail the next time;
// all other errors lie in the image, and are found again.
func (b *base) read(ref string) (*contents, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	if b.contents != nil {
		return b.contents, nil
	}
	parsed, err := iso.Open(b.file, b.size)
	if err != nil {
		return nil, unfit(ref, err)
	}
	system, err := parsed.Detect()
	if err = unfit(ref, err); err != nil && !errors.Is(err, store.ErrInvalid) {
		return nil, err
	}
	b.contents = &contents{Base: parsed, system: system, unknown: err}
	return b.contents, nil
}

// baseKey lets all names of an uploaded image share one file.
func baseKey(image store.Image) string {
	if image.Uploaded {
		return image.Digest
	}
	return image.Name
}

// releasing returns what gives a base back.
func (l *Library) releasing(b *base) func() error {
	return func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		return b.release()
	}
}

func (b *base) release() error {
	b.users--
	if b.users > 0 {
		return nil
	}
	return b.file.Close()
}

// retire is called with the mutex held, as the cache is.
func (l *Library) retire(b *base) {
	_ = b.release() // it was open for reading only
}

// unfit is an error that lies in the image or in what is asked of it, and not in
// reading it.
func unfit(ref string, err error) error {
	if _, reading := errors.AsType[*fs.PathError](err); err == nil || reading {
		return err
	}
	return &store.Error{Kind: store.Invalid, What: "image", Ref: ref, Msg: err.Error()}
}
