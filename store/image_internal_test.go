package store

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

func TestUploadErrorOfAFullDisk(t *testing.T) {
	t.Parallel()
	u := ImageUpload{Name: "rhel.iso", Size: 5_000_000_000}
	for cause, want := range map[error]error{syscall.ENOSPC: ErrFull, syscall.EDQUOT: ErrFull, syscall.EIO: syscall.EIO} {
		err := uploadError(u, errors.Join(nil, &fs.PathError{Op: "write", Path: "x.part", Err: cause}))
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "rhel.iso") {
			t.Errorf("%v: %v; want %v that names the image", cause, err, want)
		}
		if errors.Is(want, ErrFull) && !strings.Contains(err.Error(), "5000000000 bytes") {
			t.Errorf("%v: %v; want it to say how much is needed", cause, err)
		}
	}
}
