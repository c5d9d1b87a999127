package store_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rackflow/rackflow/store"
)

var imageTime = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func imagesFolder(t *testing.T) (dir string, images *store.Images) {
	t.Helper()
	dir = t.TempDir()
	path := filepath.Join(dir, "dell", "RHEL 9.iso")
	for _, err := range []error{
		os.Mkdir(filepath.Dir(path), 0o700),
		os.WriteFile(path, []byte("iso data"), 0o600),
		os.Chtimes(path, imageTime, imageTime),
		os.Symlink(filepath.Join("dell", "RHEL 9.iso"), filepath.Join(dir, "latest.iso")),
		os.Symlink("/etc/passwd", filepath.Join(dir, "out.iso")),
		syscall.Mkfifo(filepath.Join(dir, "pipe.iso"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	images, err := store.OpenImages(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := images.Close(); err != nil {
			t.Error(err)
		}
	})
	return dir, images
}

func TestOpenImage(t *testing.T) {
	t.Parallel()
	_, images := imagesFolder(t)
	for _, name := range []string{"dell/RHEL 9.iso", "latest.iso"} {
		f, size, modified, err := images.OpenImage(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		data, err := io.ReadAll(f)
		if err != nil || string(data) != "iso data" || size != 8 || !modified.Equal(imageTime) {
			t.Errorf("%s: %q, %d bytes, %v, %v", name, data, size, modified, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenImageRefuses(t *testing.T) {
	t.Parallel()
	dir, images := imagesFolder(t)
	for name, tc := range map[string]struct {
		kind error
		says string
	}{
		"missing.iso":           {store.ErrNotFound, "images folder"},
		"latest.iso/x":          {store.ErrNotFound, "images folder"},
		"":                      {store.ErrInvalid, "relative to the images folder"},
		"../secret":             {store.ErrInvalid, "relative to the images folder"},
		"dell/../../secret":     {store.ErrInvalid, "relative to the images folder"},
		"/etc/passwd":           {store.ErrInvalid, "relative to the images folder"},
		dir + "/dell/RHEL9.iso": {store.ErrInvalid, "relative to the images folder"},
		"a\x00b":                {store.ErrInvalid, "relative to the images folder"},
		"dell":                  {store.ErrInvalid, "not a file"},
		"pipe.iso":              {store.ErrInvalid, "not a file"},
		".rackflow/sha256/x":    {store.ErrInvalid, "own"},
		"sha256:12":             {store.ErrInvalid, "64 hexadecimal digits"},
	} {
		_, _, _, err := images.OpenImage(name)
		if !errors.Is(err, tc.kind) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%q: %v; want %v that says %q", name, err, tc.kind, tc.says)
		}
	}
	if _, _, _, err := images.OpenImage("out.iso"); err == nil || !strings.Contains(err.Error(), "links must stay inside") {
		t.Errorf("a link that leads out: %v", err)
	}
}

func TestOpenImagesNeedsTheFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "missing")
	if _, err := store.OpenImages(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v; want an error that names the folder", err)
	}
}

// FuzzOpenImage holds that no name leads to a file outside the folder, or to one
// that rackflow keeps there for itself.
func FuzzOpenImage(f *testing.F) {
	for _, seed := range []string{"rhel.iso", "../x", "/etc/passwd", ".rackflow/uploads/x", "./.rackflow/x", "a/../.rackflow/x", "sha256:00", "out.iso", "\x00"} {
		f.Add(seed)
	}
	dir := f.TempDir()
	for _, err := range []error{
		os.MkdirAll(filepath.Join(dir, ".rackflow", "uploads"), 0o700),
		os.WriteFile(filepath.Join(dir, ".rackflow", "uploads", "x"), []byte("secret"), 0o600),
		os.WriteFile(filepath.Join(dir, "rhel.iso"), []byte("image"), 0o600),
		os.Symlink("/etc/passwd", filepath.Join(dir, "out.iso")),
	} {
		if err != nil {
			f.Fatal(err)
		}
	}
	images, err := store.OpenImages(dir)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { images.Close() })
	f.Fuzz(func(t *testing.T, name string) {
		file, _, _, err := images.OpenImage(name)
		if err != nil {
			return
		}
		defer file.Close()
		if data, err := io.ReadAll(file); err != nil || string(data) != "image" {
			t.Errorf("%q is %q, %v", name, data, err)
		}
	})
}
