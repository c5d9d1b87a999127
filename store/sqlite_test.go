package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rackflow/rackflow/store"
	"github.com/rackflow/rackflow/store/storetest"
)

func TestSQLiteConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return openSQLite(t, filepath.Join(t.TempDir(), "rackflow.db"))
	})
}

func openSQLite(t *testing.T, path string) *store.SQLite {
	t.Helper()
	s, err := store.OpenSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func exec(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSQLiteKeepsWhatItHas(t *testing.T) {
	t.Parallel()
	// Characters that mean something in a URL must reach the file name.
	path := filepath.Join(t.TempDir(), "rack flow?50%#1.db")
	s, err := store.OpenSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	created, err := s.CreateServer(t.Context(), store.Server{Name: "web", Type: "compute"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file has another name: %v", err)
	}
	found, err := openSQLite(t, path).Server(t.Context(), "web")
	if err != nil || found.ID != created.ID {
		t.Errorf("after reopening: %v, %v", found, err)
	}
}

func TestSQLiteIsSharedByProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rackflow.db")
	one, two := openSQLite(t, path), openSQLite(t, path)
	if _, err := one.CreateServer(t.Context(), store.Server{Name: "web", Type: "compute"}); err != nil {
		t.Fatal(err)
	}
	if _, err := two.Server(t.Context(), "web"); err != nil {
		t.Errorf("the other one does not see it: %v", err)
	}
}

func TestSQLiteFilesArePrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openSQLite(t, filepath.Join(dir, "rackflow.db"))
	if _, err := s.CreateServer(t.Context(), store.Server{Name: "web", Type: "compute"}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v; want 0600", entry.Name(), info.Mode(), err)
		}
	}
	if len(entries) < 2 {
		t.Errorf("no write-ahead log beside the file: %v", entries)
	}
}

func TestSQLiteRefusesANewerSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rackflow.db")
	if err := openSQLite(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	exec(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)
	_, err := store.OpenSQLite(t.Context(), path)
	if !errors.Is(err, store.ErrSchemaTooNew) {
		t.Fatalf("got %v; want ErrSchemaTooNew", err)
	}
	for _, part := range []string{path, "99999", "newer rackflow", "restore"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

func TestSQLiteRefusesWhatIsNoStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{text, dir, filepath.Join(dir, "missing", "rackflow.db")} {
		if _, err := store.OpenSQLite(t.Context(), path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("open %s: %v; want an error that names it", path, err)
		}
	}
}

func TestSQLiteStorageFailuresAreNotExpectedOnes(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, filepath.Join(t.TempDir(), "rackflow.db"))
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	var expected *store.Error
	_, err := s.Server(canceled, "web")
	if !errors.Is(err, context.Canceled) || errors.As(err, &expected) || !strings.Contains(err.Error(), "web") {
		t.Errorf("reading: %v", err)
	}
	_, err = s.CreateServer(canceled, store.Server{Name: "web", Type: "compute"})
	if !errors.Is(err, context.Canceled) || errors.As(err, &expected) || !strings.Contains(err.Error(), "web") {
		t.Errorf("writing: %v", err)
	}
	if _, err := s.CreateServer(t.Context(), store.Server{Name: "web", Type: "compute"}); err != nil {
		t.Errorf("writing after a canceled write: %v", err)
	}
}

func TestSQLiteRemovesExpiredLinks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rackflow.db")
	s := openSQLite(t, path)
	for n, expires := range []time.Time{time.Unix(1, 0), time.Now().Add(time.Hour)} {
		link := store.Link{
			TokenHash: [32]byte{byte(n + 1)}, Kind: store.CallbackLink,
			WorkflowID: "w", RunID: "r", Expires: expires,
		}
		if err := s.PutLink(t.Context(), link); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var rows int
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM links`).Scan(&rows); err != nil || rows != 1 {
		t.Errorf("%d rows, %v; want the one that has not expired", rows, err)
	}
}
