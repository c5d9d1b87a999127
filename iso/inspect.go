package iso

import (
	"fmt"
	"io"
)

// Info is what Inspect learns about an image.
type Info struct {
	// Label is the primary volume's identifier, without padding.
	Label string `json:"label"`
	// Size is the size of the file in bytes.
	Size int64 `json:"size"`
	// Joliet says that the image has a second tree, with the long names that
	// Windows reads.
	Joliet bool `json:"joliet"`
	// Boot lists the El Torito entries in the catalogue's order.
	Boot []BootEntry `json:"boot,omitempty"`
}

// Inspect reads the volume descriptors and the boot catalogue of the image r,
// which has size bytes. The image may come from anywhere: at most 66 sectors
// are read, whatever it says.
//
// Errors wrap ErrNotISO, ErrTruncated or ErrNotBootable; any other one comes
// from r. With ErrNotBootable everything in Info but Boot is valid, so that a
// data image can be inspected too.
func Inspect(r io.ReaderAt, size int64) (Info, error) {
	img := image{r: r, size: size}
	volume, err := readVolume(img)
	if err != nil {
		return Info{}, fmt.Errorf("inspect image: %w", err)
	}
	info := Info{Label: volume.label, Size: size, Joliet: volume.joliet}
	if err := checkLength(volume, size); err != nil {
		return info, fmt.Errorf("inspect image %q: %w", info.Label, err)
	}
	boot, err := readBootCatalogue(img, volume)
	if err != nil {
		return info, fmt.Errorf("inspect image %q: %w", info.Label, err)
	}
	info.Boot = boot
	return info, nil
}

// checkLength compares whole sectors, since some mastering tools do not pad
// the last one.
func checkLength(volume volume, size int64) error {
	have := (size + sectorSize - 1) / sectorSize
	if int64(volume.sectors) <= have {
		return nil
	}
	return fmt.Errorf("%w: it should have %d bytes and has %d: download or copy it again",
		ErrTruncated, int64(volume.sectors)*sectorSize, size)
}
