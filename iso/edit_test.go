package iso

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// vendorFiles are the files of most test images.
func vendorFiles() map[string]string {
	return map[string]string{
		"EFI/BOOT/grub.cfg":      "set default=1\n",
		"isolinux/isolinux.cfg":  "default linux\n",
		"images/pxeboot/vmlinuz": strings.Repeat("kernel", 5000),
		"media.repo":             "[InstallMedia]\n",
		"Packages/a/abc.rpm":     strings.Repeat("a", 3000),
		"Packages/b/bcd.rpm":     "",
	}
}

// layouts are the kinds of image that an edit must cope with.
func layouts(tb testing.TB) map[string]blank {
	tb.Helper()
	return map[string]blank{
		"like RHEL":             rhelLike(tb),
		"Rock Ridge alone":      {susp: rockRidgeTree(), version: ";1"},
		"long PX and SUSP skip": {susp: susp{present: true, attributes: 44, skip: 5}, joliet: true},
		"Joliet alone":          {joliet: true, version: ";1"},
		"plain":                 {version: ";1"},
		"plain, no versions":    {},
	}
}

// want returns files as a layout shows them.
func (o blank) want(files map[string]string) map[string]string {
	if o.susp.present || o.joliet {
		return files
	}
	upper := make(map[string]string)
	for name, content := range files {
		upper[strings.ToUpper(name)] = content
	}
	return upper
}

func TestEdit(t *testing.T) {
	t.Parallel()
	for name, layout := range layouts(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := layout.with(t, vendorFiles())
			base := openBytes(t, raw)
			if diff := cmp.Diff(layout.want(vendorFiles()), contents(t, base)); diff != "" {
				t.Fatalf("base (-want +got):\n%s", diff)
			}
			img := finish(t, edited(t, base))
			got := imageBytes(t, img)
			want := vendorFiles()
			want["ks.cfg"] = "cmdline\n"
			want["rackflow/node/answers.json"] = "{}"
			want["EFI/BOOT/grub.cfg"] += "set timeout=0\n"
			delete(want, "media.repo")
			if diff := cmp.Diff(layout.want(want), contents(t, openBytes(t, got))); diff != "" {
				t.Errorf("edited (-want +got):\n%s", diff)
			}
			for i, tree := range trees(t, got) {
				if len(tree) != len(want) {
					t.Errorf("tree %d has %d files, want %d", i, len(tree), len(want))
				}
			}
			checkUnchanged(t, raw, got, base, img)
		})
	}
}

// edited makes one change of each kind.
func edited(tb testing.TB, base *Base) *Editor {
	tb.Helper()
	e := base.Edit(editTime)
	must(tb, e.Put("/ks.cfg", []byte("cmdline\n")))
	must(tb, e.Put("rackflow/node/answers.json", []byte("{}")))
	must(tb, e.Patch("EFI/BOOT/grub.cfg", func(old []byte) ([]byte, error) {
		return append(old, "set timeout=0\n"...), nil
	}))
	must(tb, e.Remove("media.repo"))
	e.ClearMediaMD5()
	return e
}

// checkUnchanged holds every byte against the base, but for the sectors of
// directories, path tables, descriptors and partition tables.
func checkUnchanged(t *testing.T, raw, got []byte, base *Base, img *Image) {
	t.Helper()
	editable := map[int]bool{0: true}
	for _, tree := range base.trees {
		editable[int(tree.descriptor)] = true
		noteDirectories(tree.root, editable)
	}
	for lba := blankTables; lba < blankBIOS; lba++ {
		editable[lba] = true
	}
	for lba := range len(raw) / sectorSize {
		same := bytes.Equal(raw[lba*sectorSize:(lba+1)*sectorSize], got[lba*sectorSize:(lba+1)*sectorSize])
		if !same && !editable[lba] && !isPathTableSector(base, lba) {
			t.Errorf("sector %d has changed", lba)
		}
	}
	if info, err := Inspect(bytes.NewReader(got), int64(len(got))); err != nil || info.Label != base.info.Label {
		t.Errorf("image is inspected as %+v, %v", info, err)
	}
	if img.Stored() > 100<<10 {
		t.Errorf("%d bytes are stored, want kilobytes", img.Stored())
	}
}

func noteDirectories(d *directory, into map[int]bool) {
	for i := range roundUp(int64(d.extent.length)) / sectorSize {
		into[int(d.extent.lba)+int(i)] = true
	}
	for _, e := range d.entries {
		if e.dir != nil {
			noteDirectories(e.dir, into)
		}
	}
}

// isPathTableSector says whether a table of the base begins at a sector.
func isPathTableSector(base *Base, lba int) bool {
	for _, tree := range base.trees {
		edit := newTreeEdit(tree, newBuild(base, recordTime(editTime)))
		for _, table := range pathTables {
			if edit.isPathTable(uint32(lba), table.order) {
				return true
			}
		}
	}
	return false
}

func TestEditIsReproducible(t *testing.T) {
	t.Parallel()
	raw := rhelLike(t).with(t, vendorFiles())
	first, second := finish(t, edited(t, openBytes(t, raw))), finish(t, edited(t, openBytes(t, raw)))
	if first.ETag() != second.ETag() || !bytes.Equal(imageBytes(t, first), imageBytes(t, second)) {
		t.Error("the same edits gave different images")
	}
	forward, backward := openBytes(t, raw).Edit(editTime), openBytes(t, raw).Edit(editTime)
	for i := range 20 {
		must(t, forward.Put(fmt.Sprintf("new/file-%d.with.dots", i), []byte{byte(i)}))
		must(t, backward.Put(fmt.Sprintf("new/file-%d.with.dots", 19-i), []byte{byte(19 - i)}))
	}
	if finish(t, forward).ETag() != finish(t, backward).ETag() {
		t.Error("the order of the edits shows in the image")
	}
	other := openBytes(t, raw).Edit(editTime)
	must(t, other.Put("ks.cfg", []byte("text\n")))
	if finish(t, other).ETag() == first.ETag() {
		t.Error("different edits have the same ETag")
	}
}

func TestEditNothing(t *testing.T) {
	t.Parallel()
	raw := rhelLike(t).with(t, vendorFiles())
	img := finish(t, openBytes(t, raw).Edit(editTime))
	if img.Stored() != 0 || !bytes.Equal(raw, imageBytes(t, img)) {
		t.Errorf("an edit without changes stores %d bytes", img.Stored())
	}
}

// TestEditGrows adds files until directories and path tables have moved, one
// edit on the other.
func TestEditGrows(t *testing.T) {
	t.Parallel()
	for name, layout := range layouts(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, want := layout.with(t, vendorFiles()), vendorFiles()
			for round := range 4 {
				e := openBytes(t, raw).Edit(editTime)
				for i := range 60 {
					name := fmt.Sprintf("r%d_%02d.txt", round, i)
					must(t, e.Put(name, []byte(name)))
					must(t, e.Put("dir_"+name[:2]+"/sub"+name[3:5]+"/f", []byte(name)))
					want[name], want["dir_"+name[:2]+"/sub"+name[3:5]+"/f"] = name, name
				}
				raw = imageBytes(t, finish(t, e))
				if diff := cmp.Diff(layout.want(want), contents(t, openBytes(t, raw))); diff != "" {
					t.Fatalf("round %d (-want +got):\n%s", round, diff)
				}
				checkStructure(t, raw)
			}
		})
	}
}

// checkStructure holds the links between directories and the path tables
// against the tree.
func checkStructure(t *testing.T, raw []byte) {
	t.Helper()
	base := openBytes(t, raw)
	for _, tree := range base.trees {
		checkLinks(t, tree.root, tree.root)
		d := raw[int(tree.descriptor)*sectorSize:]
		edit := newTreeEdit(tree, newBuild(base, recordTime(editTime)))
		for _, table := range pathTables {
			lba := table.order.Uint32(d[table.field:])
			if lba == 0 {
				continue
			}
			want := packPathTable(edit.listDirectories(), table.order)
			got := raw[int(lba)*sectorSize:][:len(want)]
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("path table of field %d (-want +got):\n%s", table.field, diff)
			}
		}
	}
}

func checkLinks(t *testing.T, d, parent *directory) {
	t.Helper()
	if d.self.extent() != d.extent || d.parent.extent() != parent.extent {
		t.Errorf("directory %q at %+v says self %+v, parent %+v (want %+v)", d.id, d.extent, d.self.extent(), d.parent.extent(), parent.extent)
	}
	for _, e := range d.entries {
		if e.dir != nil {
			checkLinks(t, e.dir, d)
		}
	}
}

// TestEditFillsSectorsExactly makes directories whose records end with a
// sector.
func TestEditFillsSectorsExactly(t *testing.T) {
	t.Parallel()
	// 34 bytes each for itself and its parent, and 33+9 for each file of nine
	// characters: 68 + 45*44 = 2048.
	files := make(map[string]string)
	for i := range 45 {
		files[fmt.Sprintf("F%05d.X", i)] = fmt.Sprint(i)
	}
	raw := blank{version: ";1"}.with(t, files)
	base := openBytes(t, raw)
	if packed := len(packRecords(base.trees[0].root.records())); packed != sectorSize {
		t.Fatalf("root directory has %d bytes, want it to fill its sector", packed)
	}
	if base.trees[0].root.extent.lba != blankRoots {
		t.Error("root directory has moved, though it fits")
	}
	e := base.Edit(editTime)
	must(t, e.Put("G.X", []byte("one too many")))
	files["G.X"] = "one too many"
	moved := imageBytes(t, finish(t, e))
	if diff := cmp.Diff(files, contents(t, openBytes(t, moved))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	checkStructure(t, moved)
}

func TestEditReplacesMultiExtentFile(t *testing.T) {
	t.Parallel()
	stamp := recordTime(editTime)
	part := func(lba, length uint32, flags byte) record {
		fields := rockRidgeTree().fields("big.img", modeFile, 0, stamp)
		r, err := newRecord("BIG.IMG;1", extentRef{lba, length}, flags, stamp, fields)
		must(t, err)
		return r
	}
	raw := blank{susp: rockRidgeTree(), version: ";1", extra: []record{
		part(blankBIOS, 2*sectorSize, flagMultiExtent), part(blankPrimary, 100, flagMultiExtent), part(blankCatalogue, 64, 0),
	}}.build(t)
	base := openBytes(t, raw)
	want := string(raw[blankBIOS*sectorSize:(blankBIOS+2)*sectorSize]) +
		string(raw[blankPrimary*sectorSize:][:100]) + string(raw[blankCatalogue*sectorSize:][:64])
	if diff := cmp.Diff(map[string]string{"big.img": want}, contents(t, base)); diff != "" {
		t.Fatalf("base (-want +got):\n%s", diff)
	}
	e := base.Edit(editTime)
	must(t, e.Put("big.img", []byte("small")))
	got := openBytes(t, imageBytes(t, finish(t, e)))
	if diff := cmp.Diff(map[string]string{"big.img": "small"}, contents(t, got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := len(got.trees[0].root.entries[0].records); n != 1 {
		t.Errorf("file has %d records, want 1", n)
	}
}

func TestEditMeetingNames(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"a b": "1", "a+b": "2", "a_b": "3", "A-b": "4",
		strings.Repeat("long", 15) + ".conf.d":   "5",
		strings.Repeat("long", 15) + ".conf.dd":  "6",
		strings.Repeat("long", 15) + "x.conf.dd": "7",
		"grüße.txt":                              "8",
	}
	raw := blank{susp: rockRidgeTree(), version: ";1", joliet: true}.with(t, files)
	all := trees(t, raw)
	if diff := cmp.Diff(files, all[0]); diff != "" {
		t.Errorf("Rock Ridge (-want +got):\n%s", diff)
	}
	if len(all[1]) != len(files) {
		t.Errorf("Joliet has %d files, want %d", len(all[1]), len(files))
	}
	ids := make(map[string]bool)
	for _, e := range openBytes(t, raw).trees[0].root.entries {
		ids[e.id()] = true
	}
	if len(ids) != len(files) {
		t.Errorf("%d identifiers for %d files", len(ids), len(files))
	}
}

func TestEditRefuses(t *testing.T) {
	t.Parallel()
	base := openBytes(t, rhelLike(t).with(t, vendorFiles()))
	keep := func(old []byte) ([]byte, error) { return old, nil }
	errEdit := errors.New("no such entry")
	tests := map[string]struct {
		err  error
		want string
		kind error
	}{
		"empty path":        {base.Edit(editTime).Put("/", nil), "names no file", nil},
		"root by dots":      {base.Edit(editTime).Put("a/..", nil), "names no file", nil},
		"NUL":               {base.Edit(editTime).Put("a\x00", nil), "UTF-8", nil},
		"too deep":          {base.Edit(editTime).Put(strings.Repeat("a/", 40), nil), "levels", nil},
		"put directory":     {base.Edit(editTime).Put("EFI/BOOT", nil), "is a directory", nil},
		"put below file":    {base.Edit(editTime).Put("media.repo/x", nil), "is not a directory", nil},
		"remove directory":  {base.Edit(editTime).Remove("EFI"), "is a directory", nil},
		"remove nothing":    {base.Edit(editTime).Remove("nothing"), "does not exist", fs.ErrNotExist},
		"patch nothing":     {base.Edit(editTime).Patch("nothing", keep), "does not exist", fs.ErrNotExist},
		"edit fails":        {base.Edit(editTime).Patch("media.repo", func([]byte) ([]byte, error) { return nil, errEdit }), "media.repo", errEdit},
		"no platform":       {base.Edit(editTime).SetBootImage("0x02", []byte("x")), "no such entry", ErrNotBootable},
		"empty boot image":  {base.Edit(editTime).SetBootImage(PlatformUEFI, nil), "empty", nil},
		"patch ESP nothing": {base.Edit(editTime).PatchESP("EFI/BOOT/none.cfg", keep), "EFI/BOOT/none.cfg", fs.ErrNotExist},
		"patch ESP dir":     {base.Edit(editTime).PatchESP("EFI/BOOT", keep), "a file is wanted", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.err == nil || !strings.Contains(test.err.Error(), test.want) || !errors.Is(test.err, test.kind) && test.kind != nil {
				t.Errorf("error is %v, want one that says %q", test.err, test.want)
			}
		})
	}
}

// TestEditSeesItsOwnChanges mixes changes to the same paths.
func TestEditSeesItsOwnChanges(t *testing.T) {
	t.Parallel()
	base := openBytes(t, rhelLike(t).with(t, vendorFiles()))
	e := base.Edit(editTime)
	data := []byte("one")
	must(t, e.Put("new", data))
	data[0] = 'X'
	must(t, e.Patch("new", func(old []byte) ([]byte, error) { return append(old, " two"...), nil }))
	first := finish(t, e)
	must(t, e.Put("brief", nil))
	must(t, e.Remove("brief"))
	must(t, e.Remove("media.repo"))
	if err := e.Remove("media.repo"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("second removal: %v, want ErrNotExist", err)
	}
	if err := e.Patch("media.repo", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("patch of a removed file: %v, want ErrNotExist", err)
	}
	must(t, e.Put("media.repo", []byte("back")))
	got := contents(t, openBytes(t, imageBytes(t, finish(t, e))))
	want := vendorFiles()
	want["new"], want["media.repo"] = "one two", "back"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	before := maps.Clone(vendorFiles())
	before["new"] = "one two"
	if diff := cmp.Diff(before, contents(t, openBytes(t, imageBytes(t, first)))); diff != "" {
		t.Errorf("image changed with its editor (-want +got):\n%s", diff)
	}
}

func TestEditClearsMediaMD5(t *testing.T) {
	t.Parallel()
	raw := rhelLike(t).build(t)
	base := openBytes(t, raw)
	if !base.Info().MediaChecksum {
		t.Fatal("base has no checksum")
	}
	e := base.Edit(editTime)
	e.ClearMediaMD5()
	img := finish(t, e)
	if got := openBytes(t, imageBytes(t, img)); got.Info().MediaChecksum {
		t.Error("the checksum is still there")
	}
	if img.Stored() != sectorSize {
		t.Errorf("%d bytes are stored, want one sector", img.Stored())
	}
}

// TestEditKeepsRelocatedDirectories has a directory that Rock Ridge relocation
// refers to by its place.
func TestEditKeepsRelocatedDirectories(t *testing.T) {
	t.Parallel()
	layout := blank{susp: rockRidgeTree()}
	stamp := recordTime(editTime)
	fields := append(layout.susp.fields("deep", modeFile, 0, stamp), 'C', 'L', 12, 1, 25, 0, 0, 0, 0, 0, 0, 25)
	link, err := newRecord("DEEP", extentRef{}, 0, stamp, fields)
	must(t, err)
	layout.extra = []record{link}
	base := openBytes(t, layout.build(t))
	fits := base.Edit(editTime)
	must(t, fits.Put("ks.cfg", []byte("x")))
	finish(t, fits)
	e := base.Edit(editTime)
	for i := range 40 {
		must(t, e.Put(fmt.Sprint("file", i), nil))
	}
	if _, err := e.Image(); err == nil || !strings.Contains(err.Error(), "relocation") {
		t.Errorf("error is %v, want one that names relocation", err)
	}
	if err := e.Put("deep", nil); err == nil || !strings.Contains(err.Error(), "moved elsewhere") {
		t.Errorf("put over a relocated directory: %v", err)
	}
}

// TestEditFindsAliases changes files that a tree without long names knows by
// other ones.
func TestEditFindsAliases(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"my answers-file.cfg":             "1",
		"my+answers-file.cfg":             "2",
		"boot dir/auto-install.xml":       "3",
		strings.Repeat("long", 20) + ".x": "4",
	}
	for name, layout := range map[string]blank{
		"plain primary tree": {joliet: true, version: ";1"},
		"short Joliet names": {joliet: true, susp: rockRidgeTree()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := openBytes(t, layout.with(t, files))
			e := base.Edit(editTime)
			want := make(map[string]string)
			for name, content := range contents(t, base) {
				want[name] = "new " + content
				must(t, e.Put(name, []byte(want[name])))
			}
			must(t, e.Put("new/file", []byte("5")))
			want["new/file"] = "5"
			raw := imageBytes(t, finish(t, e))
			if diff := cmp.Diff(want, contents(t, openBytes(t, raw))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for i, tree := range trees(t, raw) {
				if len(tree) != len(want) {
					t.Errorf("tree %d has %d files, want %d: %v", i, len(tree), len(want), tree)
				}
				for name, content := range tree {
					if content != "5" && !strings.HasPrefix(content, "new ") {
						t.Errorf("tree %d still has %s as %q", i, name, content)
					}
				}
			}
		})
	}
}

// TestEditByManyAtOnce edits one base for several servers at the same time.
func TestEditByManyAtOnce(t *testing.T) {
	t.Parallel()
	base := openBytes(t, rhelLike(t).with(t, vendorFiles()))
	const servers = 8
	tags := make(chan string, servers)
	for range servers {
		go func() {
			e := base.Edit(editTime)
			if err := e.Put("ks.cfg", []byte("cmdline")); err != nil {
				tags <- err.Error()
				return
			}
			img, err := e.Image()
			if err != nil {
				tags <- err.Error()
				return
			}
			tags <- img.ETag()
		}()
	}
	e := base.Edit(editTime)
	must(t, e.Put("ks.cfg", []byte("cmdline")))
	want := finish(t, e).ETag()
	for range servers {
		if got := <-tags; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestPathTableOverflow has one directory more than a path table can number.
func TestPathTableOverflow(t *testing.T) {
	t.Parallel()
	base := openBytes(t, blank{}.build(t))
	edit := newTreeEdit(base.trees[0], newBuild(base, recordTime(editTime)))
	root := edit.ownRoot()
	for i := range 1 << 16 {
		root.entries = append(root.entries, entry{dir: &directory{id: fmt.Sprint(i)}})
	}
	if err := edit.writePathTables(); err == nil || !strings.Contains(err.Error(), "path table") {
		t.Errorf("error is %v, want one that names the path table", err)
	}
}
