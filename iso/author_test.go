package iso

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// windowsFiles are what Windows' setup looks for: names that only Joliet and Rock
// Ridge can hold, directories below directories, an empty file, and one of more
// than a sector.
func windowsFiles() map[string]string {
	return map[string]string{
		"Autounattend.xml":                               "<unattend/>",
		"$OEM$/$$/Setup/Scripts/SetupComplete.cmd":       "@echo off\r\n",
		"$OEM$/$1/Drivers/net.inf":                       strings.Repeat("driver", 1000),
		"$WinPEDriver$/PERC H755/a long name (x64).inf":  "",
		"$WinPEDriver$/PERC H755/a long name (x64)2.inf": "second",
		"ünïcode-名前.txt":                                 "text",
	}
}

func authored(tb testing.TB, files map[string]string) *Author {
	tb.Helper()
	a := &Author{Label: "UNATTEND", Time: editTime}
	for name, content := range files {
		must(tb, a.Add(name, []byte(content)))
	}
	return a
}

func authoredImage(tb testing.TB, a *Author) *Image {
	tb.Helper()
	img, err := a.Image()
	must(tb, err)
	return img
}

// manyFiles fill directories up to their last byte and beyond it, and need more
// path table than the empty volume has.
func manyFiles() map[string]string {
	files := make(map[string]string)
	for i := range 300 {
		files[fmt.Sprintf("f%03d.txt", i)] = fmt.Sprint(i)
		files[fmt.Sprintf("directory-with-a-name-%03d/deep/er.txt", i)] = strings.Repeat("x", i)
	}
	return files
}

func TestAuthorTrees(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{"windows": windowsFiles(), "many": manyFiles(), "none": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			img := authoredImage(t, authored(t, files))
			both := trees(t, imageBytes(t, img))
			if len(both) != 2 {
				t.Fatalf("%d trees, want Rock Ridge and Joliet", len(both))
			}
			for i, tree := range []string{"Rock Ridge", "Joliet"} {
				if diff := cmp.Diff(files, both[i]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", tree, diff)
				}
			}
			info := openImage(t, img).Info()
			if info.Label != "UNATTEND" || !info.Joliet || !info.RockRidge || len(info.Boot) > 0 {
				t.Errorf("info is %+v", info)
			}
		})
	}
}

// TestAuthorPathTables follows the tables as Windows' CD file system does: every
// directory must be found by its name and its parent's number.
func TestAuthorPathTables(t *testing.T) {
	t.Parallel()
	raw := imageBytes(t, authoredImage(t, authored(t, manyFiles())))
	base := openBytes(t, raw)
	for i, descriptor := range []int{authorPrimary, authorSupplementary} {
		want := make(map[string]uint32)
		listPlaces(base.trees[i].root, "", want)
		d := raw[descriptor*sectorSize:]
		size := binary.LittleEndian.Uint32(d[pathTableSizeAt:])
		for _, table := range pathTables {
			at := table.order.Uint32(d[table.field:])
			if table.optional {
				if at != 0 {
					t.Errorf("descriptor %d has an optional table at %d", descriptor, at)
				}
				continue
			}
			got := readPathTable(raw[at*sectorSize:][:size], table.order)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("descriptor %d, field %d (-want +got):\n%s", descriptor, table.field, diff)
			}
		}
	}
}

func listPlaces(d *directory, path string, places map[string]uint32) {
	places[path] = d.extent.lba
	for _, e := range d.entries {
		if e.dir != nil {
			listPlaces(e.dir, path+"/"+e.id(), places)
		}
	}
}

func readPathTable(table []byte, order binary.ByteOrder) map[string]uint32 {
	paths, places := []string{""}, make(map[string]uint32)
	for len(table) > 0 {
		length := int(table[0])
		name := string(table[pathTableHead : pathTableHead+length])
		path := ""
		if name != selfID {
			path = paths[order.Uint16(table[6:])] + "/" + name
		}
		paths = append(paths, path)
		places[path] = order.Uint32(table[2:])
		table = table[pathTableHead+length+length%2:]
	}
	return places
}

// TestAuthorIsReproducible also pins the bytes: an image that a release before
// has served goes on with the same ones.
func TestAuthorIsReproducible(t *testing.T) {
	t.Parallel()
	const want = "0c0c439fc70129ba07c5c46694f386fac1e2a7797bc86a7cf9f5121b2c6fa373"
	sum := func(img *Image) string {
		digest := sha256.Sum256(imageBytes(t, img))
		return hex.EncodeToString(digest[:])
	}
	a := &Author{Label: "UNATTEND", Time: editTime.In(time.FixedZone("elsewhere", 3600))}
	names := slices.Sorted(maps.Keys(windowsFiles()))
	slices.Reverse(names)
	for _, name := range names {
		must(t, a.Add(name, []byte(windowsFiles()[name])))
	}
	first, second := authoredImage(t, a), authoredImage(t, authored(t, windowsFiles()))
	if sum(first) != want || sum(second) != want || first.ETag() != second.ETag() {
		t.Errorf("digests are %s and %s, want %s; tags %s and %s", sum(first), sum(second), want, first.ETag(), second.ETag())
	}
}

func TestAuthorKeepsWhatItWasGiven(t *testing.T) {
	t.Parallel()
	data := []byte("first")
	a := &Author{Label: "UNATTEND"}
	must(t, a.Add("a.txt", data))
	copy(data, "other")
	img := authoredImage(t, a)
	must(t, a.Add("b.txt", data))
	if diff := cmp.Diff(map[string]string{"a.txt": "first"}, contents(t, openImage(t, img))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAuthorRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		path, want string
		size       int
	}{
		"the root":             {path: "/", want: "names no file"},
		"not UTF-8":            {path: "a\xff", want: "UTF-8"},
		"long name":            {path: strings.Repeat("n", 65), want: "64 characters"},
		"colon":                {path: "a:b", want: "none of them"},
		"backslash":            {path: `dir\file`, want: "none of them"},
		"line break":           {path: "a\nb", want: "control character"},
		"there already":        {path: "dir/./file.txt", want: "there already"},
		"other case":           {path: "DIR/file.txt", want: "case alone"},
		"file and directory":   {path: "dir/file.txt/below", want: "a file and a directory"},
		"directory and a file": {path: "dir", want: "a file and a directory"},
		"large":                {path: "large", size: maxAuthored, want: "together"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := authored(t, map[string]string{"dir/file.txt": "x"})
			if err := a.Add(test.path, make([]byte, test.size)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one that says %q", err, test.want)
			}
		})
	}
	for _, label := range []string{"", "lower", "A B", strings.Repeat("A", 33)} {
		if _, err := (&Author{Label: label}).Image(); err == nil || !strings.Contains(err.Error(), "label") {
			t.Errorf("label %q: error is %v", label, err)
		}
	}
	four := strings.Repeat("名", 64)
	if a := authored(t, map[string]string{four: ""}); a != nil {
		if _, err := a.Image(); err == nil || !strings.Contains(err.Error(), "shorter name") {
			t.Errorf("a name that no record can hold: error is %v", err)
		}
	}
}

// TestAuthorByOthers has every reader that is installed read the volume.
func TestAuthorByOthers(t *testing.T) {
	t.Parallel()
	files := windowsFiles()
	path := filepath.Join(t.TempDir(), "seed.iso")
	must(t, os.WriteFile(path, imageBytes(t, authoredImage(t, authored(t, files))), 0o600))
	for name, reader := range map[string]struct {
		program, debian string
		args            func(target string) []string
	}{
		"xorriso": {"xorriso", "xorriso", func(target string) []string {
			return []string{"-abort_on", "WARNING", "-osirrox", "on", "-indev", path, "-extract", "/", target + "/tree"}
		}},
		"7z":     {"7z", "p7zip-full", func(target string) []string { return []string{"x", "-o" + target + "/tree", path} }},
		"bsdtar": {"bsdtar", "libarchive-tools", func(target string) []string { return []string{"-x", "-f", path, "-C", target} }},
		"bsdtar, Joliet": {"bsdtar", "libarchive-tools", func(target string) []string {
			return []string{"-x", "--options", "iso9660:!rockridge", "-f", path, "-C", target}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program, target := tool(t, reader.program, reader.debian), t.TempDir()
			out := run(t, "env", append([]string{"LC_ALL=C.UTF-8", program}, reader.args(target)...)...)
			run(t, "chmod", "-R", "u+rwX", target)
			root := target
			if _, err := os.Stat(target + "/tree"); err == nil {
				root = target + "/tree"
			}
			for name, content := range files {
				checkFile(t, filepath.Join(root, name), content)
			}
			if t.Failed() {
				t.Log(out)
			}
		})
	}
}

func TestAuthorByIsoinfo(t *testing.T) {
	t.Parallel()
	isoinfo := tool(t, "isoinfo", "genisoimage")
	files := manyFiles()
	path := filepath.Join(t.TempDir(), "seed.iso")
	must(t, os.WriteFile(path, imageBytes(t, authoredImage(t, authored(t, files))), 0o600))
	for _, tree := range []string{"-R", "-J"} {
		list := strings.Split(run(t, isoinfo, tree, "-f", "-i", path), "\n")
		for name := range files {
			if !slices.Contains(list, "/"+name) {
				t.Errorf("%s does not list %s", tree, name)
			}
		}
		if got := run(t, isoinfo, tree, "-i", path, "-x", "/directory-with-a-name-123/deep/er.txt"); got != strings.Repeat("x", 123) {
			t.Errorf("%s gives %q", tree, got)
		}
	}
	if got := run(t, tool(t, "blkid", "util-linux"), "-p", "-s", "LABEL", "-o", "value", path); got != "UNATTEND\n" {
		t.Errorf("blkid gives the label %q", got)
	}
}

func TestAuthorBySecondReader(t *testing.T) {
	t.Parallel()
	files := windowsFiles()
	got, err := secondReader(imageBytes(t, authoredImage(t, authored(t, files))))
	must(t, err)
	if diff := cmp.Diff(files, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzAuthor(f *testing.F) {
	f.Add("dir/file.txt", "DIR/File.txt", []byte("x"))
	f.Add("$OEM$/$1/a", "../..", bytes.Repeat([]byte("y"), 3000))
	f.Add(strings.Repeat("n", 64)+"/a.b.c", "名前;1", []byte{})
	f.Fuzz(func(t *testing.T, first, second string, data []byte) {
		a := &Author{Label: "FUZZ"}
		count := 0
		for _, name := range []string{first, second} {
			if a.Add(name, data) == nil {
				count++
			}
		}
		img, err := a.Image()
		if err != nil {
			return
		}
		for i, tree := range trees(t, imageBytes(t, img)) {
			if len(tree) != count {
				t.Errorf("tree %d has %d files, want %d", i, len(tree), count)
			}
			for name, content := range tree {
				if content != string(data) {
					t.Errorf("tree %d: %q has other content", i, name)
				}
			}
		}
	})
}
