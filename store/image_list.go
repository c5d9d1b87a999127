package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// List returns the folder's images, ordered by name; uploaded ones without a
// name come first. Files that do not end in .iso or .img are left out, and so is
// what begins with a dot.
func (m *Images) List() ([]Image, error) {
	named, err := m.listNamed()
	if err != nil {
		return nil, fmt.Errorf("store: list images: %w", err)
	}
	objects, err := fs.ReadDir(m.root.FS(), imageObjects)
	if ignoreMissing(err) != nil {
		return nil, fmt.Errorf("store: list images: %w", err)
	}
	images := named
	for _, object := range objects {
		digest := digestPrefix + object.Name()
		if slices.ContainsFunc(named, func(i Image) bool { return i.Digest == digest }) {
			continue
		}
		if image, err := m.Stat(digest); err == nil {
			images = append(images, image)
		}
	}
	slices.SortFunc(images, func(a, b Image) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Digest, b.Digest))
	})
	return images, nil
}

func (m *Images) listNamed() ([]Image, error) {
	var images []Image
	err := fs.WalkDir(m.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			return nil //nolint:nilerr // what cannot be read is nobody's image
		case name != "." && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir() || !isImageName(name):
			return nil
		}
		if image, err := m.Stat(name); err == nil {
			images = append(images, image)
		}
		return nil
	})
	return images, err
}

func isImageName(name string) bool {
	extension := strings.ToLower(path.Ext(name))
	return extension == ".iso" || extension == ".img"
}

// RemoveImage removes the image of that name, or of that digest under all its
// names. An uploaded image is kept for as long as another name stands for it.
func (m *Images) RemoveImage(ref string) error {
	image, err := m.Stat(ref)
	if err != nil {
		return err
	}
	names, err := m.namesToRemove(image)
	if err != nil {
		return fmt.Errorf("store: remove image %s: %w", ref, err)
	}
	for _, name := range names {
		if err := errors.Join(m.root.Remove(name), m.forgetDigest(name), syncFolder(m.root, path.Dir(name))); err != nil {
			return fmt.Errorf("store: remove image %s: %w", ref, err)
		}
	}
	return nil
}

// namesToRemove has the object itself last: a crash in between leaves an image
// without a name, and never a name without its image.
func (m *Images) namesToRemove(image Image) ([]string, error) {
	object, uploaded := m.objectOf(m.fileOf(image))
	if !uploaded {
		return []string{image.Name}, nil
	}
	named, err := m.listNamed()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, other := range named {
		target, ok := m.objectOf(other.Name)
		if !ok || target != object {
			continue
		}
		if image.Name != "" && other.Name != image.Name {
			return []string{image.Name}, nil
		}
		names = append(names, other.Name)
	}
	return append(names, object), nil
}

// fileOf is the image's place in the folder.
func (m *Images) fileOf(image Image) string {
	if image.Name != "" {
		return image.Name
	}
	return path.Join(imageObjects, strings.TrimPrefix(image.Digest, digestPrefix))
}
