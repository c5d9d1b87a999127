package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rackflow/rackflow/store"
)

const droppedName = "dell/RHEL 9.iso"

func TestDigestIsComputedOnce(t *testing.T) {
	t.Parallel()
	dir, images := imagesFolder(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if got, err := images.Digest(t.Context(), droppedName); err != nil || got != digestOf([]byte("iso data")) {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
	group.Wait()
	if image, err := reopen(t, dir).Stat(droppedName); err != nil || image.Digest != digestOf([]byte("iso data")) {
		t.Errorf("after a restart: %+v, %v", image, err)
	}
}

func TestDigestOfAChangedFile(t *testing.T) {
	t.Parallel()
	path := func(dir string) string { return filepath.Join(dir, droppedName) }
	for name, change := range map[string]func(dir string) error{
		"in place": func(dir string) error { return os.WriteFile(path(dir), []byte("ISO DATA"), 0o600) },
		"replaced": func(dir string) error {
			other := path(dir) + ".new"
			return errors.Join(os.WriteFile(other, []byte("ISO DATA"), 0o600), os.Chtimes(other, imageTime, imageTime), os.Rename(other, path(dir)))
		},
	} {
		dir, images := imagesFolder(t)
		before, err := images.Stat(droppedName)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := images.Digest(t.Context(), droppedName); err != nil {
			t.Fatal(err)
		}
		if err := change(dir); err != nil {
			t.Fatal(err)
		}
		after, err := images.Stat(droppedName)
		if err != nil || after.Digest != "" || after.Same(before) {
			t.Errorf("%s: %+v, %v; want another file of unknown digest", name, after, err)
		}
		if got, err := images.Digest(t.Context(), droppedName); err != nil || got != digestOf([]byte("ISO DATA")) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestDigestInAFolderNobodyMayWrite(t *testing.T) {
	t.Parallel()
	dir, images := imagesFolder(t)
	// A file in the way does what a read-only folder does, for root too.
	if err := os.WriteFile(filepath.Join(dir, ".rackflow"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := images.Digest(t.Context(), droppedName); err != nil {
		t.Fatal(err)
	}
	if image, err := images.Stat(droppedName); err != nil || image.Digest == "" {
		t.Errorf("%+v, %v; want it remembered", image, err)
	}
}

func TestDigestEndsWithItsContext(t *testing.T) {
	t.Parallel()
	_, images := imagesFolder(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := images.Digest(ctx, droppedName); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestParseDigest(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("0a", 32)
	for in, want := range map[string]string{
		digits: "sha256:" + digits, "sha256:" + digits: "sha256:" + digits, strings.ToUpper(digits) + "\n": "sha256:" + digits,
		"": "", "md5:" + digits: "", digits[1:]: "", digits + "0": "", strings.Repeat("xy", 32): "",
	} {
		got, err := store.ParseDigest(in)
		if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}
