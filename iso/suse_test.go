package iso

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSUSEImages start the installer where the vendor starts the hard disk's
// system, or waits, and hand Agama the network in the kernel's arguments.
func TestSUSEImages(t *testing.T) {
	t.Parallel()
	const (
		leap = "set timeout=60\nset default=local\n" +
			"menuentry 'Boot from Hard Disk' --id local {\n  exit\n}\n" +
			"menuentry 'Installation' --id linux {\n  linux /boot/x86_64/loader/linux splash=silent\n  initrd /boot/x86_64/loader/initrd\n}\n" +
			"menuentry 'Check Installation Media' {\n  linux /boot/x86_64/loader/linux mediacheck=1\n  initrd /boot/x86_64/loader/initrd\n}\n"
		agama = "set default=0\nset timeout=10\n" +
			"menuentry \"Install SLES\" --class os --unrestricted {\n  linux ($root)/boot/x86_64/loader/linux ${extra_cmdline}\n  initrd ($root)/boot/x86_64/loader/initrd\n}\n"
		medium = "openSUSE - openSUSE-Leap-15.6-DVD-x86_64-Build709.1-Media\n"
	)
	tests := map[string]struct {
		label, path, answers, want string
		files                      map[string]string
	}{
		"suse": {
			path: "EFI/BOOT/grub.cfg", answers: "autoinst.xml", files: map[string]string{"media.1/media": medium, "EFI/BOOT/grub.cfg": leap},
			want: "set timeout=0\nset default=1\n" +
				"menuentry 'Boot from Hard Disk' --id local {\n  exit\n}\n" +
				"menuentry 'Installation' --id linux {\n  linux /boot/x86_64/loader/linux splash=silent\n  initrd /boot/x86_64/loader/initrd\n}\n" +
				"menuentry 'Check Installation Media' {\n  linux /boot/x86_64/loader/linux mediacheck=1\n  initrd /boot/x86_64/loader/initrd\n}\n",
		},
		"agama": {
			label: "SLES-16.0-Full-x86_64", path: "boot/grub2/grub.cfg", answers: "autoinst.json",
			files: map[string]string{"LiveOS/squashfs.img": "", "boot/x86_64/loader/linux": "", "boot/grub2/grub.cfg": agama},
			want: "set default=0\nset timeout=0\n" +
				"menuentry \"Install SLES\" --class os --unrestricted {\n  linux ($root)/boot/x86_64/loader/linux ${extra_cmdline}" +
				" inst.finish=poweroff ifname=install0:00:11:22:aa:bb:cc ip=192.0.2.42::192.0.2.1:255.255.255.0:srv:install0:none nameserver=192.0.2.53\n" +
				"  initrd ($root)/boot/x86_64/loader/initrd\n}\n",
		},
	}
	for family, test := range tests {
		t.Run(family, func(t *testing.T) {
			t.Parallel()
			base := labelled(t, test.label, test.files)
			c := Customization{Family: family, Answers: Answers{
				Hostname: "srv", SSHKeys: []string{testPublicKey}, Disk: Disk{WWN: "5000C500A1B2C3D4"},
				Network: &Network{MAC: "00:11:22:AA:BB:CC", Address: "192.0.2.42/24", Gateway: "192.0.2.1", DNS: []string{"192.0.2.53"}},
			}}
			img, err := base.Customize(c)
			must(t, err)
			files, err := c.Files()
			must(t, err)
			got := contents(t, openImage(t, img))
			if diff := cmp.Diff(test.want, got[test.path]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.path, diff)
			}
			if got[test.answers] != string(files[test.answers]) {
				t.Errorf("%s is %.80q", test.answers, got[test.answers])
			}
		})
	}
}
