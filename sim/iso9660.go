package sim

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	sector           = 2048
	firstDescriptor  = 16 // sector of the first volume descriptor
	maxDescriptors   = 32
	maxDirectory     = 1 << 20 // bytes; a root directory here has a few dozen records
	maxAnswerFile    = 1 << 20
	rootRecordOffset = 156 // in the primary volume descriptor
	labelOffset      = 40
	labelLength      = 32
)

// Types of volume descriptor.
const (
	bootDescriptor    = 0
	primaryDescriptor = 1
	endOfDescriptors  = 255
)

var errNotFound = errors.New("no such file on the volume")

// volume is the ISO 9660 side of an image: label, root directory and boot catalogue.
// The image is untrusted: every extent is checked against its size.
type volume struct {
	r       io.ReaderAt
	size    int64
	label   string
	root    extent
	catalog int64 // sector of the El Torito boot catalogue; 0: none
}

type extent struct {
	at     int64 // bytes
	length int64
}

func openVolume(r io.ReaderAt, size int64) (*volume, error) {
	v := &volume{r: r, size: size}
	for i := range int64(maxDescriptors) {
		descriptor, err := v.read(extent{(firstDescriptor + i) * sector, sector})
		if err != nil {
			return nil, fmt.Errorf("volume descriptor %d: %w", i, err)
		}
		if string(descriptor[1:6]) != "CD001" {
			return nil, fmt.Errorf("volume descriptor %d lacks the mark CD001: this is not an ISO 9660 image", i)
		}
		if v.note(descriptor) {
			break
		}
	}
	if v.root.length == 0 {
		return nil, errors.New("the image has no primary volume descriptor")
	}
	return v, nil
}

// note takes what is needed from a descriptor, and reports whether it was the last.
func (v *volume) note(descriptor []byte) (last bool) {
	switch descriptor[0] {
	case primaryDescriptor:
		v.label = strings.TrimRight(string(descriptor[labelOffset:labelOffset+labelLength]), " \x00")
		v.root = recordExtent(descriptor[rootRecordOffset:])
	case bootDescriptor:
		if bytes.HasPrefix(descriptor[7:], []byte("EL TORITO SPECIFICATION")) {
			v.catalog = int64(binary.LittleEndian.Uint32(descriptor[71:]))
		}
	case endOfDescriptors:
		return true
	}
	return false
}

func recordExtent(record []byte) extent {
	return extent{
		at:     int64(binary.LittleEndian.Uint32(record[2:])) * sector,
		length: int64(binary.LittleEndian.Uint32(record[10:])),
	}
}

// read returns the bytes of an extent that lies within the image.
func (v *volume) read(e extent) ([]byte, error) {
	if e.at < 0 || e.length < 0 || e.at+e.length > v.size {
		return nil, fmt.Errorf("bytes %d to %d lie outside the image of %d bytes", e.at, e.at+e.length, v.size)
	}
	data := make([]byte, e.length)
	if n, err := v.r.ReadAt(data, e.at); n < len(data) {
		return nil, fmt.Errorf("read image at byte %d: %w", e.at, err)
	}
	return data, nil
}

// rootFile returns the contents of a file in the root directory. Names compare without
// version and case. It returns errNotFound if there is none of this name.
func (v *volume) rootFile(name string) ([]byte, error) {
	if v.root.length > maxDirectory {
		return nil, fmt.Errorf("root directory of %d bytes is too large", v.root.length)
	}
	directory, err := v.read(v.root)
	if err != nil {
		return nil, fmt.Errorf("root directory: %w", err)
	}
	for record := range records(directory) {
		if record.directory || !strings.EqualFold(record.name, name) {
			continue
		}
		if record.length > maxAnswerFile {
			return nil, fmt.Errorf("file %s of %d bytes is too large", name, record.length)
		}
		return v.read(record.extent)
	}
	return nil, fmt.Errorf("%s: %w", name, errNotFound)
}

type directoryRecord struct {
	extent

	name      string
	directory bool
}

// records yields the well-formed records of a directory. A record never crosses a
// sector; a zero length says that the sector holds no more.
func records(directory []byte) func(yield func(directoryRecord) bool) {
	return func(yield func(directoryRecord) bool) {
		for at := 0; at < len(directory); {
			length := int(directory[at])
			if length == 0 {
				at += sector - at%sector
				continue
			}
			if at+length > len(directory) {
				return
			}
			if record, ok := parseRecord(directory[at : at+length]); ok && !yield(record) {
				return
			}
			at += length
		}
	}
}

func parseRecord(raw []byte) (directoryRecord, bool) {
	const fixed = 33 // bytes before the name
	if len(raw) < fixed {
		return directoryRecord{}, false
	}
	nameEnd := fixed + int(raw[32])
	if nameEnd > len(raw) {
		return directoryRecord{}, false
	}
	name, _, _ := strings.Cut(string(raw[fixed:nameEnd]), ";")
	name = strings.TrimSuffix(name, ".")
	if long := rockRidgeName(raw[min(nameEnd+1-int(raw[32])%2, len(raw)):]); long != "" {
		name = long
	}
	return directoryRecord{extent: recordExtent(raw), name: name, directory: raw[25]&2 != 0}, true
}

// rockRidgeName joins the NM entries of a record's system use area. Names continued
// outside of the record are cut, which no answer file's name is long enough to need.
func rockRidgeName(area []byte) string {
	var name strings.Builder
	for len(area) >= 4 {
		length := int(area[2])
		if length < 4 || length > len(area) {
			break
		}
		if string(area[:2]) == "NM" && length > 5 {
			name.Write(area[5:length])
		}
		area = area[length:]
	}
	return name.String()
}
