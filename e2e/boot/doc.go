// Package boot boots edited images for real: firmware, boot loader, kernel and
// installer run in qemu and read the image over HTTP, as a BMC would. Its tests
// say what is missing and skip where qemu, a firmware or a kernel is not
// installed, or when they are run with -short. Nothing imports it.
//
// On Debian they need these packages: qemu-system-x86, qemu-block-extra, ovmf,
// grub-common, grub-pc-bin, grub-efi-amd64-bin, isolinux, syslinux-common, mtools,
// xorriso, busybox-static, linux-image-amd64 and debian-installer-12-netboot-amd64.
// Debian is installed for real where deb.debian.org, or the archive that the flag
// -archive names, has the installer's packages. The flag -installers names another
// place for its netboot images, so that a release other than the computer's own can
// be installed.
package boot
