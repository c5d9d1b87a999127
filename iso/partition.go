package iso

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Partition tables count in blocks of 512 bytes, four to a sector.
const (
	blockSize      = 512
	blocksInSector = sectorSize / blockSize
)

// Layout of a master boot record.
const (
	mbrEntriesAt   = 446
	mbrEntry       = 16
	mbrEntries     = 4
	mbrSignatureAt = 510
	mbrProtective  = 0xee
)

// Layout of a GPT header, and what we accept of it (UEFI 5.3.2).
const (
	gptHeaderAt   = blockSize
	gptHeaderSize = 92
	gptMaxTable   = 256 << 10
)

// gpt is a GPT header whose checksum holds. Firmware ignores any other one, and
// so do we.
type gpt struct {
	header []byte // one block
	table  int64  // offset of the entries
	length int64  // of the entries, bytes
}

func (b *Base) readPartitions(note func([]byte)) error {
	first, err := b.img.sector(0)
	if err != nil {
		return err
	}
	note(first)
	b.info.MBR = hasMBR(first)
	_, b.info.GPT = parseGPT(first, b.img.size)
	return nil
}

func hasMBR(first []byte) bool {
	return first[mbrSignatureAt] == 0x55 && first[mbrSignatureAt+1] == 0xaa
}

func parseGPT(first []byte, size int64) (gpt, bool) {
	header := first[gptHeaderAt : gptHeaderAt+blockSize]
	length := binary.LittleEndian.Uint32(header[12:])
	if string(header[:8]) != "EFI PART" || length < gptHeaderSize || length > blockSize {
		return gpt{}, false
	}
	if binary.LittleEndian.Uint32(header[16:]) != gptChecksum(header) {
		return gpt{}, false
	}
	at := binary.LittleEndian.Uint64(header[72:])
	table := int64(binary.LittleEndian.Uint32(header[80:])) * int64(binary.LittleEndian.Uint32(header[84:]))
	if table <= 0 || table > gptMaxTable || at > uint64(size/blockSize) || int64(at)*blockSize+table > size {
		return gpt{}, false
	}
	return gpt{header: header, table: int64(at) * blockSize, length: table}, true
}

// gptChecksum is taken over the header with its own field set to zero.
func gptChecksum(header []byte) uint32 {
	length := binary.LittleEndian.Uint32(header[12:])
	zeroed := append([]byte(nil), header[:length]...)
	clear(zeroed[16:20])
	return crc32.ChecksumIEEE(zeroed)
}

func (g gpt) seal() { binary.LittleEndian.PutUint32(g.header[16:], gptChecksum(g.header)) }

// partitions makes the partition tables cover the grown image. It comes last:
// GPT keeps its copy in the last blocks.
func (b *build) partitions() error {
	if !b.base.info.MBR && !b.base.info.GPT || len(b.tail) == 0 {
		return nil
	}
	first, err := b.sector(0)
	if err != nil {
		return err
	}
	if table, ok := parseGPT(first, b.base.img.size); ok {
		if err := b.backupGPT(table); err != nil {
			return err
		}
	}
	if hasMBR(first) {
		growMBR(first, int64(b.next)*blocksInSector)
	}
	return nil
}

// backupGPT writes entries and header at the image's new end and points the
// first header there.
func (b *build) backupGPT(g gpt) error {
	entries := make([]byte, g.length)
	if err := b.readAt(entries, g.table); err != nil {
		return fmt.Errorf("read GPT entries: %w", err)
	}
	tableBlocks := (g.length + blockSize - 1) / blockSize
	room := make([]byte, roundUp((tableBlocks+1)*blockSize))
	at, err := b.append(room)
	if err != nil {
		return err
	}
	last := int64(b.next)*blocksInSector - 1
	binary.LittleEndian.PutUint64(g.header[32:], uint64(last))
	binary.LittleEndian.PutUint64(g.header[48:], uint64(last-tableBlocks-1))
	g.seal()

	tableAt := len(room) - int(tableBlocks+1)*blockSize
	copy(room[tableAt:], entries)
	backup := gpt{header: room[len(room)-blockSize:]}
	copy(backup.header, g.header)
	binary.LittleEndian.PutUint64(backup.header[24:], uint64(last))
	binary.LittleEndian.PutUint64(backup.header[32:], 1)
	binary.LittleEndian.PutUint64(backup.header[72:], uint64(at.lba)*blocksInSector+uint64(tableAt/blockSize))
	backup.seal()
	return nil
}

// growMBR extends the entries that cover the whole image: the protective one of
// GPT, and isohybrid's, which begin at block 0 or 1.
func growMBR(first []byte, blocks int64) {
	for i := range mbrEntries {
		e := first[mbrEntriesAt+i*mbrEntry:][:mbrEntry]
		start := int64(binary.LittleEndian.Uint32(e[8:]))
		length := binary.LittleEndian.Uint32(e[12:])
		if length == 0 || start > 1 && e[4] != mbrProtective {
			continue
		}
		binary.LittleEndian.PutUint32(e[12:], uint32(min(max(blocks-start, 0), 0xffffffff)))
	}
}
