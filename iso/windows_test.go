package iso

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// windowsImage is as Microsoft's: its files in UDF, and a loader for UEFI. It is
// made by a tool that knows no UEFI, whose catalogue is then changed.
func windowsImage(tb testing.TB, files map[string]string) *Base {
	tb.Helper()
	genisoimage := tool(tb, "genisoimage", "genisoimage")
	tree, path := tb.TempDir(), filepath.Join(tb.TempDir(), "windows.iso")
	for name, content := range files {
		must(tb, os.MkdirAll(filepath.Dir(filepath.Join(tree, name)), 0o750))
		must(tb, os.WriteFile(filepath.Join(tree, name), []byte(content), 0o600))
	}
	run(tb, genisoimage, "-quiet", "-udf", "-V", "SSS_X64FRE_EN-US_DV9", "-hide", "*", "-b", "efisys.bin", "-no-emul-boot", "-o", path, tree)
	raw, err := os.ReadFile(path)
	must(tb, err)
	catalogue := raw[openBytes(tb, raw).catalogue*sectorSize:]
	catalogue[1] = platformUEFIRaw
	binary.LittleEndian.PutUint16(catalogue[28:], 0)
	var sum uint16
	for word := range catalogueEntry / 2 {
		sum += binary.LittleEndian.Uint16(catalogue[2*word:])
	}
	binary.LittleEndian.PutUint16(catalogue[28:], -sum)
	return openBytes(tb, raw)
}

func forWindows() Customization {
	disk := 0
	return Customization{Family: "windows", Answers: Answers{
		Hostname: "win", RootPassword: "s3cret", Windows: &Windows{Image: "Windows Server 2025 SERVERSTANDARD", DiskNumber: &disk},
	}}
}

// TestWindowsBootsWithoutPrompt has the loader of the image itself take the place
// of the one that waits for a key. No answer is in the image: who has it has no
// password.
func TestWindowsBootsWithoutPrompt(t *testing.T) {
	t.Parallel()
	const loader = "the loader that does not ask"
	base := windowsImage(t, map[string]string{
		"efisys.bin": "the loader that asks", promptlessLoader: loader, "sources/boot.wim": "wim",
	})
	img, err := base.Customize(forWindows())
	must(t, err)
	raw := imageBytes(t, img)
	entry := openBytes(t, raw).info.Boot[0]
	if got := raw[int64(entry.LBA)*sectorSize:]; entry.Platform != PlatformUEFI || !bytes.HasPrefix(got, []byte(loader)) {
		t.Errorf("%+v leads to %.40q", entry, got)
	}
	for _, secret := range []string{"s3cret", "unattend", forWindows().password(t)} {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("the image has %q", secret)
		}
	}
}

// password is the secret as setup takes it.
func (c Customization) password(tb testing.TB) string {
	tb.Helper()
	return form{}.WindowsPassword(c.Answers.RootPassword, "AdministratorPassword")
}

func TestWindowsWithoutLoader(t *testing.T) {
	t.Parallel()
	base := windowsImage(t, map[string]string{"efisys.bin": "the loader that asks", "sources/boot.wim": "wim"})
	_, err := base.Customize(forWindows())
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "key press") {
		t.Errorf("error is %v, want ErrNotExist and what it is needed for", err)
	}
}
