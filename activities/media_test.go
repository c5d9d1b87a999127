package activities_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/sim"
	"github.com/rackflow/rackflow/store"
)

// addImage puts a bootable image into the folder of vendor images.
func (b *bench) addImage(t *testing.T, name string) {
	t.Helper()
	var image bytes.Buffer
	check(t, sim.WriteBootISO(&image, "RHEL-9-4"))
	check(t, os.WriteFile(filepath.Join(b.images, name), image.Bytes(), 0o600))
}

func count(device *sim.Server, kind string) int {
	n := 0
	for _, e := range device.Journal() {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func TestMediaInsert(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		source string
		slot   any
		want   map[string]any
		id     string
	}{
		"an image in the first drive": {"image:rhel.iso", nil, map[string]any{"source": "image:rhel.iso", "slot": 1.0}, "1"},
		"a blob in the second":        {"blob:runs/1/seed.iso", 2.0, map[string]any{"source": "blob:runs/1/seed.iso", "slot": 2.0}, "2"},
		"a disk image ends as a disk": {"image:disk.img", 1.0, map[string]any{"source": "image:disk.img", "slot": 1.0}, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.addImage(t, "rhel.iso")
			b.addImage(t, "disk.img")
			check(t, b.blobs.Put(t.Context(), "runs/1/seed.iso", []byte("seed")))
			device, server := b.simulate(t)
			insert := attempt{job: "Job.Media.Insert", server: server.ID, options: map[string]any{"source": c.source, "slot": c.slot}}
			out, _, err := b.do(t, insert)
			check(t, err)
			if diff := cmp.Diff(any(c.want), out.Result); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			b.checkLink(t, device.Media()[c.id], c.source, server)

			insert.number = 2
			_, _, err = b.do(t, insert)
			check(t, err)
			if got := count(device, sim.InsertMedia); got != 1 {
				t.Errorf("%d inserts after a second attempt, want 1", got)
			}
		})
	}
}

// checkLink follows the URL that the BMC was given to what is stored of it.
func (b *bench) checkLink(t *testing.T, inserted, source string, server store.Server) {
	t.Helper()
	_, tail, ok := strings.Cut(inserted, "/media/")
	token, file, _ := strings.Cut(tail, "/")
	if !ok || file != map[bool]string{true: "disk.img", false: "disc.iso"}[strings.HasSuffix(source, ".img")] {
		t.Fatalf("inserted %q", inserted)
	}
	link, err := b.db.Link(t.Context(), sha256.Sum256([]byte(token)))
	check(t, err)
	if link.Kind != store.MediaLink || link.Ref != source || link.WorkflowID != run.ID || link.RunID != run.RunID ||
		link.Task != "step" || link.ServerID != server.ID || time.Until(link.Expires) < 24*time.Hour {
		t.Errorf("link %+v", link)
	}
}

func TestMediaInsertRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addImage(t, "rhel.iso")
	device, server := b.simulate(t)
	for name, c := range map[string]struct {
		options map[string]any
		want    string
	}{
		"no source":        {nil, "it should be image:<name>, blob:<key> or overlay:<key>"},
		"another scheme":   {map[string]any{"source": "https://mirror/rhel.iso"}, "it should be image:<name>"},
		"missing image":    {map[string]any{"source": "image:sles.iso"}, `image "sles.iso" not found`},
		"missing blob":     {map[string]any{"source": "blob:runs/1/seed.iso"}, "not found"},
		"way out":          {map[string]any{"source": "image:../rackflow.db"}, "relative to the images folder"},
		"a blob's way out": {map[string]any{"source": "blob:../rackflow.db"}, "blob"},
		"absolute":         {map[string]any{"source": "image:/etc/passwd"}, "relative to the images folder"},
		"folder":           {map[string]any{"source": "image:."}, "not a file"},
		"slot beyond":      {map[string]any{"source": "image:rhel.iso", "slot": 3.0}, "2 virtual drives: there is no slot 3"},
		"slot below":       {map[string]any{"source": "image:rhel.iso", "slot": -1.0}, "there is no slot -1"},
		"slot in words":    {map[string]any{"source": "image:rhel.iso", "slot": "first"}, "option slot should be int, not string"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := b.do(t, attempt{job: "Job.Media.Insert", server: server.ID, options: c.options})
			wantFailure(t, err, activities.TypePermanent, false, c.want)
			if got := count(device, sim.InsertMedia); got != 0 {
				t.Errorf("%d inserts", got)
			}
		})
	}
}

func TestMediaEject(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		inserted []float64
		options  map[string]any
		left     []string
		offs     int
	}{
		"all":                       {[]float64{1, 2}, nil, []string{}, 0},
		"one":                       {[]float64{1, 2}, map[string]any{"slot": 2.0}, []string{"1"}, 0},
		"nothing there":             {nil, nil, []string{}, 0},
		"off first":                 {[]float64{2}, map[string]any{"powerOff": true}, []string{}, 1},
		"left on when nothing is":   {nil, map[string]any{"powerOff": true}, []string{}, 0},
		"left on when not asked to": {[]float64{1}, map[string]any{"powerOff": false}, []string{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.addImage(t, "rhel.iso")
			device, server := b.simulate(t)
			check(t, b.power(t, server.ID, action("powerOn")))
			for _, slot := range c.inserted {
				_, _, err := b.do(t, attempt{job: "Job.Media.Insert", server: server.ID, options: map[string]any{"source": "image:rhel.iso", "slot": slot}})
				check(t, err)
			}
			_, _, err := b.do(t, attempt{job: "Job.Media.Eject", server: server.ID, options: c.options})
			check(t, err)
			left := []string{}
			for id := range device.Media() {
				left = append(left, id)
			}
			if diff := cmp.Diff(c.left, left); diff != "" {
				t.Errorf("still inserted (-want +got):\n%s", diff)
			}
			if got := count(device, sim.PowerOff); got != c.offs {
				t.Errorf("turned off %d times, want %d", got, c.offs)
			}
		})
	}
}

func TestMediaEjectKnowsItsDrives(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, server := b.simulate(t)
	_, _, err := b.do(t, attempt{job: "Job.Media.Eject", server: server.ID, options: map[string]any{"slot": 9.0}})
	wantFailure(t, err, activities.TypePermanent, false, "there is no slot 9")
}

// TestMediaRelease takes back what this run has, and nothing of another's.
func TestMediaRelease(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	server := b.addServer(t, "r1", map[string]any{"host": "192.0.2.1"})
	_, _, err := b.do(t, attempt{job: "Job.Iso.Seed", server: server.ID, options: seedOptions(b, t)})
	check(t, err)
	callback := sha256.Sum256([]byte(b.keeper.Token(string(store.CallbackLink), run.ID, run.RunID, "installer")))
	_, err = b.db.Link(t.Context(), callback)
	check(t, err)
	other := store.Link{TokenHash: [32]byte{1}, Kind: store.MediaLink, WorkflowID: run.ID, RunID: "another", Name: "x", Ref: "image:x", Expires: time.Now().Add(time.Hour)}
	check(t, b.db.PutLink(t.Context(), other))
	check(t, b.blobs.Put(t.Context(), "runs/another/seed.iso", []byte("seed")))

	for range 2 {
		_, _, err = b.do(t, attempt{job: "Job.Media.Release", server: server.ID})
		check(t, err)
	}
	if _, err := b.db.Link(t.Context(), callback); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the run's link: %v", err)
	}
	if _, err := b.db.Link(t.Context(), other.TokenHash); err != nil {
		t.Errorf("another run's link: %v", err)
	}
	if left := b.blobFiles(t); len(left) != 1 || filepath.Base(left[0]) != "seed.iso" {
		t.Errorf("blobs left: %v", left)
	}
}
