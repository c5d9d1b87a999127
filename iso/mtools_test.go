package iso

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPatchESPByMtools patches a volume that mtools has made, with a long name
// and a chain in pieces, and has mtools read it.
func TestPatchESPByMtools(t *testing.T) {
	t.Parallel()
	mformat, mmd := tool(t, "mformat", "mtools"), tool(t, "mmd", "mtools")
	mcopy, mtype := tool(t, "mcopy", "mtools"), tool(t, "mtype", "mtools")
	for bits, options := range map[int][]string{
		12: {"-T", "2880", "-h", "2", "-s", "18"},
		16: {"-T", "40960", "-h", "16", "-s", "32", "-c", "4"},
		32: {"-T", "81920", "-h", "16", "-s", "32", "-c", "1", "-F"},
	} {
		t.Run(fmt.Sprint("FAT", bits), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			volume, file := filepath.Join(dir, "esp.img"), filepath.Join(dir, "content")
			put := func(name, content string) {
				must(t, os.WriteFile(file, []byte(content), 0o600))
				run(t, mcopy, "-o", "-i", volume, file, "::"+name)
			}
			run(t, mformat, append([]string{"-C", "-i", volume}, append(options, "::")...)...)
			run(t, mmd, "-i", volume, "::EFI", "::EFI/a long directory name")
			const config = "EFI/a long directory name/grub for this machine.cfg"
			put(config, strings.Repeat("a", 1000))
			put("EFI/shim.efi", strings.Repeat("shim", 4000))
			put("EFI/last", "last")

			raw, err := os.ReadFile(volume)
			must(t, err)
			base := openBytes(t, blank{esp: raw}.build(t))
			want := strings.Repeat("a new line\n", 4000)
			e := base.Edit(editTime)
			must(t, e.PatchESP(strings.ToLower(config), func(old []byte) ([]byte, error) {
				if string(old) != strings.Repeat("a", 1000) {
					t.Errorf("old content is %.40q", old)
				}
				return []byte(want), nil
			}))
			patched := imageBytes(t, finish(t, e))
			at := int(base.info.Boot[1].LBA) * sectorSize
			must(t, os.WriteFile(volume, patched[at:at+len(raw)], 0o600))
			for name, content := range map[string]string{config: want, "EFI/shim.efi": strings.Repeat("shim", 4000), "EFI/last": "last"} {
				if got := run(t, mtype, "-i", volume, "::"+name); got != content {
					t.Errorf("%s is %.40q, want %.40q", name, got, content)
				}
			}
			t.Run("fsck", func(t *testing.T) { run(t, tool(t, "fsck.vfat", "dosfstools"), "-n", volume) })
		})
	}
}
