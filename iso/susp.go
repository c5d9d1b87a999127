package iso

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// Limits of what one record's system use area may take to read.
const (
	maxContinuations     = 16
	maxContinuationBytes = 64 << 10
)

// susp says how a tree uses the System Use Sharing Protocol, and with it Rock
// Ridge. The zero value is a tree without.
type susp struct {
	present bool
	// skip is the number of bytes at the head of every system use area that
	// belong to somebody else (SUSP 5.3).
	skip int
	// attributes is the length of a PX entry: 36, or 44 with a serial number.
	attributes int
}

// suspEntry is one field of a system use area.
type suspEntry struct {
	kind string
	data []byte // behind the four bytes of header
}

// detectSUSP looks for the SP entry that opens the root directory's own record,
// or stands behind the 14 bytes of CD-ROM XA.
func detectSUSP(root record) susp {
	const extended = 14
	area := root.systemUse()
	for _, at := range []int{0, extended} {
		if len(area) >= at+7 && string(area[at:at+2]) == "SP" && area[at+4] == 0xbe && area[at+5] == 0xef {
			return susp{present: true, skip: int(area[at+6]), attributes: attributesLength(area[at:])}
		}
	}
	return susp{}
}

// attributesLength is the length of PX that the root directory uses.
func attributesLength(area []byte) int {
	const plain, serial = 36, 44
	for _, e := range splitSUSP(area) {
		if e.kind == "PX" && len(e.data)+4 >= serial {
			return serial
		}
	}
	return plain
}

func splitSUSP(area []byte) []suspEntry {
	var entries []suspEntry
	for len(area) >= 4 {
		length := int(area[2])
		if length < 4 || length > len(area) || string(area[:2]) == "ST" {
			break
		}
		entries = append(entries, suspEntry{kind: string(area[:2]), data: area[4:length]})
		area = area[length:]
	}
	return entries
}

// rockRidge is what Rock Ridge says of a directory entry.
type rockRidge struct {
	name       string
	link       bool // SL: a symbolic link
	compressed bool // ZF: zisofs
	relocated  bool // CL, PL or RE: takes part in deep directory relocation
	// areas are the continuation areas its fields were read from.
	areas []continuation
}

// continuation is where a CE entry points.
type continuation struct {
	lba, offset, length uint32
}

// read collects the fields of a record, those in continuation areas too. Only
// reading these can fail.
func (s susp) read(img image, r record) (rockRidge, error) {
	var out rockRidge
	area := r.systemUse()
	if !s.present || len(area) <= s.skip {
		return out, nil
	}
	area = area[s.skip:]
	var name strings.Builder
	for {
		next := out.take(splitSUSP(area), &name)
		if next == nil {
			break
		}
		if len(out.areas) == maxContinuations {
			return out, fmt.Errorf("more than %d continuation areas for one record", maxContinuations)
		}
		out.areas = append(out.areas, *next)
		var err error
		if area, err = next.read(img); err != nil {
			return out, fmt.Errorf("continuation area: %w", err)
		}
	}
	out.name = name.String()
	return out, nil
}

// take applies fields and returns the continuation area they name, if any.
func (rr *rockRidge) take(entries []suspEntry, name *strings.Builder) *continuation {
	const current, parent = 0x02, 0x04
	var next *continuation
	for _, e := range entries {
		switch e.kind {
		case "NM":
			if len(e.data) > 0 && e.data[0]&(current|parent) == 0 {
				name.Write(e.data[1:])
			}
		case "SL":
			rr.link = true
		case "ZF":
			rr.compressed = true
		case "CL", "PL", "RE":
			rr.relocated = true
		case "CE":
			next = parseContinuation(e.data)
		}
	}
	return next
}

func parseContinuation(data []byte) *continuation {
	if len(data) < 24 {
		return nil
	}
	return &continuation{
		lba:    binary.LittleEndian.Uint32(data),
		offset: binary.LittleEndian.Uint32(data[8:]),
		length: binary.LittleEndian.Uint32(data[16:]),
	}
}

func (c continuation) read(img image) ([]byte, error) {
	if c.offset > maxContinuationBytes || c.length > maxContinuationBytes {
		return nil, fmt.Errorf("%d bytes from offset %d are more than the %d allowed", c.length, c.offset, maxContinuationBytes)
	}
	within := c.offset % sectorSize
	raw, err := img.extent(c.lba+c.offset/sectorSize, within+c.length, 2*maxContinuationBytes)
	if err != nil {
		return nil, err
	}
	return raw[within:], nil
}

// POSIX modes of what an edit adds: readable by all, as on any CD.
const (
	modeFile      = 0o100444
	modeDirectory = 0o040555
)

// fields makes the system use area of a new record: PX, TF and, unless name is
// empty, NM (RRIP 4.1).
func (s susp) fields(name string, mode, serial uint32, at [stampLength]byte) []byte {
	if !s.present {
		return nil
	}
	area := bytes.Repeat([]byte{0}, s.skip)
	area = append(area, s.posix(mode, serial)...)
	area = append(area, "TF"...)
	area = append(area, 5+3*stampLength, 1, 0x0e) // modified, accessed, changed
	for range 3 {
		area = append(area, at[:]...)
	}
	if name != "" {
		area = append(area, "NM"...)
		area = append(area, byte(min(5+len(name), 255)), 1, 0)
		area = append(area, name...)
	}
	return area
}

func (s susp) posix(mode, serial uint32) []byte {
	links := uint32(1)
	if mode == modeDirectory {
		links = 2
	}
	px := make([]byte, s.attributes)
	copy(px, []byte{'P', 'X', byte(s.attributes), 1})
	putBoth32(px[4:], mode)
	putBoth32(px[12:], links)
	if len(px) >= 44 {
		putBoth32(px[36:], serial)
	}
	return px
}
