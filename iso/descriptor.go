package iso

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
)

// Volume descriptors (ECMA-119 8) begin at sector 16, one a sector.
const (
	firstDescriptor = 16
	maxDescriptors  = 64 // real images have three to five

	descriptorBoot          = 0
	descriptorPrimary       = 1
	descriptorSupplementary = 2
	descriptorTerminator    = 255
)

// volume is what the volume descriptors say.
type volume struct {
	label     string
	sectors   uint32
	joliet    bool
	root      extentRef
	catalogue uint32 // sector of the El Torito catalogue; 0: none
}

// extentRef is where a file or directory lies.
type extentRef struct {
	lba    uint32
	length uint32 // bytes
}

// readVolume reads the descriptors up to the terminator. An image without a
// terminator is read as far as its descriptors go.
func readVolume(img image) (volume, error) {
	var v volume
	var primary bool
	for n := range uint32(maxDescriptors) {
		descriptor, err := readDescriptor(img, firstDescriptor+n)
		if err != nil {
			return volume{}, err
		}
		if descriptor == nil || descriptor[0] == descriptorTerminator {
			break
		}
		if descriptor[0] == descriptorPrimary && !primary {
			if err := v.setPrimary(descriptor); err != nil {
				return volume{}, err
			}
			primary = true
		}
		v.setExtra(descriptor)
	}
	if !primary {
		return volume{}, notISO(img)
	}
	return v, nil
}

// readDescriptor returns nil where there is no descriptor any more.
func readDescriptor(img image, lba uint32) ([]byte, error) {
	if (int64(lba)+1)*sectorSize > img.size {
		return nil, nil
	}
	sector, err := img.sector(lba)
	if err != nil {
		return nil, err
	}
	if string(sector[1:6]) != "CD001" {
		return nil, nil
	}
	return sector, nil
}

func (v *volume) setPrimary(d []byte) error {
	if block := binary.LittleEndian.Uint16(d[128:]); block != sectorSize {
		return fmt.Errorf("%w: its blocks have %d bytes, only %d is supported", ErrNotISO, block, sectorSize)
	}
	v.label = label(d[40:72])
	v.sectors = binary.LittleEndian.Uint32(d[80:])
	v.root = extentRef{
		lba:    binary.LittleEndian.Uint32(d[156+2:]),
		length: binary.LittleEndian.Uint32(d[156+10:]),
	}
	return nil
}

// setExtra takes what may follow the primary descriptor: the Joliet tree and
// the El Torito boot record.
func (v *volume) setExtra(d []byte) {
	switch d[0] {
	case descriptorSupplementary:
		v.joliet = v.joliet || isJoliet(d[88:120])
	case descriptorBoot:
		if v.catalogue == 0 && bytes.HasPrefix(d[7:], []byte("EL TORITO SPECIFICATION")) {
			v.catalogue = binary.LittleEndian.Uint32(d[71:])
		}
	}
}

// isJoliet looks for one of the three UCS-2 escape sequences of the Joliet
// specification.
func isJoliet(escapes []byte) bool {
	for _, level := range []string{"%/@", "%/C", "%/E"} {
		if bytes.HasPrefix(escapes, []byte(level)) {
			return true
		}
	}
	return false
}

// label makes an identifier printable: it ends up in logs and on web pages.
func label(raw []byte) string {
	text := strings.ToValidUTF8(strings.TrimRight(string(raw), " \x00"), "?")
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}
