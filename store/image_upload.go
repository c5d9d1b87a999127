package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"time"
)

const (
	imageUploads = imagesOwn + "/uploads"
	// tempExtension marks a record that is being written.
	tempExtension = ".temp"
	// uploadAge is how long an upload may rest before it is given up.
	uploadAge = 7 * 24 * time.Hour
	// maxImageSize bounds an upload, in bytes: the largest vendor ISOs have some 20 GB.
	maxImageSize = 1 << 40
)

var (
	uploadName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,190}\.(iso|ISO)$`)
	uploadID   = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

// ImageUpload is an image on its way into the folder. Nobody else sees it before
// [Images.FinishUpload].
type ImageUpload struct {
	// ID is made of the other fields but Offset: who starts the same upload again
	// goes on with it.
	ID string `json:"-"`
	// Name is what the image is to be called, ending in .iso.
	Name string `json:"name"`
	// Size is the whole image's, in bytes.
	Size int64 `json:"size"`
	// Digest is what the image must turn out to have; empty: whatever it has.
	Digest string `json:"digest,omitempty"`
	// Source tells two contents apart that have the same name and size and no
	// Digest, such as a URL with its entity tag.
	Source string `json:"source,omitempty"`
	// Offset is how many bytes are here.
	Offset int64 `json:"-"`
}

func (u *ImageUpload) validate() error {
	switch {
	case !uploadName.MatchString(u.Name):
		return invalid("image", u.Name, "a name has letters, digits, '.', '_', '+' and '-', and ends in .iso")
	case u.Size <= 0 || u.Size > maxImageSize:
		return invalid("image", u.Name, "a size is 1 to %d bytes, not %d", int64(maxImageSize), u.Size)
	case u.Digest == "":
		return nil
	}
	digest, err := ParseDigest(u.Digest)
	u.Digest = digest
	return err
}

// StartUpload starts an upload, or returns how far the same one has got. The
// upload of an image that is here under its digest has nothing left to send. A
// name that another image has is a Conflict.
func (m *Images) StartUpload(u ImageUpload) (ImageUpload, error) {
	if err := u.validate(); err != nil {
		return u, err
	}
	if err := m.nameIsFree(u.Name, u.Digest); err != nil {
		return u, err
	}
	record, err := json.Marshal(u)
	if err != nil {
		return u, err
	}
	sum := sha256.Sum256(record)
	u.ID = hex.EncodeToString(sum[:16])
	m.sweepUploads()
	found, err := m.Upload(u.ID)
	if !errors.Is(err, ErrNotFound) {
		return found, err
	}
	if err := m.writeOwn(recordPath(u.ID), record); err != nil {
		return u, uploadError(u, err)
	}
	return m.Upload(u.ID)
}

// nameIsFree refuses a name that means something else already.
func (m *Images) nameIsFree(name, digest string) error {
	if _, err := m.root.Lstat(name); isMissing(err) {
		return nil
	}
	image, err := m.Stat(name)
	if err == nil && digest != "" && image.Digest == digest {
		return nil
	}
	return conflict("image", name, "there is an image of that name: choose another name, or remove that image first")
}

// Upload returns how far an upload has got.
func (m *Images) Upload(id string) (ImageUpload, error) {
	if !uploadID.MatchString(id) {
		return ImageUpload{}, notFound("upload", id)
	}
	data, err := m.root.ReadFile(recordPath(id))
	if isMissing(err) {
		return ImageUpload{}, &Error{Kind: NotFound, What: "upload", Ref: id, Msg: "it has ended or was given up: start it again"}
	}
	u := ImageUpload{}
	if err == nil {
		err = json.Unmarshal(data, &u)
	}
	if err != nil {
		return u, fmt.Errorf("store: read upload %s: %w", id, err)
	}
	u.ID = id
	if m.hasObject(u) {
		u.Offset = u.Size
		return u, nil
	}
	switch info, err := m.root.Stat(partPath(id)); {
	case err == nil:
		u.Offset = info.Size()
	case !isMissing(err):
		return u, uploadError(u, err)
	}
	return u, nil
}

func (m *Images) hasObject(u ImageUpload) bool {
	if u.Digest == "" {
		return false
	}
	_, err := m.Stat(u.Digest)
	return err == nil
}

// AppendUpload adds the bytes of r, of which the first belongs at offset. Those
// that came before r failed stay. One request at a time may add; another one, or
// an offset that is not the upload's, is a Conflict.
func (m *Images) AppendUpload(ctx context.Context, id string, offset int64, r io.Reader) (ImageUpload, error) {
	release, err := m.claim(id)
	if err != nil {
		return ImageUpload{}, err
	}
	defer release()
	u, err := m.Upload(id)
	if err != nil {
		return u, err
	}
	if offset != u.Offset {
		return u, conflict("image", u.Name, "its upload has got to byte %d, not %d: go on from there", u.Offset, offset)
	}
	if u.Offset == u.Size {
		return u, nil
	}
	n, err := m.appendPart(id, untilDone{ctx, io.LimitReader(r, u.Size-u.Offset)})
	u.Offset += n
	if err != nil {
		return u, uploadError(u, err)
	}
	return u, nil
}

func (m *Images) appendPart(id string, r io.Reader) (n int64, err error) {
	f, err := m.root.OpenFile(partPath(id), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return 0, err
	}
	// Synced on failure too: what has come is what the upload goes on from.
	defer func() { err = errors.Join(err, f.Sync(), f.Close()) }()
	return io.CopyBuffer(struct{ io.Writer }{f}, r, make([]byte, 1<<20))
}

// CancelUpload gives an upload up. That there is none is no error.
func (m *Images) CancelUpload(id string) error {
	release, err := m.claim(id)
	if err != nil {
		return err
	}
	defer release()
	if err := m.dropUpload(id); err != nil {
		return fmt.Errorf("store: cancel upload %s: %w", id, err)
	}
	return nil
}

// claim keeps two requests from writing one upload.
func (m *Images) claim(id string) (release func(), err error) {
	if !uploadID.MatchString(id) {
		return nil, notFound("upload", id)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.busy[id] {
		return nil, conflict("upload", id, "another request is at work on it: try again when that has ended")
	}
	m.busy[id] = true
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.busy, id)
	}, nil
}

// dropUpload leaves the record for last, so that a crash leaves no part without one.
func (m *Images) dropUpload(id string) error {
	if err := ignoreMissing(m.root.Remove(partPath(id))); err != nil {
		return err
	}
	return ignoreMissing(m.root.Remove(recordPath(id)))
}

// sweepUploads gives up what nobody has gone on with. What cannot be removed now
// can be the next time.
func (m *Images) sweepUploads() {
	entries, err := fs.ReadDir(m.root.FS(), imageUploads)
	if err != nil {
		return
	}
	newest := make(map[string]time.Time)
	for _, entry := range entries {
		id := strings.TrimSuffix(entry.Name(), path.Ext(entry.Name()))
		if info, err := entry.Info(); err == nil && info.ModTime().After(newest[id]) {
			newest[id] = info.ModTime()
		}
	}
	for id, modified := range newest {
		switch {
		case time.Since(modified) < uploadAge:
		case uploadID.MatchString(id):
			_ = m.CancelUpload(id)
		default:
			_ = m.root.Remove(path.Join(imageUploads, id+tempExtension))
		}
	}
}

func recordPath(id string) string { return path.Join(imageUploads, id+".json") }

func partPath(id string) string { return path.Join(imageUploads, id+".part") }

// writeOwn writes a small file whole or not at all.
func (m *Images) writeOwn(name string, data []byte) error {
	if err := m.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	temp := path.Join(path.Dir(name), rand.Text()+tempExtension)
	err := writeSynced(m.root, temp, data)
	if err == nil {
		err = m.root.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(m.root.Remove(temp)))
	}
	return syncFolder(m.root, path.Dir(name))
}

func uploadError(u ImageUpload, err error) error {
	if isFull(err) {
		return &Error{Kind: Full, What: "image", Ref: u.Name, Msg: fmt.Sprintf(
			"no space is left for its %d bytes in the images folder: free some, and the upload goes on where it stopped", u.Size)}
	}
	return fmt.Errorf("store: upload image %s: %w", u.Name, err)
}
