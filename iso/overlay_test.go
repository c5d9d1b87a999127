package iso_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/rackflow/rackflow/iso"
)

// forServer is what a deployment does with a vendor's image that is open: it adds
// the answers and has the boot loader start the installer with them at once.
func forServer(base *iso.Base, kickstart []byte, made time.Time) (*iso.Image, error) {
	e := base.Edit(made)
	if err := e.Put("ks.cfg", kickstart); err != nil {
		return nil, fmt.Errorf("add answers: %w", err)
	}
	grub := func(old []byte) ([]byte, error) {
		config := iso.ParseGRUB(old)
		_, err := config.EditArgs("", iso.KernelArgs{
			Remove: []string{"rd.live.check"}, Set: []string{"inst.ks=cdrom:/ks.cfg"},
		})
		if err != nil {
			return nil, fmt.Errorf("boot configuration: %w", err)
		}
		if err := config.SetTimeout(0); err != nil {
			return nil, fmt.Errorf("boot configuration: %w", err)
		}
		return config.Bytes(), nil
	}
	if err := e.Patch("EFI/BOOT/grub.cfg", grub); err != nil {
		return nil, fmt.Errorf("boot configuration: %w", err)
	}
	e.ClearMediaMD5()
	return e.Image()
}

// TestForServer is the way of an image through the package, from outside.
func TestForServer(t *testing.T) {
	t.Parallel()
	seed, err := iso.Seed("VENDOR", map[string][]byte{"readme.txt": []byte("a vendor's file")})
	if err != nil {
		t.Fatal(err)
	}
	base, err := iso.Open(bytes.NewReader(seed), int64(len(seed)))
	if err != nil {
		t.Fatal(err)
	}
	made := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	if _, err := forServer(base, nil, made); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an image without a boot loader: error is %v, want ErrNotExist", err)
	}
	withLoader := base.Edit(made)
	if err := withLoader.Put("EFI/BOOT/grub.cfg", []byte("menuentry a {\n linux /vmlinuz rd.live.check\n}\n")); err != nil {
		t.Fatal(err)
	}
	vendor, err := withLoader.Image()
	if err != nil {
		t.Fatal(err)
	}
	base, err = iso.Open(vendor, vendor.Size())
	if err != nil {
		t.Fatal(err)
	}
	img, err := forServer(base, []byte("cmdline\n"), made)
	if err != nil {
		t.Fatal(err)
	}
	again, err := iso.Open(img, img.Size())
	if err != nil {
		t.Fatal(err)
	}
	content, err := again.Open("efi/boot/grub.cfg")
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, content.Size())
	if _, err := content.ReadAt(got, 0); err != nil {
		t.Fatal(err)
	}
	const want = "set timeout=0\nmenuentry a {\n linux /vmlinuz inst.ks=cdrom:/ks.cfg\n}\n"
	if string(got) != want {
		t.Errorf("grub.cfg is %q, want %q", got, want)
	}
	if again.Info().Label != "VENDOR" {
		t.Errorf("label is %q", again.Info().Label)
	}
}
