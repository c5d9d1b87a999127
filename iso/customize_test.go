package iso

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Boot configurations as the families' images have them, cut to what matters.
const (
	rhelGRUB = `set default="1"
function load_video {
  insmod all_video
}
set timeout=60
search --no-floppy --set=root -l 'RHEL-9-4-0-BaseOS-x86_64'
menuentry 'Install Red Hat Enterprise Linux 9.4' --class fedora --class gnu-linux {
	linux /images/pxeboot/vmlinuz inst.stage2=hd:LABEL=RHEL-9-4-0-BaseOS-x86_64 quiet
	initrd /images/pxeboot/initrd.img
}
menuentry 'Test this media & install Red Hat Enterprise Linux 9.4' --class fedora {
	linux /images/pxeboot/vmlinuz inst.stage2=hd:LABEL=RHEL-9-4-0-BaseOS-x86_64 rd.live.check quiet
	initrd /images/pxeboot/initrd.img
}
submenu 'Troubleshooting -->' {
	menuentry 'Rescue a Red Hat Enterprise Linux system' {
		linux /images/pxeboot/vmlinuz inst.stage2=hd:LABEL=RHEL-9-4-0-BaseOS-x86_64 inst.rescue quiet
		initrd /images/pxeboot/initrd.img
	}
}
`
	rhelIsolinux = `default vesamenu.c32
timeout 600
label linux
  menu label ^Install Red Hat Enterprise Linux 8.10
  kernel vmlinuz
  append initrd=initrd.img inst.stage2=hd:LABEL=RHEL-8-10-0-BaseOS-x86_64 quiet
label check
  menu label Test this ^media & install Red Hat Enterprise Linux 8.10
  menu default
  kernel vmlinuz
  append initrd=initrd.img inst.stage2=hd:LABEL=RHEL-8-10-0-BaseOS-x86_64 rd.live.check quiet
label local
  localboot 0xffff
`
	ubuntuGRUB = `set timeout=30
loadfont unicode
menuentry "Try or Install Ubuntu Server" {
	set gfxpayload=keep
	linux	/casper/vmlinuz  ---
	initrd	/casper/initrd
}
menuentry "Ubuntu Server with the HWE kernel" {
	linux	/casper/hwe-vmlinuz  ---
	initrd	/casper/hwe-initrd
}
grub_platform
if [ "$grub_platform" = "efi" ]; then
menuentry 'Boot from next volume' {
	exit 1
}
fi
`
	debianGRUB = `if [ x$feature_default_font_path = xy ] ; then
   font=unicode
fi
menuentry --hotkey=g 'Graphical install' {
    set background_color=black
    linux    /install.amd/vmlinuz vga=788 --- quiet
    initrd   /install.amd/gtk/initrd.gz
}
menuentry --hotkey=i 'Install' {
    set background_color=black
    linux    /install.amd/vmlinuz vga=788 --- quiet
    initrd   /install.amd/initrd.gz
}
submenu --hotkey=a 'Advanced options ...' {
    menuentry '... Expert install' {
        linux    /install.amd/vmlinuz priority=low vga=788 ---
        initrd   /install.amd/initrd.gz
    }
}
`
	debianESP    = "search --file --set=root /.disk/info\nset prefix=($root)/boot/grub\nsource $prefix/x86_64-efi/grub.cfg\n"
	debianMain   = "path \ninclude menu.cfg\ndefault vesamenu.c32\nprompt 0\ntimeout 0\n"
	debianGTK    = "label installgui\n\tmenu label ^Graphical install\n\tmenu default\n\tkernel /install.amd/vmlinuz\n\tappend vga=788 initrd=/install.amd/gtk/initrd.gz --- quiet\n"
	debianText   = "label install\n\tmenu label ^Install\n\tkernel /install.amd/vmlinuz\n\tappend vga=788 initrd=/install.amd/initrd.gz --- quiet\n"
	debianPrompt = "default install\nprompt 1\ndisplay f1.txt\n"
)

func rhelBase(tb testing.TB) *Base {
	tb.Helper()
	image := rhelLike(tb)
	image.esp = makeFAT(tb, 16, map[string]string{"EFI/BOOT/GRUB.CFG": rhelGRUB})
	return openBytes(tb, image.with(tb, map[string]string{
		"EFI/BOOT/grub.cfg": rhelGRUB, "isolinux/isolinux.cfg": rhelIsolinux, "images/pxeboot/vmlinuz": "kernel",
		".treeinfo": "[general]\nfamily = Red Hat Enterprise Linux\nversion = 9.4\narch = x86_64\n", "media.repo": "",
	}))
}

func ubuntuBase(tb testing.TB) *Base {
	tb.Helper()
	return openBytes(tb, rhelLike(tb).with(tb, map[string]string{"boot/grub/grub.cfg": ubuntuGRUB, "casper/vmlinuz": "kernel"}))
}

func debianBase(tb testing.TB) *Base {
	tb.Helper()
	image := rhelLike(tb)
	image.esp = makeFAT(tb, 16, map[string]string{"EFI/DEBIAN/GRUB.CFG": debianESP})
	return openBytes(tb, image.with(tb, map[string]string{
		"boot/grub/grub.cfg": debianGRUB, "boot/grub/x86_64-efi/grub.cfg": "source /boot/grub/grub.cfg\n",
		"isolinux/isolinux.cfg": debianMain, "isolinux/gtk.cfg": debianGTK, "isolinux/txt.cfg": debianText,
		"isolinux/prompt.cfg": debianPrompt, "install.amd/initrd.gz": "initrd",
		".disk/info": "Debian GNU/Linux 12.5.0 \"Bookworm\" - Official amd64 NETINST with firmware 20240210-11:27",
	}))
}

func customization(family string) Customization {
	return Customization{
		Family: family,
		Answers: Answers{
			Hostname: "srv-0042", RootPassword: "secret", Disk: Disk{Serial: "S1"},
			KernelArgs: []string{"console=ttyS0,115200"},
		},
		Callbacks: Callbacks{Done: "http://192.0.2.9:8081/callback/tok3n/done"},
	}
}

func customized(tb testing.TB, b *Base, c Customization) *Base {
	tb.Helper()
	img, err := b.Customize(c)
	must(tb, err)
	if b.info.Label != reopen(tb, img).info.Label {
		tb.Error("the label has changed: installers find their medium by it")
	}
	return reopen(tb, img)
}

func reopen(tb testing.TB, img *Image) *Base {
	tb.Helper()
	base, err := Open(img, img.Size())
	must(tb, err)
	return base
}

// checkContains compares after blanks have been made alike.
func checkContains(tb testing.TB, where, text string, wants ...string) {
	tb.Helper()
	text = strings.Join(strings.Fields(text), " ")
	for _, want := range wants {
		if !strings.Contains(text, want) {
			tb.Errorf("%s lacks %q:\n%s", where, want, text)
		}
	}
}

func TestCustomizeRHEL(t *testing.T) {
	t.Parallel()
	base := customized(t, rhelBase(t), customization("rhel"))
	files := contents(t, base)
	checkContains(t, "ks.cfg", files["ks.cfg"], "network --hostname=srv-0042", "poweroff")
	esp, err := base.Edit(editTime).currentESP("efi/boot/grub.cfg")
	must(t, err)
	for where, text := range map[string]string{"grub.cfg": files["EFI/BOOT/grub.cfg"], "ESP": string(esp)} {
		checkContains(t, where, text, "set default=0", "set timeout=0",
			"linux /images/pxeboot/vmlinuz inst.stage2=hd:LABEL=RHEL-9-4-0-BaseOS-x86_64 quiet inst.ks=cdrom:/ks.cfg console=ttyS0,115200 ",
			"rd.live.check quiet initrd", "inst.rescue quiet initrd")
	}
	checkContains(t, "isolinux.cfg", files["isolinux/isolinux.cfg"], "default linux", "prompt 0",
		"quiet inst.ks=cdrom:/ks.cfg console=ttyS0,115200 label check")
	if base.info.MediaChecksum {
		t.Error("the medium's checksum is still there")
	}
}

func TestCustomizeRHELNeedsPackages(t *testing.T) {
	t.Parallel()
	e := rhelBase(t).Edit(editTime)
	must(t, e.Remove("media.repo"))
	base, c := reopen(t, finish(t, e)), customization("rhel")
	if _, err := base.Customize(c); err == nil || !strings.Contains(err.Error(), "no packages") {
		t.Errorf("error is %v, want one that asks for packages", err)
	}
	c.Answers.Source = "http://mirror.example.com/os"
	checkContains(t, "ks.cfg", contents(t, customized(t, base, c))["ks.cfg"], "url --url=http://mirror.example.com/os")
}

func TestCustomizeUbuntu(t *testing.T) {
	t.Parallel()
	files := contents(t, customized(t, ubuntuBase(t), customization("ubuntu")))
	checkContains(t, "user-data", files["nocloud/user-data"], `hostname: "srv-0042"`)
	checkContains(t, "meta-data", files["nocloud/meta-data"], "instance-id")
	checkContains(t, "grub.cfg", files["boot/grub/grub.cfg"], "set timeout=0",
		"linux /casper/vmlinuz autoinstall 'ds=nocloud;s=/cdrom/nocloud/' fsck.mode=skip console=ttyS0,115200 ---",
		"linux /casper/hwe-vmlinuz ---")
}

func TestCustomizeDebian(t *testing.T) {
	t.Parallel()
	base := customized(t, debianBase(t), customization("debian"))
	files := contents(t, base)
	checkContains(t, "grub.cfg", files["boot/grub/grub.cfg"], "set default=1", "set timeout=0",
		"linux /install.amd/vmlinuz vga=788 auto=true priority=critical DEBIAN_FRONTEND=text console=ttyS0,115200 --- quiet initrd /install.amd/initrd.gz /preseed.cpio }",
		"initrd /install.amd/gtk/initrd.gz }")
	checkContains(t, "txt.cfg", files["isolinux/txt.cfg"],
		"append vga=788 initrd=/install.amd/initrd.gz,/preseed.cpio auto=true priority=critical DEBIAN_FRONTEND=text console=ttyS0,115200 --- quiet")
	checkContains(t, "isolinux.cfg", files["isolinux/isolinux.cfg"], "default install", "prompt 0", "include menu.cfg")
	checkContains(t, "prompt.cfg", files["isolinux/prompt.cfg"], "default install prompt 0")
	if files["isolinux/gtk.cfg"] != debianGTK || files["boot/grub/x86_64-efi/grub.cfg"] != "source /boot/grub/grub.cfg\n" {
		t.Error("a configuration that starts nothing of ours has changed")
	}
	esp, err := base.Edit(editTime).currentESP("efi/debian/grub.cfg")
	must(t, err)
	if string(esp) != debianESP {
		t.Errorf("the boot image's configuration starts no kernel, and is now %s", esp)
	}
	unpacked := unpackCPIO(t, []byte(files["preseed.cpio"]))
	names := slices.Sorted(maps.Keys(unpacked))
	if diff := cmp.Diff([]string{"preseed.cfg", "rackflow-disk.sh", "rackflow-late.sh"}, names); diff != "" {
		t.Errorf("preseed.cpio (-want +got):\n%s", diff)
	}
}

func unpackCPIO(t *testing.T, archive []byte) map[string]string {
	t.Helper()
	tool, err := exec.LookPath("cpio")
	if err != nil {
		t.Skipf("cpio is not installed here: %v", err)
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), tool, "-i", "--quiet")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(string(archive))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	files := make(map[string]string)
	must(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files[entry.Name()] = string(content)
		return err
	}))
	return files
}

func TestCustomizeIsReproducible(t *testing.T) {
	t.Parallel()
	for family, base := range map[string]*Base{"rhel": rhelBase(t), "ubuntu": ubuntuBase(t), "debian": debianBase(t)} {
		first, err := base.Customize(customization(family))
		must(t, err)
		second, err := base.Customize(customization(family))
		must(t, err)
		if first.ETag() != second.ETag() {
			t.Errorf("%s: the same inputs gave %s and %s", family, first.ETag(), second.ETag())
		}
		other := customization(family)
		other.Answers.Hostname = "srv-0043"
		third, err := base.Customize(other)
		must(t, err)
		if first.ETag() == third.ETag() {
			t.Errorf("%s: other answers gave the same image", family)
		}
		const most = 1 << 20
		if first.Stored() > most {
			t.Errorf("%s: %d bytes are kept for one server", family, first.Stored())
		}
	}
}

func TestCustomizeTemplates(t *testing.T) {
	t.Parallel()
	c := customization("rhel")
	c.Templates = map[string]string{
		"ks.cfg":        "rootpw --iscrypted {{ shell .RootPasswordHash }}\n# {{ .Family }} {{ .FQDN }} [{{ .RootPassword }}]\n",
		"ks.cfg.append": "%post\n{{ stubborn .Callbacks.Done 100 \"it is installed\" }}\n%end\n",
	}
	ks := contents(t, customized(t, rhelBase(t), c))["ks.cfg"]
	want := regexp.MustCompile(`^rootpw --iscrypted '\$6\$.*'\n# rhel srv-0042 \[\]\n%post\ncurl .*/callback/tok3n/done\n%end\n$`)
	if !want.MatchString(ks) {
		t.Errorf("ks.cfg is\n%s", ks)
	}
	c = customization("ubuntu")
	c.Templates = map[string]string{"user-data.append": "  kernel-crash-dumps:\n    enabled: true\n"}
	files, err := c.Files()
	must(t, err)
	if !strings.HasSuffix(string(files["user-data"]), "  shutdown: poweroff\n  kernel-crash-dumps:\n    enabled: true\n") {
		t.Errorf("user-data ends otherwise:\n%s", files["user-data"])
	}
}

func TestCustomizeRefuses(t *testing.T) {
	t.Parallel()
	plain := openBytes(t, rhelLike(t).build(t))
	tests := map[string]struct {
		base *Base
		edit func(*Customization)
		want []string
	}{
		"unknown family":    {plain, func(c *Customization) { c.Family = "plan9" }, []string{"unknown OS family", "rhel"}},
		"wrong answers":     {plain, func(c *Customization) { c.Answers.Hostname = "" }, []string{"hostname: missing"}},
		"wrong callback":    {plain, func(c *Customization) { c.Callbacks.Done = "ftp://tok3n" }, []string{"callbacks.done"}},
		"another family":    {debianBase(t), func(*Customization) {}, []string{"it is of family debian"}},
		"no boot loader":    {plain, func(*Customization) {}, []string{"no boot configuration", "rhel"}},
		"unknown template":  {plain, withTemplate("preseed.cfg", ""), []string{`templates["preseed.cfg"]`, "it has ks.cfg"}},
		"template's syntax": {plain, withTemplate("ks.cfg", "cdrom\n{{ if }}\n"), []string{"ks.cfg:2", "missing value"}},
		"template's field":  {plain, withTemplate("ks.cfg.append", "\n\n{{ .Hostnaem }}"), []string{"ks.cfg.append:3", "Hostnaem"}},
		"endless template":  {plain, withTemplate("ks.cfg", "{{ range 1000000 }}0123456789{{ end }}"), []string{"more than 4 MiB"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := customization("rhel")
			test.edit(&c)
			_, err := test.base.Customize(c)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q: %v", want, err)
				}
			}
			for _, secret := range []string{"secret", "tok3n"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("error shows a secret: %v", err)
				}
			}
		})
	}
}

func withTemplate(name, text string) func(*Customization) {
	return func(c *Customization) { c.Templates = map[string]string{name: text} }
}

func TestRecipeNeedsADisk(t *testing.T) {
	t.Parallel()
	c := customization("debian")
	c.Answers.Disk = Disk{}
	var field *FieldError
	if err := c.Validate(); !errors.As(err, &field) || field.Path != "disk" {
		t.Errorf("error is %v, want one for disk", err)
	}
}

func TestRecipeRefusesWhatItsInstallerCannot(t *testing.T) {
	t.Parallel()
	c := customization("ubuntu")
	c.Answers.Partitions = []Partition{{Mount: "/"}}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "partitions: the installer of ubuntu cannot do it") {
		t.Errorf("error is %v, want one for partitions", err)
	}
	c = customization("debian")
	c.Answers.Network = &Network{MAC: "00:11:22:33:44:55", VLAN: 5}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "network.vlan: ") {
		t.Errorf("error is %v, want one for network.vlan", err)
	}
	c = customization("rhel")
	c.Answers.Partitions = []Partition{{Mount: "/", FS: "btrfs"}, {Mount: "/boot/efi", Size: 512}}
	err := c.Validate()
	for _, want := range []string{"partitions[0].fs: ", "partitions[1].mount: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one for %s", err, want)
		}
	}
}

func BenchmarkCustomize(b *testing.B) {
	base, c := rhelBase(b), customization("rhel")
	c.Answers.RootPassword, c.Answers.SSHKeys = "", []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPhQ3Yvq0oZ1c9mZ0d7m2ZbJm8T0qv0yG4uQhQp1k2L"}
	for b.Loop() {
		img, err := base.Customize(c)
		must(b, err)
		b.ReportMetric(float64(img.Stored()), "bytes/server")
	}
}
