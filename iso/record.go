package iso

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
)

// record is a directory record (ECMA-119 9.1), byte for byte: what a vendor's
// mastering tool put there and we do not know survives an edit.
type record []byte

// Layout of a directory record.
const (
	recordIDAt  = 33
	maxRecord   = 254 // the length is one byte, and even
	selfID      = "\x00"
	parentID    = "\x01"
	stampLength = 7

	flagDirectory   = 0x02
	flagAssociated  = 0x04
	flagMultiExtent = 0x80
)

func (r record) id() string { return string(r[recordIDAt : recordIDAt+int(r[32])]) }

func (r record) has(flag byte) bool { return r[25]&flag != 0 }

// extent is where the content begins, behind the extended attributes if there
// are any.
func (r record) extent() extentRef {
	return extentRef{
		lba:    binary.LittleEndian.Uint32(r[2:]) + uint32(r[1]),
		length: binary.LittleEndian.Uint32(r[10:]),
	}
}

// withExtent returns a copy that points elsewhere.
func (r record) withExtent(e extentRef) record {
	moved := slices.Clone(r)
	moved[1] = 0
	putBoth32(moved[2:], e.lba)
	putBoth32(moved[10:], e.length)
	return moved
}

// systemUse is the part behind the identifier, where Rock Ridge lives.
func (r record) systemUse() []byte {
	at := recordIDAt + int(r[32])
	at += 1 - int(r[32])%2
	if at >= len(r) {
		return nil
	}
	return r[at:]
}

// newRecord makes a record of an identifier and a system use area.
func newRecord(id string, e extentRef, flags byte, at [stampLength]byte, systemUse []byte) (record, error) {
	length := recordIDAt + len(id)
	length += length % 2
	area := length
	length += len(systemUse)
	length += length % 2
	if length > maxRecord {
		return nil, fmt.Errorf("its directory record would have %d bytes, at most %d fit: use a shorter name", length, maxRecord)
	}
	r := make(record, length)
	r[0] = byte(length)
	putBoth32(r[2:], e.lba)
	putBoth32(r[10:], e.length)
	copy(r[18:], at[:])
	r[25] = flags
	putBoth16(r[28:], 1)
	r[32] = byte(len(id))
	copy(r[recordIDAt:], id)
	copy(r[area:], systemUse)
	return r, nil
}

// splitRecords takes a directory apart. No record crosses a sector, and a length
// of zero ends one (ECMA-119 6.8.1.1).
func splitRecords(directory []byte) ([]record, error) {
	var records []record
	for sector := range slices.Chunk(directory, sectorSize) {
		for len(sector) > 0 && sector[0] != 0 {
			length := int(sector[0])
			if length > len(sector) {
				return nil, errors.New("directory record crosses its sector")
			}
			if _, err := parseRecord(sector[:length]); err != nil {
				return nil, err
			}
			records = append(records, record(sector[:length]))
			sector = sector[length:]
		}
	}
	return records, nil
}

// packRecords lays records out again, each in one sector.
func packRecords(records []record) []byte {
	var out []byte
	for _, r := range records {
		if room := sectorSize - len(out)%sectorSize; len(r) > room {
			out = append(out, make([]byte, room)...)
		}
		out = append(out, r...)
	}
	return out
}

// recordTime is the seven-byte date of ECMA-119 9.1.5, in UTC.
func recordTime(t time.Time) [stampLength]byte {
	t = t.UTC()
	year := min(max(t.Year()-1900, 0), 255)
	return [stampLength]byte{
		byte(year), byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second()), 0,
	}
}

// putBoth32 writes a number in both byte orders (ECMA-119 7.3.3).
func putBoth32(b []byte, v uint32) {
	binary.LittleEndian.PutUint32(b, v)
	binary.BigEndian.PutUint32(b[4:], v)
}

// putBoth16 writes a number in both byte orders (ECMA-119 7.2.3).
func putBoth16(b []byte, v uint16) {
	binary.LittleEndian.PutUint16(b, v)
	binary.BigEndian.PutUint16(b[2:], v)
}
