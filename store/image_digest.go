package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"time"
)

const (
	digestPrefix = "sha256:"
	// imageDigests holds what has been computed, so that a restart need not read
	// gigabytes again while a BMC waits.
	imageDigests = imagesOwn + "/digests"
)

var digestDigits = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ParseDigest reads 64 hexadecimal digits of a SHA-256, with or without
// "sha256:" before them, and returns them with it.
func ParseDigest(s string) (string, error) {
	digits := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), digestPrefix)
	if !digestDigits.MatchString(digits) {
		return "", invalid("digest", s, "a SHA-256 has 64 hexadecimal digits")
	}
	return digestPrefix + digits, nil
}

// digestRecord is a digest of a file, and how the file looked when it was computed.
type digestRecord struct {
	Name     string    `json:"name"`
	Digest   string    `json:"digest"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	Inode    uint64    `json:"inode"`
}

func (r digestRecord) fits(image Image) bool {
	return r.Name == image.Name && r.Size == image.Size && r.Modified.Equal(image.Modified) && r.Inode == inode(image.file)
}

// Digest returns the image's digest. One that is not known yet is computed, which
// takes seconds a gigabyte, and kept for as long as the file's size, time and
// inode stay. A file that changes meanwhile is a Conflict.
func (m *Images) Digest(ctx context.Context, ref string) (string, error) {
	image, err := m.Stat(ref)
	if err != nil || image.Digest != "" {
		return image.Digest, err
	}
	select {
	case m.hashing <- struct{}{}:
		defer func() { <-m.hashing }()
	case <-ctx.Done():
		return "", fmt.Errorf("store: wait to read image %s: %w", ref, ctx.Err())
	}
	return m.computeDigest(ctx, ref)
}

func (m *Images) computeDigest(ctx context.Context, ref string) (_ string, err error) {
	f, image, err := m.Open(ref)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if image.Digest != "" { // whoever was before us has computed it
		return image.Digest, nil
	}
	digest, err := hashOf(ctx, f)
	if err != nil {
		return "", fmt.Errorf("store: read image %s: %w", ref, err)
	}
	after, err := m.Stat(ref)
	if err != nil {
		return "", err
	}
	if !after.Same(image) {
		return "", conflict("image", ref, "the file changed while it was read: wait until it is copied, then try again")
	}
	m.rememberDigest(digestRecord{Name: image.Name, Digest: digest, Size: image.Size, Modified: image.Modified, Inode: inode(image.file)})
	return digest, nil
}

// hashOf reads r to its end, and stops early when ctx ends.
func hashOf(ctx context.Context, r io.Reader) (string, error) {
	sum := sha256.New()
	if _, err := io.CopyBuffer(sum, untilDone{ctx, r}, make([]byte, 1<<20)); err != nil {
		return "", err
	}
	return digestPrefix + hex.EncodeToString(sum.Sum(nil)), nil
}

// untilDone is a reader that fails once its context has ended.
type untilDone struct {
	ctx context.Context //nolint:containedctx // it lives for one copy
	r   io.Reader
}

// Read implements [io.Reader].
func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

func (m *Images) knownDigest(image Image) string {
	m.mu.Lock()
	record, ok := m.digests[image.Name]
	m.mu.Unlock()
	if !ok {
		record = m.readDigest(image.Name)
	}
	if !record.fits(image) {
		return ""
	}
	return record.Digest
}

// readDigest reads a record; one that is not there or cannot be read fits nothing.
func (m *Images) readDigest(name string) (record digestRecord) {
	data, err := m.root.ReadFile(digestPath(name))
	if err != nil || json.Unmarshal(data, &record) != nil {
		return digestRecord{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.digests[name] = record
	return record
}

// rememberDigest also writes the record, where the folder lets it: without it
// the next process reads the image once more.
func (m *Images) rememberDigest(record digestRecord) {
	m.mu.Lock()
	m.digests[record.Name] = record
	m.mu.Unlock()
	if data, err := json.Marshal(record); err == nil {
		_ = m.writeOwn(digestPath(record.Name), data)
	}
}

func (m *Images) forgetDigest(name string) error {
	m.mu.Lock()
	delete(m.digests, name)
	m.mu.Unlock()
	return ignoreMissing(m.root.Remove(digestPath(name)))
}

func digestPath(name string) string {
	sum := sha256.Sum256([]byte(name))
	return path.Join(imageDigests, hex.EncodeToString(sum[:16]))
}
