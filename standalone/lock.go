package standalone

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const lockFile = "temporal.lock"

// dirLock keeps a second process out of a data folder. The kernel drops it when
// the process ends in whatever way, so it never has to be removed by hand.
//
// It is a file of its own: closing any descriptor of an SQLite file would drop
// SQLite's own locks on it.
type dirLock struct {
	file *os.File
}

// lockDir takes the lock of dir, or fails at once and names the holder.
func lockDir(dir string) (*dirLock, error) {
	path := filepath.Join(dir, lockFile)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the data folder: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(inUseError(dir, file), file.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
	}
	if err := writeHolder(file); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", path, err), file.Close())
	}
	return &dirLock{file: file}, nil
}

func inUseError(dir string, file *os.File) error {
	holder := "another process"
	// The holder may be between locking and writing its id: then there is none to show.
	if pid, err := io.ReadAll(io.LimitReader(file, 32)); err == nil && len(pid) > 0 {
		holder = "process " + strings.TrimSpace(string(pid))
	}
	return fmt.Errorf("data folder %s is in use by %s: stop it, or choose another folder", dir, holder)
}

func writeHolder(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// unlock leaves the file in place: removing it would let two processes hold
// locks on two files of the same name.
func (l *dirLock) unlock() error {
	return errors.Join(l.file.Truncate(0), l.file.Close())
}
