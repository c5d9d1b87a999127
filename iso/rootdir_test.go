package iso

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

func testSeed(tb testing.TB) ([]byte, map[string][]byte) {
	tb.Helper()
	files := map[string][]byte{"ks.cfg": []byte("cmdline\n"), "meta-data": bytes.Repeat([]byte("m"), 3000)}
	img, err := writeSeed("OEMDRV", files)
	if err != nil {
		tb.Fatal(err)
	}
	return img, files
}

// TestVerifySeedSeesDamage damages an image in each way that a careless writer
// could.
func TestVerifySeedSeesDamage(t *testing.T) {
	t.Parallel()
	const root = 18 * sectorSize // where the library puts the root directory
	record := func(img []byte, name string) []byte {
		at := bytes.Index(img[root:], []byte(name))
		return img[root+at-33:]
	}
	tests := map[string]struct {
		damage func(img []byte)
		want   string
	}{
		"nothing":           {func([]byte) {}, ""},
		"content":           {func(img []byte) { img[bytes.Index(img, []byte("cmdline"))] = 'C' }, "ks.cfg came back"},
		"name":              {func(img []byte) { record(img, "ks.cfg")[33] = '_' }, "ks.cfg is missing"},
		"length":            {func(img []byte) { record(img, "meta-data")[10]-- }, "meta-data came back"},
		"place":             {func(img []byte) { record(img, "ks.cfg")[2]++ }, "ks.cfg came back"},
		"place outside":     {func(img []byte) { record(img, "ks.cfg")[5] = 0xff }, "truncated"},
		"huge length":       {func(img []byte) { record(img, "ks.cfg")[13] = 0xff }, "more than"},
		"same name":         {func(img []byte) { copy(record(img, "meta-data")[32:], "\x08ks.cfg;1") }, "twice"},
		"name too long":     {func(img []byte) { record(img, "ks.cfg")[32] = 0xff }, "too short for its name"},
		"record too long":   {func(img []byte) { clear(img[root+70 : root+sectorSize]); img[root+68] = 0xff; img[root+2047] = 1 }, "missing"},
		"record over end":   {func(img []byte) { overrun(img[root : root+sectorSize]) }, "crosses its sector"},
		"hidden":            {func(img []byte) { record(img, "ks.cfg")[25] = 2 }, "ks.cfg is missing"},
		"label":             {func(img []byte) { img[16*sectorSize+40] = 'X' }, "label"},
		"root outside":      {func(img []byte) { img[16*sectorSize+156+5] = 0xff }, "root directory"},
		"no descriptor":     {func(img []byte) { img[16*sectorSize+1] = 'X' }, "not an ISO"},
		"unlisted new file": {addRecord, "3 files came back"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			img, files := testSeed(t)
			test.damage(img)
			err := verifySeed(img, "OEMDRV", files)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one that says %q", err, test.want)
			}
		})
	}
}

// overrun fills a directory sector with records, the last one too long.
func overrun(sector []byte) {
	for at := 0; at < len(sector); {
		sector[at] = 100
		sector[at+25] = 2
		sector[at+32] = 1
		at += 100
		if at+100 > len(sector) {
			sector[at] = 100
			return
		}
	}
}

// addRecord adds an empty file to the root directory.
func addRecord(img []byte) {
	const root = 18 * sectorSize
	at := root
	for img[at] != 0 {
		at += int(img[at])
	}
	img[at] = 36
	binary.LittleEndian.PutUint32(img[at+2:], 18)
	img[at+32] = 1
	img[at+33] = 'x'
}

func FuzzReadRoot(f *testing.F) {
	const from = firstDescriptor * sectorSize // keeps the fuzzer's inputs short
	seed, _ := testSeed(f)
	f.Add(seed[from:])
	f.Fuzz(func(t *testing.T, raw []byte) {
		raw = append(make([]byte, from), raw...)
		img := image{r: bytes.NewReader(raw), size: int64(len(raw))}
		volume, err := readVolume(img)
		if err != nil {
			return
		}
		files, err := readRoot(img, volume)
		if err != nil {
			return
		}
		for name, content := range files {
			if len(content) > len(raw)+sectorSize {
				t.Errorf("file %q has %d bytes, the image %d", name, len(content), len(raw))
			}
		}
	})
}
