package iso

import (
	"encoding/binary"
	"fmt"
)

// Platform is the firmware an El Torito entry is meant for.
type Platform string

// Platforms of the El Torito specification; any other id appears as its number,
// such as "0x02".
const (
	PlatformBIOS Platform = "BIOS"
	PlatformUEFI Platform = "UEFI"
)

// BootEntry is one entry of the El Torito boot catalogue.
type BootEntry struct {
	Platform Platform `json:"platform"`
	// Bootable says that firmware may start the entry.
	Bootable bool `json:"bootable"`
	// LBA is the boot image's first sector, of 2048 bytes.
	LBA uint32 `json:"lba"`
	// Sectors is the recorded length in sectors of 512 bytes. UEFI entries
	// often say 0 or 1, meaning "to the end".
	Sectors uint16 `json:"sectors"`
}

// Layout of the catalogue (El Torito 1.0, section 2).
const (
	catalogueEntry = 32 // bytes

	validationID    = 0x01
	bootableID      = 0x88
	sectionID       = 0x90
	lastSectionID   = 0x91
	extensionID     = 0x44
	platformUEFIRaw = 0xef
)

// readBootCatalogue reads one sector of catalogue: 64 entries, where real
// images have two or three.
func readBootCatalogue(img image, v volume) ([]BootEntry, error) {
	if v.catalogue == 0 {
		return nil, fmt.Errorf("%w: it has no El Torito boot record: take the vendor's installation ISO", ErrNotBootable)
	}
	catalogue, err := img.sector(v.catalogue)
	if err != nil {
		return nil, fmt.Errorf("read boot catalogue: %w", err)
	}
	if err := checkValidation(catalogue[:catalogueEntry]); err != nil {
		return nil, fmt.Errorf("%w: boot catalogue at sector %d: %w", ErrNotBootable, v.catalogue, err)
	}
	entries := parseCatalogue(catalogue)
	return entries, checkEntries(img, entries)
}

func checkValidation(entry []byte) error {
	if entry[0] != validationID || entry[30] != 0x55 || entry[31] != 0xaa {
		return fmt.Errorf("no validation entry (it begins with % x)", entry[:4])
	}
	var sum uint16
	for word := range len(entry) / 2 {
		sum += binary.LittleEndian.Uint16(entry[2*word:])
	}
	if sum != 0 {
		return fmt.Errorf("wrong checksum (the words add up to %#04x, not 0)", sum)
	}
	return nil
}

// parseCatalogue takes the default entry and those of every section.
func parseCatalogue(catalogue []byte) []BootEntry {
	entries := []BootEntry{parseEntry(catalogue[1*catalogueEntry:], platform(catalogue[1]))}
	rest := catalogue[2*catalogueEntry:]
	for len(rest) >= catalogueEntry {
		header := rest[:catalogueEntry]
		if header[0] != sectionID && header[0] != lastSectionID {
			break
		}
		var section []BootEntry
		section, rest = parseSection(header, rest[catalogueEntry:])
		entries = append(entries, section...)
		if header[0] == lastSectionID {
			break
		}
	}
	return entries
}

// parseSection returns the section's entries and what follows them.
func parseSection(header, rest []byte) ([]BootEntry, []byte) {
	var entries []BootEntry
	for range binary.LittleEndian.Uint16(header[2:]) {
		if len(rest) < catalogueEntry {
			break
		}
		entries = append(entries, parseEntry(rest, platform(header[1])))
		rest = skipExtensions(rest[catalogueEntry:])
	}
	return entries, rest
}

func skipExtensions(rest []byte) []byte {
	for len(rest) >= catalogueEntry && rest[0] == extensionID {
		rest = rest[catalogueEntry:]
	}
	return rest
}

func parseEntry(raw []byte, platform Platform) BootEntry {
	return BootEntry{
		Platform: platform,
		Bootable: raw[0] == bootableID,
		LBA:      binary.LittleEndian.Uint32(raw[8:]),
		Sectors:  binary.LittleEndian.Uint16(raw[6:]),
	}
}

func platform(id byte) Platform {
	switch id {
	case 0:
		return PlatformBIOS
	case platformUEFIRaw:
		return PlatformUEFI
	}
	return Platform(fmt.Sprintf("0x%02x", id))
}

// checkEntries wants one entry that firmware may start, and every such entry
// inside the file.
func checkEntries(img image, entries []BootEntry) error {
	var bootable int
	for _, entry := range entries {
		if !entry.Bootable {
			continue
		}
		bootable++
		if entry.end() > img.size {
			return fmt.Errorf("%w: the %s boot image at sector %d lies beyond its end: download or copy it again",
				ErrTruncated, entry.Platform, entry.LBA)
		}
	}
	if bootable == 0 {
		return fmt.Errorf("%w: no entry of its boot catalogue is marked bootable: take the vendor's installation ISO", ErrNotBootable)
	}
	return nil
}

// end is the offset in bytes just behind the boot image.
func (e BootEntry) end() int64 {
	const bootSector = 512
	return int64(e.LBA)*sectorSize + max(1, int64(e.Sectors))*bootSector
}
