package iso

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// build is an image in the making: changed sectors of the base, and a tail of
// new ones behind it.
type build struct {
	base    *Base
	stamp   [stampLength]byte
	trees   []*treeEdit
	sectors map[uint32][]byte // by sector number
	tail    []segment
	next    uint32 // sector at which the tail goes on
}

func newBuild(base *Base, stamp [stampLength]byte) *build {
	b := &build{
		base: base, stamp: stamp, sectors: make(map[uint32][]byte),
		next: uint32(roundUp(base.img.size) / sectorSize),
	}
	for _, t := range base.trees {
		b.trees = append(b.trees, newTreeEdit(t, b))
	}
	return b
}

// append places data in the tail. The build owns data from here on.
func (b *build) append(data []byte) (extentRef, error) {
	sectors := roundUp(int64(len(data))) / sectorSize
	if int64(len(data)) > math.MaxUint32 || int64(b.next)+sectors > math.MaxUint32 {
		return extentRef{}, fmt.Errorf("%d bytes do not fit: an image has at most 2^32 sectors", len(data))
	}
	at := extentRef{lba: b.next, length: uint32(len(data))}
	if len(data) > 0 {
		b.tail = append(b.tail, segment{off: int64(at.lba) * sectorSize, data: data})
	}
	b.next += uint32(sectors)
	return at, nil
}

// sector returns a sector of the base to be changed in place.
func (b *build) sector(lba uint32) ([]byte, error) {
	if owned, ok := b.sectors[lba]; ok {
		return owned, nil
	}
	sector, err := b.base.img.sector(lba)
	if err != nil {
		return nil, err
	}
	b.sectors[lba] = sector
	return sector, nil
}

// readAt fills p from the base with its changes.
func (b *build) readAt(p []byte, off int64) error {
	for len(p) > 0 {
		lba := uint32(off / sectorSize)
		sector, ok := b.sectors[lba]
		if !ok {
			var err error
			if sector, err = b.base.img.sector(lba); err != nil {
				return err
			}
		}
		n := copy(p, sector[off%sectorSize:])
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// overwrite changes a range of the base. Sectors that stay the same are not
// stored.
func (b *build) overwrite(data []byte, off int64) error {
	for len(data) > 0 {
		within := off % sectorSize
		n := min(int64(len(data)), sectorSize-within)
		old := make([]byte, n)
		if err := b.readAt(old, off); err != nil {
			return err
		}
		if !bytes.Equal(old, data[:n]) {
			sector, err := b.sector(uint32(off / sectorSize))
			if err != nil {
				return err
			}
			copy(sector[within:], data[:n])
		}
		data, off = data[n:], off+n
	}
	return nil
}

// put writes a file into every tree; its content is there once.
func (b *build) put(parts []string, data []byte) error {
	at, err := b.append(data)
	if err != nil {
		return err
	}
	was := b.base.place(parts)
	for _, t := range b.trees {
		if err := t.put(parts, at, was); err != nil {
			return err
		}
	}
	return nil
}

// remove takes a file out of every tree that has it.
func (b *build) remove(parts []string) error {
	was := b.base.place(parts)
	for _, t := range b.trees {
		if err := t.remove(parts, was); err != nil {
			return err
		}
	}
	return nil
}

// finish writes directories, path tables, partition tables and sizes, in the
// order in which they depend on each other.
func (b *build) finish() (*Image, error) {
	for _, t := range b.trees {
		if err := t.finish(); err != nil {
			return nil, fmt.Errorf("tree of sector %d: %w", t.descriptor, err)
		}
	}
	if err := b.partitions(); err != nil {
		return nil, fmt.Errorf("partition tables: %w", err)
	}
	if len(b.tail) > 0 {
		for _, t := range b.trees {
			d, err := b.sector(t.descriptor)
			if err != nil {
				return nil, err
			}
			putBoth32(d[80:], b.next)
		}
	}
	segments, err := b.segments()
	if err != nil {
		return nil, err
	}
	return newImage(b.base, int64(b.next)*sectorSize, segments), nil
}

func (b *build) segments() ([]segment, error) {
	segments := b.tail
	limit := uint32(roundUp(b.base.img.size) / sectorSize)
	for lba, data := range b.sectors {
		if lba >= limit {
			return nil, errors.New("an edit lies beyond the base")
		}
		segments = append(segments, segment{off: int64(lba) * sectorSize, data: data})
	}
	return segments, nil
}

// writeExtent writes a directory or table, in the base or in the tail.
func (b *build) writeExtent(at extentRef, content []byte) error {
	off := int64(at.lba) * sectorSize
	i, ok := slices.BinarySearchFunc(b.tail, off, func(s segment, off int64) int { return cmp.Compare(s.off, off) })
	if ok {
		copy(b.tail[i].data, content)
		return nil
	}
	return b.overwrite(content, off)
}
