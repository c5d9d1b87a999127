package boot

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/iso"
)

// all is what make boot asks for. Otherwise each firmware boots one image.
var all = flag.Bool("all", false, "boot every image with every firmware, and the real installer")

// installers is the place for an installer of another release than this computer's.
var installers = flag.String("installers", "/usr/lib/debian-installer/images", "`folder` of Debian's netboot images, as their packages have it")

// archive is the server that Debian's packages come from.
var archive = flag.String("archive", "http://deb.debian.org", "`URL` of a server with Debian's packages under /debian")

// quickest is the image that is booted in any case.
const quickest = "ISOLINUX"

func onlyAll(t *testing.T) {
	t.Helper()
	if !*all {
		t.Skip("an emulated machine takes minutes: 'make boot' has this one, too")
	}
}

// TestBoot has firmware, boot loader and kernel read edited images: the kernel
// must have been given our arguments, by the entry that we chose, and must read
// our answers and the vendor's files from the CD, by each of its directory trees.
func TestBoot(t *testing.T) {
	if testing.Short() {
		t.Skip("an emulated machine takes up to a minute")
	}
	for _, f := range []firmware{bios, uefi} {
		for _, v := range vendors() {
			t.Run(string(f)+"/"+v.name, func(t *testing.T) {
				if v.name != quickest {
					onlyAll(t)
				}
				t.Parallel()
				base := openBase(t, v.make(t, reporterTree(t)))
				img, err := base.Customize(deployment())
				must(t, err)
				cd := serve(t, img)
				machine := start(t, f, append(cdrom(cd.cd), "-nic", "none")...)
				if !machine.until("REPORT end") {
					t.Fatal("the machine went off without a report")
				}
				check(t, base, machine.reports())
				t.Logf("%d of %d bytes were served, %d are stored", cd.bytes.Load(), img.Size(), img.Stored())
			})
		}
	}
}

// deployment is what an image is made to install here.
func deployment() iso.Customization {
	return iso.Customization{
		Family: "rhel",
		Answers: iso.Answers{
			Hostname: "srv-0042", SSHKeys: []string{publicKey},
			Disk:       iso.Disk{Path: "/dev/disk/by-id/ata-DELLBOSS_VD_00c1a2b3"},
			Network:    &iso.Network{MAC: "52:54:00:12:34:56", Address: "192.0.2.42/24", Gateway: "192.0.2.1"},
			KernelArgs: []string{"console=ttyS0", "panic=-1"},
		},
	}
}

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA admin"

func check(t *testing.T, base *iso.Base, reports map[string]string) {
	t.Helper()
	args := strings.Fields(reports["cmdline"])
	for _, want := range []string{"vendor.entry=install", "inst.ks=cdrom:/ks.cfg", "console=ttyS0"} {
		if !slices.Contains(args, want) {
			t.Errorf("the kernel's arguments are %v, without %s", args, want)
		}
	}
	if slices.Contains(args, "rd.live.check") {
		t.Errorf("the kernel's arguments are %v, with rd.live.check", args)
	}
	answers, err := deployment().Files()
	must(t, err)
	mounts := []string{"ro"}
	if base.Info().Joliet {
		mounts = append(mounts, "ro,norock")
	}
	want, got := make(map[string]string), make(map[string]string)
	for _, mount := range mounts {
		for file, content := range map[string][]byte{
			"/cd/ks.cfg": answers["ks.cfg"], "/cd/media.repo": []byte(mediaURL), "/cd/images/install.img": installImage(),
		} {
			key := mount + " " + file
			want[key], got[key] = digest(content), reports[key]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("SHA-256 of files on the CD, by the kernel (-want +got):\n%s", diff)
	}
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
