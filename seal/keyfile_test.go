package seal_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rackflow/rackflow/seal"
)

func TestLocalKeyFileIsCreatedOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	first, err := seal.LocalKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if first == ([seal.KeySize]byte{}) {
		t.Error("the key is all zero")
	}
	again, err := seal.LocalKeyFile(path)
	if err != nil || again != first {
		t.Errorf("the second call returned another key, %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestLocalKeyFileOfManyAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	keys := make([][seal.KeySize]byte, 20)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = seal.LocalKeyFile(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, key := range keys {
		if key != keys[0] {
			t.Fatal("two callers hold different keys")
		}
	}
}

func TestLocalKeyFileRefuses(t *testing.T) {
	t.Parallel()
	good := base64.StdEncoding.EncodeToString(make([]byte, seal.KeySize))
	for name, tc := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"readable by others":   {good, 0o604, "chmod 0600"},
		"readable by a group":  {good, 0o640, "chmod 0600"},
		"empty":                {"", 0o600, "restore it"},
		"too short":            {good[:40], 0o600, "restore it"},
		"not base64":           {strings.Repeat("!", 44), 0o600, "restore it"},
		"too long to be a key": {strings.Repeat(good, 100), 0o600, "restore it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tc.mode); err != nil {
				t.Fatal(err)
			}
			_, err := seal.LocalKeyFile(path)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v does not say %q and the path", err, tc.want)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != tc.text {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}

func TestLocalKeyFileNeedsItsFolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "missing", "key")
	if _, err := seal.LocalKeyFile(path); err == nil {
		t.Error("a key was made in a folder that is not there")
	}
}
