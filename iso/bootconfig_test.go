package iso

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const fedoraGRUB = `set default="1"

function load_video {
  insmod all_video
}
load_video
set timeout=60
### BEGIN /etc/grub.d/10_linux ###
menuentry 'Install Rocky 9' --class red {
	linuxefi /images/pxeboot/vmlinuz inst.stage2=hd:LABEL=Rocky-9 quiet
	initrdefi /images/pxeboot/initrd.img
}
menuentry 'Test this media & install Rocky 9' --class red --id check {
	linux /images/pxeboot/vmlinuz inst.stage2=hd:LABEL=Rocky-9 rd.live.check \
		quiet	# verbose
	initrd /images/pxeboot/initrd.img
}
submenu 'Troubleshooting -->' {
	menuentry "Rescue a \"Rocky\" system" {
		linux ${prefix}/vmlinuz inst.rescue; initrd /initrd.img
	}
	menuentry 'Boot disk' { chainloader (hd0)+1 }
}
`

func TestGRUBEntries(t *testing.T) {
	t.Parallel()
	type entry struct{ path, title, id string }
	var got []entry
	for _, e := range ParseGRUB([]byte(fedoraGRUB)).Entries() {
		got = append(got, entry{e.Path, e.Title, e.ID})
	}
	want := []entry{
		{"0", "Install Rocky 9", ""},
		{"1", "Test this media & install Rocky 9", "check"},
		{"2>0", `Rescue a "Rocky" system`, ""},
		{"2>1", "Boot disk", ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(entry{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestGRUBEdits names the lines that change; all others must not.
func TestGRUBEdits(t *testing.T) {
	t.Parallel()
	args := func(entry string, edit KernelArgs) func(*GRUBConfig) error {
		return func(c *GRUBConfig) error { _, err := c.EditArgs(entry, edit); return err }
	}
	tests := map[string]struct {
		src  string
		edit func(*GRUBConfig) error
		from string // what is replaced in src,
		to   string // and by what
	}{
		"default by index": {fedoraGRUB, func(c *GRUBConfig) error { return c.SetDefault("0") }, `default="1"`, `default=0`},
		"default by title": {fedoraGRUB, func(c *GRUBConfig) error { return c.SetDefault("Boot disk") }, `default="1"`, `default='2>1'`},
		"default by id":    {fedoraGRUB, func(c *GRUBConfig) error { return c.SetDefault("check") }, `default="1"`, `default=1`},
		"timeout":          {fedoraGRUB, func(c *GRUBConfig) error { return c.SetTimeout(0) }, `timeout=60`, `timeout=0`},
		"no variable": {
			"menuentry a { linux /k }\n", func(c *GRUBConfig) error { return c.SetTimeout(3) },
			"menuentry", "set timeout=3\nmenuentry",
		},
		"variable in a condition": {
			"if true; then set timeout=5; fi\n", func(c *GRUBConfig) error { return c.SetTimeout(0) },
			"if true; then set timeout=5", "set timeout=0\nif true; then set timeout=0",
		},
		"variable of an entry": {
			"timeout=1\nmenuentry a { set timeout=9\nlinux /k }\n", func(c *GRUBConfig) error { return c.SetTimeout(0) },
			"timeout=1", "timeout=0",
		},
		"set and remove": {
			fedoraGRUB, args("check", KernelArgs{Remove: []string{"rd.live.check"}, Set: []string{"inst.ks=cdrom:/ks.cfg"}}),
			"rd.live.check \\\n\t\tquiet", "quiet inst.ks=cdrom:/ks.cfg",
		},
		"replace": {
			fedoraGRUB, args("0", KernelArgs{Set: []string{"inst.stage2=hd:LABEL=X"}}),
			"inst.stage2=hd:LABEL=Rocky-9 quiet\n\tinitrdefi", "inst.stage2=hd:LABEL=X quiet\n\tinitrdefi",
		},
		"quoted": {
			fedoraGRUB, args("2>0", KernelArgs{Add: []string{"ds=nocloud;s=/cdrom/", "it's=$x"}}),
			"inst.rescue;", `inst.rescue 'ds=nocloud;s=/cdrom/' 'it'\''s=$x';`,
		},
		"before the separator": {
			"menuentry a {\n linux /casper/vmlinuz  ---  quiet\n}\n", args("", KernelArgs{Set: []string{"autoinstall"}}),
			"  ---  quiet", " autoinstall --- quiet",
		},
		"no arguments yet": {
			"menuentry a {\n linux /vmlinuz\n}\n", args("", KernelArgs{Add: []string{"a=1", "a=2"}}),
			"/vmlinuz", "/vmlinuz a=1 a=2",
		},
		"nothing to do": {
			fedoraGRUB, args("0", KernelArgs{Remove: []string{"none"}, Set: []string{"quiet"}}), "", "",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := ParseGRUB([]byte(test.src))
			must(t, test.edit(c))
			want := strings.Replace(test.src, test.from, test.to, 1)
			if diff := cmp.Diff(want, string(c.Bytes())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

const rhelISOLINUX = "default vesamenu.c32\r\n" + `timeout 600
display boot.msg
menu title Rocky Linux 9
label linux
  menu label ^Install Rocky Linux 9
  kernel vmlinuz
  append initrd=initrd.img inst.stage2=hd:LABEL=Rocky-9 quiet

LABEL check
  menu label Test this ^media
  menu default
  kernel vmlinuz
  APPEND initrd=initrd.img rd.live.check quiet
  text help
	label not-a-label
	append not arguments
  endtext
`

func TestISOLINUXEdits(t *testing.T) {
	t.Parallel()
	args := func(label string, edit KernelArgs) func(*IsolinuxConfig) error {
		return func(c *IsolinuxConfig) error { _, err := c.EditArgs(label, edit); return err }
	}
	tests := map[string]struct {
		src  string
		edit func(*IsolinuxConfig) error
		swap []string
	}{
		"default of a menu": {
			rhelISOLINUX, func(c *IsolinuxConfig) error { return c.SetDefault("linux") },
			[]string{"  menu default\n", "", "label linux\n", "label linux\n  menu default\r\n"},
		},
		"default that is one": {rhelISOLINUX, func(c *IsolinuxConfig) error { return c.SetDefault("check") }, nil},
		"default of a prompt": {
			"default a\nlabel a\n kernel k\nlabel b\n kernel k\n", func(c *IsolinuxConfig) error { return c.SetDefault("b") },
			[]string{"default a", "default b", "label b\n", "label b\n  menu default\n"},
		},
		"no default": {
			"label a", func(c *IsolinuxConfig) error { return c.SetDefault("a") },
			[]string{"label a", "default a\nlabel a\n  menu default\n"},
		},
		"timeout":     {rhelISOLINUX, func(c *IsolinuxConfig) error { return c.SetTimeout(5) }, []string{"timeout 600", "timeout 50"}},
		"no waiting":  {rhelISOLINUX, func(c *IsolinuxConfig) error { return c.SetTimeout(0) }, []string{"timeout 600", "timeout 1"}},
		"no timeout":  {"label a\n", func(c *IsolinuxConfig) error { return c.SetTimeout(1) }, []string{"label", "timeout 10\nlabel"}},
		"args of one": {rhelISOLINUX, args("check", KernelArgs{Remove: []string{"rd.live.check"}}), []string{"rd.live.check ", ""}},
		"args of all": {
			rhelISOLINUX, args("", KernelArgs{Set: []string{"initrd=initrd.img,/a"}}),
			[]string{"initrd=initrd.img", "initrd=initrd.img,/a"},
		},
		"no args yet": {"label a\n append\n", args("a", KernelArgs{Add: []string{"b"}}), []string{"append", "append b"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := ParseIsolinux([]byte(test.src))
			must(t, test.edit(c))
			want := strings.NewReplacer(test.swap...).Replace(test.src)
			if diff := cmp.Diff(want, string(c.Bytes())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if diff := cmp.Diff([]string{"linux", "check"}, ParseIsolinux([]byte(rhelISOLINUX)).Labels()); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestBootCfgEdits(t *testing.T) {
	t.Parallel()
	const src = "bootstate=0\r\ntitle=Loading ESXi installer\r\ntimeout=5\r\nkernel=/b.b00\r\nkernelopt=runweasel cdromBoot\r\nmodules=/jumpstrt.gz --- /useropts.gz\r\n"
	c := ParseBootCfg([]byte(src))
	must(t, c.SetTimeout(0))
	must(t, c.EditArgs(KernelArgs{Remove: []string{"cdromBoot"}, Set: []string{"ks=cdrom:/KS.CFG"}}))
	want := strings.NewReplacer("timeout=5", "timeout=0", "cdromBoot", "ks=cdrom:/KS.CFG").Replace(src)
	if diff := cmp.Diff(want, string(c.Bytes())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := c.Get("kernelopt"); got != "runweasel ks=cdrom:/KS.CFG" {
		t.Errorf("kernelopt is %q", got)
	}
	short := ParseBootCfg([]byte("kernel=b.b00"))
	must(t, short.EditArgs(KernelArgs{Set: []string{"ks=cdrom:/KS.CFG"}}))
	if diff := cmp.Diff("kernel=b.b00\nkernelopt=ks=cdrom:/KS.CFG\n", string(short.Bytes())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBootConfigsRefuse(t *testing.T) {
	t.Parallel()
	grub, isolinux := ParseGRUB([]byte(fedoraGRUB)), ParseIsolinux([]byte(rhelISOLINUX))
	count := func(_ int, err error) error { return err }
	tests := map[string]struct {
		err  error
		want string
	}{
		"no GRUB entry":     {grub.SetDefault("Install Windows"), `2>1 "Boot disk"`},
		"no GRUB kernel":    {count(grub.EditArgs("2>1", KernelArgs{})), "no Linux kernel"},
		"GRUB timeout":      {grub.SetTimeout(-1), "0 or more"},
		"blank":             {count(grub.EditArgs("0", KernelArgs{Set: []string{"a b"}})), "blanks"},
		"new line":          {count(isolinux.EditArgs("", KernelArgs{Add: []string{"a\nappend b"}})), "blanks"},
		"no key":            {count(isolinux.EditArgs("", KernelArgs{Set: []string{"=b"}})), "no key"},
		"quote left open":   {count(ParseGRUB([]byte("menuentry a {\nlinux /k a='b\n}")).EditArgs("", KernelArgs{})), "within quotes"},
		"value to remove":   {ParseBootCfg(nil).EditArgs(KernelArgs{Remove: []string{"a=b"}}), "without a value"},
		"no label":          {isolinux.SetDefault("windows"), "linux, check"},
		"label without one": {count(isolinux.EditArgs("windows", KernelArgs{})), "no append line"},
		"no labels":         {count(ParseIsolinux(nil).EditArgs("", KernelArgs{})), "no label"},
		"ISOLINUX timeout":  {isolinux.SetTimeout(3600), "3590"},
		"ESXi timeout":      {ParseBootCfg(nil).SetTimeout(-1), "0 or more"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.err == nil || !strings.Contains(test.err.Error(), test.want) {
				t.Errorf("error is %v, want one that says %q", test.err, test.want)
			}
		})
	}
}

// FuzzBootConfigs shows that what is not changed is printed as it was, that a
// change is there when read again, and that making it twice changes nothing more.
func FuzzBootConfigs(f *testing.F) {
	for _, seed := range []string{fedoraGRUB, rhelISOLINUX, "kernelopt=a\n", "menuentry a { linux ${k x\n}", "linux 'a", "\\", "$", "label\n append", "menuentry x {{ } linux k }", "menuentry a {\n linux /k a'b"} {
		f.Add(seed)
	}
	edit := KernelArgs{Remove: []string{"quiet"}, Set: []string{"ks=a;b'c"}}
	f.Fuzz(func(t *testing.T, src string) {
		grub, isolinux, esxi := ParseGRUB([]byte(src)), ParseIsolinux([]byte(src)), ParseBootCfg([]byte(src))
		for _, got := range [][]byte{grub.Bytes(), isolinux.Bytes(), esxi.Bytes()} {
			if string(got) != src {
				t.Fatalf("printed as %q", got)
			}
		}
		settle := func(apply func() error, output func() []byte) {
			if apply() != nil {
				return
			}
			once := string(output())
			if err := apply(); err != nil || string(output()) != once {
				t.Fatalf("the same edit again: %v\n%q\n%q", err, once, output())
			}
		}
		settle(func() error { _, err := grub.EditArgs("", edit); return err }, grub.Bytes)
		settle(func() error { return grub.SetTimeout(7) }, grub.Bytes)
		settle(func() error { _, err := isolinux.EditArgs("", edit); return err }, isolinux.Bytes)
		settle(func() error { return isolinux.SetTimeout(7) }, isolinux.Bytes)
		settle(func() error { return esxi.EditArgs(edit) }, esxi.Bytes)
		if labels := isolinux.Labels(); len(labels) > 0 {
			settle(func() error { return isolinux.SetDefault(labels[0]) }, isolinux.Bytes)
		}
	})
}

func TestGRUBTitleBehindOptions(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		`menuentry "A" --class x {}`:                             "A",
		`menuentry --hotkey=i 'Install' {}`:                      "Install",
		`menuentry --class fedora --id x 'Install' {}`:           "Install",
		`menuentry --unrestricted $menuentry_id_option x 'A' {}`: "A",
		`menuentry {}`: "",
	}
	for src, want := range tests {
		entries := ParseGRUB([]byte(src)).Entries()
		if len(entries) != 1 || entries[0].Title != want {
			t.Errorf("%s: entries are %+v, want one with the title %q", src, entries, want)
		}
	}
}

func TestGRUBAddInitrd(t *testing.T) {
	t.Parallel()
	config := ParseGRUB([]byte("menuentry A {\n linux /k\n initrd /a /b # vendor's\n}\nmenuentry B {\n linux /k\n}\nmenuentry C {\n chainloader +1\n}\n"))
	for range 2 { // the second time it is there already
		must(t, config.AddInitrd("A", "/x y"))
	}
	if want := " initrd /a /b '/x y' # vendor's\n"; !strings.Contains(string(config.Bytes()), want) {
		t.Errorf("it is now\n%s", config.Bytes())
	}
	for _, entry := range []string{"B", "D"} {
		if err := config.AddInitrd(entry, "/x"); err == nil {
			t.Errorf("entry %s: no error", entry)
		}
	}
	entries := config.Entries()
	if !config.LoadsKernel(entries[1]) || config.LoadsKernel(entries[2]) {
		t.Error("of B and C, B loads a kernel")
	}
}

func TestIsolinuxBoot(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ src, want string }{
		"menu":        {"default vesamenu.c32\nprompt 1\ntimeout 600\n", "default a\nprompt 0\ntimeout 600\n"},
		"user's menu": {"ui gfxboot bootlogo\r\nlabel a\r\n", "default a\r\nprompt 0\r\nlabel a\r\n"},
		"on timeout":  {"default menu.c32\nontimeout b\n", "prompt 0\ndefault a\nontimeout a\n"},
		"nothing":     {"", "default a\nprompt 0\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := ParseIsolinux([]byte(test.src))
			config.Boot("a")
			if diff := cmp.Diff(test.want, string(config.Bytes())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestIsolinuxAddInitrd(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ src, want string }{
		"argument": {"label a\n append root=x initrd=a.gz quiet\n", "label a\n append root=x initrd=a.gz,/b quiet\n"},
		"line":     {"label a\n append quiet\n initrd a.gz\n", "label a\n append quiet\n initrd a.gz,/b\n"},
		"none":     {"label a\n append quiet\n", ""},
		"no label": {"label b\n append initrd=a.gz\n", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := ParseIsolinux([]byte(test.src))
			for range 2 { // the second time it is there already
				if err := config.AddInitrd("a", "/b"); (err == nil) != (test.want != "") {
					t.Fatalf("error is %v", err)
				}
			}
			if diff := cmp.Diff(test.want, string(config.Bytes())); test.want != "" && diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestIsolinuxEntries(t *testing.T) {
	t.Parallel()
	got := ParseIsolinux([]byte("label a\n menu label ^Install\n append x\nlabel b\n append y\nlabel local\n localboot 0\n")).Entries()
	want := []IsolinuxEntry{{Label: "a", Title: "Install"}, {Label: "b", Title: "b"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
