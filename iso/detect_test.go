package iso

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const treeInfo = `[checksums]
images/pxeboot/vmlinuz = sha256:370db9a3943d4f46dc079dbaeb7e0cc3910dca069f7eede66d3d7d0d5177f684

[general]
; WARNING.0 = This section provides compatibility with pre-productmd treeinfos.
arch = x86_64
family = Rocky Linux
name = Rocky Linux 9.4
version = 9.4

[release]
name = Rocky Linux
short = Rocky
version = 9.4

[tree]
arch = x86_64
`

// detectCases are images by the files that tell what they are. The contents have
// the form of the vendors' own.
func detectCases() map[string]struct {
	label string
	files map[string]string
	want  System
} {
	return map[string]struct {
		label string
		files map[string]string
		want  System
	}{
		"Rocky": {
			files: map[string]string{".treeinfo": treeInfo, "images/pxeboot/vmlinuz": ""},
			want:  System{"rhel", "Rocky Linux", "9.4", "x86_64"},
		},
		"RHEL without a release": {
			files: map[string]string{
				".treeinfo":              "[general]\narch = aarch64\nfamily = Red Hat Enterprise Linux\nversion = 8.0.0\n",
				"images/pxeboot/vmlinuz": "",
			},
			want: System{"rhel", "Red Hat Enterprise Linux", "8.0.0", "aarch64"},
		},
		"RHEL by discinfo": {
			files: map[string]string{".discinfo": "1712345678.5\nAlmaLinux 10.0\nx86_64\n", "images/pxeboot/vmlinuz": ""},
			want:  System{"rhel", "AlmaLinux", "10.0", "x86_64"},
		},
		"Ubuntu": {
			files: map[string]string{".disk/info": `Ubuntu-Server 24.04.1 LTS "Noble Numbat" - Release amd64 (20240827)`},
			want:  System{"ubuntu", "Ubuntu", "24.04.1", "x86_64"},
		},
		"Debian": {
			files: map[string]string{".disk/info": `Debian GNU/Linux 13.0.0 "Trixie" - Official arm64 DVD Binary-1 with firmware 20250809-11:20` + "\n"},
			want:  System{"debian", "Debian GNU/Linux", "13.0.0", "aarch64"},
		},
		"SLES 15": {
			files: map[string]string{"media.1/media": "SUSE - SLE-15-SP6-Full-x86_64-Build53.3-Media\nSLE-15-SP6-Full-x86_64-Build53.3\n1\n"},
			want:  System{"suse", "SUSE Linux Enterprise", "15-SP6", "x86_64"},
		},
		"Leap 15": {
			files: map[string]string{"media.1/media": "openSUSE - openSUSE-Leap-15.6-DVD-x86_64-Build709.1-Media\n"},
			want:  System{"suse", "openSUSE Leap", "15.6", "x86_64"},
		},
		"SLES by treeinfo": {
			files: map[string]string{".treeinfo": "[general]\nfamily = SUSE Linux Enterprise\nversion = 15.6\narch = x86_64\n"},
			want:  System{"suse", "SUSE Linux Enterprise", "15.6", "x86_64"},
		},
		"SLES 16": {
			label: "SLES-16.0-Online-x86_64",
			files: map[string]string{"LiveOS/squashfs.img": "", "boot/x86_64/loader/linux": ""},
			want:  System{"agama", "SUSE Linux Enterprise", "16.0", "x86_64"},
		},
		"Agama's own": {
			label: "agama",
			files: map[string]string{"LiveOS/squashfs.img": "", "boot/aarch64/loader/linux": ""},
			want:  System{"agama", "SUSE Linux Enterprise", "", "aarch64"},
		},
		"ESXi": {
			files: map[string]string{
				"boot.cfg":              "bootstate=0\ntitle=Loading ESXi installer\nkernel=/b.b00\nkernelopt=runweasel cdromBoot\nbuild=8.0.2-0.0.22380479\n",
				"EFI/BOOT/BOOTAA64.EFI": "",
			},
			want: System{"esxi", "VMware ESXi", "8.0.2-0.0.22380479", "aarch64"},
		},
		"Fedora CoreOS": {
			label: "fedora-coreos-40.20240416.3.1",
			files: map[string]string{"images/ignition.img": "", "coreos/igninfo.json": "{}"},
			want:  System{"coreos", "Fedora CoreOS", "40.20240416.3.1", "x86_64"},
		},
		"RHEL CoreOS": {
			label: "rhcos-416.94.202406251923-0",
			files: map[string]string{"coreos/igninfo.json": "{}"},
			want:  System{"coreos", "rhcos", "416.94.202406251923-0", "x86_64"},
		},
		"Flatcar": {
			files: map[string]string{"flatcar/vmlinuz": ""},
			want:  System{"flatcar", "Flatcar Container Linux", "", "x86_64"},
		},
		"Windows made anew": {
			files: map[string]string{"sources/boot.wim": "", "bootmgr": ""},
			want:  System{"windows", "Microsoft Windows", "", "x86_64"},
		},
	}
}

// labelled is a vendor's image of a label.
func labelled(tb testing.TB, label string, files map[string]string) *Base {
	tb.Helper()
	raw := rhelLike(tb).with(tb, files)
	if label != "" {
		copy(raw[blankPrimary*sectorSize+40:], fmt.Sprintf("%-32s", label))
	}
	return openBytes(tb, raw)
}

func TestDetect(t *testing.T) {
	t.Parallel()
	for name, test := range detectCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := labelled(t, test.label, test.files).Detect()
			must(t, err)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDetectWindowsByUDF(t *testing.T) {
	t.Parallel()
	raw := blank{version: ";1"}.with(t, map[string]string{"README.TXT": "This disc contains a UDF file system"})
	copy(raw[blankPrimary*sectorSize+40:], "SSS_A64FRE_EN-US_DV9")
	if _, err := openBytes(t, raw).Detect(); !errors.Is(err, ErrUnknownFamily) {
		t.Errorf("without UDF: error is %v", err)
	}
	for i, id := range []string{"BEA01", "NSR02", "TEA01"} {
		copy(raw[(blankJoliet+1+i)*sectorSize+1:], id)
	}
	got, err := openBytes(t, raw).Detect()
	must(t, err)
	if want := (System{"windows", "Microsoft Windows", "", "aarch64"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDetectRefuses(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"nothing known":          {"README": "hello"},
		"treeinfo of others":     {".treeinfo": "[general]\nfamily = XCP-ng\nversion = 8.2\n"},
		"treeinfo is a folder":   {".treeinfo/x": ""},
		"another Linux":          {".disk/info": "Linux Mint 21 amd64"},
		"a boot.cfg of others":   {"boot.cfg": "title=Something else\n"},
		"a live system, no SUSE": {"LiveOS/squashfs.img": "", "boot/x86_64/loader/linux": ""},
		"short discinfo":         {".discinfo": "1\n", "images/pxeboot/vmlinuz": ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			system, err := labelled(t, "", files).Detect()
			if !errors.Is(err, ErrUnknownFamily) || !strings.Contains(err.Error(), "name the family") {
				t.Errorf("got %+v, %v, want ErrUnknownFamily and advice", system, err)
			}
		})
	}
}

// TestDetectTruncated has a description that lies beyond the image's end.
func TestDetectTruncated(t *testing.T) {
	t.Parallel()
	base := labelled(t, "", map[string]string{".disk/info": strings.Repeat("x", 5000)})
	base.img.size = int64(base.place([]string{".disk", "info"}).lba+1) * sectorSize
	if _, err := base.Detect(); !errors.Is(err, ErrTruncated) {
		t.Errorf("error is %v, want ErrTruncated", err)
	}
}

func FuzzDetect(f *testing.F) {
	for _, test := range detectCases() {
		for name, content := range test.files {
			f.Add(test.label, name, content)
		}
	}
	f.Fuzz(func(t *testing.T, label, name, content string) {
		e := openBytes(t, blank{susp: rockRidgeTree()}.build(t)).Edit(editTime)
		if e.Put(name, []byte(content)) != nil || e.Put("images/pxeboot/vmlinuz", nil) != nil {
			return
		}
		img, err := e.Image()
		if err != nil {
			return
		}
		base := openImage(t, img)
		base.info.Label = label
		system, err := base.Detect()
		if (err == nil) != (system.Family != "") {
			t.Errorf("got %+v, %v", system, err)
		}
	})
}
