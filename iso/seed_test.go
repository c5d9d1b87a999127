package iso_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kdomanski/iso9660"

	"github.com/rackflow/rackflow/iso"
)

// seedFiles exercise an empty file, a whole sector and more than one.
func seedFiles() map[string][]byte {
	return map[string][]byte{
		"user-data":        []byte("#cloud-config\n"),
		"meta-data":        {},
		"network-config":   bytes.Repeat([]byte{0xa5}, 2048),
		"config.ignition":  bytes.Repeat([]byte("x"), 5000),
		"a_b-c0.x":         []byte("short"),
		"autounattend.xml": []byte("<unattend/>"),
	}
}

func asText(files map[string][]byte) map[string]string {
	text := make(map[string]string, len(files))
	for name, content := range files {
		text[name] = string(content)
	}
	return text
}

// readSeed reads an image with a reader that is not ours.
func readSeed(t *testing.T, image []byte) map[string]string {
	t.Helper()
	opened, err := iso9660.OpenImage(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	root, err := opened.RootDir()
	if err != nil {
		t.Fatal(err)
	}
	children, err := root.GetChildren()
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string, len(children))
	for _, child := range children {
		content, err := io.ReadAll(child.Reader())
		if err != nil {
			t.Fatal(err)
		}
		files[child.Name()] = string(content)
	}
	return files
}

func TestSeedRoundTrip(t *testing.T) {
	t.Parallel()
	image, err := iso.Seed("CIDATA", seedFiles())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(asText(seedFiles()), readSeed(t, image)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSeedIsReproducible(t *testing.T) {
	t.Parallel()
	first, err := iso.Seed("CIDATA", seedFiles())
	if err != nil {
		t.Fatal(err)
	}
	// More than the hundredth of a second that a volume date resolves passes
	// while these are made.
	for range 20 {
		next, err := iso.Seed("CIDATA", seedFiles())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, next) {
			t.Fatal("the same arguments gave different bytes")
		}
	}
}

func TestSeedLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	if _, err := iso.Seed("CIDATA", seedFiles()); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSeedFailsWithoutTemporaryDirectory(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	if _, err := iso.Seed("CIDATA", seedFiles()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v, want the file system's", err)
	}
}

func TestSeedRefuses(t *testing.T) {
	t.Parallel()
	many := make(map[string][]byte)
	for n := range 11 {
		many[fmt.Sprintf("file%d", n)] = nil
	}
	one := func(name string) map[string][]byte { return map[string][]byte{name: nil} }
	tests := map[string]struct {
		label string
		files map[string][]byte
		want  string
	}{
		"no label":         {"", one("a"), "label"},
		"lower-case label": {"cidata", one("a"), "label"},
		"label with space": {"CI DATA", one("a"), "label"},
		"label line break": {"CIDATA\n", one("a"), "label"},
		"long label":       {strings.Repeat("A", 33), one("a"), "label"},
		"no files":         {"CIDATA", nil, "0 files"},
		"many files":       {"CIDATA", many, "11 files"},
		"no name":          {"CIDATA", one(""), `""`},
		"upper case":       {"CIDATA", one("KS.CFG"), `"KS.CFG"`},
		"two dots":         {"CIDATA", one("a.b.c"), `"a.b.c"`},
		"leading dot":      {"CIDATA", one(".hidden"), `".hidden"`},
		"trailing dot":     {"CIDATA", one("a."), `"a."`},
		"folder":           {"CIDATA", one("a/b"), `"a/b"`},
		"parent":           {"CIDATA", one("../b"), `"../b"`},
		"dollar":           {"CIDATA", one("$oem$"), `"$oem$"`},
		"not ASCII":        {"CIDATA", one("é"), `"é"`},
		"long extension":   {"CIDATA", one("a.extension"), `"a.extension"`},
		"long name":        {"CIDATA", one(strings.Repeat("a", 29)), strings.Repeat("a", 29)},
		"too large":        {"CIDATA", map[string][]byte{"a": make([]byte, 16<<20), "b": {1}}, "16777217 bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := iso.Seed(test.label, test.files)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one with %s", err, test.want)
			}
		})
	}
}

func TestSeedTakesTheLimits(t *testing.T) {
	t.Parallel()
	files := make(map[string][]byte)
	for n := range 9 {
		files[strings.Repeat("n", 27)+fmt.Sprint(n)] = []byte{byte(n)}
	}
	files[strings.Repeat("a", 19)+".12345678"] = make([]byte, 1<<20)
	image, err := iso.Seed(strings.Repeat("L", 32), files)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(asText(files), readSeed(t, image)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSeedForOtherReaders(t *testing.T) {
	t.Parallel()
	image, err := iso.Seed("OEMDRV", map[string][]byte{"ks.cfg": []byte("cmdline\n")})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "seed.iso")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args []string
		want string
	}{
		"blkid":   {[]string{"-p", "-o", "value", "-s", "LABEL", path}, "OEMDRV\n"},
		"isoinfo": {[]string{"-i", path, "-x", "/ks.cfg;1"}, "cmdline\n"},
		"xorriso": {[]string{"-indev", path, "-find", "/"}, "'/ks.cfg'"},
	}
	for tool, test := range tests {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			out, err := exec.CommandContext(t.Context(), lookPath(t, tool), test.args...).Output()
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(out), test.want) {
				t.Errorf("printed %q, want %q", out, test.want)
			}
		})
	}
}
