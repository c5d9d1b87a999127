package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/store"
)

const vendorName = "rhel-9.4.iso"

var vendorData = []byte(strings.Repeat("a vendor's image ", 1000))

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func emptyImages(t *testing.T) (string, *store.Images) {
	t.Helper()
	dir := t.TempDir()
	return dir, reopen(t, dir)
}

func reopen(t *testing.T, dir string) *store.Images {
	t.Helper()
	images, err := store.OpenImages(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { images.Close() })
	return images
}

func vendorUpload() store.ImageUpload {
	return store.ImageUpload{Name: vendorName, Size: int64(len(vendorData)), Digest: digestOf(vendorData)}
}

func anyContent(io.ReaderAt, int64) error { return nil }

// add uploads an image in one go.
func add(t *testing.T, images *store.Images, u store.ImageUpload, data []byte) (store.Image, error) {
	t.Helper()
	u, err := images.StartUpload(u)
	if err != nil {
		return store.Image{}, err
	}
	if u, err = images.AppendUpload(t.Context(), u.ID, u.Offset, bytes.NewReader(data[u.Offset:])); err != nil {
		return store.Image{}, err
	}
	return images.FinishUpload(t.Context(), u.ID, anyContent)
}

func content(t *testing.T, images *store.Images, ref string) string {
	t.Helper()
	f, _, err := images.Open(ref)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestUploadImage(t *testing.T) {
	t.Parallel()
	dir, images := emptyImages(t)
	image, err := add(t, images, vendorUpload(), vendorData)
	if err != nil {
		t.Fatal(err)
	}
	if image.Name != vendorName || image.Digest != digestOf(vendorData) || image.Size != int64(len(vendorData)) {
		t.Errorf("image is %+v", image)
	}
	for _, ref := range []string{vendorName, digestOf(vendorData)} {
		if content(t, images, ref) != string(vendorData) {
			t.Errorf("%s has another content", ref)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, vendorName)); err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("the file is %v, %v; want one that only its owner may read", info.Mode(), err)
	}
	if left := filesBelow(t, filepath.Join(dir, ".rackflow", "uploads")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestUploadResumes breaks an upload off after every piece, once with the process.
func TestUploadResumes(t *testing.T) {
	t.Parallel()
	for name, upload := range map[string]store.ImageUpload{
		"digest.iso": {Digest: digestOf(vendorData)},
		"source.iso": {Source: `https://example.com/x.iso "etag"`},
	} {
		upload.Name, upload.Size = name, int64(len(vendorData))
		dir, images := emptyImages(t)
		for at := int64(0); at < upload.Size; at += 5000 {
			images = reopen(t, dir)
			u, err := images.StartUpload(upload)
			if err != nil || u.Offset != at {
				t.Fatalf("%s: %+v, %v; want it to go on at %d", name, u, err, at)
			}
			piece := io.MultiReader(bytes.NewReader(vendorData[at:min(at+5000, upload.Size)]), iotest.ErrReader(io.ErrUnexpectedEOF))
			if u.Size-at > 5000 {
				_, err = images.AppendUpload(t.Context(), u.ID, at, piece)
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatalf("%s: a connection that breaks: %v", name, err)
				}
				continue
			}
			if _, err = images.AppendUpload(t.Context(), u.ID, at, piece); err != nil {
				t.Fatal(err)
			}
			if _, err := images.FinishUpload(t.Context(), u.ID, anyContent); err != nil {
				t.Fatal(err)
			}
		}
		if content(t, images, name) != string(vendorData) {
			t.Errorf("%s has another content", name)
		}
	}
}

func TestUploadOfAKnownImage(t *testing.T) {
	t.Parallel()
	dir, images := emptyImages(t)
	if _, err := add(t, images, vendorUpload(), vendorData); err != nil {
		t.Fatal(err)
	}
	again := vendorUpload()
	again.Name = "second.iso"
	u, err := images.StartUpload(again)
	if err != nil || u.Offset != u.Size {
		t.Fatalf("%+v, %v; want nothing left to send", u, err)
	}
	if _, err := images.FinishUpload(t.Context(), u.ID, anyContent); err != nil {
		t.Fatal(err)
	}
	if _, err := add(t, images, vendorUpload(), vendorData); err != nil {
		t.Errorf("the same under the same name: %v", err)
	}
	before, err := images.Stat(vendorName)
	if err != nil {
		t.Fatal(err)
	}
	unknown := store.ImageUpload{Name: "third.iso", Size: int64(len(vendorData))}
	if after, err := add(t, images, unknown, vendorData); err != nil || !after.Same(before) {
		t.Errorf("%v: the file that may be open is replaced", err)
	}
	if objects := filesBelow(t, filepath.Join(dir, ".rackflow", "sha256")); len(objects) != 1 {
		t.Errorf("objects are %v; want one", objects)
	}
}

func TestUploadRefuses(t *testing.T) {
	t.Parallel()
	dir, images := emptyImages(t)
	if err := os.WriteFile(filepath.Join(dir, "taken.iso"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for says, tc := range map[string]struct {
		change func(*store.ImageUpload)
		kind   error
	}{
		"ends in .iso":                      {func(u *store.ImageUpload) { u.Name = "rhel.qcow2" }, store.ErrInvalid},
		"a name has letters":                {func(u *store.ImageUpload) { u.Name = "../rhel.iso" }, store.ErrInvalid},
		"bytes, not 0":                      {func(u *store.ImageUpload) { u.Size = 0 }, store.ErrInvalid},
		"64 hexadecimal digits":             {func(u *store.ImageUpload) { u.Digest = "sha256:12" }, store.ErrInvalid},
		"choose another name":               {func(u *store.ImageUpload) { u.Name = "taken.iso" }, store.ErrConflict},
		"should be sha256:00000000000000":   {func(u *store.ImageUpload) { u.Digest = "sha256:" + strings.Repeat("0", 64) }, store.ErrInvalid},
		"only 17000 of 17001 bytes have co": {func(u *store.ImageUpload) { u.Size++ }, store.ErrConflict},
	} {
		u := vendorUpload()
		tc.change(&u)
		if _, err := add(t, images, u, vendorData); !errors.Is(err, tc.kind) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v; want %v that says %q", err, tc.kind, says)
		}
	}
	if _, err := images.Stat(vendorName); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a refused image is there: %v", err)
	}
}

func TestUploadThatFailsItsCheck(t *testing.T) {
	t.Parallel()
	dir, images := emptyImages(t)
	u, err := images.StartUpload(vendorUpload())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := images.AppendUpload(t.Context(), u.ID, 0, bytes.NewReader(vendorData)); err != nil {
		t.Fatal(err)
	}
	_, err = images.FinishUpload(t.Context(), u.ID, func(r io.ReaderAt, size int64) error {
		head := make([]byte, 8)
		if _, err := r.ReadAt(head, 0); err != nil || size != int64(len(vendorData)) {
			t.Errorf("checked %d bytes: %v", size, err)
		}
		return errors.New("it begins with " + string(head))
	})
	if !errors.Is(err, store.ErrInvalid) || !strings.Contains(err.Error(), "it begins with a vendor") {
		t.Error(err)
	}
	if left := filesBelow(t, filepath.Join(dir, ".rackflow", "uploads")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestAppendUploadConflicts(t *testing.T) {
	t.Parallel()
	_, images := emptyImages(t)
	u, err := images.StartUpload(vendorUpload())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := images.AppendUpload(t.Context(), u.ID, 5, strings.NewReader("x")); !errors.Is(err, store.ErrConflict) || !strings.Contains(err.Error(), "byte 0, not 5") {
		t.Errorf("wrong offset: %v", err)
	}
	inside := func(p []byte) (int, error) {
		_, err := images.AppendUpload(t.Context(), u.ID, 0, strings.NewReader("x"))
		if !errors.Is(err, store.ErrConflict) || !strings.Contains(err.Error(), "another request") {
			t.Errorf("two at once: %v", err)
		}
		return 0, io.EOF
	}
	if _, err := images.AppendUpload(t.Context(), u.ID, 0, readerFunc(inside)); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := images.AppendUpload(ctx, u.ID, 0, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for _, id := range []string{"", "..", strings.Repeat("0", 32)} {
		if _, err := images.AppendUpload(t.Context(), id, 0, strings.NewReader("x")); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("id %q: %v", id, err)
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestUploadAfterACrash leaves the folder as a crash between the object and its name does.
func TestUploadAfterACrash(t *testing.T) {
	t.Parallel()
	dir, images := emptyImages(t)
	upload := vendorUpload()
	upload.Digest, upload.Source = "", "https://example.com/x.iso"
	u, err := images.StartUpload(upload)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := images.AppendUpload(t.Context(), u.ID, 0, bytes.NewReader(vendorData)); err != nil {
		t.Fatal(err)
	}
	// A folder in the way of the name stops the upload at its last step.
	blocked := filepath.Join(dir, vendorName)
	if err := os.Mkdir(blocked, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := images.FinishUpload(t.Context(), u.ID, anyContent); !errors.Is(err, store.ErrConflict) {
		t.Fatalf("%v; want a conflict", err)
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	images = reopen(t, dir)
	if u, err = images.StartUpload(upload); err != nil || u.Offset != u.Size {
		t.Fatalf("%+v, %v; want nothing left to send", u, err)
	}
	if _, err := images.FinishUpload(t.Context(), u.ID, anyContent); err != nil || content(t, images, vendorName) != string(vendorData) {
		t.Error(err)
	}
}

func TestUploadsAreGivenUp(t *testing.T) {
	t.Parallel()
	dir, images := emptyImages(t)
	old, err := images.StartUpload(vendorUpload())
	if err != nil {
		t.Fatal(err)
	}
	uploads := filepath.Join(dir, ".rackflow", "uploads")
	eightDaysAgo := time.Now().Add(-8 * 24 * time.Hour)
	temp := filepath.Join(uploads, "CRASHED.temp")
	if err := os.WriteFile(temp, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{temp, filepath.Join(uploads, old.ID+".json")} {
		if err := os.Chtimes(name, eightDaysAgo, eightDaysAgo); err != nil {
			t.Fatal(err)
		}
	}
	other := vendorUpload()
	other.Name = "other.iso"
	u, err := images.StartUpload(other)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{u.ID + ".json"}, filesBelow(t, uploads)); diff != "" {
		t.Errorf("uploads (-want +got):\n%s", diff)
	}
	for range 2 {
		if err := images.CancelUpload(u.ID); err != nil {
			t.Error(err)
		}
	}
	if left := filesBelow(t, uploads); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestListAndRemoveImages(t *testing.T) {
	t.Parallel()
	dir, images := imagesFolder(t)
	for _, name := range []string{"a.iso", "b.iso"} {
		u := vendorUpload()
		u.Name = name
		if _, err := add(t, images, u, vendorData); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	listed := func() (names []string) {
		t.Helper()
		list, err := images.List()
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range list {
			names = append(names, i.Name+" "+i.Digest[:min(len(i.Digest), 10)])
		}
		return names
	}
	short := digestOf(vendorData)[:10]
	for _, step := range []struct {
		remove string
		want   []string
	}{
		{"", []string{"a.iso " + short, "b.iso " + short, "dell/RHEL 9.iso ", "latest.iso "}},
		{"a.iso", []string{"b.iso " + short, "dell/RHEL 9.iso ", "latest.iso "}},
		{"latest.iso", []string{"b.iso " + short, "dell/RHEL 9.iso "}},
		{digestOf(vendorData), []string{"dell/RHEL 9.iso "}},
		{"dell/RHEL 9.iso", nil},
	} {
		if step.remove != "" {
			if err := images.RemoveImage(step.remove); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(step.want, listed()); diff != "" {
			t.Errorf("without %s (-want +got):\n%s", step.remove, diff)
		}
	}
	if objects := filesBelow(t, filepath.Join(dir, ".rackflow", "sha256")); len(objects) > 0 {
		t.Errorf("left over: %v", objects)
	}
	if err := images.RemoveImage("a.iso"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

func TestRemoveTheLastNameOfAnImage(t *testing.T) {
	t.Parallel()
	dir, images := emptyImages(t)
	if _, err := add(t, images, vendorUpload(), vendorData); err != nil {
		t.Fatal(err)
	}
	if err := images.RemoveImage(vendorName); err != nil {
		t.Fatal(err)
	}
	if left := append(filesBelow(t, filepath.Join(dir, ".rackflow", "sha256")), filesBelow(t, dir)...); len(left) != 1 {
		t.Errorf("left over: %v", left)
	}
}
