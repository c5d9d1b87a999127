package iso

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// udfFiles need more than one level, both widths of characters, and a file of
// many blocks.
func udfFiles() map[string]string {
	return map[string]string{
		"sources/boot.wim":                       strings.Repeat("wim", 100_000),
		"efi/microsoft/boot/efisys_noprompt.bin": strings.Repeat("fat", 5000),
		"名前.txt":                                 "wide",
		"empty":                                  "",
		"a directory/x":                          "y",
	}
}

// udfImage is made by a tool of others.
func udfImage(tb testing.TB, files map[string]string) []byte {
	tb.Helper()
	genisoimage := tool(tb, "genisoimage", "genisoimage")
	tree, path := tb.TempDir(), filepath.Join(tb.TempDir(), "udf.iso")
	for name, content := range files {
		must(tb, os.MkdirAll(filepath.Dir(filepath.Join(tree, name)), 0o750))
		must(tb, os.WriteFile(filepath.Join(tree, name), []byte(content), 0o600))
	}
	run(tb, genisoimage, "-quiet", "-udf", "-J", "-joliet-long", "-input-charset", "utf-8", "-V", "SSS_X64FRE_EN-US_DV9", "-o", path, tree)
	raw, err := os.ReadFile(path)
	must(tb, err)
	return raw
}

func openUDFBytes(raw []byte) (*udf, error) {
	return openUDF(image{r: bytes.NewReader(raw), size: int64(len(raw))})
}

func TestUDF(t *testing.T) {
	t.Parallel()
	u, err := openUDFBytes(udfImage(t, udfFiles()))
	must(t, err)
	for name, want := range udfFiles() {
		content, err := u.open(strings.ToUpper(name))
		must(t, err)
		got, err := io.ReadAll(content)
		if err != nil || string(got) != want {
			t.Errorf("%s has %d bytes, %v, want %d", name, len(got), err, len(want))
		}
	}
	for name, want := range map[string]string{"sources": "directory", "empty/x": "no directory", "": "names no file"} {
		if _, err := u.open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want one that says %q", name, err, want)
		}
	}
	for _, name := range []string{"none", "sources/none", "sources/.."} {
		if _, err := u.open(name); err == nil {
			t.Errorf("%s was found", name)
		}
	}
	if _, err := u.open("efi/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v, want ErrNotExist", err)
	}
}

// TestUDFRefuses damages a volume in the ways that could lead a reader astray.
func TestUDFRefuses(t *testing.T) {
	t.Parallel()
	raw := udfImage(t, map[string]string{"a": "x"})
	tests := map[string]struct {
		damage func(raw []byte) []byte
		want   string
	}{
		"no anchor":         {func(raw []byte) []byte { return raw[:200*sectorSize] }, "anchor"},
		"another tag":       {func(raw []byte) []byte { raw[udfAnchor*sectorSize] = 3; return raw }, "descriptor 3"},
		"a wrong checksum":  {func(raw []byte) []byte { raw[udfAnchor*sectorSize+8]++; return raw }, "checksum"},
		"descriptors apart": {func(raw []byte) []byte { copy(raw[udfAnchor*sectorSize+20:], "\x00\x00\x00\x00"); return raw }, "volume"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := openUDFBytes(test.damage(bytes.Clone(raw))); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one that says %q", err, test.want)
			}
		})
	}
}

func FuzzUDF(f *testing.F) {
	raw := udfImage(f, map[string]string{"efi/a": "x", "b": strings.Repeat("y", 5000)})
	f.Add(uint16(0), []byte{})
	for _, at := range []int{udfAnchor, 257, 260, 263, 264} {
		f.Add(uint16(at), []byte{0xff, 0xff, 0xff, 0xff})
	}
	f.Fuzz(func(t *testing.T, sector uint16, patch []byte) {
		damaged := bytes.Clone(raw)
		at := min(int(sector)*sectorSize, len(damaged))
		copy(damaged[at:min(at+sectorSize, len(damaged))], patch)
		u, err := openUDFBytes(damaged)
		if err != nil {
			return
		}
		for _, name := range []string{"efi/a", "b", "none"} {
			if content, err := u.open(name); err == nil {
				if n, err := io.Copy(io.Discard, content); err == nil && n > int64(len(damaged)) {
					t.Errorf("%s has %d bytes, more than the image", name, n)
				}
			}
		}
	})
}
