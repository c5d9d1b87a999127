package iso

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBaseInfo(t *testing.T) {
	t.Parallel()
	raw := rhelLike(t).with(t, vendorFiles())
	info := openBytes(t, raw).Info()
	want := BaseInfo{
		Info: Info{
			Label: "VENDOR_LINUX_9", Size: int64(len(raw)), Joliet: true, Boot: []BootEntry{
				{Platform: PlatformBIOS, Bootable: true, LBA: blankBIOS, Sectors: 4},
				{Platform: PlatformUEFI, Bootable: true, LBA: blankRoots + 2, Sectors: 4},
			},
		},
		RockRidge: true, MBR: true, GPT: true, MediaChecksum: true,
	}
	if diff := cmp.Diff(want, info); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if info := openBytes(t, blank{}.build(t)).Info(); info.RockRidge || info.Joliet || info.MBR || info.GPT || info.MediaChecksum || info.UDF {
		t.Errorf("plain image is %+v", info)
	}
	windows := blank{}.build(t)
	for i, id := range []string{"BEA01", "NSR02", "TEA01"} {
		copy(windows[(blankJoliet+1+i)*sectorSize+1:], id)
	}
	if !openBytes(t, windows).Info().UDF {
		t.Error("UDF was not seen")
	}
}

func TestBaseWalk(t *testing.T) {
	t.Parallel()
	base := openBytes(t, rhelLike(t).with(t, map[string]string{"b/c": "12", "a": "1", "b/d/e": ""}))
	want := []File{{"a", 1, false}, {"b", 0, true}, {"b/c", 2, false}, {"b/d", 0, true}, {"b/d/e", 0, false}}
	if diff := cmp.Diff(want, slices.Collect(base.Walk())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for range base.Walk() {
		break
	}
}

func TestBaseOpen(t *testing.T) {
	t.Parallel()
	base := openBytes(t, rhelLike(t).with(t, vendorFiles()))
	for _, name := range []string{"none", "EFI/none", "efi/BOOT/grub.cfg"} {
		if _, err := base.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: error is %v, want ErrNotExist", name, err)
		}
	}
	for name, want := range map[string]string{"EFI": "directory", "media.repo/x": "not a directory", "": "no file"} {
		if _, err := base.Open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want one that says %q", name, err, want)
		}
	}
	plain := openBytes(t, blank{version: ";1"}.with(t, map[string]string{"BOOT.CFG": "x"}))
	for _, name := range []string{"/boot.cfg", "BOOT.CFG", "./Boot.Cfg"} {
		if _, err := plain.Open(name); err != nil {
			t.Error(err)
		}
	}
}

// TestBaseRefuses damages an image in the ways that could hurt a careless
// reader.
func TestBaseRefuses(t *testing.T) {
	t.Parallel()
	root := blankRoots * sectorSize
	record := func(img []byte, name string) []byte { return img[bytes.Index(img[root:], []byte(name))+root-33:] }
	tests := map[string]struct {
		damage func(img []byte)
		want   string
	}{
		"root outside":        {func(img []byte) { img[blankPrimary*sectorSize+156+5] = 0xff }, "truncated"},
		"root no directory":   {func(img []byte) { putBoth32(img[blankPrimary*sectorSize+156+2:], blankBIOS) }, "no record of itself"},
		"no parent":           {func(img []byte) { img[root+34+32] = 0 }, "itself and its parent"},
		"directory loop":      {func(img []byte) { putBoth32(record(img, "SUB")[2:], blankRoots) }, "twice"},
		"directory too large": {func(img []byte) { putBoth32(record(img, "SUB")[10:], 1<<31) }, "more than"},
		"directory outside":   {func(img []byte) { putBoth32(record(img, "SUB")[2:], 1<<30) }, "truncated"},
		"record over sector":  {func(img []byte) { img[root+2040] = 0xff; fillRecords(img[root : root+2048]) }, "crosses its sector"},
		"short record":        {func(img []byte) { record(img, "SUB")[0] = 10 }, "too short"},
		"cut":                 {func(img []byte) { putBoth32(img[blankPrimary*sectorSize+80:], 1<<20) }, "truncated"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			img := blank{version: ";1"}.with(t, map[string]string{"SUB/F.TXT": "x", "TOP.TXT": "y"})
			test.damage(img)
			_, err := Open(bytes.NewReader(img), int64(len(img)))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one that says %q", err, test.want)
			}
		})
	}
}

// fillRecords makes records go on to the end of a sector, where one crosses it.
func fillRecords(sector []byte) {
	at := 0
	for sector[at] != 0 && at < 1024 {
		at += int(sector[at])
	}
	for ; at < 2040; at += 34 {
		sector[at], sector[at+32] = byte(min(34, 2040-at)), 1
		if 2040-at < 68 {
			sector[at] = byte(2040 - at)
			break
		}
	}
}

// TestBaseToleratesMismatches takes what mastering tools are known to get wrong.
func TestBaseToleratesMismatches(t *testing.T) {
	t.Parallel()
	img := rhelLike(t).with(t, vendorFiles())
	root := img[blankRoots*sectorSize : (blankRoots+1)*sectorSize]
	for at := 0; root[at] != 0; at += int(root[at]) {
		clear(root[at+6 : at+10]) // big-endian extent
		clear(root[at+14 : at+18])
	}
	clear(img[blankPrimary*sectorSize+140 : blankPrimary*sectorSize+156]) // path tables
	base := openBytes(t, img)
	if diff := cmp.Diff(vendorFiles(), contents(t, base)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	e := base.Edit(editTime)
	must(t, e.Put("new/file", []byte("x")))
	checkStructure(t, imageBytes(t, finish(t, e)))
}

// continuedName moves a file's name into a continuation area, as long ones are.
func continuedName(t *testing.T, img []byte, area extentRef) {
	t.Helper()
	at := bytes.Index(img, []byte("NM\x10\x01\x00continued__"))
	if at < 0 {
		t.Fatal("no such name")
	}
	name := slices.Clone(img[at : at+16])
	copy(img[int(area.lba)*sectorSize+100:], name)
	// The old field becomes padding, and the first 28 bytes of PX the pointer.
	px := at - 26 - 36
	var ce [36]byte
	copy(ce[:], []byte{'C', 'E', 28, 1})
	putBoth32(ce[4:], area.lba)
	putBoth32(ce[12:], 100)
	putBoth32(ce[20:], 16)
	copy(ce[28:], []byte{'P', 'D', 8, 1})
	copy(img[px:], ce[:])
	copy(img[at:], "PD")
}

func TestBaseReadsContinuations(t *testing.T) {
	t.Parallel()
	for name, area := range map[string]extentRef{"elsewhere": {lba: blankBIOS + 1}, "in the directory": {lba: blankRoots + 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			layout := blank{susp: rockRidgeTree(), version: ";1", reserve: 2}
			img := layout.with(t, map[string]string{"continued__": "1", "other": "2"})
			continuedName(t, img, area)
			base := openBytes(t, img)
			want := map[string]string{"continued__": "1", "other": "2"}
			if diff := cmp.Diff(want, contents(t, base)); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			e := base.Edit(editTime)
			must(t, e.Put("more", []byte("3")))
			want["more"] = "3"
			got := imageBytes(t, finish(t, e))
			if diff := cmp.Diff(want, contents(t, openBytes(t, got))); diff != "" {
				t.Errorf("edited (-want +got):\n%s", diff)
			}
			checkStructure(t, got)
		})
	}
}

// TestBaseRefusesEndlessContinuation has an area that leads to itself.
func TestBaseRefusesEndlessContinuation(t *testing.T) {
	t.Parallel()
	img := blank{susp: rockRidgeTree()}.with(t, map[string]string{"continued__": "1"})
	continuedName(t, img, extentRef{lba: blankBIOS + 1})
	ce := bytes.Index(img[blankRoots*sectorSize:], []byte("CE\x1c\x01")) + blankRoots*sectorSize
	putBoth32(img[ce+20:], 28)
	copy(img[(blankBIOS+1)*sectorSize+100:], img[ce:ce+28])
	if _, err := Open(bytes.NewReader(img), int64(len(img))); err == nil || !strings.Contains(err.Error(), "continuation areas") {
		t.Errorf("error is %v, want one that counts continuation areas", err)
	}
}

// TestBaseBoundsContinuations has every file of a long directory lead to the same
// long area.
func TestBaseBoundsContinuations(t *testing.T) {
	t.Parallel()
	stamp := recordTime(editTime)
	ce := make([]byte, 28)
	copy(ce, []byte{'C', 'E', 28, 1})
	putBoth32(ce[4:], 0)
	putBoth32(ce[20:], maxContinuationBytes)
	layout := blank{susp: rockRidgeTree(), reserve: 150}
	for i := range 2500 {
		r, err := newRecord(fmt.Sprintf("F%05d", i), extentRef{}, 0, stamp, ce)
		must(t, err)
		layout.extra = append(layout.extra, r)
	}
	img := layout.build(t)
	if _, err := Open(bytes.NewReader(img), int64(len(img))); err == nil || !strings.Contains(err.Error(), "bytes of continuation areas") {
		t.Errorf("error is %v, want one that counts bytes", err)
	}
}

func TestPartitionsGrow(t *testing.T) {
	t.Parallel()
	raw := rhelLike(t).with(t, vendorFiles())
	got := imageBytes(t, finish(t, edited(t, openBytes(t, raw))))
	blocks := uint64(len(got) / blockSize)
	if length := binary.LittleEndian.Uint32(got[mbrEntriesAt+12:]); uint64(length) != blocks {
		t.Errorf("MBR entry has %d blocks, want %d", length, blocks)
	}
	table, ok := parseGPT(got[:sectorSize], int64(len(got)))
	if !ok {
		t.Fatal("the GPT header is damaged")
	}
	backup := got[len(got)-blockSize:]
	if alternate := binary.LittleEndian.Uint64(table.header[32:]); alternate != blocks-1 {
		t.Errorf("backup is said to be at block %d, want %d", alternate, blocks-1)
	}
	if binary.LittleEndian.Uint32(backup[16:]) != gptChecksum(backup) || string(backup[:8]) != "EFI PART" {
		t.Error("the backup's checksum is wrong")
	}
	at := binary.LittleEndian.Uint64(backup[72:]) * blockSize
	if !bytes.Equal(got[at:at+128*128], got[2*blockSize:2*blockSize+128*128]) {
		t.Error("the backup's entries differ")
	}
	if last := binary.LittleEndian.Uint64(table.header[48:]); last != at/blockSize-1 {
		t.Errorf("last usable block is %d, want %d", last, at/blockSize-1)
	}
	if binary.LittleEndian.Uint64(backup[24:]) != blocks-1 || binary.LittleEndian.Uint64(backup[32:]) != 1 {
		t.Error("the backup does not say where it is, or where the first header is")
	}
}
