package iso

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// TestImageReadAt reads ranges of all kinds and compares them with the whole.
func TestImageReadAt(t *testing.T) {
	t.Parallel()
	raw := rhelLike(t).with(t, vendorFiles())
	raw = raw[:len(raw)-700] // the last sector is cut short
	img := finish(t, edited(t, openBytes(t, raw)))
	whole := imageBytes(t, img)
	if int64(len(whole)) != img.Size() || img.Size()%sectorSize != 0 {
		t.Fatalf("image has %d bytes, says %d", len(whole), img.Size())
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		off, length := random.IntN(len(whole)), random.IntN(9000)
		got := make([]byte, length)
		n, err := img.ReadAt(got, int64(off))
		want := whole[off:min(off+length, len(whole))]
		if n != len(want) || !bytes.Equal(got[:n], want) {
			t.Fatalf("%d bytes at %d differ", length, off)
		}
		if (n < length) != errors.Is(err, io.EOF) {
			t.Fatalf("%d of %d bytes at %d: error is %v", n, length, off, err)
		}
	}
	if _, err := img.ReadAt(make([]byte, 1), img.Size()); !errors.Is(err, io.EOF) {
		t.Errorf("behind the end: %v, want EOF", err)
	}
	if _, err := img.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("a negative offset was read")
	}
	if err := iotest.TestReader(io.NewSectionReader(img, 0, 1<<16), whole[:1<<16]); err != nil {
		t.Error(err)
	}
}

// brokenBase fails once it is told to.
type brokenBase struct {
	io.ReaderAt

	err error
}

func (b *brokenBase) ReadAt(p []byte, off int64) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	return b.ReaderAt.ReadAt(p, off) //nolint:wrapcheck // passes the reader's own error on
}

func TestImagePassesReadErrorsOn(t *testing.T) {
	t.Parallel()
	raw := rhelLike(t).with(t, vendorFiles())
	r := &brokenBase{ReaderAt: bytes.NewReader(raw)}
	base, err := Open(r, int64(len(raw)))
	must(t, err)
	img := finish(t, edited(t, base))
	for given, want := range map[error]error{io.ErrNoProgress: io.ErrNoProgress, io.EOF: io.ErrUnexpectedEOF} {
		r.err = given
		if _, err := img.WriteTo(io.Discard); !errors.Is(err, want) {
			t.Errorf("error is %v, want %v", err, want)
		}
	}
}
