package iso

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxRootDirectory bounds the directory a seed may have, in bytes.
const maxRootDirectory = 64 << 10

// verifySeed reads an image as an installer would and compares it with what
// should be on it.
func verifySeed(raw []byte, label string, files map[string][]byte) error {
	img := image{r: bytes.NewReader(raw), size: int64(len(raw))}
	volume, err := readVolume(img)
	if err != nil {
		return err
	}
	if volume.label != label {
		return fmt.Errorf("label came back as %q", volume.label)
	}
	found, err := readRoot(img, volume)
	if err != nil {
		return err
	}
	return compareFiles(files, found)
}

func compareFiles(want, got map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		content, ok := got[name]
		if !ok {
			return fmt.Errorf("file %s is missing", name)
		}
		if !bytes.Equal(content, want[name]) {
			return fmt.Errorf("file %s came back with different content", name)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d files came back, %d were written", len(got), len(want))
	}
	return nil
}

// readRoot returns the files of the root directory by name, without version.
func readRoot(img image, v volume) (map[string][]byte, error) {
	directory, err := img.extent(v.root.lba, v.root.length, maxRootDirectory)
	if err != nil {
		return nil, fmt.Errorf("root directory: %w", err)
	}
	files := make(map[string][]byte)
	for sector := range slices.Chunk(directory, sectorSize) {
		if err := readRecords(img, sector, files); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// readRecords adds the files of one directory sector; a record never crosses
// into the next one, and a length of zero ends the sector (ECMA-119 6.8.1.1).
func readRecords(img image, sector []byte, files map[string][]byte) error {
	for len(sector) > 0 && sector[0] != 0 {
		length := int(sector[0])
		if length > len(sector) {
			return errors.New("directory record crosses its sector")
		}
		record, err := parseRecord(sector[:length])
		if err != nil {
			return err
		}
		sector = sector[length:]
		if record.directory {
			continue
		}
		if _, ok := files[record.name]; ok {
			return fmt.Errorf("file %q is there twice", record.name)
		}
		content, err := img.extent(record.lba, record.length, maxSeedBytes)
		if err != nil {
			return fmt.Errorf("file %q: %w", record.name, err)
		}
		files[record.name] = content
	}
	return nil
}

// directoryRecord is a directory's entry for one file (ECMA-119 9.1).
type directoryRecord struct {
	extentRef

	name      string
	directory bool
}

func parseRecord(raw []byte) (directoryRecord, error) {
	const nameAt, flagDirectory = 33, 0x02
	if len(raw) < nameAt || nameAt+int(raw[32]) > len(raw) {
		return directoryRecord{}, fmt.Errorf("directory record of %d bytes is too short for its name", len(raw))
	}
	name := string(raw[nameAt : nameAt+int(raw[32])])
	return directoryRecord{
		extentRef: extentRef{
			lba:    binary.LittleEndian.Uint32(raw[2:]),
			length: binary.LittleEndian.Uint32(raw[10:]),
		},
		name:      strings.TrimSuffix(name, ";1"),
		directory: raw[25]&flagDirectory != 0,
	}, nil
}
