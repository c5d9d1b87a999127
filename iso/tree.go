package iso

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Limits of a tree. The largest vendor images stay far below them; an image
// made to exhaust memory does not get past them.
const (
	maxDirectories    = 20_000
	maxDirectoryBytes = 32 << 20
	maxEntries        = 300_000
	maxTreeDepth      = 64
	maxFieldBytes     = 128 << 20 // read from continuation areas
)

// tree is one of an image's hierarchies: the primary one, or Joliet's.
type tree struct {
	descriptor uint32 // sector of its volume descriptor
	joliet     bool
	susp       susp
	version    string // ";1" if its files' identifiers end so
	root       *directory
}

// directory is one directory of a tree. Those of a Base are never changed: an
// edit works on copies.
type directory struct {
	id         string
	extent     extentRef
	self       record
	parent     record
	entries    []entry
	relocation bool // Rock Ridge relocation refers to its place
	ownsFields bool // a continuation area lies inside its extent
	own        bool // a copy that belongs to an edit
	dirty      bool // its records have changed
	moved      bool // its extent has changed
	isNew      bool // it is none of the base's
}

// entry is a file or directory with all its records: more than one where a file
// has several extents.
type entry struct {
	name    string // as readers show it; "": no path leads to it
	records []record
	dir     *directory // nil for a file
	rock    rockRidge
}

func (e entry) id() string { return e.records[0].id() }

// extents are the parts of a file, in order.
func (e entry) extents() []extentRef {
	parts := make([]extentRef, 0, len(e.records))
	for _, r := range e.records {
		parts = append(parts, r.extent())
	}
	return parts
}

func (e entry) size() int64 {
	var size int64
	for _, part := range e.extents() {
		size += int64(part.length)
	}
	return size
}

// foldsCase says that readers of the tree look names up without regard to case.
func (t *tree) foldsCase() bool { return t.joliet || !t.susp.present }

func (t *tree) sameName(a, b string) bool {
	if t.foldsCase() {
		return strings.EqualFold(a, b)
	}
	return a == b
}

// find returns the index of an entry, or -1.
func (t *tree) find(d *directory, name string) int {
	return slices.IndexFunc(d.entries, func(e entry) bool { return e.name != "" && t.sameName(e.name, name) })
}

// findAlias finds what the base has by another name, since the tree cannot hold
// the one it is known by elsewhere. is tells it from others that share the alias.
func (t *tree) findAlias(d *directory, name string, is func(entry) bool) int {
	alias := t.alias(name)
	if alias == name {
		return -1
	}
	return slices.IndexFunc(d.entries, func(e entry) bool {
		return e.name != "" && strings.EqualFold(e.name, alias) && is(e)
	})
}

func (t *tree) alias(name string) string {
	switch {
	case t.joliet:
		return jolietName(jolietID(name, "", 0))
	case t.susp.present:
		return name
	}
	return plainName(primaryID(name, "", false, 0))
}

// treeReader reads the directories of one tree within the limits.
type treeReader struct {
	img         image
	tree        *tree
	seen        map[uint32]bool
	bytes       int64
	entries     int
	fieldBytes  int64
	fingerprint func(sector []byte)
}

func (r *treeReader) read(root extentRef) error {
	first, err := r.img.sector(root.lba)
	if err != nil {
		return fmt.Errorf("root directory: %w", err)
	}
	records, err := splitRecords(first)
	if err != nil || len(records) == 0 {
		return errors.Join(errors.New("root directory has no record of itself"), err)
	}
	if !r.tree.joliet {
		r.tree.susp = detectSUSP(records[0])
	}
	r.tree.root, err = r.directory(selfID, root, 0)
	return err
}

func (r *treeReader) directory(id string, at extentRef, depth int) (*directory, error) {
	if err := r.admit(at, depth); err != nil {
		return nil, err
	}
	raw, err := r.img.extent(at.lba, at.length, maxDirectoryBytes)
	if err != nil {
		return nil, err
	}
	r.fingerprint(raw)
	records, err := splitRecords(raw)
	if err != nil {
		return nil, fmt.Errorf("directory at sector %d: %w", at.lba, err)
	}
	if len(records) < 2 || records[0].id() != selfID || records[1].id() != parentID {
		return nil, fmt.Errorf("directory at sector %d does not begin with itself and its parent", at.lba)
	}
	d := &directory{id: id, extent: at, self: records[0], parent: records[1]}
	if err := r.head(d); err != nil {
		return nil, fmt.Errorf("directory at sector %d: %w", at.lba, err)
	}
	return d, r.fill(d, records[2:], depth)
}

// admit holds a directory against the limits.
func (r *treeReader) admit(at extentRef, depth int) error {
	r.bytes += int64(at.length)
	switch {
	case r.seen[at.lba]:
		return fmt.Errorf("directory at sector %d is there twice", at.lba)
	case len(r.seen) == maxDirectories, r.bytes > maxDirectoryBytes:
		return fmt.Errorf("more than %d directories or %d bytes of them", maxDirectories, maxDirectoryBytes)
	case depth > maxTreeDepth:
		return fmt.Errorf("directories nest more than %d deep", maxTreeDepth)
	}
	r.seen[at.lba] = true
	return nil
}

// head reads the two records that stand for the directory and its parent.
func (r *treeReader) head(d *directory) error {
	for _, rec := range []record{d.self, d.parent} {
		rock, err := r.rockRidge(rec)
		if err != nil {
			return err
		}
		d.note(rock)
	}
	return nil
}

// rockRidge reads a record's fields and counts what that took: many records may
// lead to the same long area.
func (r *treeReader) rockRidge(rec record) (rockRidge, error) {
	rock, err := r.tree.susp.read(r.img, rec)
	if err != nil {
		return rock, err
	}
	for _, area := range rock.areas {
		r.fieldBytes += int64(area.length) + sectorSize
	}
	if r.fieldBytes > maxFieldBytes {
		return rock, fmt.Errorf("more than %d bytes of continuation areas", maxFieldBytes)
	}
	return rock, nil
}

// note remembers what forbids to change a directory in place or to move it.
func (d *directory) note(rock rockRidge) {
	d.relocation = d.relocation || rock.relocated
	first := int64(d.extent.lba) * sectorSize
	for _, area := range rock.areas {
		begin := int64(area.lba)*sectorSize + int64(area.offset)
		inside := begin+int64(area.length) > first && begin < first+roundUp(int64(d.extent.length))
		d.ownsFields = d.ownsFields || inside
	}
}

// fill adds the entries. A record with the multi-extent flag is continued by
// the next one of the same identifier.
func (r *treeReader) fill(d *directory, records []record, depth int) error {
	if r.entries += len(records); r.entries > maxEntries {
		return fmt.Errorf("more than %d directory records", maxEntries)
	}
	continued := false
	for _, rec := range records {
		if last := len(d.entries) - 1; continued && d.entries[last].id() == rec.id() {
			d.entries[last].records = append(d.entries[last].records, rec)
			continued = rec.has(flagMultiExtent)
			continue
		}
		e, err := r.entry(d, rec, depth)
		if err != nil {
			return err
		}
		d.entries = append(d.entries, e)
		continued = rec.has(flagMultiExtent) && e.dir == nil
	}
	return nil
}

func (r *treeReader) entry(d *directory, rec record, depth int) (entry, error) {
	rock, err := r.rockRidge(rec)
	if err != nil {
		return entry{}, fmt.Errorf("entry %q: %w", rec.id(), err)
	}
	d.note(rock)
	e := entry{records: []record{rec}, rock: rock}
	if !rec.has(flagAssociated) {
		e.name = visibleName(r.tree.nameOf(rec, rock))
	}
	if rec.has(flagDirectory) {
		e.dir, err = r.directory(rec.id(), rec.extent(), depth+1)
		return e, err
	}
	if r.tree.version == "" && !r.tree.joliet && strings.HasSuffix(rec.id(), ";1") ||
		r.tree.joliet && strings.HasSuffix(rec.id(), "\x00;\x001") {
		r.tree.version = ";1"
	}
	return e, nil
}

// nameOf is the name a reader shows: Linux shows identifiers without a Rock
// Ridge name in lower case.
func (t *tree) nameOf(rec record, rock rockRidge) string {
	switch {
	case t.joliet:
		return jolietName(rec.id())
	case rock.name != "":
		return rock.name
	case t.susp.present:
		return strings.ToLower(plainName(rec.id()))
	}
	return plainName(rec.id())
}

// roundUp fills a number of bytes up to whole sectors.
func roundUp(n int64) int64 { return (n + sectorSize - 1) / sectorSize * sectorSize }
