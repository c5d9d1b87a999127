package iso

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/kdomanski/iso9660"
)

// Limits of a seed image.
const (
	maxSeedFiles    = 10
	maxSeedBytes    = 16 << 20
	maxSeedName     = 28 // 30 (ECMA-119 7.5.1) less the version, ";1"
	maxSeedLabel    = 32
	volumeDatesFrom = firstDescriptor*sectorSize + 813
	volumeDatesTo   = firstDescriptor*sectorSize + 881
)

// seedName is the set of names that the library writes unchanged; any other
// character, a second dot or a longer extension would be altered silently.
var (
	seedName  = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]{1,8})?$`)
	seedLabel = regexp.MustCompile(`^[A-Z0-9_]+$`)
)

// Seed returns a flat ISO 9660 image with the given volume label and files, the
// kind an installer looks for beside its own medium (OEMDRV, CIDATA). The same
// arguments give the same bytes, so that an image can be built again at need.
//
// A label has 1 to 32 of A-Z, 0-9 and _. There are 1 to 10 files, together at
// most 16 MiB; a name has at most 28 of a-z, 0-9, - and _, and may have one
// extension of up to 8. Every file is read back from the image before Seed
// returns it.
//
// While it works, Seed keeps the files in a directory of its own below
// [os.TempDir].
func Seed(label string, files map[string][]byte) ([]byte, error) {
	if err := checkSeed(label, files); err != nil {
		return nil, fmt.Errorf("seed image: %w", err)
	}
	img, err := writeSeed(label, files)
	if err != nil {
		return nil, fmt.Errorf("seed image %s: %w", label, err)
	}
	if err := verifySeed(img, label, files); err != nil {
		return nil, fmt.Errorf("seed image %s: verify: %w", label, err)
	}
	return img, nil
}

func checkSeed(label string, files map[string][]byte) error {
	if len(label) > maxSeedLabel || !seedLabel.MatchString(label) {
		return fmt.Errorf("label %q: want 1 to %d of A-Z, 0-9 and _", label, maxSeedLabel)
	}
	if len(files) == 0 || len(files) > maxSeedFiles {
		return fmt.Errorf("%d files: want 1 to %d", len(files), maxSeedFiles)
	}
	var total int
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if len(name) > maxSeedName || !seedName.MatchString(name) {
			return fmt.Errorf("file name %q: want at most %d of a-z, 0-9, - and _, and at most one extension of up to 8",
				name, maxSeedName)
		}
		total += len(files[name])
	}
	if total > maxSeedBytes {
		return fmt.Errorf("files have %d bytes together: at most %d fit", total, maxSeedBytes)
	}
	return nil
}

func writeSeed(label string, files map[string][]byte) (img []byte, err error) {
	w, err := iso9660.NewWriter()
	if err != nil {
		return nil, fmt.Errorf("open temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, w.Cleanup()) }()

	for name, content := range files {
		if err := w.AddFile(bytes.NewReader(content), name); err != nil {
			return nil, fmt.Errorf("add %s: %w", name, err)
		}
	}
	var out bytes.Buffer
	if err := w.WriteTo(&out, label); err != nil {
		return nil, fmt.Errorf("write: %w", err)
	}
	img = out.Bytes()
	clearVolumeDates(img)
	return img, nil
}

// clearVolumeDates sets the four dates of the primary descriptor to "not
// specified" (ECMA-119 8.4.26.1). The library puts the time of writing there,
// which would make every image differ.
func clearVolumeDates(img []byte) {
	const size = 17
	for at := volumeDatesFrom; at < volumeDatesTo; at += size {
		date := img[at : at+size]
		copy(date, "0000000000000000")
		date[size-1] = 0
	}
}
