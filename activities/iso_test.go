package activities_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/iso"
	"github.com/rackflow/rackflow/store"
)

const passwordHash = "$6$saltsalt$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func seedOptions(b *bench, t *testing.T) map[string]any {
	t.Helper()
	return map[string]any{
		"family": "rhel", "answers": map[string]any{"hostname": "web-1", "rootPasswordHash": b.seal(t, passwordHash)},
	}
}

// blobFiles lists the blobs' paths on the disk.
func (b *bench) blobFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	check(t, filepath.WalkDir(filepath.Join(filepath.Dir(b.images), "blobs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	return files
}

func TestIsoInspect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addImage(t, "rhel.iso")
	info, err := os.Stat(filepath.Join(b.images, "rhel.iso"))
	check(t, err)
	out, _, err := b.do(t, attempt{job: "Job.Iso.Inspect", options: map[string]any{"image": "rhel.iso"}})
	check(t, err)
	want := map[string]any{
		"image": "rhel.iso", "label": "RHEL-9-4", "size": float64(info.Size()), "source": "image:rhel.iso", "platforms": []any{"BIOS", "UEFI"},
	}
	if diff := cmp.Diff(any(want), out.Result); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func TestIsoInspectRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	data, err := iso.Seed("DATA", map[string][]byte{"a.txt": []byte("a")})
	check(t, err)
	b.addImage(t, "cut.iso")
	check(t, os.Truncate(filepath.Join(b.images, "cut.iso"), 100<<10))
	for name, content := range map[string][]byte{"data.iso": data, "page.iso": bytes.Repeat([]byte("<html>"), 10000)} {
		check(t, os.WriteFile(filepath.Join(b.images, name), content, 0o600))
	}
	for image, want := range map[string]string{
		"data.iso": "not a bootable ISO image", "cut.iso": "truncated", "page.iso": "not an ISO 9660 image",
		"gone.iso": "put the file into the images folder", "../x.iso": "relative to the images folder", "": "relative to the images folder",
	} {
		t.Run(image, func(t *testing.T) {
			t.Parallel()
			_, _, err := b.do(t, attempt{job: "Job.Iso.Inspect", options: map[string]any{"image": image}})
			wantFailure(t, err, activities.TypePermanent, false, image, want)
		})
	}
}

func TestIsoSeed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	server := b.addServer(t, "r1", map[string]any{"host": "192.0.2.1"})
	build := attempt{job: "Job.Iso.Seed", server: server.ID, options: seedOptions(b, t)}
	out, _, err := b.do(t, build)
	check(t, err)
	result, _ := out.Result.(map[string]any)
	source, _ := result["source"].(string)
	key, ok := strings.CutPrefix(source, "blob:")
	if !ok || result["label"] != "OEMDRV" {
		t.Fatalf("result %v", result)
	}
	image := b.blob(t, key)
	token := b.keeper.Token(string(store.CallbackLink), run.ID, run.RunID, "installer")
	base, err := b.cfg.MediaURL(t.Context(), "")
	check(t, err)
	for _, part := range []string{"web-1", passwordHash, base + "/callback/" + token + "/started", "/callback/" + token + "/failed"} {
		if !bytes.Contains(image, []byte(part)) {
			t.Errorf("the answer file does not hold %q", part)
		}
	}
	link, err := b.db.Link(t.Context(), sha256.Sum256([]byte(token)))
	check(t, err)
	if link.Kind != store.CallbackLink || link.RunID != run.RunID || link.ServerID != server.ID {
		t.Errorf("link %+v", link)
	}
	text, err := json.Marshal(out)
	check(t, err)
	for _, secret := range []string{token, passwordHash, "callback"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the result %s holds %q", text, secret)
		}
	}

	again, _, err := b.do(t, build)
	check(t, err)
	if diff := cmp.Diff(out, again); diff != "" || len(b.blobFiles(t)) != 1 {
		t.Errorf("a second attempt (-first +second):\n%s\nblobs %v", diff, b.blobFiles(t))
	}
}

func (b *bench) blob(t *testing.T, key string) []byte {
	t.Helper()
	f, _, err := b.blobs.Open(key)
	check(t, err)
	content, err := io.ReadAll(f)
	check(t, errors.Join(err, f.Close()))
	return content
}

func TestIsoSeedRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	server := b.addServer(t, "r1", map[string]any{"host": "192.0.2.1"})
	homeless := b.addServer(t, "r2", map[string]any{"user": "root"})
	ok := map[string]any{"hostname": "web-1", "rootPasswordHash": passwordHash}
	for name, c := range map[string]struct {
		server  string
		options map[string]any
		want    []string
	}{
		"unknown family":       {server.ID, map[string]any{"family": "plan9", "answers": ok}, []string{"plan9", "rhel"}},
		"no answers":           {server.ID, map[string]any{"family": "rhel"}, []string{"option answers is required"}},
		"answers of no use":    {server.ID, map[string]any{"family": "rhel", "answers": []any{"x"}}, []string{"option answers"}},
		"a mistyped answer":    {server.ID, map[string]any{"family": "rhel", "answers": map[string]any{"hostname": "a", "disc": "/dev/sdb"}}, []string{`unknown field "disc"`}},
		"all problems at once": {server.ID, map[string]any{"family": "rhel", "answers": map[string]any{"hostname": "bad name", "timezone": "No Where", "rootPasswordHash": password}}, []string{"hostname", "timezone", "rootPasswordHash"}},
		"no server":            {"", map[string]any{"family": "rhel", "answers": ok}, []string{"needs a server"}},
		"no BMC address":       {homeless.ID, map[string]any{"family": "rhel", "answers": ok}, []string{"r2: BMC settings: host is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := b.do(t, attempt{job: "Job.Iso.Seed", server: c.server, options: c.options})
			wantFailure(t, err, activities.TypePermanent, false, c.want...)
		})
	}
	if left := b.blobFiles(t); len(left) != 0 {
		t.Errorf("blobs left: %v", left)
	}
}
