package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Images is the folder of vendor ISOs. rackflow only reads it; operators put
// the files there. It is safe for concurrent use.
type Images struct {
	root *os.Root
}

// OpenImages opens an existing folder.
func OpenImages(dir string) (*Images, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open images folder: %w", err)
	}
	return &Images{root: root}, nil
}

// Close releases the folder. Open images stay readable.
func (m *Images) Close() error { return m.root.Close() }

// OpenImage opens an image by its slash-separated name relative to the folder,
// and returns its size in bytes and when it was last modified. The caller
// closes the file. A name that leads out of the folder, by a symbolic link too,
// is not opened.
func (m *Images) OpenImage(name string) (f *os.File, size int64, modified time.Time, err error) {
	if err := checkImageName(name); err != nil {
		return nil, 0, time.Time{}, err
	}
	f, info, err := openRegular(m.root, name)
	if err != nil {
		return nil, 0, time.Time{}, imageError(name, err)
	}
	return f, info.Size(), info.ModTime(), nil
}

func checkImageName(name string) error {
	if !filepath.IsLocal(name) || strings.ContainsRune(name, 0) {
		return invalid("image", name, `images are named relative to the images folder, such as "rhel-9.4.iso"`)
	}
	return nil
}

func imageError(name string, err error) error {
	switch {
	case isMissing(err):
		return &Error{Kind: NotFound, What: "image", Ref: name, Msg: "put the file into the images folder"}
	case errors.Is(err, errNotRegular):
		return invalid("image", name, "it is not a file")
	}
	return fmt.Errorf("store: open image %s (it must be readable, and links must stay inside the images folder): %w", name, err)
}

// isMissing also holds when a name goes on below a file.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

var errNotRegular = errors.New("not a regular file")

// openRegular opens a regular file. It asks before it opens, because opening a
// pipe waits for a writer.
func openRegular(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errNotRegular
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	// The name may have got a new file in between.
	info, err = f.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}
