package store_test

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

	"github.com/rackflow/rackflow/store"
)

func openBlobs(t *testing.T, dir string) *store.Blobs {
	t.Helper()
	b, err := store.OpenBlobs(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func readBlob(b *store.Blobs, key string) (string, error) {
	f, size, err := b.Open(key)
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(f)
	if err == nil && int64(len(data)) != size {
		err = fmt.Errorf("blob %s has %d bytes and is said to have %d", key, len(data), size)
	}
	return string(data), errors.Join(err, f.Close())
}

func putBlob(t *testing.T, b *store.Blobs, key, data string) {
	t.Helper()
	if err := b.Put(t.Context(), key, []byte(data)); err != nil {
		t.Fatal(err)
	}
}

func TestBlobsPutOpenDelete(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "blobs")
	b := openBlobs(t, dir)
	for _, key := range []string{"a", "seed/run-1/install.iso", "0_a-b.c"} {
		putBlob(t, b, key, "first")
		putBlob(t, b, key, "second")
		if got, err := readBlob(b, key); err != nil || got != "second" {
			t.Errorf("%s: %q, %v", key, got, err)
		}
		for range 2 {
			if err := b.Delete(key); err != nil {
				t.Errorf("delete %s: %v", key, err)
			}
		}
		if _, err := readBlob(b, key); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s after it was deleted: %v", key, err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder has mode %v, %v; want 0700", info.Mode(), err)
	}
}

func TestBlobsRefuseKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := openBlobs(t, filepath.Join(dir, "blobs"))
	for _, key := range []string{
		"", "/", "/etc/passwd", "..", "../x", "a/../../x", "a//b", "a/", ".tmp/x", "a/.hidden", "-rf",
		"Upper", "sp ace", `a\b`, "a\x00b", "a\n", strings.Repeat("a", 513),
	} {
		_, openErr := readBlob(b, key)
		for _, err := range []error{b.Put(t.Context(), key, nil), openErr, b.Delete(key)} {
			if !errors.Is(err, store.ErrInvalid) {
				t.Errorf("key %q: %v; want ErrInvalid", key, err)
			}
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("written outside: %v, %v", entries, err)
	}
}

func TestBlobsStayInside(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	b := openBlobs(t, dir)
	if err := os.WriteFile(filepath.Join(outside, "x"), []byte("keep"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	if got, err := readBlob(b, "out/x"); err == nil {
		t.Errorf("read %q outside", got)
	}
	if err := b.Put(t.Context(), "out/x", []byte("changed")); err == nil {
		t.Error("wrote outside")
	}
	if err := b.Delete("out/x"); err == nil {
		t.Error("deleted outside")
	}
	if got, err := os.ReadFile(filepath.Join(outside, "x")); err != nil || string(got) != "keep" {
		t.Errorf("the file outside is %q, %v", got, err)
	}
}

func TestBlobsFoldersAreNoBlobs(t *testing.T) {
	t.Parallel()
	b := openBlobs(t, t.TempDir())
	putBlob(t, b, "seed/x", "data")
	for _, key := range []string{"seed", "seed/x/y"} {
		if _, err := readBlob(b, key); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("open %s: %v; want ErrNotFound", key, err)
		}
		if err := b.Put(t.Context(), key, []byte("z")); err == nil {
			t.Errorf("put %s replaced what is there", key)
		}
		if err := b.Delete(key); err != nil {
			t.Errorf("delete %s: %v", key, err)
		}
	}
	if got, err := readBlob(b, "seed/x"); err != nil || got != "data" {
		t.Errorf("seed/x is %q, %v", got, err)
	}
}

// leftOver writes what a crash in the middle of a Put leaves.
func leftOver(t *testing.T, dir, name string, age time.Duration) string {
	t.Helper()
	path := filepath.Join(dir, ".tmp", name)
	if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	when := time.Now().Add(-age)
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBlobsAfterACrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	putBlob(t, openBlobs(t, dir), "seed.iso", "whole")
	crashed := leftOver(t, dir, "crashed", 2*time.Hour)
	writing := leftOver(t, dir, "writing", time.Minute)

	b := openBlobs(t, dir)
	if got, err := readBlob(b, "seed.iso"); err != nil || got != "whole" {
		t.Errorf("the old blob is %q, %v", got, err)
	}
	if _, err := os.Stat(crashed); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what the crash left is still there: %v", err)
	}
	if _, err := os.Stat(writing); err != nil {
		t.Errorf("another process's work is gone: %v", err)
	}
}

func TestBlobsFailedPutLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := openBlobs(t, dir)
	putBlob(t, b, "folder/x", "data")
	if err := b.Put(t.Context(), "folder", []byte("data")); err == nil {
		t.Error("a blob replaced a folder")
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Put(canceled, "late", []byte("data")); !errors.Is(err, context.Canceled) {
		t.Errorf("put after cancel: %v", err)
	}
	if entries, err := os.ReadDir(filepath.Join(dir, ".tmp")); err != nil || len(entries) != 0 {
		t.Errorf("left over: %v, %v", entries, err)
	}
}

func TestBlobsAreSeenWhole(t *testing.T) {
	t.Parallel()
	b := openBlobs(t, t.TempDir())
	const size = 1 << 16
	putBlob(t, b, "k", strings.Repeat("0", size))
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			data := bytes.Repeat([]byte{byte('a' + n)}, size)
			if err := b.Put(t.Context(), "k", data); err != nil {
				t.Error(err)
			}
			got, err := readBlob(b, "k")
			if err != nil || got != strings.Repeat(got[:1], size) {
				t.Errorf("a mixed blob of %d bytes, %v", len(got), err)
			}
		})
	}
	wg.Wait()
}
