package iso

import (
	"errors"
	"fmt"
	"slices"
)

// maxAttempts bounds the search for an identifier that is free.
const maxAttempts = 1000

// treeEdit is a tree with changes. Directories are copied when they are first
// changed; all others are the base's.
type treeEdit struct {
	*tree

	root *directory
	to   *build
	// moves counts directories with a new place: any makes the path tables out
	// of date.
	moves int
}

func newTreeEdit(t *tree, to *build) *treeEdit {
	return &treeEdit{tree: t, root: t.root, to: to}
}

// ownRoot returns the root directory to be changed.
func (t *treeEdit) ownRoot() *directory {
	t.root = t.root.owned()
	return t.root
}

// owned returns the directory itself if it is a copy already.
func (d *directory) owned() *directory {
	if d.own {
		return d
	}
	c := *d
	c.own = true
	c.entries = slices.Clone(d.entries)
	return &c
}

// ownChild returns the directory of entry i to be changed.
func (d *directory) ownChild(i int) *directory {
	d.entries[i].dir = d.entries[i].dir.owned()
	return d.entries[i].dir
}

// put enters a file. Its old records, if any, keep their names and times and
// lose all extents but the new one.
//
// was is where the base has the content of a file of this path, if it has one.
func (t *treeEdit) put(parts []string, at, was extentRef) error {
	d := t.ownRoot()
	for _, part := range parts[:len(parts)-1] {
		next, err := t.enter(d, part)
		if err != nil {
			return err
		}
		d = next
	}
	name := parts[len(parts)-1]
	i := t.findFile(d, name, was)
	if i < 0 {
		return t.insert(d, name, at, nil)
	}
	e := &d.entries[i]
	if err := e.regular(); err != nil {
		return err
	}
	r := e.records[0].withExtent(at)
	r[25] &^= flagMultiExtent
	r[26], r[27] = 0, 0
	e.records = []record{r}
	d.dirty = true
	return nil
}

// findFile finds a file by name. A tree that cannot hold the name has another
// one, which depends on the vendor's tool; there the content's place tells.
func (t *treeEdit) findFile(d *directory, name string, was extentRef) int {
	if i := t.find(d, name); i >= 0 || was.length == 0 || t.tree == t.to.base.main() {
		return i
	}
	same := func(e entry) bool { return e.dir == nil && e.records[0].extent() == was }
	if i := t.findAlias(d, name, same); i >= 0 {
		return i
	}
	return slices.IndexFunc(d.entries, same)
}

// findDirectory finds an entry by name, or a directory of the base by an alias.
func (t *treeEdit) findDirectory(d *directory, name string) int {
	if i := t.find(d, name); i >= 0 || t.tree == t.to.base.main() {
		return i
	}
	return t.findAlias(d, name, func(e entry) bool { return e.dir != nil && !e.dir.isNew })
}

// enter goes into a directory and makes it if it is not there.
func (t *treeEdit) enter(d *directory, name string) (*directory, error) {
	i := t.findDirectory(d, name)
	if i < 0 {
		child := &directory{own: true, dirty: true, isNew: true}
		if err := t.insert(d, name, extentRef{}, child); err != nil {
			return nil, err
		}
		return child, nil
	}
	if d.entries[i].dir == nil {
		return nil, fmt.Errorf("%s is not a directory", name)
	}
	return d.ownChild(i), nil
}

// remove drops a file's entry where there is one.
func (t *treeEdit) remove(parts []string, was extentRef) error {
	d := t.ownRoot()
	for _, part := range parts[:len(parts)-1] {
		i := t.findDirectory(d, part)
		if i < 0 {
			return nil
		}
		if d.entries[i].dir == nil {
			return fmt.Errorf("%s is not a directory", part)
		}
		d = d.ownChild(i)
	}
	i := t.findFile(d, parts[len(parts)-1], was)
	if i < 0 {
		return nil
	}
	if err := d.entries[i].regular(); err != nil {
		return err
	}
	d.entries = slices.Delete(d.entries, i, i+1)
	d.dirty = true
	return nil
}

// insert adds an entry at its place in the order of identifiers. The vendor's
// own order is not touched, right or wrong.
func (t *treeEdit) insert(d *directory, name string, at extentRef, child *directory) error {
	id, err := t.freeID(d, name, child != nil)
	if err != nil {
		return err
	}
	flags, mode := byte(0), uint32(modeFile)
	if child != nil {
		child.id = id
		flags, mode = flagDirectory, modeDirectory
	}
	r, err := newRecord(id, at, flags, t.to.stamp, t.susp.fields(name, mode, at.lba, t.to.stamp))
	if err != nil {
		return err
	}
	if child != nil {
		if err := t.head(child); err != nil {
			return err
		}
	}
	i := slices.IndexFunc(d.entries, func(e entry) bool { return t.compare(id, e.id()) < 0 })
	if i < 0 {
		i = len(d.entries)
	}
	d.entries = slices.Insert(d.entries, i, entry{name: name, records: []record{r}, dir: child})
	d.dirty = true
	return nil
}

// head makes a new directory's records of itself and its parent.
func (t *treeEdit) head(d *directory) error {
	fields := t.susp.fields("", modeDirectory, 0, t.to.stamp)
	self, err := newRecord(selfID, extentRef{}, flagDirectory, t.to.stamp, fields)
	if err != nil {
		return err
	}
	parent, err := newRecord(parentID, extentRef{}, flagDirectory, t.to.stamp, fields)
	d.self, d.parent = self, parent
	return err
}

func (t *tree) compare(a, b string) int {
	if t.joliet {
		return compareJolietIDs(a, b)
	}
	return compareIDs(a, b)
}

// freeID makes an identifier for a name that no other entry has.
func (t *tree) freeID(d *directory, name string, directory bool) (string, error) {
	version := t.version
	if t.joliet && directory {
		version = ""
	}
	for attempt := range maxAttempts {
		id := jolietID(name, version, attempt)
		if !t.joliet {
			id = primaryID(name, version, directory, attempt)
		}
		taken := slices.ContainsFunc(d.entries, func(e entry) bool {
			return plainName(e.id()) == plainName(id) && !t.joliet || e.id() == id
		})
		if !taken {
			return id, nil
		}
	}
	return "", errors.New("its name cannot be told from another one's in the same directory: use another name")
}

// finish gives every changed directory its place and writes it.
func (t *treeEdit) finish() error {
	if !t.root.own {
		return nil
	}
	for moves := -1; moves != t.moves; {
		moves = t.moves
		if err := t.place(t.root); err != nil {
			return err
		}
	}
	if err := t.link(t.root, t.root); err != nil {
		return err
	}
	if t.moves == 0 {
		return nil
	}
	d, err := t.to.sector(t.descriptor)
	if err != nil {
		return err
	}
	copy(d[156:], record(d[156:156+34]).withExtent(t.root.extent))
	return t.writePathTables()
}

// place moves directories that have outgrown their extents to the tail. A move
// changes the records that parent and children have of the directory, and any
// of these may have to move for that; so it is done until nothing moves.
func (t *treeEdit) place(d *directory) error {
	if err := t.makeRoom(d); err != nil {
		return err
	}
	for i := range d.entries {
		if d.entries[i].dir == nil || !d.moved && !d.entries[i].dir.own {
			continue
		}
		child := d.ownChild(i)
		child.dirty = child.dirty || d.moved
		if err := t.place(child); err != nil {
			return err
		}
		d.dirty = d.dirty || child.moved
	}
	return t.makeRoom(d)
}

func (t *treeEdit) makeRoom(d *directory) error {
	if !d.dirty || d.moved {
		return nil
	}
	packed := int64(len(packRecords(d.records())))
	if packed <= int64(d.extent.length) && !d.ownsFields && !d.isNew {
		return nil
	}
	if d.relocation {
		return errors.New("a directory outgrew its place and cannot move, as Rock Ridge relocation refers to it: put the file elsewhere")
	}
	at, err := t.to.append(make([]byte, roundUp(packed)))
	if err != nil {
		return err
	}
	d.extent, d.moved = at, true
	t.moves++
	return nil
}

// records are all of a directory's, in order.
func (d *directory) records() []record {
	records := make([]record, 0, len(d.entries)+2)
	records = append(records, d.self, d.parent)
	for _, e := range d.entries {
		records = append(records, e.records...)
	}
	return records
}

// link points directories at the new places of themselves, their parents and
// children, and writes them. No record changes its length by it.
func (t *treeEdit) link(d, parent *directory) error {
	if d.moved {
		d.self = d.self.withExtent(d.extent)
	}
	if parent.moved || d.isNew {
		d.parent = d.parent.withExtent(parent.extent)
	}
	for i, e := range d.entries {
		if e.dir == nil || !e.dir.own {
			continue
		}
		if e.dir.moved {
			d.entries[i].records = []record{e.records[0].withExtent(e.dir.extent)}
		}
		if err := t.link(e.dir, d); err != nil {
			return err
		}
	}
	if !d.dirty {
		return nil
	}
	return t.write(d)
}

// write fills the whole extent, so that nothing of the old records is left.
func (t *treeEdit) write(d *directory) error {
	content := make([]byte, d.extent.length)
	copy(content, packRecords(d.records()))
	return t.to.writeExtent(d.extent, content)
}
