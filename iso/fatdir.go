package iso

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf16"
)

// Layout of a FAT directory entry.
const (
	fatEntry         = 32
	fatAttributesAt  = 11
	fatFirstHighAt   = 20
	fatFirstLowAt    = 26
	fatSizeAt        = 28
	fatDirectoryFlag = 0x10
	fatVolumeFlag    = 0x08
	fatLongName      = 0x0f
	fatDeleted       = 0xe5

	maxFATDirectory = 2 << 20 // the specification's limit
)

// fatFile is a directory entry and where it lies.
type fatFile struct {
	raw []byte
	at  int64 // offset of raw in the image
}

func (e fatFile) dir() bool { return e.raw[fatAttributesAt]&fatDirectoryFlag != 0 }

func (e fatFile) size() uint32 { return binary.LittleEndian.Uint32(e.raw[fatSizeAt:]) }

func (e fatFile) first(bits int) uint32 {
	first := uint32(binary.LittleEndian.Uint16(e.raw[fatFirstLowAt:]))
	if bits == 32 {
		first |= uint32(binary.LittleEndian.Uint16(e.raw[fatFirstHighAt:])) << 16
	}
	return first
}

// find goes down a path, without regard to case as FAT does.
func (f *fat) find(parts []string) (fatFile, error) {
	var at fatFile
	for depth, part := range parts {
		var err error
		if at, err = f.findIn(at, part); err != nil {
			return fatFile{}, fmt.Errorf("%s: %w", strings.Join(parts[:depth+1], "/"), err)
		}
		if last := depth == len(parts)-1; at.dir() == last {
			return fatFile{}, fmt.Errorf("%s: a file is wanted at the end of a path and directories before", strings.Join(parts[:depth+1], "/"))
		}
	}
	return at, nil
}

// findIn looks a name up in a directory; the zero fatFile is the root.
func (f *fat) findIn(d fatFile, name string) (fatFile, error) {
	raw, offset, err := f.readDirectory(d)
	if err != nil {
		return fatFile{}, err
	}
	var long string
	for at := 0; at+fatEntry <= len(raw) && raw[at] != 0; at += fatEntry {
		e := raw[at : at+fatEntry]
		switch {
		case e[0] == fatDeleted:
			long = ""
		case e[fatAttributesAt] == fatLongName:
			long = longNamePart(e) + long
		case e[fatAttributesAt]&fatVolumeFlag != 0:
			long = ""
		default:
			if strings.EqualFold(long, name) || strings.EqualFold(shortName(e), name) {
				return fatFile{raw: e, at: offset(at)}, nil
			}
			long = ""
		}
	}
	return fatFile{}, fmt.Errorf("%w in the boot image", fs.ErrNotExist)
}

// readDirectory returns a directory and the place of each byte in the image.
func (f *fat) readDirectory(d fatFile) ([]byte, func(int) int64, error) {
	if d.raw == nil && f.bits != 32 {
		raw := make([]byte, f.rootSize)
		return raw, func(at int) int64 { return f.rootAt + int64(at) }, f.b.readAt(raw, f.rootAt)
	}
	first := f.rootCluster
	if d.raw != nil {
		first = d.first(f.bits)
	}
	chain, err := f.chain(first)
	if err != nil {
		return nil, nil, err
	}
	size := int64(len(chain)) * f.clusterSize
	if size > maxFATDirectory {
		return nil, nil, errors.New("its FAT volume is damaged: a directory is too long")
	}
	raw, err := f.readClusters(chain, size)
	place := func(at int) int64 { return f.offset(chain[int64(at)/f.clusterSize]) + int64(at)%f.clusterSize }
	return raw, place, err
}

// longNamePart decodes the 13 characters of a long name entry; parts come last
// first.
func longNamePart(e []byte) string {
	var units []uint16
	for _, span := range [][2]int{{1, 11}, {14, 26}, {28, 32}} {
		for at := span[0]; at < span[1]; at += 2 {
			unit := binary.LittleEndian.Uint16(e[at:])
			if unit == 0 || unit == 0xffff {
				return string(utf16.Decode(units))
			}
			units = append(units, unit)
		}
	}
	return string(utf16.Decode(units))
}

func shortName(e []byte) string {
	stem, extension := strings.TrimRight(string(e[:8]), " "), strings.TrimRight(string(e[8:11]), " ")
	if extension == "" {
		return stem
	}
	return stem + "." + extension
}

func (f *fat) read(e fatFile) ([]byte, error) {
	if e.size() > maxPatched {
		return nil, fmt.Errorf("it has %d bytes, at most %d can be patched", e.size(), maxPatched)
	}
	chain, err := f.chain(e.first(f.bits))
	if err != nil {
		return nil, err
	}
	return f.readClusters(chain, int64(e.size()))
}

// write replaces a file's content and keeps its name, place and time.
func (f *fat) write(e fatFile, data []byte) error {
	chain, err := f.chain(e.first(f.bits))
	if err != nil {
		return err
	}
	chain, err = f.resize(chain, int((int64(len(data))+f.clusterSize-1)/f.clusterSize))
	if err != nil {
		return err
	}
	for i, cluster := range chain {
		part := data[int64(i)*f.clusterSize:]
		if err := f.b.overwrite(part[:min(int64(len(part)), f.clusterSize)], f.offset(cluster)); err != nil {
			return err
		}
	}
	var first uint32
	if len(chain) > 0 {
		first = chain[0]
	}
	binary.LittleEndian.PutUint32(e.raw[fatSizeAt:], uint32(len(data)))
	binary.LittleEndian.PutUint16(e.raw[fatFirstLowAt:], uint16(first))
	if f.bits == 32 {
		binary.LittleEndian.PutUint16(e.raw[fatFirstHighAt:], uint16(first>>16))
	}
	if err := f.b.overwrite(e.raw, e.at); err != nil {
		return err
	}
	return f.flush()
}
