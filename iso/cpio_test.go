package iso

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCPIO has other programs unpack an archive.
func TestCPIO(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{"preseed.cfg": []byte("d-i\n"), "empty": nil, "four": []byte("1234"), "ü.sh": []byte("five5")}
	archive, err := packCPIO(files)
	must(t, err)
	if len(archive)%4 != 0 {
		t.Errorf("%d bytes: no other archive could follow", len(archive))
	}
	again, err := packCPIO(files)
	must(t, err)
	if !bytes.Equal(archive, again) {
		t.Error("the same files gave another archive")
	}
	for _, command := range [][]string{{"cpio", "-i", "--quiet"}, {"bsdcpio", "-i"}, {"busybox", "cpio", "-i"}} {
		t.Run(command[0], func(t *testing.T) {
			t.Parallel()
			tool, err := exec.LookPath(command[0])
			if err != nil {
				t.Skipf("%s is not installed here: %v", command[0], err)
			}
			dir := t.TempDir()
			cmd := exec.CommandContext(t.Context(), tool, command[1:]...)
			cmd.Dir, cmd.Stdin = dir, bytes.NewReader(archive)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for name, want := range files {
				got, err := os.ReadFile(filepath.Join(dir, name))
				must(t, err)
				if diff := cmp.Diff(string(want), string(got)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func TestCPIORefusesDirectories(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "a/b", "../a", "a\x00b"} {
		if _, err := packCPIO(map[string][]byte{name: nil}); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
}
