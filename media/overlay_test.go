package media_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/iso"
	"github.com/rackflow/rackflow/media"
	"github.com/rackflow/rackflow/store"
)

// answerFile returns the kickstart of an image.
func answerFile(t *testing.T, image string) string {
	t.Helper()
	b, err := iso.Open(strings.NewReader(image), int64(len(image)))
	check(t, err)
	f, err := b.Open("ks.cfg")
	check(t, err)
	data, err := io.ReadAll(f)
	check(t, err)
	return string(data)
}

func TestOverlay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	made := s.put(t, "runs/1/build")
	image, tag := s.read(t, made.Source)
	if !strings.Contains(answerFile(t, image), "web-1") {
		t.Error("the answers are not in the image")
	}
	vendor, err := vendorISO()
	check(t, err)
	want := media.Overlay{
		Source: "overlay:runs/1/build", Label: "RHEL-9-4", Size: int64(len(image)), Stored: made.Stored,
		System: iso.System{Family: "rhel"},
	}
	made.System.Product, made.System.Version, made.System.Architecture = "", "", ""
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("overlay (-want +got):\n%s", diff)
	}
	if made.Stored <= 0 || made.Stored > 1<<20 || made.Size <= int64(len(vendor)) {
		t.Errorf("%d of %d bytes are stored", made.Stored, made.Size)
	}

	s.open(t)
	again, sameTag := s.read(t, made.Source)
	if again != image || sameTag != tag {
		t.Errorf("after a restart it is another image, tag %s and not %s", sameTag, tag)
	}
}

func TestOverlayStoresNoSecret(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.put(t, "runs/1/build")
	stored, err := os.ReadFile(filepath.Join(s.blobs, "runs/1/build"))
	check(t, err)
	for _, secret := range []string{passwordHash, "web-1"} {
		if bytes.Contains(stored, []byte(secret)) {
			t.Errorf("%q is stored in clear: %s", secret, stored)
		}
	}
	if len(stored) > 4<<10 {
		t.Errorf("%d bytes are stored", len(stored))
	}
}

func TestOverlayRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	raw, err := vendorISO()
	check(t, err)
	check(t, os.WriteFile(filepath.Join(s.dir, "cut.iso"), raw[:len(raw)/2], 0o600))
	check(t, os.WriteFile(filepath.Join(s.dir, "page.iso"), []byte("<!DOCTYPE html>"), 0o600))
	unknown, err := iso.Seed("DATA", map[string][]byte{"a.txt": []byte("a")})
	check(t, err)
	check(t, os.WriteFile(filepath.Join(s.dir, "data.iso"), unknown, 0o600))
	for says, tc := range map[string]struct {
		image  string
		change func(*iso.Customization)
		kind   error
	}{
		"images folder":   {"gone.iso", func(*iso.Customization) {}, store.ErrNotFound},
		"truncated":       {"cut.iso", func(*iso.Customization) {}, store.ErrInvalid},
		"HTML page":       {"page.iso", func(*iso.Customization) {}, store.ErrInvalid},
		"name the family": {"data.iso", func(c *iso.Customization) { c.Family = "" }, store.ErrInvalid},
		"unknown OS":      {vendorName, func(c *iso.Customization) { c.Family = "beos" }, store.ErrInvalid},
		"hostname":        {vendorName, func(c *iso.Customization) { c.Answers.Hostname = "" }, store.ErrInvalid},
		"no such answer":  {vendorName, func(c *iso.Customization) { c.Templates = map[string]string{"x": ""} }, store.ErrInvalid},
		"ks.cfg.append":   {vendorName, func(c *iso.Customization) { c.Templates = map[string]string{"ks.cfg.append": "{{ .Nope }}"} }, store.ErrInvalid},
	} {
		c := custom("web-1")
		tc.change(&c)
		_, err := s.PutOverlay(t.Context(), "runs/1/build", tc.image, c)
		if !errors.Is(err, tc.kind) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v; want %v that says %q", err, tc.kind, says)
		}
		if err := s.Check(t.Context(), "overlay:runs/1/build"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: stored all the same: %v", says, err)
		}
	}
}

// TestOverlayThatCannotBeMadeAgain changes what is stored, as a broken disk, another
// key or an upgrade would.
func TestOverlayThatCannotBeMadeAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(stored map[string]string)
		says   string
	}{
		"another key":        {func(in map[string]string) { in["sealed"] = in["sealed"][:len(in["sealed"])-4] + "AAAA" }, "another key"},
		"not sealed":         {func(in map[string]string) { in["sealed"] = passwordHash }, "not those of an overlay"},
		"another tag":        {func(in map[string]string) { in["tag"] = "0" }, "upgrade of rackflow"},
		"another base":       {func(in map[string]string) { in["digest"] = "sha256:" + strings.Repeat("0", 64) }, "has changed"},
		"a base that's gone": {func(in map[string]string) { in["image"] = "gone.iso" }, "not found"},
	} {
		s := newSite(t)
		s.put(t, "runs/1/build")
		path := filepath.Join(s.blobs, "runs/1/build")
		data, err := os.ReadFile(path)
		check(t, err)
		stored := map[string]string{}
		check(t, json.Unmarshal(data, &stored))
		tc.change(stored)
		data, err = json.Marshal(stored)
		check(t, err)
		check(t, os.WriteFile(path, data, 0o600))
		err = s.Check(t.Context(), "overlay:runs/1/build")
		if err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), passwordHash) {
			t.Errorf("%s: %v; want it to say %q", name, err, tc.says)
		}
	}
}

func TestOverlayMadeAnew(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	made := s.put(t, "runs/1/build")
	first, firstTag := s.read(t, made.Source)
	_, err := s.PutOverlay(t.Context(), "runs/1/build", vendorName, custom("another-host"))
	check(t, err)
	second, secondTag := s.read(t, made.Source)
	if first == second || firstTag == secondTag || !strings.Contains(answerFile(t, second), "another-host") {
		t.Errorf("tags %s and %s: the first image is still served", firstTag, secondTag)
	}
	check(t, s.Blobs.DeleteAll("runs/1"))
	if err := s.Check(t.Context(), made.Source); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after its release: %v", err)
	}
}

func TestCustomize(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	f, err := s.Customize(t.Context(), vendorName, custom("web-1"))
	check(t, err)
	image, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size))
	check(t, errors.Join(err, f.Close()))
	want, tag := s.read(t, s.put(t, "runs/1/build").Source)
	if string(image) != want || f.ETag != tag {
		t.Errorf("not the image that is served, tag %s and not %s", f.ETag, tag)
	}
	if _, err := s.Customize(t.Context(), vendorName, iso.Customization{Family: "beos"}); !errors.Is(err, store.ErrInvalid) {
		t.Error(err)
	}
}
