package iso

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// fat is a FAT12, FAT16 or FAT32 volume inside the base, read and changed
// through a build. Only what the boot sector and the tables say is believed, and
// only within the volume.
type fat struct {
	b    *build
	base int64 // offset of the volume in the image
	bits int   // 12, 16 or 32

	clusterSize int64
	clusters    uint32 // numbered from 2 on
	table       int64  // offset of the first table
	tableSize   int64
	tables      int
	rootAt      int64 // FAT12 and FAT16: offset of the root directory
	rootSize    int64
	rootCluster uint32 // FAT32
	dataAt      int64
	infoAt      int64 // FAT32: offset of the FSInfo sector; 0: none

	// entries is the first table, read once; a table has at most 16 MiB.
	entries []byte
	changed bool
}

const maxFATTable = 16 << 20

// openFAT reads the boot sector of the volume at offset base, of which at most
// limit bytes belong to the image.
func openFAT(b *build, base, limit int64) (*fat, error) {
	boot := make([]byte, blockSize)
	if err := b.readAt(boot, base); err != nil {
		return nil, fmt.Errorf("read boot sector: %w", err)
	}
	f := &fat{b: b, base: base}
	if err := f.geometry(boot); err != nil {
		return nil, err
	}
	if f.dataAt+int64(f.clusters)*f.clusterSize > base+limit {
		return nil, fmt.Errorf("%w: the FAT volume is larger than its place", ErrTruncated)
	}
	f.entries = make([]byte, f.tableSize)
	if err := b.readAt(f.entries, f.table); err != nil {
		return nil, fmt.Errorf("read FAT: %w", err)
	}
	return f, nil
}

// geometry follows Microsoft's FAT specification 1.03: the number of clusters
// alone decides the kind.
func (f *fat) geometry(boot []byte) error {
	const fat12Below, fat16Below = 4085, 65525
	u16 := func(at int) int64 { return int64(binary.LittleEndian.Uint16(boot[at:])) }
	u32 := func(at int) int64 { return int64(binary.LittleEndian.Uint32(boot[at:])) }
	sector, perCluster := u16(11), int64(boot[13])
	reserved, roots, total, perTable := u16(14), u16(17), u16(19), u16(22)
	if total == 0 {
		total = u32(32)
	}
	if perTable == 0 {
		perTable = u32(36)
	}
	f.tables = int(boot[16])
	if sector < 512 || sector > 4096 || sector&(sector-1) != 0 || perCluster == 0 || perCluster&(perCluster-1) != 0 ||
		reserved == 0 || f.tables == 0 || f.tables > 4 || perTable == 0 || perTable*sector > maxFATTable {
		return errors.New("it is not a FAT volume")
	}
	f.clusterSize = sector * perCluster
	f.table, f.tableSize = f.base+reserved*sector, perTable*sector
	f.rootAt, f.rootSize = f.table+int64(f.tables)*f.tableSize, (roots*32+sector-1)/sector*sector
	f.dataAt = f.rootAt + f.rootSize
	count := (total*sector - (f.dataAt - f.base)) / f.clusterSize
	if count <= 0 {
		return errors.New("it is not a FAT volume: no clusters")
	}
	switch {
	case count < fat12Below:
		f.bits = 12
	case count < fat16Below:
		f.bits = 16
	default:
		f.bits = 32
		f.rootCluster = binary.LittleEndian.Uint32(boot[44:])
		if info := u16(48); info != 0 && info != 0xffff {
			f.infoAt = f.base + info*sector
		}
	}
	if (count+2)*int64(f.bits) > f.tableSize*8 {
		return errors.New("it is not a sound FAT volume: its tables are too short for its clusters")
	}
	f.clusters = uint32(count)
	return nil
}

// next returns the table's entry of a cluster.
func (f *fat) next(cluster uint32) uint32 {
	switch f.bits {
	case 12:
		pair := binary.LittleEndian.Uint16(f.entries[cluster*3/2:])
		if cluster%2 == 1 {
			return uint32(pair >> 4)
		}
		return uint32(pair & 0xfff)
	case 16:
		return uint32(binary.LittleEndian.Uint16(f.entries[cluster*2:]))
	}
	return binary.LittleEndian.Uint32(f.entries[cluster*4:]) & fat32Mask
}

// fat32Mask leaves out the four bits of a FAT32 entry that are not ours.
const fat32Mask = 0x0fffffff

func (f *fat) setNext(cluster, value uint32) {
	f.changed = true
	switch f.bits {
	case 12:
		at := f.entries[cluster*3/2:]
		pair := binary.LittleEndian.Uint16(at)
		if cluster%2 == 1 {
			pair = pair&0x000f | uint16(value)<<4
		} else {
			pair = pair&0xf000 | uint16(value)&0x0fff
		}
		binary.LittleEndian.PutUint16(at, pair)
	case 16:
		binary.LittleEndian.PutUint16(f.entries[cluster*2:], uint16(value))
	default:
		at := f.entries[cluster*4:]
		binary.LittleEndian.PutUint32(at, binary.LittleEndian.Uint32(at)&^fat32Mask|value&fat32Mask)
	}
}

// endOfChain is the mark of a file's last cluster; bad clusters are one below
// the marks.
func (f *fat) endOfChain() uint32 { return uint32(1)<<min(f.bits, 28) - 1 }

func (f *fat) isEnd(cluster uint32) bool { return cluster >= f.endOfChain()-7 }

// chain lists a file's clusters.
func (f *fat) chain(first uint32) ([]uint32, error) {
	var chain []uint32
	if first == 0 {
		return nil, nil
	}
	for cluster := first; !f.isEnd(cluster); cluster = f.next(cluster) {
		if cluster < 2 || cluster >= f.clusters+2 || len(chain) > int(f.clusters) {
			return nil, errors.New("its FAT volume is damaged: a chain of clusters leaves it or goes round")
		}
		chain = append(chain, cluster)
	}
	return chain, nil
}

func (f *fat) offset(cluster uint32) int64 { return f.dataAt + int64(cluster-2)*f.clusterSize }

// resize makes a chain as long as asked for, by free clusters or by freeing.
func (f *fat) resize(chain []uint32, length int) ([]uint32, error) {
	for _, cluster := range chain[min(length, len(chain)):] {
		f.setNext(cluster, 0)
	}
	delta := length - len(chain)
	chain = chain[:min(length, len(chain)):len(chain)]
	for cluster := uint32(2); len(chain) < length && cluster < f.clusters+2; cluster++ {
		if f.next(cluster) == 0 {
			f.setNext(cluster, f.endOfChain())
			chain = append(chain, cluster)
		}
	}
	if len(chain) < length {
		return nil, fmt.Errorf("its FAT volume is full: %d bytes are missing: set a larger boot image instead",
			int64(length-len(chain))*f.clusterSize)
	}
	for i, cluster := range chain {
		if i+1 < len(chain) {
			f.setNext(cluster, chain[i+1])
		} else {
			f.setNext(cluster, f.endOfChain())
		}
	}
	return chain, f.countFree(delta)
}

// countFree keeps the advisory number of free clusters true.
func (f *fat) countFree(taken int) error {
	const signature, freeAt, unknown = 0x61417272, 488, 0xffffffff
	if f.infoAt == 0 {
		return nil
	}
	info := make([]byte, blockSize)
	if err := f.b.readAt(info, f.infoAt); err != nil {
		return fmt.Errorf("read FSInfo: %w", err)
	}
	free := binary.LittleEndian.Uint32(info[freeAt:])
	if binary.LittleEndian.Uint32(info[484:]) != signature || free == unknown {
		return nil
	}
	binary.LittleEndian.PutUint32(info[freeAt:], uint32(int64(free)-int64(taken)))
	return f.b.overwrite(info[freeAt:freeAt+4], f.infoAt+freeAt)
}

// flush writes every copy of the table.
func (f *fat) flush() error {
	if !f.changed {
		return nil
	}
	for i := range f.tables {
		if err := f.b.overwrite(f.entries, f.table+int64(i)*f.tableSize); err != nil {
			return fmt.Errorf("write FAT: %w", err)
		}
	}
	return nil
}

// readClusters reads the first size bytes of a chain.
func (f *fat) readClusters(chain []uint32, size int64) ([]byte, error) {
	if size > int64(len(chain))*f.clusterSize {
		return nil, errors.New("its FAT volume is damaged: a file is longer than its clusters")
	}
	out := make([]byte, size)
	for i, rest := 0, out; len(rest) > 0; i++ {
		part := rest[:min(int64(len(rest)), f.clusterSize)]
		if err := f.b.readAt(part, f.offset(chain[i])); err != nil {
			return nil, err
		}
		rest = rest[len(part):]
	}
	return out, nil
}
