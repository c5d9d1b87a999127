package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Images is the folder of vendor ISOs. Operators put files there by name, or
// upload them. An uploaded image is kept by its digest below [imagesOwn], and
// its name is a symbolic link to it: so it is there whole or not at all, and
// nobody can change what a name in use means by copying over it. It is safe for
// concurrent use.
type Images struct {
	root *os.Root

	mu sync.Mutex
	// digests are those of files that operators put there, by name.
	digests map[string]digestRecord
	// busy are the uploads that a request is at work on.
	busy map[string]bool
	// hashing lets one file be read at a time: a hundred deployments of one new
	// image wait for one reading of it.
	hashing chan struct{}
}

const (
	// imagesOwn is the folder, inside that of the images, of what rackflow writes.
	imagesOwn = ".rackflow"
	// imageObjects holds uploaded images by the hexadecimal digits of their digests.
	imageObjects = imagesOwn + "/sha256"
)

// Image is one of the folder's images under one of its names.
type Image struct {
	// Name is relative to the folder and slash-separated. Empty: an uploaded
	// image whose names are gone.
	Name string
	// Digest is "sha256:" and hexadecimal digits; empty while nobody has computed
	// it, see [Images.Digest].
	Digest   string
	Size     int64 // bytes
	Modified time.Time
	// Uploaded says that rackflow keeps the file by its digest, and nobody else
	// writes to it.
	Uploaded bool

	file fs.FileInfo
}

// Same reports whether both are one file with the same content, as far as the
// file system tells.
func (i Image) Same(other Image) bool {
	return i.Size == other.Size && i.Modified.Equal(other.Modified) && os.SameFile(i.file, other.file)
}

// OpenImages opens an existing folder.
func OpenImages(dir string) (*Images, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open images folder: %w", err)
	}
	return &Images{
		root: root, digests: make(map[string]digestRecord), busy: make(map[string]bool), hashing: make(chan struct{}, 1),
	}, nil
}

// Close releases the folder. Open images stay readable.
func (m *Images) Close() error { return m.root.Close() }

// OpenImage opens an image by its slash-separated name relative to the folder,
// or by its digest if it was uploaded, and returns its size in bytes and when it
// was last modified. The caller closes the file. A name that leads out of the
// folder, by a symbolic link too, is not opened.
func (m *Images) OpenImage(ref string) (f *os.File, size int64, modified time.Time, err error) {
	f, image, err := m.Open(ref)
	return f, image.Size, image.Modified, err
}

// Open is [Images.OpenImage] with all that is known of the image. What it says
// belongs to the open file, whatever becomes of the name meanwhile.
func (m *Images) Open(ref string) (*os.File, Image, error) {
	name, err := imagePath(ref)
	if err != nil {
		return nil, Image{}, err
	}
	f, info, err := openRegular(m.root, name)
	if err != nil {
		return nil, Image{}, imageError(ref, err)
	}
	return f, m.describe(name, info), nil
}

// Stat returns what is known of the image, without opening it.
func (m *Images) Stat(ref string) (Image, error) {
	name, err := imagePath(ref)
	if err != nil {
		return Image{}, err
	}
	info, err := m.root.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		return Image{}, imageError(ref, err)
	}
	return m.describe(name, info), nil
}

func (m *Images) describe(name string, info fs.FileInfo) Image {
	image := Image{Name: name, Size: info.Size(), Modified: info.ModTime(), file: info}
	if object, ok := m.objectOf(name); ok && m.isObject(object, info) {
		image.Digest, image.Uploaded = digestPrefix+path.Base(object), true
	} else {
		image.Digest = m.knownDigest(image)
	}
	if path.Dir(name) == imageObjects {
		image.Name = ""
	}
	return image
}

// objectOf is the object that a name stands for; false for a file of its own.
func (m *Images) objectOf(name string) (string, bool) {
	if path.Dir(name) == imageObjects {
		return name, true
	}
	target, err := m.root.Readlink(name)
	if err != nil {
		return "", false
	}
	object := path.Join(path.Dir(name), filepath.ToSlash(target))
	return object, path.Dir(object) == imageObjects
}

// isObject makes sure that the name has not got another meaning in between.
func (m *Images) isObject(object string, info fs.FileInfo) bool {
	found, err := m.root.Stat(object)
	return err == nil && os.SameFile(found, info)
}

// imagePath is the place of an image's file in the folder.
func imagePath(ref string) (string, error) {
	if digits, ok := strings.CutPrefix(ref, digestPrefix); ok {
		if !digestDigits.MatchString(digits) {
			return "", invalid("image", ref, "a digest has 64 hexadecimal digits")
		}
		return path.Join(imageObjects, digits), nil
	}
	if !filepath.IsLocal(ref) || strings.ContainsRune(ref, 0) {
		return "", invalid("image", ref, `images are named relative to the images folder, such as "rhel-9.4.iso"`)
	}
	name := path.Clean(filepath.ToSlash(ref))
	if name == imagesOwn || strings.HasPrefix(name, imagesOwn+"/") {
		return "", invalid("image", ref, "names below %s are rackflow's own", imagesOwn)
	}
	return name, nil
}

func imageError(ref string, err error) error {
	switch {
	case isMissing(err):
		return &Error{Kind: NotFound, What: "image", Ref: ref, Msg: "put the file into the images folder, or add it with 'rackflow iso add'"}
	case errors.Is(err, errNotRegular):
		return invalid("image", ref, "it is not a file")
	}
	return fmt.Errorf("store: open image %s (it must be readable, and links must stay inside the images folder): %w", ref, err)
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
