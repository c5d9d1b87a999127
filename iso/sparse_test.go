package iso

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// bigFile is the length of the file that takes an image past 4 GiB.
const bigFile = 5 << 30

// TestOverlayPast4GiB edits an image whose end, and with it everything new, lies
// past 4 GiB, and whose largest file has two extents.
func TestOverlayPast4GiB(t *testing.T) {
	t.Parallel()
	base := openFile(t, bigImage(t))
	big, err := base.Open("install.img")
	must(t, err)
	if big.Size() != bigFile {
		t.Fatalf("the big file has %d bytes, want %d", big.Size(), int64(bigFile))
	}
	if _, err := big.ReadAt(make([]byte, 1<<16), 4<<30-1000); err != nil {
		t.Errorf("read across its extents: %v", err)
	}
	img, want, path := overlay(t, base)
	if at := openImage(t, img).trees[0].root.extent.lba; int64(at)*sectorSize < 4<<30 {
		t.Errorf("the root directory is at sector %d, want it past 4 GiB", at)
	}
	if img.Size() < bigFile || img.Stored() > 200<<10 {
		t.Errorf("image has %d bytes, %d of them stored", img.Size(), img.Stored())
	}
	isoinfo := tool(t, "isoinfo", "genisoimage")
	for kind, name := range map[string]string{"-R": "/ks.cfg", "-J": "/ks.cfg;1"} {
		if got := run(t, isoinfo, kind, "-i", path, "-x", name); got != want["ks.cfg"] {
			t.Errorf("isoinfo %s gives %s as %q", kind, name, got)
		}
	}
	xorriso, target := tool(t, "xorriso", "xorriso"), filepath.Join(t.TempDir(), "answers.json")
	run(t, xorriso, "-osirrox", "on", "-indev", path, "-extract", "/rackflow/node/answers.json", target)
	checkFile(t, target, "{}")
}

// bigImage has all that a vendor's hybrid has, and a file of zeros that takes no
// room on disk.
func bigImage(t *testing.T) string {
	t.Helper()
	const bigAt = 4096
	layout := rhelLike(t)
	layout.big = bigAt
	raw := layout.with(t, vendorFiles())
	if len(raw) > bigAt*sectorSize {
		t.Fatal("the image reaches into the big file")
	}
	const size = bigAt*sectorSize + bigFile
	for _, descriptor := range []int{blankPrimary, blankJoliet} {
		putBoth32(raw[descriptor*sectorSize+80:], size/sectorSize)
	}
	path := filepath.Join(t.TempDir(), "big.iso")
	must(t, os.WriteFile(path, raw, 0o600))
	must(t, os.Truncate(path, size))
	return path
}

func openImage(t *testing.T, img *Image) *Base {
	t.Helper()
	base, err := Open(img, img.Size())
	must(t, err)
	return base
}

// TestOverlayCost holds an edit of an image of 5 GiB to the time, bytes and
// memory it may cost a server.
func TestOverlayCost(t *testing.T) {
	t.Parallel()
	const servers = 1000
	base := openFile(t, bigImage(t))
	images := make([]*Image, servers)
	best := time.Hour
	var stored int64
	for i := range images {
		begin := time.Now()
		e := edited(t, base)
		must(t, e.Put("ks.cfg", []byte("network --hostname=srv-"+strconv.Itoa(i))))
		images[i] = finish(t, e)
		best = min(best, time.Since(begin))
		stored += images[i].Stored()
	}
	t.Logf("best %v, %d bytes a server of %d", best, stored/servers, images[0].Size())
	if best > 5*time.Millisecond {
		t.Errorf("the fastest edit took %v, want less than 5ms", best)
	}
	if stored > 200<<20 || stored*10_000 > images[0].Size()*servers {
		t.Errorf("%d images store %d bytes, want less than 200 MB and 1/10,000 of their size", servers, stored)
	}
}

// BenchmarkOverlay edits an open image, as is done for every server.
func BenchmarkOverlay(b *testing.B) {
	base := openBytes(b, rhelLike(b).with(b, vendorFiles()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := edited(b, base).Image(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOverlayAgainstRemaster makes the same change to the same image of
// 5 GiB both ways, each from a closed file, and reports how many times less time
// and bytes the overlay takes. It needs 11 GB of temporary space.
func BenchmarkOverlayAgainstRemaster(b *testing.B) {
	xorriso := tool(b, "xorriso", "xorriso")
	vendor := rhelImage(b, bigFile)
	answers, remastered := filepath.Join(b.TempDir(), "ks.cfg"), filepath.Join(b.TempDir(), "remastered.iso")
	must(b, os.WriteFile(answers, []byte("cmdline\n"), 0o600))
	begin := time.Now()
	run(b, xorriso, "-indev", vendor, "-outdev", remastered, "-boot_image", "any", "replay", "-map", answers, "/ks.cfg")
	remaster := time.Since(begin)
	written, err := os.Stat(remastered)
	must(b, err)

	if big, err := openFile(b, vendor).Open("images/install.img"); err != nil || big.Size() != bigFile {
		b.Fatalf("the big file: %v, %v", big, err)
	}
	var stored int64
	for b.Loop() {
		file, err := os.Open(vendor)
		must(b, err)
		info, err := file.Stat()
		must(b, err)
		base, err := Open(file, info.Size())
		must(b, err)
		e := base.Edit(editTime)
		must(b, e.Put("ks.cfg", []byte("cmdline\n")))
		stored = finish(b, e).Stored()
		must(b, file.Close())
	}
	overlay := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(float64(remaster)/float64(overlay), "times-faster")
	b.ReportMetric(float64(written.Size())/float64(stored), "times-fewer-bytes")
	b.ReportMetric(float64(stored), "stored-B")
}
