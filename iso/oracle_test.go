package iso

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/kdomanski/iso9660"
)

// tool returns the path of a program, or skips the test with the package that
// has it.
func tool(tb testing.TB, name, debian string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		tb.Skipf("%s is not installed here: install Debian's %s", name, debian)
	}
	return path
}

func run(tb testing.TB, name string, args ...string) string {
	tb.Helper()
	out, err := exec.CommandContext(tb.Context(), name, args...).CombinedOutput()
	if err != nil {
		tb.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// vendorTree writes what a vendor would put on an image.
func vendorTree(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	for name, content := range vendorFiles() {
		path := filepath.Join(dir, name)
		must(tb, os.MkdirAll(filepath.Dir(path), 0o750))
		must(tb, os.WriteFile(path, []byte(content), 0o600))
	}
	return dir
}

// rhelImage has xorriso make a hybrid as RHEL's is: isolinux for BIOS, a FAT
// image for UEFI, Rock Ridge, Joliet, MBR and GPT. bigBytes, if any, is the
// length of a file of zeros on it.
func rhelImage(tb testing.TB, bigBytes int64) string {
	tb.Helper()
	xorriso := tool(tb, "xorriso", "xorriso")
	const loader, hybrid = "/usr/lib/ISOLINUX/isolinux.bin", "/usr/lib/ISOLINUX/isohdpfx.bin"
	bios, err := os.ReadFile(loader)
	if err != nil {
		tb.Skipf("%s is not installed here: install Debian's isolinux", loader)
	}
	tree, path := vendorTree(tb), filepath.Join(tb.TempDir(), "rhel.iso")
	must(tb, os.WriteFile(filepath.Join(tree, "isolinux/isolinux.bin"), bios, 0o600))
	esp := makeFAT(tb, 16, map[string]string{"EFI/BOOT/GRUB.CFG": "set timeout=60\n", "EFI/BOOT/BOOTX64.EFI": strings.Repeat("shim", 1000)})
	must(tb, os.WriteFile(filepath.Join(tree, "images/efiboot.img"), esp, 0o600))
	if bigBytes > 0 {
		must(tb, os.WriteFile(filepath.Join(tree, "images/install.img"), nil, 0o600))
		must(tb, os.Truncate(filepath.Join(tree, "images/install.img"), bigBytes))
	}
	run(tb, xorriso, "-as", "mkisofs", "-V", "RHEL-9-4-0-BaseOS-x86_64", "-iso-level", "3", "-R", "-J", "-joliet-long", "-o", path,
		"-isohybrid-mbr", hybrid, "-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat",
		"-no-emul-boot", "-boot-load-size", "4", "-boot-info-table",
		"-eltorito-alt-boot", "-e", "images/efiboot.img", "-no-emul-boot", "-isohybrid-gpt-basdat", tree)
	return path
}

func grubImage(t *testing.T) string {
	t.Helper()
	tool(t, "xorriso", "xorriso")
	mkrescue := tool(t, "grub-mkrescue", "grub-common, grub-pc-bin and grub-efi-amd64-bin")
	tool(t, "mformat", "mtools")
	path := filepath.Join(t.TempDir(), "grub.iso")
	run(t, mkrescue, "-o", path, vendorTree(t), "--", "-volid", "GRUB_VENDOR")
	return path
}

func openFile(tb testing.TB, path string) *Base {
	tb.Helper()
	file, err := os.Open(path)
	must(tb, err)
	tb.Cleanup(func() { file.Close() })
	info, err := file.Stat()
	must(tb, err)
	base, err := Open(file, info.Size())
	must(tb, err)
	return base
}

// overlay makes the usual edit, and so many new files that the root directory
// moves, and writes the image out.
func overlay(t *testing.T, base *Base) (*Image, map[string]string, string) {
	t.Helper()
	want := map[string]string{
		"ks.cfg": "cmdline\n", "rackflow/node/answers.json": "{}", "EFI/BOOT/grub.cfg": "set default=1\nset timeout=0\n",
	}
	e := edited(t, base)
	for i := range 80 {
		name := fmt.Sprintf("a-new-file-in-the-root-directory-%02d.conf", i)
		want[name] = name
		must(t, e.Put(name, []byte(name)))
	}
	img := finish(t, e)
	path := filepath.Join(t.TempDir(), "overlay.iso")
	writeImage(t, img, base.img.size, path)
	return img, want, path
}

// writeImage leaves a hole in place of the big file, if there is one at the end
// of the base.
func writeImage(t *testing.T, img *Image, baseSize int64, path string) {
	t.Helper()
	file, err := os.Create(path)
	must(t, err)
	defer file.Close()
	if baseSize < bigFile {
		_, err := img.WriteTo(file)
		must(t, err)
		return
	}
	for _, part := range [][2]int64{{0, baseSize - bigFile}, {baseSize, img.Size()}} {
		_, err := io.Copy(io.NewOffsetWriter(file, part[0]), io.NewSectionReader(img, part[0], part[1]-part[0]))
		must(t, err)
	}
}

func bases(t *testing.T) map[string]func(*testing.T) string {
	t.Helper()
	return map[string]func(*testing.T) string{
		"GRUB": grubImage,
		"RHEL": func(t *testing.T) string { t.Helper(); return rhelImage(t, 0) },
	}
}

// TestOverlayByXorriso has xorriso read and extract overlays, and compares boot
// records with the base's.
func TestOverlayByXorriso(t *testing.T) {
	t.Parallel()
	xorriso := tool(t, "xorriso", "xorriso")
	for name, vendorImage := range bases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vendor := vendorImage(t)
			base := openFile(t, vendor)
			_, want, path := overlay(t, base)
			target := filepath.Join(t.TempDir(), "tree")
			run(t, xorriso, "-abort_on", "WARNING", "-osirrox", "on", "-indev", path, "-extract", "/", target)
			run(t, "chmod", "-R", "u+rwX", target)
			for name, content := range want {
				checkFile(t, filepath.Join(target, name), content)
			}
			checkFile(t, filepath.Join(target, "images/pxeboot/vmlinuz"), vendorFiles()["images/pxeboot/vmlinuz"])
			if _, err := os.Stat(filepath.Join(target, "media.repo")); !os.IsNotExist(err) {
				t.Errorf("removed file: %v", err)
			}
			before := run(t, xorriso, "-indev", vendor, "-report_el_torito", "plain")
			after := run(t, xorriso, "-indev", path, "-report_el_torito", "plain")
			if diff := cmp.Diff(elTorito(before), elTorito(after)); diff != "" {
				t.Errorf("El Torito (-base +overlay):\n%s", diff)
			}
			if report := run(t, xorriso, "-indev", path, "-report_system_area", "plain"); strings.Contains(report, "GPT CRC should be") || !strings.Contains(report, "GPT") {
				t.Errorf("system area:\n%s", report)
			}
		})
	}
}

func elTorito(report string) []string {
	var lines []string
	for line := range strings.Lines(report) {
		if strings.HasPrefix(line, "El Torito") {
			lines = append(lines, line)
		}
	}
	return lines
}

func checkFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s is %.100q, %v, want %.100q", path, got, err, want)
	}
}

// TestOverlayByIsoinfo extracts by Rock Ridge and by Joliet.
func TestOverlayByIsoinfo(t *testing.T) {
	t.Parallel()
	isoinfo := tool(t, "isoinfo", "genisoimage")
	for name, vendorImage := range bases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := openFile(t, vendorImage(t))
			_, want, path := overlay(t, base)
			kinds := []string{"-R"}
			if base.Info().Joliet {
				kinds = append(kinds, "-J")
			}
			for _, kind := range kinds {
				list := strings.Split(run(t, isoinfo, kind, "-f", "-i", path), "\n")
				for name := range want {
					if !slices.Contains(list, "/"+name) {
						t.Errorf("%s does not list %s", kind, name)
					}
				}
				for _, name := range []string{"ks.cfg", "rackflow/node/answers.json", "EFI/BOOT/grub.cfg"} {
					if got := run(t, isoinfo, kind, "-i", path, "-x", "/"+name); got != want[name] {
						t.Errorf("%s gives %s as %q, want %q", kind, name, got, want[name])
					}
				}
			}
		})
	}
}

func TestOverlayByBlkid(t *testing.T) {
	t.Parallel()
	blkid := tool(t, "blkid", "util-linux")
	vendor := rhelImage(t, 0)
	_, _, path := overlay(t, openFile(t, vendor))
	for _, field := range []string{"LABEL", "TYPE", "PTTYPE", "PTUUID"} {
		probe := func(path string) string { return run(t, blkid, "-p", "-s", field, "-o", "value", path) }
		if before, after := probe(vendor), probe(path); before != after || after == "" {
			t.Errorf("%s was %q and is %q", field, before, after)
		}
	}
}

// TestOverlayByArchivers extracts by the tools that are there.
func TestOverlayByArchivers(t *testing.T) {
	t.Parallel()
	base := openFile(t, rhelImage(t, 0))
	img := finish(t, edited(t, base))
	path := filepath.Join(t.TempDir(), "overlay.iso")
	must(t, os.WriteFile(path, imageBytes(t, img), 0o600))
	for name, archiver := range map[string]struct {
		debian string
		args   func(target string) []string
	}{
		"7z":     {"p7zip-full", func(target string) []string { return []string{"x", "-o" + target, path} }},
		"bsdtar": {"libarchive-tools", func(target string) []string { return []string{"-x", "-f", path, "-C", target} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program, target := tool(t, name, archiver.debian), t.TempDir()
			run(t, program, archiver.args(target)...)
			run(t, "chmod", "-R", "u+rwX", target)
			checkFile(t, filepath.Join(target, "ks.cfg"), "cmdline\n")
			checkFile(t, filepath.Join(target, "rackflow/node/answers.json"), "{}")
			checkFile(t, filepath.Join(target, "EFI/BOOT/grub.cfg"), "set default=1\nset timeout=0\n")
			checkFile(t, filepath.Join(target, "Packages/a/abc.rpm"), vendorFiles()["Packages/a/abc.rpm"])
		})
	}
}

// TestOverlayBySecondReader reads overlays by an independent library, which may
// hang on what it does not understand.
func TestOverlayBySecondReader(t *testing.T) {
	t.Parallel()
	for name, layout := range map[string]blank{"like RHEL": rhelLike(t), "Rock Ridge alone": {susp: rockRidgeTree(), version: ";1"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := openBytes(t, layout.with(t, vendorFiles()))
			raw := imageBytes(t, finish(t, edited(t, base)))
			want := contents(t, openBytes(t, raw))
			type result struct {
				files map[string]string
				err   error
			}
			done := make(chan result, 1)
			go func() {
				files, err := secondReader(raw)
				done <- result{files, err}
			}()
			select {
			case got := <-done:
				must(t, got.err)
				if diff := cmp.Diff(want, got.files); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("the reader hangs")
			}
		})
	}
}

func secondReader(raw []byte) (map[string]string, error) {
	img, err := iso9660.OpenImage(bytes.NewReader(raw))
	if err != nil {
		return nil, err //nolint:wrapcheck // a test's reader
	}
	root, err := img.RootDir()
	if err != nil {
		return nil, err //nolint:wrapcheck // a test's reader
	}
	files := make(map[string]string)
	return files, secondWalk(root, "", files)
}

func secondWalk(d *iso9660.File, prefix string, files map[string]string) error {
	children, err := d.GetChildren()
	if err != nil {
		return err //nolint:wrapcheck // a test's reader
	}
	for _, child := range children {
		name := prefix + child.Name()
		if child.IsDir() {
			if err := secondWalk(child, name+"/", files); err != nil {
				return err
			}
			continue
		}
		content, err := io.ReadAll(child.Reader())
		if err != nil {
			return err //nolint:wrapcheck // a test's reader
		}
		files[name] = string(content)
	}
	return nil
}
