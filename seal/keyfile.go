package seal

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// LocalKeyFile returns the key in the file at path: 32 bytes in base64. A file
// that is missing is created with a random key, for its owner only; of several
// processes that do so at once, one wins and all return its key. A file that
// others may read is refused, and so is one that holds no key: a new key could
// not open what the old one has sealed.
func LocalKeyFile(path string) ([KeySize]byte, error) {
	key, err := readKeyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = createKeyFile(path); err == nil {
			key, err = readKeyFile(path)
		}
	}
	if err != nil {
		return [KeySize]byte{}, fmt.Errorf("seal: key file %s: %w", path, err)
	}
	return key, nil
}

func readKeyFile(path string) (key [KeySize]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return key, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return key, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return key, fmt.Errorf("its mode %04o lets others read it; chmod 0600 it, and change the secrets if someone may have", mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<10))
	if err != nil {
		return key, err
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != KeySize {
		return key, fmt.Errorf("it does not hold %d bytes in base64; restore it from a copy", KeySize)
	}
	return [KeySize]byte(raw), nil
}

// createKeyFile writes the key aside and then links it to its name: a link,
// unlike a rename, never replaces a key that another process has just made.
func createKeyFile(path string) (err error) {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, ".key-*") // exclusive, mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(temp.Name())) }()
	if err := writeKey(temp); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func writeKey(f *os.File) error {
	var key [KeySize]byte
	_, _ = rand.Read(key[:]) // never fails
	_, err := fmt.Fprintln(f, base64.StdEncoding.EncodeToString(key[:]))
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir makes a new name durable: a key that is lost in a crash takes along
// every secret sealed since.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
