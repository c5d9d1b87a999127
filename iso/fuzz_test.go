package iso

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// sparseImage is an image given by its non-zero sectors, which keeps the fuzzer's
// inputs short: a sector number and a sector, over and over.
func sparseImage(raw []byte) []byte {
	var out []byte
	for lba := range len(raw) / sectorSize {
		sector := raw[lba*sectorSize : (lba+1)*sectorSize]
		if content := bytes.TrimRight(sector, "\x00"); len(content) > 0 {
			out = binary.LittleEndian.AppendUint16(out, uint16(lba))
			out = binary.LittleEndian.AppendUint16(out, uint16(len(content)))
			out = append(out, content...)
		}
	}
	return out
}

// fullImage undoes sparseImage, in an image of at most 256 sectors.
func fullImage(sparse []byte) []byte {
	const most = 256
	img := make([]byte, most*sectorSize)
	for len(sparse) >= 4 {
		lba, length := int(binary.LittleEndian.Uint16(sparse)), int(binary.LittleEndian.Uint16(sparse[2:]))
		sparse = sparse[4:]
		length = min(length, len(sparse), sectorSize)
		if lba < most {
			copy(img[lba*sectorSize:], sparse[:length])
		}
		sparse = sparse[length:]
	}
	return img
}

// FuzzEdit shows that whatever Open accepts can be read and edited without harm,
// and that what was put can be read back.
func FuzzEdit(f *testing.F) {
	esp := makeFAT(f, 12, map[string]string{"EFI/BOOT/GRUB.CFG": "set timeout=60\n"})[:100<<10]
	for _, layout := range layouts(f) {
		layout.esp = esp
		f.Add(sparseImage(layout.with(f, map[string]string{"EFI/BOOT/grub.cfg": "a", "media.repo": "b", "d/e/f": "c"})))
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, sparse []byte) {
		raw := fullImage(sparse)
		base, err := Open(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			return
		}
		files := 0
		for file := range base.Walk() {
			if r, err := base.Open(file.Path); err == nil {
				_, _ = r.ReadAt(make([]byte, 512), 0)
			}
			if files++; files > 100 {
				break
			}
		}
		e := base.Edit(editTime)
		e.ClearMediaMD5()
		_ = e.PatchESP("EFI/BOOT/GRUB.CFG", func(old []byte) ([]byte, error) { return append(old, make([]byte, 2000)...), nil })
		_ = e.Patch("media.repo", func(old []byte) ([]byte, error) { return append(old, 'x'), nil })
		_ = e.Remove("d/e/f")
		put := e.Put("new/dir/ks.cfg", []byte("cmdline"))
		img, err := e.Image()
		if err != nil {
			return
		}
		if img.Size() < int64(len(raw)) {
			t.Errorf("image has %d bytes, base %d", img.Size(), len(raw))
		}
		checkPut(t, img, put == nil)
	})
}

// checkPut reads the new file back. Where parts of a hostile image overlap, the
// edit may have damaged it further, so that an image that cannot be opened any
// more is let pass.
func checkPut(t *testing.T, img *Image, put bool) {
	t.Helper()
	got, err := Open(img, img.Size())
	if err != nil || !put {
		return
	}
	r, err := got.Open("new/dir/ks.cfg")
	if err != nil {
		return
	}
	content := make([]byte, r.Size())
	if _, err := r.ReadAt(content, 0); err == nil && string(content) != "cmdline" {
		t.Errorf("the new file came back as %q", content)
	}
}
