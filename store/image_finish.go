package store

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"path"
)

// FinishUpload makes the image visible, once it is whole, has its digest and
// passes check. One that does not is Invalid, and is deleted. A name that another
// image has got meanwhile is a Conflict; the upload can be finished when the name is free.
func (m *Images) FinishUpload(ctx context.Context, id string, check func(r io.ReaderAt, size int64) error) (Image, error) {
	release, err := m.claim(id)
	if err != nil {
		return Image{}, err
	}
	defer release()
	u, err := m.Upload(id)
	if err != nil {
		return Image{}, err
	}
	if u.Offset < u.Size {
		return Image{}, conflict("image", u.Name, "only %d of %d bytes have come: send the rest", u.Offset, u.Size)
	}
	if !m.hasObject(u) {
		if err := m.keep(ctx, &u, check); err != nil {
			return Image{}, err
		}
	}
	if err := m.name(u); err != nil {
		return Image{}, err
	}
	if err := m.dropUpload(id); err != nil {
		return Image{}, uploadError(u, err)
	}
	return m.Stat(u.Name)
}

// keep turns a whole upload into an object.
func (m *Images) keep(ctx context.Context, u *ImageUpload, check func(io.ReaderAt, int64) error) error {
	digest, err := m.verify(ctx, *u, check)
	if err != nil {
		if errors.Is(err, ErrInvalid) {
			err = errors.Join(err, m.dropUpload(u.ID))
		}
		return err
	}
	// Recorded first: after a crash between here and the name, the same upload
	// started again finds its object.
	u.Digest = digest
	if m.hasObject(*u) { // which may be open
		return nil
	}
	record, err := json.Marshal(u)
	if err != nil {
		return err
	}
	object := path.Join(imageObjects, digest[len(digestPrefix):])
	for _, step := range []func() error{
		func() error { return m.writeOwn(recordPath(u.ID), record) },
		func() error { return m.root.Chmod(partPath(u.ID), 0o400) },
		func() error { return m.root.MkdirAll(imageObjects, 0o700) },
		func() error { return m.root.Rename(partPath(u.ID), object) },
		func() error { return syncFolder(m.root, imageObjects) },
		func() error { return syncFolder(m.root, imagesOwn) },
	} {
		if err := step(); err != nil {
			return uploadError(*u, err)
		}
	}
	return nil
}

func (m *Images) verify(ctx context.Context, u ImageUpload, check func(io.ReaderAt, int64) error) (digest string, err error) {
	f, info, err := openRegular(m.root, partPath(u.ID))
	if err != nil {
		return "", uploadError(u, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := check(f, info.Size()); err != nil {
		return "", invalid("image", u.Name, "%v", err)
	}
	if digest, err = hashOf(ctx, f); err != nil {
		return "", uploadError(u, err)
	}
	if u.Digest != "" && digest != u.Digest {
		return "", invalid("image", u.Name, "its digest is %s and should be %s: download it again", digest, u.Digest)
	}
	return digest, nil
}

// name makes the image visible, as the last step.
func (m *Images) name(u ImageUpload) error {
	err := m.root.Symlink(path.Join(imageObjects, u.Digest[len(digestPrefix):]), u.Name)
	if errors.Is(err, fs.ErrExist) {
		return m.nameIsFree(u.Name, u.Digest)
	}
	if err == nil {
		err = syncFolder(m.root, ".")
	}
	if err != nil {
		return uploadError(u, err)
	}
	return nil
}
