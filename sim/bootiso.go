package sim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem/iso9660"
)

const (
	biosBootFile = "isolinux/isolinux.bin"
	uefiBootFile = "images/efiboot.img"
	// bootISOSize is the room given to the writer; the image is much smaller.
	bootISOSize = 4 << 20
)

// WriteBootISO writes a bootable image, smaller than 4 MiB, that is laid out like a
// RHEL 9 DVD and holds no operating system. On a real or virtual machine its boot
// sectors print a message and halt. It uses a temporary directory.
func WriteBootISO(w io.Writer, label string) error {
	return writeBootable(w, label, bootTree(label))
}

// writeBootable writes an image of the files, which include both boot images.
func writeBootable(w io.Writer, label string, files map[string][]byte) (err error) {
	if label == "" || len(label) > labelLength || strings.ContainsFunc(label, func(r rune) bool { return r < '!' || r > '~' }) {
		return fmt.Errorf("boot ISO: label %q is not 1 to %d printable ASCII characters", label, labelLength)
	}
	temporary, err := os.MkdirTemp("", "boot-iso-")
	if err != nil {
		return fmt.Errorf("boot ISO: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	path, tree := filepath.Join(temporary, "boot.iso"), filepath.Join(temporary, "tree")
	if err := writeTree(tree, files); err != nil {
		return fmt.Errorf("boot ISO: %w", err)
	}
	if err := authorBootISO(path, tree, label); err != nil {
		return fmt.Errorf("boot ISO: %w", err)
	}
	image, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("boot ISO: %w", err)
	}
	if _, err := w.Write(image[:volumeSize(image)]); err != nil {
		return fmt.Errorf("write boot ISO: %w", err)
	}
	return nil
}

// volumeSize returns how many bytes of the image its primary descriptor claims. What
// the library leaves behind them is empty.
func volumeSize(image []byte) int {
	return sector * int(binary.LittleEndian.Uint32(image[firstDescriptor*sector+80:]))
}

func authorBootISO(path, tree, label string) (err error) {
	storage, err := file.CreateFromPath(path, bootISOSize)
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	defer func() { err = errors.Join(err, storage.Close()) }()
	image, err := iso9660.Create(storage, bootISOSize, 0, sector, tree)
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	bios := &iso9660.ElToritoEntry{
		Platform: iso9660.BIOS, Emulation: iso9660.NoEmulation, BootFile: biosBootFile, BootTable: true,
	}
	bios.SetLoadSize(biosLoadSector)
	uefi := &iso9660.ElToritoEntry{Platform: iso9660.EFI, Emulation: iso9660.NoEmulation, BootFile: uefiBootFile}
	if err := image.Finalize(iso9660.FinalizeOptions{
		RockRidge:        true,
		VolumeIdentifier: label,
		ElTorito: &iso9660.ElTorito{
			BootCatalog: "isolinux/boot.cat", Entries: []*iso9660.ElToritoEntry{bios, uefi},
		},
	}); err != nil {
		return fmt.Errorf("finalize: %w", err)
	}
	return nil
}

func writeTree(root string, files map[string][]byte) error {
	for name, data := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("write tree: %w", err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return fmt.Errorf("write tree: %w", err)
		}
	}
	return nil
}

func bootTree(label string) map[string][]byte {
	grub := []byte(strings.ReplaceAll(grubConfig, "@LABEL@", label))
	kernel, initrd := []byte("simulated kernel\n"), []byte("simulated initial RAM disk\n")
	return map[string][]byte{
		".discinfo":                 []byte("1714000000.000000\n9.4\nx86_64\n"),
		".treeinfo":                 []byte(treeInfo),
		"media.repo":                []byte(mediaRepo),
		"isolinux/isolinux.cfg":     []byte(strings.ReplaceAll(isolinuxConfig, "@LABEL@", label)),
		biosBootFile:                biosProgram(),
		"isolinux/vmlinuz":          kernel,
		"isolinux/initrd.img":       initrd,
		"images/pxeboot/vmlinuz":    kernel,
		"images/pxeboot/initrd.img": initrd,
		"EFI/BOOT/grub.cfg":         grub,
		"EFI/BOOT/BOOTX64.EFI":      uefiProgram(),
		uefiBootFile:                systemPartition(uefiProgram(), grub),
	}
}

const treeInfo = `[general]
arch = x86_64
family = Red Hat Enterprise Linux
name = Red Hat Enterprise Linux 9.4.0
platforms = x86_64
timestamp = 1714000000
version = 9.4

[images-x86_64]
efiboot.img = images/efiboot.img
initrd = images/pxeboot/initrd.img
kernel = images/pxeboot/vmlinuz

[tree]
arch = x86_64
build_timestamp = 1714000000
platforms = x86_64
variants =
`

const mediaRepo = `[InstallMedia]
name=Red Hat Enterprise Linux 9.4.0
mediaid=1714000000.000000
metadata_expire=-1
gpgcheck=0
cost=500
`

const isolinuxConfig = `default vesamenu.c32
timeout 600

label linux
  menu label ^Install Red Hat Enterprise Linux 9.4
  kernel vmlinuz
  append initrd=initrd.img inst.stage2=hd:LABEL=@LABEL@ quiet

label check
  menu label Test this ^media & install Red Hat Enterprise Linux 9.4
  menu default
  kernel vmlinuz
  append initrd=initrd.img inst.stage2=hd:LABEL=@LABEL@ rd.live.check quiet
`

const grubConfig = `set default="1"
set timeout=60

search --no-floppy --set=root -l '@LABEL@'

menuentry 'Install Red Hat Enterprise Linux 9.4' --class fedora --class gnu-linux --class gnu --class os {
	linuxefi /images/pxeboot/vmlinuz inst.stage2=hd:LABEL=@LABEL@ quiet
	initrdefi /images/pxeboot/initrd.img
}
menuentry 'Test this media & install Red Hat Enterprise Linux 9.4' --class fedora --class gnu-linux --class gnu --class os {
	linuxefi /images/pxeboot/vmlinuz inst.stage2=hd:LABEL=@LABEL@ rd.live.check quiet
	initrdefi /images/pxeboot/initrd.img
}
`
