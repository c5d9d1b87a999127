package iso

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Path tables (ECMA-119 9.4) list all directories, in two byte orders and an
// optional copy of each; the descriptor says where.
const (
	pathTableSizeAt = 132
	pathTableHead   = 8
)

// pathTables are the fields of the descriptor, and the byte order of each table.
var pathTables = []struct {
	field    int
	order    binary.ByteOrder
	optional bool
}{
	{140, binary.LittleEndian, false},
	{144, binary.LittleEndian, true},
	{148, binary.BigEndian, false},
	{152, binary.BigEndian, true},
}

// pathTableEntry is one directory, with the index of its parent.
type pathTableEntry struct {
	dir    *directory
	parent int
}

// writePathTables lists all directories anew. Each table stays where it is if it
// still fits there.
func (t *treeEdit) writePathTables() error {
	entries := t.listDirectories()
	if len(entries) > math.MaxUint16 {
		return fmt.Errorf("%d directories are more than the %d of a path table", len(entries), math.MaxUint16)
	}
	d, err := t.to.sector(t.descriptor)
	if err != nil {
		return err
	}
	oldSize := binary.LittleEndian.Uint32(d[pathTableSizeAt:])
	for _, table := range pathTables {
		field := d[table.field:]
		if table.optional && table.order.Uint32(field) == 0 {
			continue
		}
		at, err := t.writePathTable(packPathTable(entries, table.order), table.order.Uint32(field), oldSize, table.order)
		if err != nil {
			return err
		}
		table.order.PutUint32(field, at.lba)
		putBoth32(d[pathTableSizeAt:], at.length)
	}
	return nil
}

func (t *treeEdit) writePathTable(table []byte, lba, oldSize uint32, order binary.ByteOrder) (extentRef, error) {
	at := extentRef{lba: lba, length: uint32(len(table))}
	if int64(len(table)) > roundUp(int64(oldSize)) || !t.isPathTable(lba, order) {
		return t.to.append(table)
	}
	return at, t.to.writeExtent(at, table)
}

// isPathTable says whether a table begins where the descriptor says: with the
// root directory. A descriptor may claim anything.
func (t *treeEdit) isPathTable(lba uint32, order binary.ByteOrder) bool {
	sector, err := t.to.base.img.sector(lba)
	return err == nil && sector[0] == 1 && order.Uint32(sector[2:]) == t.tree.root.extent.lba &&
		order.Uint16(sector[6:]) == 1 && sector[pathTableHead] == 0
}

// listDirectories goes level by level, each in the order of parents and then of
// identifiers (ECMA-119 6.9.1).
func (t *treeEdit) listDirectories() []pathTableEntry {
	list := []pathTableEntry{{dir: t.root, parent: 1}}
	for i := 0; i < len(list); i++ {
		var children []*directory
		for _, e := range list[i].dir.entries {
			if e.dir != nil {
				children = append(children, e.dir)
			}
		}
		slices.SortStableFunc(children, func(a, b *directory) int { return t.compare(a.id, b.id) })
		for _, child := range children {
			list = append(list, pathTableEntry{dir: child, parent: i + 1})
		}
	}
	return list
}

func packPathTable(entries []pathTableEntry, order binary.ByteOrder) []byte {
	var out []byte
	for _, e := range entries {
		head := make([]byte, pathTableHead)
		head[0] = byte(len(e.dir.id))
		order.PutUint32(head[2:], e.dir.extent.lba)
		order.PutUint16(head[6:], uint16(e.parent))
		out = append(out, head...)
		out = append(out, e.dir.id...)
		if len(e.dir.id)%2 == 1 {
			out = append(out, 0)
		}
	}
	return out
}
