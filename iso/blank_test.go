package iso

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"testing"
	"time"
)

var editTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// blank describes an image with nothing in its root directory. Files are put
// into it by an edit, whose result is then opened as a base of its own.
type blank struct {
	susp       susp
	joliet     bool
	version    string
	esp        []byte
	partitions bool
	checksum   bool
	// extra are records of the primary root directory, in order.
	extra []record
	// big, if not 0, is the first sector of a file of bigFile zeros, in two
	// extents; it is for the caller to make the image that long.
	big uint32
	// reserve is the length of the root directories in sectors, 1 if 0.
	reserve int
}

// Where a blank image has its parts, in sectors.
const (
	blankPrimary   = 16
	blankBoot      = 17
	blankJoliet    = 18
	blankEnd       = 19
	blankCatalogue = 20
	blankTables    = 21 // L and M, of the primary tree and of Joliet's
	blankBIOS      = 25
	blankRoots     = 32
)

func rockRidgeTree() susp { return susp{present: true, attributes: 36} }

// rhelLike has all that a vendor's hybrid has.
func rhelLike(tb testing.TB) blank {
	tb.Helper()
	return blank{
		susp: rockRidgeTree(), joliet: true, version: ";1", partitions: true, checksum: true,
		esp: makeFAT(tb, 16, map[string]string{"EFI/BOOT/GRUB.CFG": "set timeout=60\n"}),
	}
}

func (o blank) build(tb testing.TB) []byte {
	tb.Helper()
	rootSectors := max(o.reserve, 1)
	espAt := blankRoots + 2*rootSectors
	sectors := espAt + len(o.esp)/sectorSize + 8
	img := make([]byte, sectors*sectorSize)
	at := func(lba int) []byte { return img[lba*sectorSize:] }

	o.tree(tb, img, blankPrimary, blankTables, blankRoots, rootSectors, false)
	copy(at(blankBoot), "\x00CD001\x01EL TORITO SPECIFICATION")
	binary.LittleEndian.PutUint32(at(blankBoot)[71:], blankCatalogue)
	copy(at(blankEnd), "\xffCD001\x01")
	if o.joliet {
		o.tree(tb, img, blankJoliet, blankTables+2, blankRoots+rootSectors, rootSectors, true)
	} else {
		copy(at(blankJoliet), "\xffCD001\x01")
	}
	catalogue := at(blankCatalogue)
	copy(catalogue, []byte{validationID, 0})
	binary.LittleEndian.PutUint16(catalogue[28:], 0x55aa)
	catalogue[30], catalogue[31] = 0x55, 0xaa
	catalogueEntryAt(catalogue[32:], blankBIOS)
	if o.esp != nil {
		copy(at(espAt), o.esp)
		copy(catalogue[64:], []byte{lastSectionID, platformUEFIRaw, 1, 0})
		catalogueEntryAt(catalogue[96:], espAt)
	}
	if o.checksum {
		copy(at(blankPrimary)[applicationUseAt:], "ISO MD5SUM = 0123456789abcdef0123456789abcdef;SKIPSECTORS = 15;")
	}
	if o.partitions {
		partitionImage(img)
	}
	return img
}

func catalogueEntryAt(raw []byte, lba int) {
	raw[0], raw[6] = bootableID, 4
	binary.LittleEndian.PutUint32(raw[8:], uint32(lba))
}

// tree writes a descriptor, its path tables and an empty root directory.
func (o blank) tree(tb testing.TB, img []byte, descriptor, tables, root, rootSectors int, joliet bool) {
	tb.Helper()
	d := img[descriptor*sectorSize:]
	copy(d, "\x01CD001\x01")
	label := "VENDOR_LINUX_9"
	if joliet {
		d[0] = descriptorSupplementary
		copy(d[88:], "%/E")
		label = jolietID(label, "", 0)
	}
	copy(d[40:72], label+"                                ")
	putBoth32(d[80:], uint32(len(img)/sectorSize))
	putBoth16(d[120:], 1)
	putBoth16(d[124:], 1)
	putBoth16(d[128:], sectorSize)
	d[881] = 1
	stamp := recordTime(editTime)
	extent := extentRef{lba: uint32(root), length: uint32(rootSectors * sectorSize)}
	head, err := newRecord(selfID, extent, flagDirectory, stamp, nil)
	must(tb, err)
	copy(d[156:], head)

	self, parent := []byte(nil), []byte(nil)
	if !joliet && o.susp.present {
		plain := susp{present: true, attributes: o.susp.attributes}
		self = append([]byte{'S', 'P', 7, 1, 0xbe, 0xef, byte(o.susp.skip)}, plain.fields("", modeDirectory, 0, stamp)...)
		self = append(self, "ER\x12\x01\x0a\x00\x00\x01RRIP_1991A"...)
		parent = o.susp.fields("", modeDirectory, 0, stamp)
	}
	first, err := newRecord(selfID, extent, flagDirectory, stamp, self)
	must(tb, err)
	second, err := newRecord(parentID, extent, flagDirectory, stamp, parent)
	must(tb, err)
	records := []record{first, second}
	if !joliet {
		records = append(records, o.extra...)
	}
	if o.big > 0 {
		records = append(records, o.bigRecords(tb, joliet)...)
	}
	copy(img[root*sectorSize:], packRecords(records))
	entries := []pathTableEntry{{dir: &directory{id: selfID, extent: extent}, parent: 1}}
	for i, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		table := packPathTable(entries, order)
		putBoth32(d[pathTableSizeAt:], uint32(len(table)))
		order.PutUint32(d[140+8*i:], uint32(tables+i))
		copy(img[(tables+i)*sectorSize:], table)
	}
}

func (o blank) bigRecords(tb testing.TB, joliet bool) []record {
	tb.Helper()
	const first = 1<<32 - sectorSize // the most that one extent of whole sectors takes
	id, fields := "INSTALL.IMG;1", o.susp.fields("install.img", modeFile, 0, recordTime(editTime))
	if joliet {
		id, fields = jolietID("install.img", ";1", 0), nil
	}
	one, err := newRecord(id, extentRef{o.big, first}, flagMultiExtent, recordTime(editTime), fields)
	must(tb, err)
	two, err := newRecord(id, extentRef{o.big + first/sectorSize, bigFile - first}, 0, recordTime(editTime), fields)
	must(tb, err)
	return []record{one, two}
}

// partitionImage adds isohybrid's MBR and a GPT of 128 entries at its front.
func partitionImage(img []byte) {
	e := img[mbrEntriesAt:]
	e[4] = 0x17
	binary.LittleEndian.PutUint32(e[12:], uint32(len(img)/blockSize))
	img[mbrSignatureAt], img[mbrSignatureAt+1] = 0x55, 0xaa
	header := img[gptHeaderAt : gptHeaderAt+blockSize]
	copy(header, "EFI PART\x00\x00\x01\x00")
	binary.LittleEndian.PutUint32(header[12:], gptHeaderSize)
	binary.LittleEndian.PutUint64(header[24:], 1)
	binary.LittleEndian.PutUint64(header[32:], uint64(len(img)/blockSize-1))
	binary.LittleEndian.PutUint64(header[72:], 2)
	binary.LittleEndian.PutUint32(header[80:], 128)
	binary.LittleEndian.PutUint32(header[84:], 16*8)
	table := img[2*blockSize : 2*blockSize+128*128]
	copy(table, "a partition's type")
	binary.LittleEndian.PutUint32(header[88:], crc32.ChecksumIEEE(table))
	gpt{header: header}.seal()
}

// with returns the image as a vendor's tool would have made it, with files.
func (o blank) with(tb testing.TB, files map[string]string) []byte {
	tb.Helper()
	e := openBytes(tb, o.build(tb)).Edit(editTime.AddDate(-1, 0, 0))
	for name, content := range files {
		must(tb, e.Put(name, []byte(content)))
	}
	e.base.trees[0].version = o.version
	if o.joliet {
		e.base.trees[1].version = o.version
	}
	return imageBytes(tb, finish(tb, e))
}

func openBytes(tb testing.TB, raw []byte) *Base {
	tb.Helper()
	base, err := Open(bytes.NewReader(raw), int64(len(raw)))
	must(tb, err)
	return base
}

func finish(tb testing.TB, e *Editor) *Image {
	tb.Helper()
	img, err := e.Image()
	must(tb, err)
	return img
}

func imageBytes(tb testing.TB, img *Image) []byte {
	tb.Helper()
	var out bytes.Buffer
	_, err := img.WriteTo(&out)
	must(tb, err)
	return out.Bytes()
}

// contents reads every file of an image.
func contents(tb testing.TB, base *Base) map[string]string {
	tb.Helper()
	files := make(map[string]string)
	for file := range base.Walk() {
		if file.Dir {
			continue
		}
		r, err := base.Open(file.Path)
		must(tb, err)
		content, err := io.ReadAll(r)
		must(tb, err)
		files[file.Path] = string(content)
	}
	return files
}

// trees returns the files of each tree on its own, by the names it has.
func trees(tb testing.TB, raw []byte) []map[string]string {
	tb.Helper()
	base := openBytes(tb, raw)
	var all []map[string]string
	for _, t := range base.trees {
		all = append(all, contents(tb, &Base{img: base.img, trees: []*tree{t}}))
	}
	return all
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// makeFAT makes a FAT volume with directories and files of short names.
func makeFAT(tb testing.TB, bits int, files map[string]string) []byte {
	tb.Helper()
	clusters := map[int]int{12: 1000, 16: 4500, 32: 66000}[bits]
	tableSectors := ((clusters+2)*bits/8 + blockSize) / blockSize
	roots := 32
	if bits == 32 {
		roots = 0
	}
	const reserved = 4
	sectors := reserved + 2*tableSectors + roots*fatEntry/blockSize + clusters
	sectors = (sectors + 3) / 4 * 4
	img := make([]byte, sectors*blockSize)
	copy(img, "\xeb\x3c\x90MSDOS5.0")
	binary.LittleEndian.PutUint16(img[11:], blockSize)
	img[13], img[14], img[16], img[21] = 1, reserved, 2, 0xf8
	binary.LittleEndian.PutUint16(img[17:], uint16(roots))
	binary.LittleEndian.PutUint32(img[32:], uint32(reserved+2*tableSectors+roots*fatEntry/blockSize+clusters))
	img[510], img[511] = 0x55, 0xaa
	binary.LittleEndian.PutUint16(img[22:], uint16(tableSectors))
	if bits == 32 {
		binary.LittleEndian.PutUint16(img[22:], 0)
		binary.LittleEndian.PutUint32(img[36:], uint32(tableSectors))
		binary.LittleEndian.PutUint32(img[44:], 2)
		binary.LittleEndian.PutUint16(img[48:], 1)
		binary.LittleEndian.PutUint32(img[blockSize:], 0x41615252)
		binary.LittleEndian.PutUint32(img[blockSize+484:], 0x61417272)
		binary.LittleEndian.PutUint32(img[blockSize+488:], uint32(clusters))
		binary.LittleEndian.PutUint32(img[blockSize+508:], 0xaa550000)
	}
	fillFAT(tb, img, files)
	return img
}

// fillFAT adds files, and directories of one cluster.
func fillFAT(tb testing.TB, img []byte, files map[string]string) {
	tb.Helper()
	b := newBuild(&Base{img: image{r: bytes.NewReader(img), size: int64(len(img))}}, recordTime(editTime))
	f, err := openFAT(b, 0, int64(len(img)))
	must(tb, err)
	f.setNext(0, f.endOfChain()-7)
	f.setNext(1, f.endOfChain())
	if f.bits == 32 {
		_, err := f.resize(nil, 1)
		must(tb, err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		parts, err := splitPath(name)
		must(tb, err)
		var at fatFile
		for i, part := range parts {
			next, err := f.findIn(at, part)
			if err != nil {
				next = addFATEntry(tb, f, at, part, i < len(parts)-1)
			}
			at = next
		}
		must(tb, f.write(at, []byte(files[name])))
	}
	must(tb, f.flush())
	for lba, sector := range b.sectors {
		copy(img[int(lba)*sectorSize:], sector)
	}
}

func addFATEntry(tb testing.TB, f *fat, d fatFile, name string, directory bool) fatFile {
	tb.Helper()
	raw, place, err := f.readDirectory(d)
	must(tb, err)
	at := 0
	for raw[at] != 0 {
		at += fatEntry
	}
	e := fatFile{raw: make([]byte, fatEntry), at: place(at)}
	stem, extension, _ := bytes.Cut([]byte(name), []byte("."))
	copy(e.raw, "           ")
	copy(e.raw[:8], stem)
	copy(e.raw[8:11], extension)
	if directory {
		chain, err := f.resize(nil, 1)
		must(tb, err)
		e.raw[fatAttributesAt] = fatDirectoryFlag
		binary.LittleEndian.PutUint16(e.raw[fatFirstLowAt:], uint16(chain[0]))
		dots := make([]byte, 2*fatEntry)
		copy(dots, ".          \x10")
		copy(dots[fatEntry:], "..         \x10")
		binary.LittleEndian.PutUint16(dots[fatFirstLowAt:], uint16(chain[0]))
		if d.raw != nil {
			binary.LittleEndian.PutUint16(dots[fatEntry+fatFirstLowAt:], uint16(d.first(f.bits)))
		}
		must(tb, f.b.overwrite(dots, f.offset(chain[0])))
	}
	must(tb, f.b.overwrite(e.raw, e.at))
	return e
}
