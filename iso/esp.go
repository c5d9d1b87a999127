package iso

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// PatchESP replaces a file's content inside the FAT image that UEFI firmware
// starts, its EFI system partition, by what edit makes of it. Content and free
// space stay within the image's own; it has room for a boot configuration, not
// for a kernel. Case does not count in the path, and the file must be there: the
// error wraps [fs.ErrNotExist] if not.
func (e *Editor) PatchESP(name string, edit func(old []byte) ([]byte, error)) error {
	if _, ok := e.boot[PlatformUEFI]; ok {
		return fmt.Errorf("patch boot image file %s: the boot image has been replaced: do one or the other", name)
	}
	parts, err := splitPath(name)
	if err != nil {
		return fmt.Errorf("patch boot image file: %w", err)
	}
	key := strings.ToLower(strings.Join(parts, "/"))
	old, err := e.currentESP(key)
	if err != nil {
		return fmt.Errorf("patch boot image file %s: %w", name, err)
	}
	data, err := edit(old)
	if err != nil {
		return fmt.Errorf("patch boot image file %s: %w", name, err)
	}
	e.esp[key] = bytes.Clone(data)
	return nil
}

func (e *Editor) currentESP(key string) ([]byte, error) {
	if pending, ok := e.esp[key]; ok {
		return bytes.Clone(pending), nil
	}
	volume, err := e.base.openESP(newBuild(e.base, recordTime(e.time)))
	if err != nil {
		return nil, err
	}
	file, err := volume.find(strings.Split(key, "/"))
	if err != nil {
		return nil, err
	}
	return volume.read(file)
}

// openESP opens the volume of the UEFI boot entry. What the entry says of the
// length is often too little, so that the volume's own word counts, as long as
// it stays within the image.
func (b *Base) openESP(to *build) (*fat, error) {
	entry, err := b.bootEntry(PlatformUEFI)
	if err != nil {
		return nil, err
	}
	begin := int64(entry.LBA) * sectorSize
	volume, err := openFAT(to, begin, b.img.size-begin)
	if err != nil {
		return nil, fmt.Errorf("UEFI boot image at sector %d: %w", entry.LBA, err)
	}
	return volume, nil
}

func (e *Editor) applyESP(b *build) error {
	if len(e.esp) == 0 {
		return nil
	}
	volume, err := e.base.openESP(b)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(e.esp)) {
		file, err := volume.find(strings.Split(name, "/"))
		if err != nil {
			return fmt.Errorf("patch boot image file: %w", err)
		}
		if err := volume.write(file, e.esp[name]); err != nil {
			return fmt.Errorf("patch boot image file %s: %w", name, err)
		}
	}
	return nil
}
