package iso_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/iso"
)

const sector = 2048

// Where vendorISO puts things, in sectors.
const (
	primaryAt    = 16
	bootRecordAt = 17
	jolietAt     = 18
	terminatorAt = 19
	catalogueAt  = 20
	biosImageAt  = 22
	uefiImageAt  = 24
	sectorCount  = 30
)

// vendorISO returns the skeleton of an installation image: descriptors, and a
// boot catalogue with a BIOS and a UEFI entry.
func vendorISO() []byte {
	img := make([]byte, sectorCount*sector)
	for at, kind := range map[int]byte{primaryAt: 1, bootRecordAt: 0, jolietAt: 2, terminatorAt: 255} {
		img[at*sector] = kind
		copy(img[at*sector+1:], "CD001\x01")
	}
	primary := img[primaryAt*sector:]
	copy(primary[40:72], "RHEL-9-4-0-BaseOS-x86_64        ")
	binary.LittleEndian.PutUint32(primary[80:], sectorCount)
	binary.LittleEndian.PutUint16(primary[128:], sector)
	copy(img[jolietAt*sector+88:], "%/E")
	copy(img[bootRecordAt*sector+7:], "EL TORITO SPECIFICATION")
	binary.LittleEndian.PutUint32(img[bootRecordAt*sector+71:], catalogueAt)
	copy(img[catalogueAt*sector:], catalogue())
	return img
}

func catalogue() []byte {
	c := make([]byte, 0, 4*32)
	c = append(c, validationEntry()...)
	c = append(c, entry(0x88, biosImageAt, 4)...)
	c = append(c, header(0x91, 0xef, 1)...)
	return append(c, entry(0x88, uefiImageAt, 8)...)
}

func validationEntry() []byte {
	e := make([]byte, 32)
	e[0], e[30], e[31] = 1, 0x55, 0xaa
	binary.LittleEndian.PutUint16(e[28:], 0x55aa) // makes the words add up to 0
	return e
}

func entry(indicator byte, lba uint32, sectors uint16) []byte {
	e := make([]byte, 32)
	e[0] = indicator
	binary.LittleEndian.PutUint16(e[6:], sectors)
	binary.LittleEndian.PutUint32(e[8:], lba)
	return e
}

func header(id, platform byte, entries uint16) []byte {
	h := make([]byte, 32)
	h[0], h[1] = id, platform
	binary.LittleEndian.PutUint16(h[2:], entries)
	return h
}

func wantBoot() []iso.BootEntry {
	return []iso.BootEntry{
		{Platform: iso.PlatformBIOS, Bootable: true, LBA: biosImageAt, Sectors: 4},
		{Platform: iso.PlatformUEFI, Bootable: true, LBA: uefiImageAt, Sectors: 8},
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	const label = "RHEL-9-4-0-BaseOS-x86_64"
	size := int64(sectorCount * sector)
	tests := map[string]struct {
		edit func(img []byte) []byte
		want iso.Info
	}{
		"plain": {
			func(img []byte) []byte { return img },
			iso.Info{Label: label, Size: size, Joliet: true, Boot: wantBoot()},
		},
		"no Joliet": {
			func(img []byte) []byte { img[jolietAt*sector+88] = 'x'; return img },
			iso.Info{Label: label, Size: size, Boot: wantBoot()},
		},
		"unpadded last sector": {
			func(img []byte) []byte { return img[:len(img)-1000] },
			iso.Info{Label: label, Size: size - 1000, Joliet: true, Boot: wantBoot()},
		},
		"data behind the volume": {
			func(img []byte) []byte { return append(img, make([]byte, 4096)...) },
			iso.Info{Label: label, Size: size + 4096, Joliet: true, Boot: wantBoot()},
		},
		"no terminator": {
			func(img []byte) []byte { clear(img[terminatorAt*sector : (terminatorAt+1)*sector]); return img },
			iso.Info{Label: label, Size: size, Joliet: true, Boot: wantBoot()},
		},
		"hostile label": {
			func(img []byte) []byte { copy(img[primaryAt*sector+40:], "\x1b[2J\xff<b>"); return img },
			iso.Info{Label: "?[2J?<b>-0-BaseOS-x86_64", Size: size, Joliet: true, Boot: wantBoot()},
		},
		"extension, other platform, entry not bootable": {
			func(img []byte) []byte {
				more := bytes.Join([][]byte{
					catalogue()[:64], header(0x90, 0x02, 1), entry(0x00, 23, 1), header(0x44, 0x20, 0),
					header(0x91, 0xef, 1), entry(0x88, uefiImageAt, 8), entry(0x88, 25, 8),
				}, nil)
				copy(img[catalogueAt*sector:], more)
				return img
			},
			iso.Info{Label: label, Size: size, Joliet: true, Boot: []iso.BootEntry{
				wantBoot()[0], {Platform: "0x02", LBA: 23, Sectors: 1}, wantBoot()[1],
			}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			img := test.edit(vendorISO())
			got, err := iso.Inspect(bytes.NewReader(img), int64(len(img)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestInspectRefuses(t *testing.T) {
	t.Parallel()
	set := func(at int, raw ...byte) func([]byte) []byte {
		return func(img []byte) []byte { copy(img[at:], raw); return img }
	}
	tests := map[string]struct {
		edit func(img []byte) []byte
		kind error
		want string
	}{
		"cut":                    {func(img []byte) []byte { return img[:25*sector] }, iso.ErrTruncated, "should have 61440 bytes and has 51200"},
		"small blocks":           {set(primaryAt*sector+128, 0, 2), iso.ErrNotISO, "512 bytes"},
		"no primary":             {set(primaryAt*sector, 3), iso.ErrNotISO, "no primary"},
		"no boot record":         {set(bootRecordAt*sector+7, 'x'), iso.ErrNotBootable, "El Torito"},
		"wrong checksum":         {set(catalogueAt*sector+4, 'x'), iso.ErrNotBootable, "checksum"},
		"no validation entry":    {set(catalogueAt*sector, 0), iso.ErrNotBootable, "validation"},
		"nothing bootable":       {set(catalogueAt*sector+32, make([]byte, 96)...), iso.ErrNotBootable, "marked bootable"},
		"catalogue outside":      {set(bootRecordAt*sector+71, 0xff, 0xff, 0xff, 0xff), iso.ErrTruncated, "4294967295"},
		"boot image outside":     {set(catalogueAt*sector+32+8, 30), iso.ErrTruncated, "BIOS boot image"},
		"boot image leaving":     {set(catalogueAt*sector+96+6, 0xff, 0xff), iso.ErrTruncated, "UEFI boot image"},
		"section without an end": {set(catalogueAt*sector+64+2, 0xff, 0xff), nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			img := test.edit(vendorISO())
			_, err := iso.Inspect(bytes.NewReader(img), int64(len(img)))
			if !errors.Is(err, test.kind) {
				t.Fatalf("error is %v, want %v", err, test.kind)
			}
			if err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q does not say %q", err, test.want)
			}
		})
	}
}

func TestInspectNamesWhatIsNoISO(t *testing.T) {
	t.Parallel()
	at := func(offset int, text string) string {
		return strings.Repeat("\x00", offset) + text + strings.Repeat("\x00", 40*sector)
	}
	tests := map[string]struct{ content, want string }{
		"empty":      {"", "empty"},
		"small":      {"hello", "5 bytes are too few"},
		"zeros":      {at(0, ""), "no CD001 signature"},
		"gzip":       {at(0, "\x1f\x8b\x08"), "gunzip"},
		"xz":         {at(0, "\xfd7zXZ\x00"), "unxz"},
		"zstd":       {at(0, "\x28\xb5\x2f\xfd"), "unzstd"},
		"bzip2":      {at(0, "BZh9"), "bunzip2"},
		"zip":        {at(0, "PK\x03\x04"), "zip archive"},
		"7-Zip":      {at(0, "7z\xbc\xaf\x27\x1c"), "7-Zip"},
		"RAR":        {at(0, "Rar!\x1a\x07"), "RAR"},
		"tar":        {at(257, "ustar"), "tar archive"},
		"qcow2":      {at(0, "QFI\xfb"), "qcow2"},
		"VMDK":       {at(0, "KDMV"), "VMDK"},
		"VHDX":       {at(0, "vhdxfile"), "VHDX"},
		"WIM":        {at(0, "MSWIM\x00\x00\x00"), "WIM"},
		"LFS":        {"version https://git-lfs.github.com/spec/v1\n", "Git LFS"},
		"web page":   {"<!DOCTYPE html>\n<html>", "HTML page"},
		"short page": {"<HTML><body>", "HTML page"},
		"XML":        {"<?xml version='1.0'?><Error/>", "XML"},
		"raw CD":     {at(0, "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"), "bchunk"},
		"disk":       {at(510, "\x55\xaa"), "partition table"},
		"UDF":        {at(16*sector+1, "BEA01"), "UDF"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := iso.Inspect(strings.NewReader(test.content), int64(len(test.content)))
			if !errors.Is(err, iso.ErrNotISO) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want ErrNotISO that says %q", err, test.want)
			}
		})
	}
}

func TestInspectSeed(t *testing.T) {
	t.Parallel()
	img, err := iso.Seed("OEMDRV", seedFiles())
	if err != nil {
		t.Fatal(err)
	}
	info, err := iso.Inspect(bytes.NewReader(img), int64(len(img)))
	if !errors.Is(err, iso.ErrNotBootable) {
		t.Fatalf("error is %v, want ErrNotBootable", err)
	}
	if diff := cmp.Diff(iso.Info{Label: "OEMDRV", Size: int64(len(img))}, info); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// brokenReader fails behind a number of bytes, as a bad disk does.
type brokenReader struct {
	io.ReaderAt

	behind int64
}

var errBroken = errors.New("input/output error")

func (r brokenReader) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > r.behind {
		return 0, errBroken
	}
	return r.ReaderAt.ReadAt(p, off) //nolint:wrapcheck // passes the reader's own error on
}

func TestInspectPassesReadErrorsOn(t *testing.T) {
	t.Parallel()
	img := vendorISO()
	for _, behind := range []int64{0, 17 * sector, 20 * sector} {
		_, err := iso.Inspect(brokenReader{bytes.NewReader(img), behind}, int64(len(img)))
		if !errors.Is(err, errBroken) || errors.Is(err, iso.ErrNotISO) {
			t.Errorf("broken behind %d: error is %v, want the reader's", behind, err)
		}
	}
}

// TestInspectRealImage reads an image that xorriso has made.
func TestInspectRealImage(t *testing.T) {
	t.Parallel()
	xorriso := lookPath(t, "xorriso")
	tree, path := t.TempDir(), filepath.Join(t.TempDir(), "vendor.iso")
	for _, name := range []string{"bios.bin", "efi.img"} {
		if err := os.WriteFile(filepath.Join(tree, name), bytes.Repeat([]byte{0x90}, 4096), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), xorriso, "-as", "mkisofs", "-V", "VENDOR_1", "-R", "-J", "-o", path,
		"-b", "bios.bin", "-c", "boot.cat", "-no-emul-boot", "-boot-load-size", "4",
		"-eltorito-alt-boot", "-e", "efi.img", "-no-emul-boot", tree)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("xorriso: %v: %s", err, out)
	}
	img, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := iso.Inspect(bytes.NewReader(img), int64(len(img)))
	if err != nil {
		t.Fatal(err)
	}
	if info.Label != "VENDOR_1" || !info.Joliet || len(info.Boot) != 2 {
		t.Fatalf("got %+v, want VENDOR_1 with Joliet and two boot entries", info)
	}
	for i, platform := range []iso.Platform{iso.PlatformBIOS, iso.PlatformUEFI} {
		entry := info.Boot[i]
		if entry.Platform != platform || !entry.Bootable || img[int64(entry.LBA)*sector] != 0x90 {
			t.Errorf("entry %d is %+v, want a bootable one for %s at its image", i, entry, platform)
		}
	}
}

// countingReader counts reads, to hold Inspect to its bound.
type countingReader struct {
	io.ReaderAt

	reads int
}

func (r *countingReader) ReadAt(p []byte, off int64) (int, error) {
	r.reads++
	return r.ReaderAt.ReadAt(p, off) //nolint:wrapcheck // passes the reader's own error on
}

func TestInspectReadsLittle(t *testing.T) {
	t.Parallel()
	endless := bytes.Repeat(vendorISO()[jolietAt*sector:terminatorAt*sector], 1000)
	r := &countingReader{ReaderAt: bytes.NewReader(endless)}
	if _, err := iso.Inspect(r, int64(len(endless))); !errors.Is(err, iso.ErrNotISO) {
		t.Errorf("error is %v, want ErrNotISO", err)
	}
	if r.reads > 66 {
		t.Errorf("%d sectors were read, want at most 66", r.reads)
	}
}

// shifted is an image given from its first descriptor on and followed by zeros,
// which keeps the fuzzer's inputs short.
type shifted []byte

func (s shifted) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	for i := range p {
		if at := off + int64(i) - primaryAt*sector; at >= 0 && at < int64(len(s)) {
			p[i] = s[at]
		}
	}
	return len(p), nil
}

func FuzzInspect(f *testing.F) {
	image := vendorISO()[primaryAt*sector : catalogueAt*sector+128]
	f.Add(image, int64(sectorCount*sector))
	f.Add(image, int64(20*sector))
	f.Add(image[:2*sector], int64(sectorCount*sector))
	f.Add([]byte{}, int64(-1))
	f.Fuzz(func(t *testing.T, img []byte, size int64) {
		info, err := iso.Inspect(shifted(img), size)
		if err != nil {
			return
		}
		if info.Size != size || len(info.Boot) == 0 {
			t.Errorf("accepted as %+v", info)
		}
		for _, entry := range info.Boot {
			if entry.Bootable && int64(entry.LBA)*sector >= size {
				t.Errorf("entry %+v lies outside %d bytes", entry, size)
			}
		}
	})
}
