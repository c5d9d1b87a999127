package sim

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func openBytes(t *testing.T, image []byte) *volume {
	t.Helper()
	v, err := openVolume(bytes.NewReader(image), int64(len(image)))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRootFile(t *testing.T) {
	t.Parallel()
	v := openBytes(t, seedISO(t, "CIDATA", map[string]string{"user-data": "one", "meta-data": "two", "network-config": ""}))
	if v.label != "CIDATA" {
		t.Errorf("label %q", v.label)
	}
	for name, want := range map[string]string{"user-data": "one", "META-DATA": "two", "network-config": ""} {
		if got, err := v.rootFile(name); err != nil || string(got) != want {
			t.Errorf("%s holds %q, error %v", name, got, err)
		}
	}
	if _, err := v.rootFile("vendor-data"); !errors.Is(err, errNotFound) {
		t.Errorf("a missing file: %v", err)
	}
}

// TestRockRidgeNames reads names that plain ISO 9660 cannot hold.
func TestRockRidgeNames(t *testing.T) {
	t.Parallel()
	v := openBytes(t, bootISO(t))
	if got, err := v.rootFile(".discinfo"); err != nil || !strings.Contains(string(got), "x86_64") {
		t.Errorf(".discinfo holds %q, error %v", got, err)
	}
	if _, err := v.rootFile("isolinux"); !errors.Is(err, errNotFound) {
		t.Errorf("a directory was read as a file: %v", err)
	}
}

// TestAnswersInsideTheBootImage has each kind of answer file in the booted image.
func TestAnswersInsideTheBootImage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ data, family string }{
		"ks.cfg":           {"network --hostname=inside\n", familyRHEL},
		"autoinstall.yaml": {"version: 1\nidentity:\n  hostname: inside\n", familyUbuntu},
		"preseed.cfg":      {"d-i netcfg/get_hostname string inside\n", familyDebian},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := bootTree("TEST")
			files[name] = []byte(test.data)
			var image bytes.Buffer
			if err := writeBootable(&image, "TEST", files); err != nil {
				t.Fatal(err)
			}
			s := startOne(t)
			bootFromMedia(t, s, image.Bytes())
			await(t, s, InstallDone, "family", test.family, "hostname", "inside")
		})
	}
}

func TestHostileVolumes(t *testing.T) {
	t.Parallel()
	image := seedISO(t, "OEMDRV", map[string]string{"ks.cfg": "poweroff\n"})
	const descriptor = firstDescriptor * sector
	root := int(openBytes(t, image).root.at)
	record := bytes.Index(image[root:root+sector], []byte("ks.cfg")) + root - 33
	tests := map[string]func(b []byte){
		"root outside":    func(b []byte) { binary.LittleEndian.PutUint32(b[descriptor+rootRecordOffset+2:], 1<<31) },
		"root too large":  func(b []byte) { binary.LittleEndian.PutUint32(b[descriptor+rootRecordOffset+10:], 1<<31) },
		"file outside":    func(b []byte) { binary.LittleEndian.PutUint32(b[record+2:], 1<<31) },
		"file too large":  func(b []byte) { binary.LittleEndian.PutUint32(b[record+10:], maxAnswerFile+1) },
		"record too long": func(b []byte) { clear(b[root+sector-1:]); b[record] = 255; clear(b[root+68 : record]) },
		"name too long":   func(b []byte) { b[record+32] = 255 },
		"record of 1":     func(b []byte) { b[root] = 1 },
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := slices.Clone(image)
			damage(b)
			v, err := openVolume(bytes.NewReader(b), int64(len(b)))
			if err == nil {
				_, err = v.rootFile("ks.cfg")
			}
			if name != "record of 1" && name != "record too long" && err == nil {
				t.Error("read without an error")
			}
		})
	}
}

func TestVolumeWithoutPrimaryDescriptor(t *testing.T) {
	t.Parallel()
	image := seedISO(t, "OEMDRV", map[string]string{"ks.cfg": "poweroff\n"})
	image[firstDescriptor*sector] = endOfDescriptors
	if _, err := openVolume(bytes.NewReader(image), int64(len(image))); err == nil {
		t.Error("opened")
	}
}

func TestParseCatalog(t *testing.T) {
	t.Parallel()
	entry := func(head ...byte) []byte { return append(head, make([]byte, catalogEntry-len(head))...) }
	image := func(indicator byte, count uint16, at uint32) []byte {
		e := entry(indicator)
		binary.LittleEndian.PutUint16(e[6:], count)
		binary.LittleEndian.PutUint32(e[8:], at)
		return e
	}
	catalog := slices.Concat(
		entry(1, platformBIOS),
		image(bootable, 0, 20),
		entry(sectionHeader, platformUEFI, 2, 0),
		image(bootable, 8, 21),
		entry(entryExtension),
		image(0, 8, 22),
		entry(lastHeader, platformUEFI, 1, 0),
		image(bootable, 1, 23),
		image(bootable, 1, 24),
	)
	want := []bootEntry{
		{extent{20 * sector, 4 * virtualSector}, platformBIOS},
		{extent{21 * sector, 8 * virtualSector}, platformUEFI},
		{extent{23 * sector, virtualSector}, platformUEFI},
	}
	if diff := cmp.Diff(want, parseCatalog(catalog), cmp.AllowUnexported(bootEntry{}, extent{})); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// FuzzVolume reads damaged images. Sectors from 16 on are the input, so that the fuzzer
// need not find its way past the empty ones.
func FuzzVolume(f *testing.F) {
	for _, image := range fuzzImages(f) {
		f.Add(image[firstDescriptor*sector:])
	}
	f.Fuzz(func(t *testing.T, tail []byte) {
		image := append(make([]byte, firstDescriptor*sector), tail...)
		v, err := openVolume(bytes.NewReader(image), int64(len(image)))
		if err != nil {
			return
		}
		if data, err := v.rootFile("ks.cfg"); err == nil && len(data) > maxAnswerFile {
			t.Errorf("answer file of %d bytes", len(data))
		}
		for _, mode := range overrideModeValues {
			if err := v.loadBootImage(mode); err == nil && v.catalog == 0 {
				t.Error("booted without a catalogue")
			}
		}
	})
}

// fuzzImages are small, because the fuzzer is slow with large inputs.
func fuzzImages(f *testing.F) [][]byte {
	f.Helper()
	var boot bytes.Buffer
	if err := writeBootable(&boot, "FUZZ", map[string][]byte{
		biosBootFile: biosProgram(), uefiBootFile: uefiProgram(), "ks.cfg": []byte("poweroff\n"), ".treeinfo": nil,
	}); err != nil {
		f.Fatal(err)
	}
	return [][]byte{boot.Bytes()}
}
