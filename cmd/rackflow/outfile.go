package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// inFile is a file that is read at any place.
type inFile interface {
	io.ReaderAt
	io.Closer
	Stat() (fs.FileInfo, error)
}

// outFile is a new file. It appears under its name when it is kept.
type outFile interface {
	io.Writer
	Keep() error
	Discard() error
}

// openFile opens a file to be read at any place.
func openFile(name string) (inFile, error) { return os.Open(name) }

// tempFile is an outFile beside the place where it is to appear.
type tempFile struct {
	*os.File

	target string
}

// createFile refuses a name that is taken: what is written is large, and what is
// there may be too.
func createFile(name string) (outFile, error) {
	if _, err := os.Lstat(name); err == nil {
		return nil, fmt.Errorf("%s is there already: remove it, or choose another name", name)
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return nil, err
	}
	return &tempFile{f, name}, nil
}

// Keep implements [outFile].
func (f *tempFile) Keep() error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), f.target)
}

// Discard implements [outFile].
func (f *tempFile) Discard() error { return errors.Join(f.Close(), os.Remove(f.Name())) }
