package activities_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/media"
	"github.com/rackflow/rackflow/store"
)

// overlayOptions leave the family to the image.
func overlayOptions(b *bench, t *testing.T, image string) map[string]any {
	t.Helper()
	return map[string]any{
		"image": image, "answers": map[string]any{
			"hostname": "web-1", "rootPasswordHash": b.seal(t, passwordHash), "source": "http://mirror.example.com/9",
		},
	}
}

func TestIsoOverlay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addImage(t, "rhel.iso")
	device, server := b.simulate(t)
	out, _, err := b.do(t, attempt{job: "Job.Iso.Overlay", server: server.ID, options: overlayOptions(b, t, "rhel.iso")})
	check(t, err)
	result, _ := out.Result.(map[string]any)
	source, _ := result["source"].(string)
	if !strings.HasPrefix(source, "overlay:runs/") {
		t.Fatalf("result is %v", result)
	}
	image := b.opened(t, source)
	for _, want := range []string{"--hostname=web-1", passwordHash, "/callback/"} {
		if !strings.Contains(image, want) {
			t.Errorf("the image does not have %q", want)
		}
	}
	want := map[string]any{
		"source": source, "label": "RHEL-9-4", "size": float64(len(image)), "stored": result["stored"],
		"family": "rhel", "product": result["product"], "version": result["version"],
	}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if version, _ := result["version"].(string); !strings.HasPrefix(version, "9") {
		t.Errorf("version %v", result["version"])
	}
	for _, file := range b.blobFiles(t) {
		data, err := os.ReadFile(file)
		check(t, err)
		if bytes.Contains(data, []byte(passwordHash)) || bytes.Contains(data, []byte("/callback/")) {
			t.Errorf("%s has secrets in clear", file)
		}
	}

	_, _, err = b.do(t, attempt{job: "Job.Media.Insert", server: server.ID, options: map[string]any{"source": source}})
	check(t, err)
	b.checkLink(t, device.Media()["1"], source, server)
	_, _, err = b.do(t, attempt{job: "Job.Media.Release", server: server.ID})
	check(t, err)
	if err := b.cfg.Media.Check(t.Context(), source); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after its release: %v", err)
	}
}

// opened is the content of a source as a BMC gets it.
func (b *bench) opened(t *testing.T, source string) string {
	t.Helper()
	library, ok := b.cfg.Media.(*media.Library)
	if !ok {
		t.Fatalf("the sources are a %T", b.cfg.Media)
	}
	f, err := library.Open(t.Context(), source)
	check(t, err)
	data, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size))
	check(t, errors.Join(err, f.Close()))
	return string(data)
}

func TestIsoOverlayRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addImage(t, "rhel.iso")
	_, server := b.simulate(t)
	for says, change := range map[string]func(map[string]any){
		"option answers is required": func(o map[string]any) { delete(o, "answers") },
		`unknown field "dsk"`:        func(o map[string]any) { o["answers"] = map[string]any{"hostname": "web-1", "dsk": "sda"} },
		"hostname":                   func(o map[string]any) { o["answers"] = map[string]any{"hostname": "not a name"} },
		"unknown OS family":          func(o map[string]any) { o["family"] = "beos" },
		"put the file into":          func(o map[string]any) { o["image"] = "gone.iso" },
		"no such answer file":        func(o map[string]any) { o["templates"] = map[string]any{"x.cfg": ""} },
	} {
		options := overlayOptions(b, t, "rhel.iso")
		change(options)
		_, _, err := b.do(t, attempt{job: "Job.Iso.Overlay", server: server.ID, options: options})
		failure := wantFailure(t, err, activities.TypePermanent, false, says)
		if strings.Contains(failure.Error(), passwordHash) {
			t.Errorf("a secret is told: %v", failure)
		}
	}
}
