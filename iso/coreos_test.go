package iso

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const testPublicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA admin"

// TestCoreOSImage puts Ignition where the vendor's boot loader finds it already.
func TestCoreOSImage(t *testing.T) {
	t.Parallel()
	const grub = "set default=\"0\"\nset timeout=5\nmenuentry 'Fedora CoreOS (Live)' --class fedora {\n" +
		"\tlinux /images/pxeboot/vmlinuz ignition.firstboot ignition.platform.id=metal\n" +
		"\tinitrd /images/pxeboot/initrd.img /images/ignition.img\n}\n"
	base := labelled(t, "fedora-coreos-42.20250901.3.0", map[string]string{
		"images/ignition.img": "\x00\x00\x00\x00", "coreos/igninfo.json": "{}", "EFI/fedora/grub.cfg": grub,
	})
	c := Customization{Family: "coreos", Answers: Answers{Hostname: "node", SSHKeys: []string{testPublicKey}, Disk: Disk{Path: "/dev/sda"}}}
	img, err := base.Customize(c)
	must(t, err)
	files, err := c.Files()
	must(t, err)
	archive, err := packCPIO(files)
	must(t, err)
	got := contents(t, openImage(t, img))
	if got["images/ignition.img"] != string(archive) {
		t.Errorf("ignition.img is %.80q", got["images/ignition.img"])
	}
	const want = "set default=0\nset timeout=0\nmenuentry 'Fedora CoreOS (Live)' --class fedora {\n" +
		"\tlinux /images/pxeboot/vmlinuz ignition.firstboot ignition.platform.id=metal\n" +
		"\tinitrd /images/pxeboot/initrd.img /images/ignition.img\n}\n"
	if diff := cmp.Diff(want, got["EFI/fedora/grub.cfg"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestFlatcarImage has the boot loader load a second initrd, with Ignition where
// the live system takes a vendor's from.
func TestFlatcarImage(t *testing.T) {
	t.Parallel()
	const grub = "set default=\"flatcar\"\nset timeout=1\nmenuentry \"Flatcar\" --id=flatcar {\n" +
		"\tlinux /flatcar/vmlinuz flatcar.autologin\n\tinitrd /flatcar/cpio.gz\n}\n"
	base := labelled(t, "", map[string]string{"flatcar/vmlinuz": "", "boot/grub/grub.cfg": grub})
	c := Customization{Family: "flatcar", Answers: Answers{Hostname: "node", SSHKeys: []string{testPublicKey}, Disk: Disk{Path: "/dev/sda"}}}
	img, err := base.Customize(c)
	must(t, err)
	files, err := c.Files()
	must(t, err)
	got := contents(t, openImage(t, img))
	packed, err := packFlatcar(files)
	must(t, err)
	if got[flatcarInitrd] != string(packed[flatcarInitrd]) {
		t.Errorf("%s is %.200q", flatcarInitrd, got[flatcarInitrd])
	}
	const want = "set default=0\nset timeout=0\nmenuentry \"Flatcar\" --id=flatcar {\n" +
		"\tlinux /flatcar/vmlinuz flatcar.autologin flatcar.first_boot=1 ignition.config.url=oem:///config.ign\n" +
		"\tinitrd /flatcar/cpio.gz /rackflow.cpio\n}\n"
	if diff := cmp.Diff(want, got["boot/grub/grub.cfg"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
