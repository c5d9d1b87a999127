package iso

import (
	"bytes"
	"fmt"
	"io"
)

// sectorSize is the size in bytes of a logical sector (ECMA-119 6.1.2).
const sectorSize = 2048

// image is an untrusted image: every read is checked against its size.
type image struct {
	r    io.ReaderAt
	size int64
}

// sector returns the sector at lba. A last sector that the file cuts short is
// filled up with zeros, as some mastering tools leave it; a sector wholly
// outside the file is ErrTruncated.
func (m image) sector(lba uint32) ([]byte, error) {
	offset := int64(lba) * sectorSize
	if offset >= m.size {
		return nil, fmt.Errorf("%w: sector %d lies beyond its end (%d bytes)", ErrTruncated, lba, m.size)
	}
	buf := make([]byte, sectorSize)
	want := int(min(sectorSize, m.size-offset))
	if n, err := m.r.ReadAt(buf[:want], offset); n < want {
		return nil, fmt.Errorf("read sector %d: %w", lba, err)
	}
	return buf, nil
}

// extent returns length bytes from sector lba on, which must lie within the
// image and be no longer than limit bytes.
func (m image) extent(lba, length uint32, limit int64) ([]byte, error) {
	if int64(length) > limit {
		return nil, fmt.Errorf("extent at sector %d has %d bytes, more than the %d allowed", lba, length, limit)
	}
	var out bytes.Buffer
	for out.Len() < int(length) {
		sector, err := m.sector(lba)
		if err != nil {
			return nil, err
		}
		out.Write(sector)
		lba++
	}
	return out.Bytes()[:length], nil
}
