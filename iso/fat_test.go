package iso

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func espFiles() map[string]string {
	return map[string]string{
		"EFI/BOOT/BOOTX64.EFI": strings.Repeat("shim", 3000),
		"EFI/BOOT/GRUB.CFG":    "set timeout=60\n",
		"EFI/BOOT/MMX64.EFI":   strings.Repeat("mok", 500),
		"README.TXT":           "",
	}
}

// espContents reads files of an image's UEFI boot image.
func espContents(tb testing.TB, base *Base, names map[string]string) map[string]string {
	tb.Helper()
	got := make(map[string]string)
	volume, err := base.openESP(newBuild(base, recordTime(editTime)))
	must(tb, err)
	for name := range names {
		parts, err := splitPath(name)
		must(tb, err)
		file, err := volume.find(parts)
		must(tb, err)
		content, err := volume.read(file)
		must(tb, err)
		got[name] = string(content)
	}
	return got
}

func TestPatchESP(t *testing.T) {
	t.Parallel()
	for _, bits := range []int{12, 16, 32} {
		t.Run(fmt.Sprint("FAT", bits), func(t *testing.T) {
			t.Parallel()
			raw := blank{version: ";1", esp: makeFAT(t, bits, espFiles())}.build(t)
			want := espFiles()
			base := openBytes(t, raw)
			if diff := cmp.Diff(want, espContents(t, base, want)); diff != "" {
				t.Fatalf("base (-want +got):\n%s", diff)
			}
			e := base.Edit(editTime)
			put := func(name, content string) {
				want[strings.ToUpper(name)] = content
				must(t, e.PatchESP(name, func([]byte) ([]byte, error) { return []byte(content), nil }))
			}
			put("efi/boot/grub.cfg", strings.Repeat("# longer than a cluster\n", 200))
			put("README.TXT", "now with content")
			put("EFI/BOOT/MMX64.EFI", "")
			img := finish(t, e)
			got := openBytes(t, imageBytes(t, img))
			if diff := cmp.Diff(want, espContents(t, got, want)); diff != "" {
				t.Errorf("patched (-want +got):\n%s", diff)
			}
			if img.Stored() > 24<<10 {
				t.Errorf("%d bytes are stored for a few sectors", img.Stored())
			}
			checkFAT(t, got, len(want))
		})
	}
}

// checkFAT holds the tables against each other and the number of clusters in use
// against the files.
func checkFAT(t *testing.T, base *Base, files int) {
	t.Helper()
	b := newBuild(base, recordTime(editTime))
	volume, err := base.openESP(b)
	must(t, err)
	second := make([]byte, volume.tableSize)
	must(t, b.readAt(second, volume.table+volume.tableSize))
	if !bytes.Equal(volume.entries, second) {
		t.Error("the two tables differ")
	}
	used := 0
	for cluster := uint32(2); cluster < volume.clusters+2; cluster++ {
		if volume.next(cluster) != 0 {
			used++
		}
	}
	// BOOTX64.EFI has 24 clusters, grub.cfg 10, README.TXT 1, two directories.
	want := 24 + 10 + 1 + 2
	if volume.bits == 32 {
		want++ // the root directory
		info := make([]byte, 4)
		must(t, b.readAt(info, volume.infoAt+488))
		if free := int(info[0]) | int(info[1])<<8 | int(info[2])<<16; free != int(volume.clusters)-want {
			t.Errorf("%d clusters are said to be free, want %d", free, int(volume.clusters)-want)
		}
	}
	if used != want {
		t.Errorf("%d clusters are in use for %d files, want %d", used, files, want)
	}
}

func TestPatchESPFull(t *testing.T) {
	t.Parallel()
	base := openBytes(t, blank{esp: makeFAT(t, 12, espFiles())}.build(t))
	e := base.Edit(editTime)
	must(t, e.PatchESP("README.TXT", func([]byte) ([]byte, error) { return make([]byte, 1<<20), nil }))
	if _, err := e.Image(); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("error is %v, want one that says the volume is full", err)
	}
}

func TestPatchESPRefuses(t *testing.T) {
	t.Parallel()
	keep := func(old []byte) ([]byte, error) { return old, nil }
	if err := openBytes(t, blank{}.build(t)).Edit(editTime).PatchESP("a", keep); !errors.Is(err, ErrNotBootable) {
		t.Errorf("no UEFI entry: %v, want ErrNotBootable", err)
	}
	noFAT := blank{esp: bytes.Repeat([]byte("not FAT "), 4096)}.build(t)
	if err := openBytes(t, noFAT).Edit(editTime).PatchESP("a", keep); err == nil || !strings.Contains(err.Error(), "not a FAT volume") {
		t.Errorf("no FAT volume: %v", err)
	}
	looped := makeFAT(t, 16, espFiles())
	clear(looped[4*blockSize : 6*blockSize])
	copy(looped[4*blockSize:], bytes.Repeat([]byte{2, 0}, 256))
	loop := openBytes(t, blank{esp: looped}.build(t))
	if err := loop.Edit(editTime).PatchESP("EFI/BOOT/GRUB.CFG", keep); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("looping chain: %v", err)
	}
	both := openBytes(t, rhelLike(t).build(t)).Edit(editTime)
	must(t, both.PatchESP("EFI/BOOT/GRUB.CFG", keep))
	if err := both.SetBootImage(PlatformUEFI, []byte("x")); err == nil {
		t.Error("a patched boot image was replaced")
	}
}

func TestSetBootImage(t *testing.T) {
	t.Parallel()
	raw := rhelLike(t).with(t, vendorFiles())
	base := openBytes(t, raw)
	e := base.Edit(editTime)
	boot := makeFAT(t, 12, espFiles())
	must(t, e.SetBootImage(PlatformUEFI, boot))
	if err := e.PatchESP("README.TXT", nil); err == nil {
		t.Error("a replaced boot image was patched")
	}
	got := openBytes(t, imageBytes(t, finish(t, e)))
	if diff := cmp.Diff(espFiles(), espContents(t, got, espFiles())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if before, after := base.info.Boot[0], got.info.Boot[0]; before != after {
		t.Errorf("the BIOS entry changed from %+v to %+v", before, after)
	}
	if entry := got.info.Boot[1]; int(entry.Sectors) != len(boot)/blockSize || int64(entry.LBA)*sectorSize < int64(len(raw)) {
		t.Errorf("entry is %+v, want one of %d blocks behind the base", entry, len(boot)/blockSize)
	}
}
