package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"time"
)

// Blobs is a folder of files that rackflow writes, such as seed images. A blob
// is there whole or not at all, after a crash too. It is safe for concurrent
// use.
type Blobs struct {
	root *os.Root
}

const (
	// blobTemp holds blobs that are being written. No key can name it.
	blobTemp = ".tmp"
	// blobTempAge is how old a file in blobTemp must be to be left over from a
	// crash, and not another process's work.
	blobTempAge = time.Hour
	blobKeyMax  = 512
)

var blobKey = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*$`)

// OpenBlobs opens the folder, creating it for its owner only when it is missing,
// and removes what a crash has left half written.
func OpenBlobs(dir string) (*Blobs, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open blobs folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open blobs folder: %w", err)
	}
	b := &Blobs{root: root}
	if err := b.sweep(); err != nil {
		return nil, errors.Join(fmt.Errorf("open blobs folder %s: %w", dir, err), root.Close())
	}
	return b, nil
}

// Close releases the folder. Open blobs stay readable.
func (b *Blobs) Close() error { return b.root.Close() }

// Put writes the blob, replacing one of the same key. It is on the disk when
// Put returns; whoever has the old one open goes on reading that.
func (b *Blobs) Put(ctx context.Context, key string, data []byte) error {
	if err := checkBlobKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := b.put(key, data); err != nil {
		return fmt.Errorf("store: put blob %s: %w", key, err)
	}
	return nil
}

func (b *Blobs) put(key string, data []byte) error {
	temp := path.Join(blobTemp, rand.Text())
	if err := writeSynced(b.root, temp, data); err != nil {
		return errors.Join(err, ignoreMissing(b.root.Remove(temp)))
	}
	if err := b.root.MkdirAll(path.Dir(key), 0o700); err != nil {
		return errors.Join(err, b.root.Remove(temp))
	}
	if err := b.root.Rename(temp, key); err != nil {
		return errors.Join(err, b.root.Remove(temp))
	}
	return b.syncParents(key)
}

func writeSynced(root *os.Root, name string, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncParents makes the names that lead to key durable, as folders above it may
// be new too.
func (b *Blobs) syncParents(key string) error {
	for dir := path.Dir(key); ; dir = path.Dir(dir) {
		if err := syncFolder(b.root, dir); err != nil || dir == "." {
			return err
		}
	}
}

// syncFolder makes the names in a folder durable.
func syncFolder(root *os.Root, dir string) error {
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Open returns the blob and its size in bytes. The caller closes the file.
func (b *Blobs) Open(key string) (*os.File, int64, error) {
	if err := checkBlobKey(key); err != nil {
		return nil, 0, err
	}
	f, info, err := openRegular(b.root, key)
	switch {
	case isMissing(err), errors.Is(err, errNotRegular):
		return nil, 0, notFound("blob", key)
	case err != nil:
		return nil, 0, fmt.Errorf("store: open blob %s: %w", key, err)
	}
	return f, info.Size(), nil
}

// Delete removes the blob. That there is none is no error, so that clean-up can
// be repeated. Folders stay.
func (b *Blobs) Delete(key string) error {
	if err := checkBlobKey(key); err != nil {
		return err
	}
	info, err := b.root.Stat(key)
	if err == nil && info.Mode().IsRegular() {
		err = b.root.Remove(key)
	}
	if err = ignoreMissing(err); err != nil {
		return fmt.Errorf("store: delete blob %s: %w", key, err)
	}
	return nil
}

// DeleteAll removes a folder of blobs and all below it. That there is none is no error.
func (b *Blobs) DeleteAll(folder string) error {
	if err := checkBlobKey(folder); err != nil {
		return err
	}
	if err := b.root.RemoveAll(folder); err != nil {
		return fmt.Errorf("store: delete blobs %s: %w", folder, err)
	}
	return nil
}

func (b *Blobs) sweep() error {
	if err := b.root.MkdirAll(blobTemp, 0o700); err != nil {
		return err
	}
	entries, err := fs.ReadDir(b.root.FS(), blobTemp)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || time.Since(info.ModTime()) < blobTempAge {
			continue
		}
		if err := ignoreMissing(b.root.Remove(path.Join(blobTemp, entry.Name()))); err != nil {
			return err
		}
	}
	return nil
}

func checkBlobKey(key string) error {
	if len(key) > blobKeyMax || !blobKey.MatchString(key) {
		return invalid("blob", key, "a key has names of a-z, 0-9, '.', '_' and '-' parted by '/', none starting with a sign, and at most %d characters", blobKeyMax)
	}
	return nil
}

func ignoreMissing(err error) error {
	if isMissing(err) {
		return nil
	}
	return err
}
