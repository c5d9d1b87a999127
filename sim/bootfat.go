package sim

import (
	"encoding/binary"
	"slices"
)

// Geometry of the FAT12 file system in the UEFI boot image: that of a 360 KiB floppy
// disk, with one sector a cluster.
const (
	fatSector      = 512
	fatSectors     = 720
	fatReserved    = 1
	fatCopies      = 2
	fatLength      = 3   // sectors of one copy
	fatRootEntries = 112 // 7 sectors
	fatRootAt      = fatReserved + fatCopies*fatLength
	fatDataAt      = fatRootAt + fatRootEntries*fatEntry/fatSector
	fatEntry       = 32

	fatDirectory = 0x10
	fatArchive   = 0x20
	// fatLowerCase shows a short name in lower case.
	fatLowerCase = 0x18
)

// fatImage is a FAT12 file system being built. Clusters are only ever added.
type fatImage struct {
	data []byte
	next int // the first free cluster
}

// systemPartition makes the UEFI boot image: /EFI/BOOT with a program and grub.cfg.
func systemPartition(program, grub []byte) []byte {
	fat := &fatImage{data: make([]byte, fatSectors*fatSector), next: 2}
	fat.writeBootSector()
	fat.setLink(0, 0xff0|0xd)
	fat.setLink(1, 0xfff)
	efi, boot := fat.add(make([]byte, fatSector)), fat.add(make([]byte, fatSector))
	copy(fat.data[fatRootAt*fatSector:], directoryEntry("EFI        ", fatDirectory, 0, efi, 0))
	copy(fat.cluster(efi), slices.Concat(
		directoryEntry(".          ", fatDirectory, 0, efi, 0),
		directoryEntry("..         ", fatDirectory, 0, 0, 0),
		directoryEntry("BOOT       ", fatDirectory, 0, boot, 0),
	))
	copy(fat.cluster(boot), slices.Concat(
		directoryEntry(".          ", fatDirectory, 0, boot, 0),
		directoryEntry("..         ", fatDirectory, 0, efi, 0),
		directoryEntry("BOOTX64 EFI", fatArchive, 0, fat.add(program), len(program)),
		directoryEntry("GRUB    CFG", fatArchive, fatLowerCase, fat.add(grub), len(grub)),
	))
	return fat.data
}

func (f *fatImage) writeBootSector() {
	le := binary.LittleEndian
	b := f.data
	copy(b, []byte{0xeb, 0x3c, 0x90})
	copy(b[3:], "MSWIN4.1")
	le.PutUint16(b[11:], fatSector)
	b[13] = 1 // sectors a cluster
	le.PutUint16(b[14:], fatReserved)
	b[16] = fatCopies
	le.PutUint16(b[17:], fatRootEntries)
	le.PutUint16(b[19:], fatSectors)
	b[21] = 0xfd // medium: 360 KiB floppy disk
	le.PutUint16(b[22:], fatLength)
	le.PutUint16(b[24:], 9) // sectors a track
	le.PutUint16(b[26:], 2) // heads
	b[38] = 0x29            // the next three fields are present
	le.PutUint32(b[39:], 0x20241122)
	copy(b[43:], "SIMULATED  FAT12   ")
	copy(b[62:], []byte{0xf4, 0xeb, 0xfd}) // hlt; jmp: not bootable by a BIOS
	b[510], b[511] = 0x55, 0xaa
}

// add stores data in a chain of new clusters and returns the first.
func (f *fatImage) add(data []byte) (first int) {
	first = f.next
	for chunk := range slices.Chunk(data, fatSector) {
		copy(f.cluster(f.next), chunk)
		f.setLink(f.next, f.next+1)
		f.next++
	}
	f.setLink(f.next-1, 0xfff)
	return first
}

func (f *fatImage) cluster(number int) []byte {
	at := (fatDataAt + number - 2) * fatSector
	return f.data[at : at+fatSector]
}

// setLink writes a 12-bit entry into both copies of the table.
func (f *fatImage) setLink(cluster, value int) {
	for copyIndex := range fatCopies {
		at := (fatReserved+copyIndex*fatLength)*fatSector + cluster + cluster/2
		entry := f.data[at : at+2]
		old := binary.LittleEndian.Uint16(entry)
		if cluster%2 == 0 {
			binary.LittleEndian.PutUint16(entry, old&0xf000|uint16(value))
		} else {
			binary.LittleEndian.PutUint16(entry, old&0x000f|uint16(value)<<4)
		}
	}
}

// directoryEntry makes an entry for a space-padded 8+3 name.
func directoryEntry(name string, attributes, lowerCase byte, cluster, size int) []byte {
	entry := make([]byte, fatEntry)
	copy(entry, name)
	entry[11], entry[12] = attributes, lowerCase
	binary.LittleEndian.PutUint16(entry[24:], 0x5976) // 2024-11-22
	binary.LittleEndian.PutUint16(entry[26:], uint16(cluster))
	binary.LittleEndian.PutUint32(entry[28:], uint32(size))
	return entry
}
