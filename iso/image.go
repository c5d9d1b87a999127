package iso

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
)

// Image is an edited image: ranges of the base, and the kilobytes that differ.
// It never changes and may be used by many goroutines at once.
type Image struct {
	base     image
	size     int64
	segments []segment // in order, without overlap
	etag     string
}

// segment is a range of an image that is kept in memory.
type segment struct {
	off  int64
	data []byte
}

func (s segment) end() int64 { return s.off + int64(len(s.data)) }

func newImage(base *Base, size int64, segments []segment) *Image {
	slices.SortFunc(segments, func(a, b segment) int { return cmp.Compare(a.off, b.off) })
	img := &Image{base: base.img, size: size, segments: segments}
	sum := sha256.New()
	sum.Write(base.fingerprint[:])
	head := func(v int64) { sum.Write(binary.LittleEndian.AppendUint64(nil, uint64(v))) }
	head(size)
	for _, s := range segments {
		head(s.off)
		head(int64(len(s.data)))
		sum.Write(s.data)
	}
	img.etag = hex.EncodeToString(sum.Sum(nil)[:16])
	return img
}

// Size is the image's length in bytes, a multiple of 2048.
func (m *Image) Size() int64 { return m.size }

// ETag names the image's content: the same base and edits give the same tag, in
// any process. The base enters by its size, descriptors, directories and
// partition tables, not by every byte. It has 32 hexadecimal digits and no
// quotes.
func (m *Image) ETag() string { return m.etag }

// Stored is the number of bytes kept in memory; the rest is the base's.
func (m *Image) Stored() int64 {
	var stored int64
	for _, s := range m.segments {
		stored += int64(len(s.data))
	}
	return stored
}

// ReadAt implements [io.ReaderAt].
func (m *Image) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("read image: negative offset")
	}
	if off >= m.size {
		return 0, io.EOF
	}
	want := int(min(int64(len(p)), m.size-off))
	var done int
	for done < want {
		n, err := m.readPart(p[done:want], off+int64(done))
		done += n
		if err != nil {
			return done, fmt.Errorf("read image at %d: %w", off+int64(done), err)
		}
	}
	if want < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// readPart reads as far as one source reaches: a segment, the base, or the
// zeros that stand between them.
func (m *Image) readPart(p []byte, off int64) (int, error) {
	i := sort.Search(len(m.segments), func(i int) bool { return m.segments[i].end() > off })
	if i < len(m.segments) && m.segments[i].off <= off {
		return copy(p, m.segments[i].data[off-m.segments[i].off:]), nil
	}
	if i < len(m.segments) {
		p = p[:min(int64(len(p)), m.segments[i].off-off)]
	}
	if off >= m.base.size {
		clear(p)
		return len(p), nil
	}
	p = p[:min(int64(len(p)), m.base.size-off)]
	n, err := m.base.r.ReadAt(p, off)
	switch {
	case n == len(p):
		return n, nil
	case err == nil, errors.Is(err, io.EOF):
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// WriteTo implements [io.WriterTo]: it writes the whole image.
func (m *Image) WriteTo(w io.Writer) (int64, error) {
	n, err := io.Copy(w, io.NewSectionReader(m, 0, m.size))
	if err != nil {
		return n, fmt.Errorf("write image: %w", err)
	}
	return n, nil
}
