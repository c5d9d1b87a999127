package media_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rackflow/rackflow/iso"
	"github.com/rackflow/rackflow/media"
	"github.com/rackflow/rackflow/seal"
	"github.com/rackflow/rackflow/sim"
	"github.com/rackflow/rackflow/store"
)

const (
	vendorName   = "rhel-9.4.iso"
	passwordHash = "$6$saltsalt$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)

// vendorISO is made once: making one uses a temporary folder.
var vendorISO = sync.OnceValues(func() ([]byte, error) {
	var image bytes.Buffer
	err := sim.WriteBootISO(&image, "RHEL-9-4")
	return image.Bytes(), err
})

// site is a library over real folders, with an image that an operator put there.
type site struct {
	*media.Library

	dir, blobs string
	links      links
	keeper     *seal.Keeper
}

type links []store.Link

func (l *links) MediaLinks(context.Context) ([]store.Link, error) { return *l, nil }

func newSite(tb testing.TB) *site {
	tb.Helper()
	s := &site{dir: tb.TempDir(), blobs: tb.TempDir(), keeper: seal.NewLocal([seal.KeySize]byte{3})}
	raw, err := vendorISO()
	check(tb, err)
	check(tb, os.WriteFile(filepath.Join(s.dir, vendorName), raw, 0o600))
	s.open(tb)
	return s
}

// open is a start of the process.
func (s *site) open(tb testing.TB) {
	tb.Helper()
	images, err := store.OpenImages(s.dir)
	check(tb, err)
	blobs, err := store.OpenBlobs(s.blobs)
	check(tb, err)
	library := media.New(media.Config{Images: images, Blobs: blobs, Links: &s.links, Keeper: s.keeper})
	tb.Cleanup(func() {
		library.Close()
		check(tb, errors.Join(images.Close(), blobs.Close()))
	})
	s.Library = library
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func custom(host string) iso.Customization {
	return iso.Customization{Family: "rhel", Answers: iso.Answers{
		Hostname: host, RootPasswordHash: passwordHash, Source: "http://mirror.example.com/9",
	}}
}

func (s *site) put(tb testing.TB, key string) media.Overlay {
	tb.Helper()
	made, err := s.PutOverlay(tb.Context(), key, vendorName, custom("web-1"))
	check(tb, err)
	return made
}

// read returns a source's content and its tag.
func (s *site) read(tb testing.TB, source string) (string, string) {
	tb.Helper()
	f, err := s.Open(tb.Context(), source)
	check(tb, err)
	data, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size))
	check(tb, errors.Join(err, f.Close()))
	if int64(len(data)) != f.Size || f.Modified.IsZero() {
		tb.Errorf("%s: %d of %d bytes, modified %v", source, len(data), f.Size, f.Modified)
	}
	return string(data), f.ETag
}

func TestOpen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	check(t, s.Blobs.Put(t.Context(), "runs/1/seed.iso", []byte("a seed")))
	vendor, err := vendorISO()
	check(t, err)
	for source, want := range map[string]string{"image:" + vendorName: string(vendor), "blob:runs/1/seed.iso": "a seed"} {
		got, tag := s.read(t, source)
		again, sameTag := s.read(t, source)
		if got != want || again != want {
			t.Errorf("%s: another content", source)
		}
		if tag != sameTag || len(tag) < 10 || tag[0] != '"' {
			t.Errorf("%s: tags %s and %s", source, tag, sameTag)
		}
		check(t, s.Check(t.Context(), source))
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for source, want := range map[string]error{
		"": store.ErrInvalid, "rhel.iso": store.ErrInvalid, "https://mirror/rhel.iso": store.ErrInvalid,
		"image:": store.ErrInvalid, "image:gone.iso": store.ErrNotFound, "image:../x": store.ErrInvalid, "image:sha256:1": store.ErrInvalid,
		"blob:gone": store.ErrNotFound, "blob:../x": store.ErrInvalid, "overlay:gone": store.ErrNotFound, "overlay:../x": store.ErrInvalid,
	} {
		if err := s.Check(t.Context(), source); !errors.Is(err, want) {
			t.Errorf("%q: %v; want %v", source, err, want)
		}
	}
}

// TestImageIsOpenOnce holds that one file serves all: removing it from the folder
// leaves every open source readable.
func TestImageIsOpenOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.put(t, "runs/1/a")
	before := openFiles(t, vendorName)
	var files []*media.File
	for range 20 {
		for _, source := range []string{"image:" + vendorName, "overlay:runs/1/a"} {
			f, err := s.Open(t.Context(), source)
			check(t, err)
			files = append(files, f)
		}
	}
	if after := openFiles(t, s.dir); before > 0 && after != 1 {
		t.Errorf("the image is open %d times", after)
	}
	s.Close()
	for _, f := range files {
		if _, err := f.ReadAt(make([]byte, 2048), 16*2048); err != nil {
			t.Fatalf("after the library is closed: %v", err)
		}
		check(t, f.Close())
	}
	if after := openFiles(t, s.dir); after != 0 {
		t.Errorf("the image is still open %d times", after)
	}
}

// openFiles counts the files that this process has open below a folder; 0 where
// the system does not tell.
func openFiles(t *testing.T, folder string) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name()))
		if err == nil && strings.Contains(target, folder+"/") {
			n++
		}
	}
	return n
}

func TestOpenByManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const servers = 16
	want := make([]string, servers)
	for i := range servers {
		_, err := s.PutOverlay(t.Context(), fmt.Sprintf("runs/%d/a", i), vendorName, custom(fmt.Sprintf("web-%d", i)))
		check(t, err)
		want[i], _ = s.read(t, fmt.Sprintf("overlay:runs/%d/a", i))
	}
	s.open(t)
	var group sync.WaitGroup
	for i := range 4 * servers {
		group.Go(func() {
			source := fmt.Sprintf("overlay:runs/%d/a", i%servers)
			f, err := s.Open(t.Context(), source)
			if err != nil {
				t.Error(err)
				return
			}
			got, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size))
			if err := errors.Join(err, f.Close()); err != nil || string(got) != want[i%servers] {
				t.Errorf("%s: another image, %v", source, err)
			}
		})
	}
	group.Wait()
}

func TestChangedImage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.put(t, "runs/1/a")
	before, tag := s.read(t, "image:"+vendorName)
	old, err := s.Open(t.Context(), "image:"+vendorName)
	check(t, err)
	replacement := filepath.Join(s.dir, "new.iso")
	check(t, os.WriteFile(replacement, []byte(before[:len(before)-2048]), 0o600))
	check(t, os.Chtimes(replacement, time.Now(), time.Now().Add(time.Second)))
	check(t, os.Rename(replacement, filepath.Join(s.dir, vendorName)))

	if got, newTag := s.read(t, "image:"+vendorName); len(got) != len(before)-2048 || newTag == tag {
		t.Errorf("%d bytes with tag %s: not the new file", len(got), newTag)
	}
	if _, err := old.ReadAt(make([]byte, 2048), int64(len(before)-2048)); err != nil {
		t.Errorf("the old file: %v", err)
	}
	check(t, old.Close())
	for range 2 {
		if err := s.Check(t.Context(), "overlay:runs/1/a"); !errors.Is(err, store.ErrConflict) || !strings.Contains(err.Error(), "has changed") {
			t.Errorf("an overlay of the old file: %v", err)
		}
	}
}
