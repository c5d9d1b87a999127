package iso

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	esxiBootCfg = "bootstate=0\ntitle=Loading ESXi installer\ntimeout=5\nprefix=\nkernel=/b.b00\n" +
		"kernelopt=runweasel cdromBoot\nmodules=/jumpstrt.gz --- /useropts.gz\nbuild=8.0.2-0.0.22380479\nupdated=0\n"
	esxiIsolinux = "DEFAULT menu.c32\nMENU TITLE ESXi-8.0U2 Boot Menu\nNOHALT 1\nPROMPT 0\nTIMEOUT 80\nLABEL install\n  KERNEL mboot.c32\n" +
		"  APPEND -c boot.cfg\n  MENU LABEL ESXi-8.0U2 ^Installer\nLABEL hddboot\n  LOCALBOOT 0x80\n  MENU LABEL ^Boot from local disk\n"
)

// TestESXiImage customizes an image with plain names, as VMware's: both loaders'
// configurations lead to the answers, whose path is in upper case.
func TestESXiImage(t *testing.T) {
	t.Parallel()
	base := openBytes(t, blank{version: ";1"}.with(t, map[string]string{
		"BOOT.CFG": esxiBootCfg, "EFI/BOOT/BOOT.CFG": esxiBootCfg, "ISOLINUX.CFG": esxiIsolinux,
	}))
	c := Customization{Family: "esxi", Answers: Answers{
		Hostname: "esx", RootPassword: "s3cret", Disk: Disk{Model: "BOSS"}, KernelArgs: []string{"systemMediaSize=min"},
	}}
	img, err := base.Customize(c)
	must(t, err)
	files, err := c.Files()
	must(t, err)
	const bootCfg = "bootstate=0\ntitle=Loading ESXi installer\ntimeout=0\nprefix=\nkernel=/b.b00\n" +
		"kernelopt=runweasel ks=cdrom:/KS.CFG systemMediaSize=min\nmodules=/jumpstrt.gz --- /useropts.gz\nbuild=8.0.2-0.0.22380479\nupdated=0\n"
	got := contents(t, openImage(t, img))
	isolinux := got["ISOLINUX.CFG"]
	delete(got, "ISOLINUX.CFG")
	want := map[string]string{"BOOT.CFG": bootCfg, "EFI/BOOT/BOOT.CFG": bootCfg, "KS.CFG": string(files["KS.CFG"])}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(strings.Replace(esxiIsolinux, "menu.c32", "install", 1), isolinux); diff != "" {
		t.Errorf("ISOLINUX, which hands over to boot.cfg (-want +got):\n%s", diff)
	}
}
