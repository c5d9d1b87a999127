package media_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rackflow/rackflow/store"
)

// upload adds an image under a name.
func (s *site) upload(t *testing.T, name string, data []byte) error {
	t.Helper()
	u, err := s.Images.StartUpload(store.ImageUpload{Name: name, Size: int64(len(data))})
	check(t, err)
	_, err = s.Images.AppendUpload(t.Context(), u.ID, u.Offset, bytes.NewReader(data[u.Offset:]))
	check(t, err)
	_, err = s.FinishUpload(t.Context(), u.ID)
	return err
}

func TestUploadedImage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	raw, err := vendorISO()
	check(t, err)
	check(t, s.upload(t, "uploaded.iso", raw))
	d, err := s.Describe("uploaded.iso")
	check(t, err)
	if d.Info.Label != "RHEL-9-4" || len(d.Info.Boot) != 2 || !d.Uploaded || d.Size != int64(len(raw)) {
		t.Errorf("%+v", d)
	}
	byName, tag := s.read(t, "image:uploaded.iso")
	byDigest, sameTag := s.read(t, "image:"+d.Digest)
	if byName != string(raw) || byDigest != byName || tag != sameTag {
		t.Errorf("by name and by digest differ: tags %s and %s", tag, sameTag)
	}
	// The name may go: an overlay knows its base by digest.
	made, err := s.PutOverlay(t.Context(), "runs/1/build", "uploaded.iso", custom("web-1"))
	check(t, err)
	check(t, os.Rename(filepath.Join(s.dir, "uploaded.iso"), filepath.Join(s.dir, "renamed.iso")))
	check(t, s.Check(t.Context(), made.Source))
}

func TestUploadRefusesWhatIsNoISO(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	raw, err := vendorISO()
	check(t, err)
	for says, data := range map[string][]byte{
		"gzip-compressed": append([]byte("\x1f\x8b"), make([]byte, 100<<10)...),
		"truncated":       raw[:len(raw)/2],
	} {
		if err := s.upload(t, "bad.iso", data); !errors.Is(err, store.ErrInvalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v; want it to say %q", err, says)
		}
	}
	if _, err := s.Describe("bad.iso"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is visible: %v", err)
	}
}

func TestDescribeRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	check(t, os.WriteFile(filepath.Join(s.dir, "page.iso"), []byte("<html>"), 0o600))
	for ref, want := range map[string]error{"page.iso": store.ErrInvalid, "gone.iso": store.ErrNotFound} {
		if _, err := s.Describe(ref); !errors.Is(err, want) {
			t.Errorf("%s: %v; want %v", ref, err, want)
		}
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{"the image itself": "image:" + vendorName, "an overlay of it": "overlay:runs/1/build"} {
		s := newSite(t)
		s.put(t, "runs/1/build")
		s.links = links{
			{Ref: "blob:runs/2/seed.iso"}, {Ref: "image:gone.iso"}, {Ref: "overlay:runs/2/gone"},
			{Ref: source, WorkflowID: "server-1", RunID: "run-1", Task: "insert"},
		}
		err := s.Remove(t.Context(), vendorName)
		if !errors.Is(err, store.ErrConflict) || !strings.Contains(err.Error(), "task insert of run server-1.run-1") {
			t.Errorf("%s: %v; want it to name the run", name, err)
		}
		s.links = s.links[:3]
		check(t, s.Remove(t.Context(), vendorName))
		if err := s.Check(t.Context(), "image:"+vendorName); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Remove(t.Context(), vendorName); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if n := openFiles(t, s.dir); n != 0 {
			t.Errorf("%s: it is still open %d times", name, n)
		}
	}
}
