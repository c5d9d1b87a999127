package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// demo runs `rackflow demo` and returns what it printed.
func demo(t *testing.T, args ...string) string {
	t.Helper()
	args = append([]string{"demo", "--data", filepath.Join(t.TempDir(), "demo")}, args...)
	out, err := exec.CommandContext(t.Context(), binary, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("rackflow %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestDemo runs one demo after the other: two that start at the same moment would
// find the same ports free.
func TestDemo(t *testing.T) {
	t.Parallel()
	t.Run("own image", demoOwnImage)
	t.Run("real ISO", demoRealISO)
}

func demoOwnImage(t *testing.T) {
	out := demo(t, "--servers", "2")
	for _, want := range []string{"installed demo-1", "installed demo-2", "Web UI", "run show server-", "temporal workflow show --workflow-id server-"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if strings.Contains(out, "level=") {
		t.Errorf("the demo logs:\n%s", out)
	}
}

// demoRealISO installs from a hybrid image that GRUB's own tool makes of Debian's packages.
func demoRealISO(t *testing.T) {
	if _, err := exec.LookPath("grub-mkrescue"); err != nil {
		t.Skip("grub-mkrescue is not installed: apt-get install grub-common grub-pc-bin grub-efi-amd64-bin mtools xorriso memtest86+")
	}
	tree := t.TempDir()
	grub := filepath.Join(tree, "boot", "grub")
	if err := os.MkdirAll(grub, 0o700); err != nil {
		t.Fatal(err)
	}
	const menu = "set timeout=0\nmenuentry Memtest { linux /boot/memtest }\n"
	if err := os.WriteFile(filepath.Join(grub, "grub.cfg"), []byte(menu), 0o600); err != nil {
		t.Fatal(err)
	}
	copyFile(t, "/boot/memtest86+x64.bin", filepath.Join(tree, "boot", "memtest"))
	image := filepath.Join(t.TempDir(), "debian.iso")
	if out, err := exec.CommandContext(t.Context(), "grub-mkrescue", "-o", image, tree).CombinedOutput(); err != nil {
		t.Fatalf("grub-mkrescue: %v\n%s", err, out)
	}
	if out := demo(t, "--servers", "1", "--iso", image); !strings.Contains(out, "installed demo-1") {
		t.Errorf("not installed:\n%s", out)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Skipf("no payload for the image: %v: apt-get install memtest86+", err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
