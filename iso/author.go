package iso

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Where an authored volume has its parts, in sectors. The tables of a tree are
// one in each byte order.
const (
	authorPrimary       = firstDescriptor
	authorSupplementary = firstDescriptor + 1
	authorTerminator    = firstDescriptor + 2
	authorTables        = firstDescriptor + 3
	authorRoots         = authorTables + 4
	authorSectors       = authorRoots + 2
)

// maxAuthored is the most that one authored image may hold, in bytes: it is kept
// in memory.
const maxAuthored = 64 << 20

// Author writes a new volume of files and directories, with Rock Ridge names for
// Linux, Joliet names for Windows, and path tables, which Windows' CD file system
// looks every directory up in. [Seed] is for the flat volumes that Linux
// installers look for; the library behind it writes neither Joliet nor path
// tables, and changes names such as $OEM$.
//
// The volume is not bootable. The same label, time and files give the same
// bytes, in whatever order they were added. An Author is for one goroutine.
type Author struct {
	// Label is the volume's name: 1 to 32 of A-Z, 0-9 and _. Joliet has room for
	// its first 16 characters, which Windows shows.
	Label string
	// Time is what the volume and its files are dated. The zero time is 1 January
	// 1900, the earliest there is.
	Time time.Time

	files []authoredFile
	bytes int
}

type authoredFile struct {
	path string
	data []byte
}

// Add puts a file onto the volume and makes the directories it is in. Paths use
// slashes; a name has at most 64 characters, since Joliet has room for no more,
// and no two may differ by case alone, which Windows could not tell apart.
func (a *Author) Add(path string, data []byte) error {
	parts, err := splitPath(path)
	if err != nil {
		return fmt.Errorf("add file: %w", err)
	}
	for _, part := range parts {
		if err := checkAuthoredName(part); err != nil {
			return fmt.Errorf("add file %s: %w", path, err)
		}
	}
	clean := strings.Join(parts, "/")
	for _, file := range a.files {
		if err := clash(file.path, clean); err != nil {
			return fmt.Errorf("add file %s: %w", path, err)
		}
	}
	if a.bytes += len(data); a.bytes > maxAuthored {
		return fmt.Errorf("add file %s: the files have more than %d bytes together", path, maxAuthored)
	}
	a.files = append(a.files, authoredFile{clean, bytes.Clone(data)})
	return nil
}

// checkAuthoredName refuses what would come out as another name on one of the
// trees.
func checkAuthoredName(name string) error {
	if id := jolietID(name, "", 0); jolietName(id) != name || utf8.RuneCountInString(name) > maxJolietName {
		return fmt.Errorf("name %q: want at most %d characters, none of them * : ; ? \\ or a control character", name, maxJolietName)
	}
	return nil
}

// clash says why two files cannot be on one volume. Directories may be shared,
// if they are spelled alike.
func clash(old, added string) error {
	oldParts, addedParts := strings.Split(old, "/"), strings.Split(added, "/")
	shared := min(len(oldParts), len(addedParts))
	for i := range shared {
		if !strings.EqualFold(oldParts[i], addedParts[i]) {
			return nil
		}
		if oldParts[i] != addedParts[i] {
			return fmt.Errorf("%s is there already and differs by case alone", old)
		}
	}
	if len(oldParts) == len(addedParts) {
		return errors.New("it is there already")
	}
	return fmt.Errorf("%s is there already: one of them would be a file and a directory", old)
}

// Image returns the volume. The Author may go on being used; the Image does not
// change with it.
func (a *Author) Image() (*Image, error) {
	if len(a.Label) > maxSeedLabel || !seedLabel.MatchString(a.Label) {
		return nil, fmt.Errorf("author image: label %q: want 1 to %d of A-Z, 0-9 and _", a.Label, maxSeedLabel)
	}
	empty, err := a.empty()
	if err != nil {
		return nil, fmt.Errorf("author image %s: %w", a.Label, err)
	}
	base, err := Open(bytes.NewReader(empty), int64(len(empty)))
	if err != nil {
		return nil, fmt.Errorf("author image %s: %w", a.Label, err)
	}
	base.trees[0].version = ";1" // in Joliet's tree the usual tools leave it out
	e := base.Edit(a.Time)
	for _, file := range a.files {
		if err := e.Put(file.path, file.data); err != nil {
			return nil, fmt.Errorf("author image %s: %w", a.Label, err)
		}
	}
	return e.Image()
}

// empty is the volume without a file; all others are edits of it.
func (a *Author) empty() ([]byte, error) {
	raw := make([]byte, authorSectors*sectorSize)
	copy(raw[authorTerminator*sectorSize:], "\xffCD001\x01")
	for _, t := range []authoredTree{
		{descriptor: authorPrimary, tables: authorTables, root: authorRoots, susp: susp{present: true, attributes: 36}},
		{descriptor: authorSupplementary, tables: authorTables + 2, root: authorRoots + 1, joliet: true},
	} {
		t.label, t.time = a.Label, a.Time
		if err := t.write(raw); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

// authoredTree is one tree of a volume without files.
type authoredTree struct {
	label  string
	time   time.Time
	joliet bool
	susp   susp
	// The first sectors of its parts.
	descriptor, tables, root int
}

func (t authoredTree) write(raw []byte) error {
	extent := extentRef{lba: uint32(t.root), length: sectorSize}
	stamp := recordTime(t.time)
	self, err := newRecord(selfID, extent, flagDirectory, stamp, t.rootFields(stamp))
	if err != nil {
		return err
	}
	parent, err := newRecord(parentID, extent, flagDirectory, stamp, t.susp.fields("", modeDirectory, 0, stamp))
	if err != nil {
		return err
	}
	copy(raw[t.root*sectorSize:], packRecords([]record{self, parent}))

	d := raw[t.descriptor*sectorSize : (t.descriptor+1)*sectorSize]
	t.describe(d)
	head, err := newRecord(selfID, extent, flagDirectory, stamp, nil)
	if err != nil {
		return err
	}
	copy(d[156:], head)
	root := []pathTableEntry{{dir: &directory{id: selfID, extent: extent}, parent: 1}}
	at := t.tables
	for _, table := range pathTables {
		if table.optional {
			continue
		}
		packed := packPathTable(root, table.order)
		copy(raw[at*sectorSize:], packed)
		table.order.PutUint32(d[table.field:], uint32(at))
		putBoth32(d[pathTableSizeAt:], uint32(len(packed)))
		at++
	}
	return nil
}

// descriptorTexts are where the text fields of a descriptor begin and end:
// system, volume, volume set, publisher, preparer, application, and the files
// with copyright, abstract and bibliography.
var descriptorTexts = [][2]int{
	{8, 40}, {40, 72}, {190, 318}, {318, 446}, {446, 574}, {574, 702}, {702, 739}, {739, 776}, {776, 813},
}

// describe fills a volume descriptor in, but for what says where things are
// (ECMA-119 8.4 and 8.5). Text that is not given is spaces.
func (t authoredTree) describe(d []byte) {
	const labelAt, datesAt, structureAt = 40, 813, 881
	d[0], d[6], d[structureAt] = descriptorPrimary, 1, 1
	copy(d[1:], "CD001")
	label := []byte(t.label)
	space := []byte(" ")
	if t.joliet {
		d[0] = descriptorSupplementary
		copy(d[88:], "%/E")
		label, space = []byte(jolietID(t.label, "", 0)), []byte("\x00 ")
	}
	for _, text := range descriptorTexts {
		fill(d[text[0]:text[1]], space)
	}
	copy(d[labelAt:labelAt+32], label)
	putBoth32(d[80:], authorSectors)
	putBoth16(d[120:], 1)
	putBoth16(d[124:], 1)
	putBoth16(d[128:], sectorSize)
	copy(d[datesAt:], slices.Concat(volumeDate(t.time), volumeDate(t.time), unspecifiedDate(), unspecifiedDate()))
}

func fill(field, with []byte) {
	copy(field, bytes.Repeat(with, len(field)/len(with)))
}

// rootFields open the System Use Sharing Protocol and name Rock Ridge (SUSP 5.3
// and 5.5).
func (t authoredTree) rootFields(stamp [stampLength]byte) []byte {
	if !t.susp.present {
		return nil
	}
	const extension = "RRIP_1991A"
	return slices.Concat(
		[]byte{'S', 'P', 7, 1, 0xbe, 0xef, 0},
		t.susp.fields("", modeDirectory, 0, stamp),
		[]byte{'E', 'R', byte(8 + len(extension)), 1, byte(len(extension)), 0, 0, 1},
		[]byte(extension),
	)
}

// volumeDate is the 17-byte date of ECMA-119 8.4.26.1, in UTC.
func volumeDate(t time.Time) []byte {
	if t.Year() < 1900 {
		t = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return append([]byte(t.UTC().Format("20060102150405")+"00"), 0)
}

func unspecifiedDate() []byte { return append(bytes.Repeat([]byte("0"), 16), 0) }
