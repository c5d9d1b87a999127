package boot

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rackflow/rackflow/iso"
)

// The boot configurations of the vendors' images. Their default entry is another
// one than the installer's, no argument leads to the serial console, and they
// wait for a minute: without an edit the tests would wait in vain.
const (
	grubConfig = `set default="1"
set timeout=60
menuentry 'Install' --class os {
  linux /images/pxeboot/vmlinuz vendor.entry=install quiet
  initrd /images/pxeboot/initrd.img
}
menuentry 'Test this media & install' {
  linux /images/pxeboot/vmlinuz vendor.entry=test rd.live.check quiet
  initrd /images/pxeboot/initrd.img
}
`
	isolinuxConfig = `default check
timeout 600
label linux
  menu label ^Install
  kernel /images/pxeboot/vmlinuz
  append initrd=/images/pxeboot/initrd.img vendor.entry=install quiet
label check
  menu label Test this ^media & install
  kernel /images/pxeboot/vmlinuz
  append initrd=/images/pxeboot/initrd.img vendor.entry=test rd.live.check quiet
`
	treeInfo = "[general]\nfamily = Rocky Linux\nversion = 9.4\narch = x86_64\n"
	mediaURL = "[InstallMedia]\nname=Rocky Linux 9.4\n"
)

// vendor is a kind of image as vendors make them.
type vendor struct {
	name string
	// make masters a tree and returns the image's path.
	make func(tb testing.TB, tree string) string
}

func vendors() []vendor {
	return []vendor{{"GRUB", grubHybrid}, {"ISOLINUX", isolinuxHybrid}}
}

// grubHybrid has GRUB for both firmwares, by its own tool.
func grubHybrid(tb testing.TB, tree string) string {
	tb.Helper()
	mkrescue := tool(tb, "grub-mkrescue", "grub-common, grub-pc-bin and grub-efi-amd64-bin")
	tool(tb, "xorriso", "xorriso")
	tool(tb, "mformat", "mtools")
	writeFile(tb, filepath.Join(tree, "boot/grub/grub.cfg"), readFile(tb, filepath.Join(tree, "EFI/BOOT/grub.cfg")))
	must(tb, os.RemoveAll(filepath.Join(tree, "EFI")))
	path := filepath.Join(tb.TempDir(), "vendor.iso")
	run(tb, mkrescue, "-o", path, tree, "--", "-volid", "Rocky-9-4-x86_64-dvd")
	return path
}

// isolinuxHybrid is as RHEL's and Debian's: ISOLINUX for BIOS, and a FAT image
// with GRUB for UEFI.
func isolinuxHybrid(tb testing.TB, tree string) string {
	tb.Helper()
	xorriso := tool(tb, "xorriso", "xorriso")
	for name, file := range map[string]string{
		"isolinux.bin": installed(tb, "isolinux", "/usr/lib/ISOLINUX/isolinux.bin"),
		"ldlinux.c32":  installed(tb, "syslinux-common", "/usr/lib/syslinux/modules/bios/ldlinux.c32"),
	} {
		writeFile(tb, filepath.Join(tree, "isolinux", name), readFile(tb, file))
	}
	efiImage(tb, filepath.Join(tree, "images/efiboot.img"))
	path := filepath.Join(tb.TempDir(), "vendor.iso")
	run(tb, xorriso, "-as", "mkisofs", "-V", "Rocky-9-4-x86_64-dvd", "-R", "-J", "-joliet-long", "-o", path,
		"-isohybrid-mbr", installed(tb, "isolinux", "/usr/lib/ISOLINUX/isohdpfx.bin"),
		"-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table",
		"-eltorito-alt-boot", "-e", "images/efiboot.img", "-no-emul-boot", "-isohybrid-gpt-basdat", tree)
	return path
}

// efiImage makes the FAT image of a loader that reads /EFI/BOOT/grub.cfg.
func efiImage(tb testing.TB, path string) {
	tb.Helper()
	must(tb, os.MkdirAll(filepath.Dir(path), 0o750))
	loader := filepath.Join(tb.TempDir(), "BOOTX64.EFI")
	run(tb, tool(tb, "grub-mkimage", "grub-common and grub-efi-amd64-bin"), "-O", "x86_64-efi", "-p", "/EFI/BOOT", "-o", loader,
		"fat", "iso9660", "part_gpt", "part_msdos", "linux", "normal", "configfile", "echo", "search", "test")
	run(tb, tool(tb, "mformat", "mtools"), "-C", "-i", path, "-T", "20480", "-h", "16", "-s", "32", "::")
	run(tb, tool(tb, "mmd", "mtools"), "-i", path, "::EFI", "::EFI/BOOT")
	run(tb, tool(tb, "mcopy", "mtools"), "-i", path, loader, "::EFI/BOOT/BOOTX64.EFI")
}

// reporterTree is what a vendor would put on an image, with the reporter as its
// installer.
func reporterTree(tb testing.TB) string {
	tb.Helper()
	kernel := installed(tb, "linux-image-amd64", "/boot/vmlinuz-*-amd64", "/boot/vmlinuz-*")
	tree := tb.TempDir()
	for name, content := range map[string][]byte{
		".treeinfo":                 []byte(treeInfo),
		"media.repo":                []byte(mediaURL),
		"images/install.img":        installImage(),
		"images/pxeboot/vmlinuz":    readFile(tb, kernel),
		"images/pxeboot/initrd.img": reporterInitrd(tb, strings.TrimPrefix(filepath.Base(kernel), "vmlinuz-")),
		"isolinux/isolinux.cfg":     []byte(isolinuxConfig),
		"EFI/BOOT/grub.cfg":         []byte(grubConfig),
	} {
		writeFile(tb, filepath.Join(tree, name), content)
	}
	return tree
}

// installImage is a file that an edit must leave as it is.
func installImage() []byte {
	content := make([]byte, 3<<20)
	random := rand.NewChaCha8([32]byte(bytes.Repeat([]byte{7}, 32)))
	_, _ = random.Read(content) // it never fails
	return content
}

func openBase(tb testing.TB, path string) *iso.Base {
	tb.Helper()
	file, err := os.Open(path)
	must(tb, err)
	tb.Cleanup(func() { file.Close() })
	info, err := file.Stat()
	must(tb, err)
	base, err := iso.Open(file, info.Size())
	must(tb, err)
	return base
}
