package iso

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf16"
)

// Windows' images have their files in UDF alone (ECMA-167, as OSTA's UDF 1.02
// narrows it down). This reader knows what Microsoft's tool writes: one partition
// without a map of its own, and files whose extents fit into their entry.
const (
	udfAnchor = 256 // sector of the anchor

	udfTagAnchor         = 2
	udfTagPartition      = 5
	udfTagVolume         = 6
	udfTagTerminator     = 8
	udfTagFileSet        = 256
	udfTagIdentifier     = 257
	udfTagEntry          = 261
	udfTagExtendedEntry  = 266
	udfTagLength         = 16
	maxUDFDescriptors    = 64
	maxUDFDirectoryBytes = 1 << 20
)

// udf is a UDF file system.
type udf struct {
	img       image
	partition uint32 // its first sector
	root      uint32 // block of the root directory's entry, in the partition
}

// udfNode is a file or directory.
type udfNode struct {
	directory bool
	content   *io.SectionReader
}

func openUDF(img image) (*udf, error) {
	anchor, err := readTagged(img, udfAnchor, udfTagAnchor)
	if err != nil {
		return nil, fmt.Errorf("UDF anchor: %w", err)
	}
	u := &udf{img: img}
	fileSet, err := u.readVolume(binary.LittleEndian.Uint32(anchor[20:]))
	if err != nil {
		return nil, fmt.Errorf("UDF volume: %w", err)
	}
	set, err := readTagged(img, u.sector(fileSet), udfTagFileSet)
	if err != nil {
		return nil, fmt.Errorf("UDF file set: %w", err)
	}
	u.root = binary.LittleEndian.Uint32(set[404:])
	return u, nil
}

// readVolume reads the descriptors of partition and volume, in whatever order,
// and returns the block of the file set.
func (u *udf) readVolume(first uint32) (fileSet uint32, err error) {
	var volume, partition bool
	for lba := first; lba < first+maxUDFDescriptors && (!volume || !partition); lba++ {
		d, err := u.img.sector(lba)
		if err != nil {
			return 0, err
		}
		switch binary.LittleEndian.Uint16(d) {
		case udfTagPartition:
			u.partition, partition = binary.LittleEndian.Uint32(d[188:]), true
		case udfTagVolume:
			fileSet, volume = binary.LittleEndian.Uint32(d[252:]), true
			if err := checkUDFVolume(d); err != nil {
				return 0, err
			}
		case udfTagTerminator, 0:
			return 0, errUDFIncomplete
		}
	}
	if !volume || !partition {
		return 0, errUDFIncomplete
	}
	return fileSet, nil
}

var errUDFIncomplete = errors.New("its descriptors of volume and partition are not both there")

func checkUDFVolume(d []byte) error {
	if block := binary.LittleEndian.Uint32(d[212:]); block != sectorSize {
		return fmt.Errorf("its blocks have %d bytes, only %d is supported", block, sectorSize)
	}
	if maps := binary.LittleEndian.Uint32(d[268:]); maps != 1 || d[440] != 1 {
		return errors.New("its partition has a map of its own, which is not supported")
	}
	return nil
}

// sector is where a block of the partition lies in the image.
func (u *udf) sector(block uint32) uint32 { return u.partition + block }

// readTagged reads a descriptor and checks what it says of itself.
func readTagged(img image, lba uint32, tag uint16) ([]byte, error) {
	d, err := img.sector(lba)
	if err != nil {
		return nil, err
	}
	if got := binary.LittleEndian.Uint16(d); got != tag {
		return nil, fmt.Errorf("sector %d has descriptor %d, want %d", lba, got, tag)
	}
	if !tagSumIsRight(d) {
		return nil, fmt.Errorf("the descriptor of sector %d has a wrong checksum", lba)
	}
	return d, nil
}

func tagSumIsRight(d []byte) bool {
	var sum byte
	for i, b := range d[:udfTagLength] {
		if i != 4 {
			sum += b
		}
	}
	return sum == d[4]
}

// open finds a file by its path. Case does not count, as in Windows. The error
// wraps [fs.ErrNotExist] if there is none.
func (u *udf) open(name string) (*io.SectionReader, error) {
	parts, err := splitPath(name)
	if err != nil {
		return nil, err
	}
	node, err := u.node(u.root)
	for _, part := range parts {
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", name, err)
		}
		node, err = u.child(node, part)
	}
	if err == nil && node.directory {
		err = errors.New("it is a directory, not a file")
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return node.content, nil
}

// node reads a file entry.
func (u *udf) node(block uint32) (udfNode, error) {
	const directoryType = 4
	d, err := u.img.sector(u.sector(block))
	if err != nil {
		return udfNode{}, err
	}
	lengths := 168
	switch tag := binary.LittleEndian.Uint16(d); {
	case !tagSumIsRight(d):
		return udfNode{}, fmt.Errorf("the file entry of block %d has a wrong checksum", block)
	case tag == udfTagExtendedEntry:
		lengths = 208
	case tag != udfTagEntry:
		return udfNode{}, fmt.Errorf("block %d has no file entry, but descriptor %d", block, tag)
	}
	attributes, allocated := int64(binary.LittleEndian.Uint32(d[lengths:])), int64(binary.LittleEndian.Uint32(d[lengths+4:]))
	begin := int64(lengths) + 8 + attributes
	if begin+allocated > sectorSize {
		return udfNode{}, fmt.Errorf("the file entry of block %d is longer than its block", block)
	}
	content, err := u.content(d[34]&7, d[begin:begin+allocated], binary.LittleEndian.Uint64(d[56:]))
	return udfNode{directory: d[27] == directoryType, content: content}, err
}

// content follows the descriptors of extents, which are short, long, or the
// content itself.
func (u *udf) content(kind byte, descriptors []byte, size uint64) (*io.SectionReader, error) {
	const short, long, embedded = 0, 1, 3
	width := map[byte]int{short: 8, long: 16}[kind]
	switch {
	case kind == embedded && size <= uint64(len(descriptors)):
		return io.NewSectionReader(strings.NewReader(string(descriptors)), 0, int64(size)), nil
	case width == 0:
		return nil, fmt.Errorf("it has extents of kind %d, which are not supported", kind)
	}
	parts, left := extents{r: u.img.r}, size
	for d := range slices.Chunk(descriptors, width) {
		if len(d) < width || left == 0 {
			break
		}
		length, state := binary.LittleEndian.Uint32(d)&(1<<30-1), d[3]>>6
		lba := u.sector(binary.LittleEndian.Uint32(d[4:]))
		if state != 0 || int64(lba)*sectorSize+int64(length) > u.img.size {
			return nil, fmt.Errorf("%w: an extent of it is not recorded or lies beyond the image's end", ErrTruncated)
		}
		length = uint32(min(uint64(length), left))
		parts.list = append(parts.list, extentRef{lba: lba, length: length})
		left -= uint64(length)
	}
	if left > 0 {
		return nil, errors.New("its extents are fewer than its size asks for")
	}
	return io.NewSectionReader(parts, 0, int64(size)), nil
}

// child finds an entry of a directory and reads it.
func (u *udf) child(d udfNode, name string) (udfNode, error) {
	if !d.directory {
		return udfNode{}, fmt.Errorf("%s lies below what is no directory", name)
	}
	if d.content.Size() > maxUDFDirectoryBytes {
		return udfNode{}, fmt.Errorf("a directory has %d bytes, more than the %d allowed", d.content.Size(), maxUDFDirectoryBytes)
	}
	raw := make([]byte, d.content.Size())
	if _, err := io.ReadFull(d.content, raw); err != nil {
		return udfNode{}, fmt.Errorf("read directory: %w", err)
	}
	const head, deletedOrParent = 38, 0x0c
	for len(raw) >= head && binary.LittleEndian.Uint16(raw) == udfTagIdentifier {
		from := head + int(binary.LittleEndian.Uint16(raw[36:]))
		to := from + int(raw[19])
		if to > len(raw) {
			break
		}
		if raw[18]&deletedOrParent == 0 && strings.EqualFold(udfName(raw[from:to]), name) {
			return u.node(binary.LittleEndian.Uint32(raw[24:]))
		}
		raw = raw[min((to+3)/4*4, len(raw)):]
	}
	return udfNode{}, fmt.Errorf("%w on the image", fs.ErrNotExist)
}

// udfName decodes an identifier, whose first byte tells the width of characters.
func udfName(id []byte) string {
	if len(id) == 0 {
		return ""
	}
	var units []uint16
	if id[0] == 16 {
		for pair := range slices.Chunk(id[1:], 2) {
			if len(pair) == 2 {
				units = append(units, binary.BigEndian.Uint16(pair))
			}
		}
		return string(utf16.Decode(units))
	}
	for _, b := range id[1:] {
		units = append(units, uint16(b))
	}
	return string(utf16.Decode(units))
}
