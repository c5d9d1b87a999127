package iso

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// SetBootImage replaces what firmware of a platform boots from CD: data goes
// behind the base, and the catalogue's bootable entry of that platform points at
// it, without floppy emulation. The image is started as a CD only: partition
// tables still lead to the old one.
func (e *Editor) SetBootImage(platform Platform, data []byte) error {
	if len(data) == 0 {
		return fmt.Errorf("set %s boot image: it is empty", platform)
	}
	if platform == PlatformUEFI && len(e.esp) > 0 {
		return fmt.Errorf("set %s boot image: files of the old one have been patched: do one or the other", platform)
	}
	if _, err := e.base.bootEntry(platform); err != nil {
		return fmt.Errorf("set %s boot image: %w", platform, err)
	}
	e.boot[platform] = bytes.Clone(data)
	return nil
}

// bootEntry returns the first bootable entry of a platform.
func (b *Base) bootEntry(platform Platform) (BootEntry, error) {
	for _, entry := range b.info.Boot {
		if entry.Platform == platform && entry.Bootable {
			return entry, nil
		}
	}
	return BootEntry{}, fmt.Errorf("%w by %s: its boot catalogue has no such entry", ErrNotBootable, platform)
}

func (e *Editor) applyBootImages(b *build) error {
	for _, platform := range slices.Sorted(maps.Keys(e.boot)) {
		if err := e.applyBootImage(b, platform); err != nil {
			return fmt.Errorf("set %s boot image: %w", platform, err)
		}
	}
	return nil
}

func (e *Editor) applyBootImage(b *build, platform Platform) error {
	old, err := e.base.bootEntry(platform)
	if err != nil {
		return err
	}
	catalogue, err := b.sector(e.base.catalogue)
	if err != nil {
		return err
	}
	entry := findCatalogueEntry(catalogue, old)
	if entry == nil {
		return errors.New("its entry of the boot catalogue was not found again")
	}
	data := e.boot[platform]
	at, err := b.append(data)
	if err != nil {
		return err
	}
	blocks := (len(data) + blockSize - 1) / blockSize
	if blocks > math.MaxUint16 {
		blocks = 0 // UEFI: to the end of the medium
	}
	entry[1] = 0
	binary.LittleEndian.PutUint16(entry[6:], uint16(blocks))
	binary.LittleEndian.PutUint32(entry[8:], at.lba)
	return nil
}

// findCatalogueEntry finds an entry's 32 bytes by what they say. The validation
// entry, headers and extensions cannot be taken for one.
func findCatalogueEntry(catalogue []byte, want BootEntry) []byte {
	for entry := range slices.Chunk(catalogue, catalogueEntry) {
		if entry[0] == bootableID && parseEntry(entry, want.Platform) == want {
			return entry
		}
	}
	return nil
}
