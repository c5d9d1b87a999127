package sim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

const (
	catalogEntry   = 32 // bytes
	virtualSector  = 512
	maxBootImage   = 64 << 20
	platformBIOS   = 0x00
	platformUEFI   = 0xef
	bootable       = 0x88
	sectionHeader  = 0x90
	lastHeader     = 0x91
	entryExtension = 0x44
	biosLoadSector = 4 // what a BIOS loads when the entry says 0
)

var errNotBootable = errors.New("the image has no El Torito boot record")

// bootEntry is a bootable entry of the boot catalogue.
type bootEntry struct {
	extent

	platform byte
}

// loadBootImage finds the entry for the firmware's mode and reads its boot image.
func (v *volume) loadBootImage(mode string) error {
	entries, err := v.bootEntries()
	if err != nil {
		return err
	}
	platform := byte(platformUEFI)
	if mode == modeLegacy {
		platform = platformBIOS
	}
	i := slices.IndexFunc(entries, func(e bootEntry) bool { return e.platform == platform })
	if i < 0 {
		return fmt.Errorf("the boot catalogue has no bootable entry for boot mode %s", mode)
	}
	return v.checkBootImage(entries[i])
}

func (v *volume) checkBootImage(entry bootEntry) error {
	if entry.length > maxBootImage {
		return fmt.Errorf("boot image of %d bytes is too large", entry.length)
	}
	image, err := v.read(entry.extent)
	if err != nil {
		return fmt.Errorf("boot image: %w", err)
	}
	if !slices.ContainsFunc(image, func(b byte) bool { return b != 0 }) {
		return errors.New("the boot image is empty")
	}
	return nil
}

func (v *volume) bootEntries() ([]bootEntry, error) {
	if v.catalog == 0 {
		return nil, errNotBootable
	}
	catalog, err := v.read(extent{v.catalog * sector, sector})
	if err != nil {
		return nil, fmt.Errorf("boot catalogue: %w", err)
	}
	if err := checkValidation(catalog[:catalogEntry]); err != nil {
		return nil, err
	}
	return parseCatalog(catalog), nil
}

// checkValidation checks the catalogue's first entry: the sum of its words is 0.
func checkValidation(entry []byte) error {
	var sum uint16
	for word := range slices.Chunk(entry, 2) {
		sum += binary.LittleEndian.Uint16(word)
	}
	if entry[0] != 1 || entry[30] != 0x55 || entry[31] != 0xaa || sum != 0 {
		return errors.New("the boot catalogue's validation entry is damaged")
	}
	return nil
}

// parseCatalog returns the bootable entries: the initial one, whose platform is the
// validation entry's, and those of the sections that follow.
func parseCatalog(catalog []byte) []bootEntry {
	var entries []bootEntry
	platform, left, last := catalog[1], 1, false
	for at := catalogEntry; at+catalogEntry <= len(catalog); at += catalogEntry {
		raw := catalog[at : at+catalogEntry]
		if left == 0 {
			if last || (raw[0] != sectionHeader && raw[0] != lastHeader) {
				break
			}
			platform, left, last = raw[1], int(binary.LittleEndian.Uint16(raw[2:])), raw[0] == lastHeader
			continue
		}
		if raw[0] == entryExtension {
			continue
		}
		left--
		if raw[0] == bootable {
			entries = append(entries, parseBootEntry(platform, raw))
		}
	}
	return entries
}

func parseBootEntry(platform byte, raw []byte) bootEntry {
	count := int64(binary.LittleEndian.Uint16(raw[6:]))
	if count == 0 {
		count = biosLoadSector
	}
	return bootEntry{
		platform: platform,
		extent:   extent{int64(binary.LittleEndian.Uint32(raw[8:])) * sector, count * virtualSector},
	}
}
