package iso

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// maxPatched is the largest file, in bytes, that Patch and PatchESP read into
// memory.
const maxPatched = 16 << 20

// Editor collects the changes that make an Image of a Base. The base's content
// stays where it is; what is new goes behind it. The volume label stays, since
// installers find their medium by it. An Editor is for one goroutine.
//
// Paths use slashes and are read from the root. Where the image has Rock Ridge
// names, case counts; elsewhere it does not.
type Editor struct {
	base     *Base
	time     time.Time
	files    map[string]change
	esp      map[string][]byte
	boot     map[Platform][]byte
	clearMD5 bool
}

// change is what becomes of one file.
type change struct {
	data    []byte
	removed bool
}

// Edit starts an edit. New files carry the time t; with the same t and the same
// changes, in whatever order, the Image is the same, byte for byte.
func (b *Base) Edit(t time.Time) *Editor {
	return &Editor{
		base: b, time: t,
		files: make(map[string]change), esp: make(map[string][]byte), boot: make(map[Platform][]byte),
	}
}

// Put writes a file, new or in place of an old one, and makes the directories it
// needs. A boot image that firmware starts is not found by its path: see
// [Editor.SetBootImage].
func (e *Editor) Put(name string, data []byte) error {
	key, err := e.key(name)
	if err != nil {
		return fmt.Errorf("put %s: %w", name, err)
	}
	e.files[key] = change{data: bytes.Clone(data)}
	return nil
}

// Patch replaces a file's content, of at most 16 MiB, by what edit makes of it.
// The error wraps [fs.ErrNotExist] if there is no such file.
func (e *Editor) Patch(name string, edit func(old []byte) ([]byte, error)) error {
	key, err := e.key(name)
	if err != nil {
		return fmt.Errorf("patch %s: %w", name, err)
	}
	old, err := e.current(key)
	if err != nil {
		return fmt.Errorf("patch %s: %w", name, err)
	}
	data, err := edit(old)
	if err != nil {
		return fmt.Errorf("patch %s: %w", name, err)
	}
	return e.Put(key, data)
}

// Remove takes a file out of its directory. Its content stays in the image, where
// nothing refers to it any more: it is no way to hide a secret. The error wraps
// [fs.ErrNotExist] if there is no such file.
func (e *Editor) Remove(name string) error {
	key, err := e.key(name)
	if err != nil {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	if pending, ok := e.files[key]; ok && pending.removed {
		return fmt.Errorf("remove %s: %w on the image", name, fs.ErrNotExist)
	}
	_, _, err = e.base.lookup(strings.Split(key, "/"))
	_, pending := e.files[key]
	switch {
	case err == nil:
		e.files[key] = change{removed: true}
	case pending:
		delete(e.files, key)
	default:
		return fmt.Errorf("remove %s: %w", name, err)
	}
	return nil
}

// ClearMediaMD5 blanks the checksum over the whole image that implantisomd5
// leaves, if there is one. An installer told to check its medium, as by the
// kernel argument rd.live.check, fails with a blank checksum as with a wrong one:
// take that argument out too.
func (e *Editor) ClearMediaMD5() { e.clearMD5 = true }

// key is the path a change is kept under: as the image spells it, or as an
// earlier change did.
func (e *Editor) key(name string) (string, error) {
	parts, err := splitPath(name)
	if err != nil {
		return "", err
	}
	spelled, _, err := e.base.lookup(parts)
	if err == nil {
		return spelled, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	key := path.Join(parts...)
	for known := range e.files {
		if e.base.main().sameName(known, key) {
			return known, nil
		}
	}
	return key, nil
}

func (e *Editor) current(key string) ([]byte, error) {
	if pending, ok := e.files[key]; ok {
		if pending.removed {
			return nil, fmt.Errorf("%w on the image", fs.ErrNotExist)
		}
		return bytes.Clone(pending.data), nil
	}
	content, err := e.base.Open(key)
	if err != nil {
		return nil, err
	}
	if content.Size() > maxPatched {
		return nil, fmt.Errorf("it has %d bytes, at most %d can be patched: put a whole new file", content.Size(), maxPatched)
	}
	data := make([]byte, content.Size())
	if _, err := io.ReadFull(content, data); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return data, nil
}

// Image returns the edited image. The Editor may go on being used; the Image
// does not change with it.
func (e *Editor) Image() (*Image, error) {
	b := newBuild(e.base, recordTime(e.time))
	for _, step := range []func(*build) error{
		e.applyFiles, e.applyESP, e.applyBootImages, e.applyChecksum,
	} {
		if err := step(b); err != nil {
			return nil, fmt.Errorf("edit image %q: %w", e.base.info.Label, err)
		}
	}
	img, err := b.finish()
	if err != nil {
		return nil, fmt.Errorf("edit image %q: %w", e.base.info.Label, err)
	}
	return img, nil
}

// applyFiles goes by path, so that the order of the calls leaves no trace.
func (e *Editor) applyFiles(b *build) error {
	names := slices.Sorted(maps.Keys(e.files))
	for _, name := range names {
		if !e.files[name].removed {
			continue
		}
		if err := b.remove(strings.Split(name, "/")); err != nil {
			return fmt.Errorf("remove %s: %w", name, err)
		}
	}
	for _, name := range names {
		if e.files[name].removed {
			continue
		}
		if err := b.put(strings.Split(name, "/"), e.files[name].data); err != nil {
			return fmt.Errorf("put %s: %w", name, err)
		}
	}
	return nil
}

func (e *Editor) applyChecksum(b *build) error {
	if !e.clearMD5 || !e.base.info.MediaChecksum {
		return nil
	}
	d, err := b.sector(b.trees[0].descriptor)
	if err != nil {
		return err
	}
	area := d[applicationUseAt : applicationUseAt+applicationUseLength]
	copy(area, bytes.Repeat([]byte{' '}, len(area)))
	return nil
}
