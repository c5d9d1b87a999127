package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the "sqlite" driver of database/sql
)

// sqliteReaders bounds the reading connections. Each holds a page cache of two
// megabytes.
const sqliteReaders = 4

// SQLite is a [Store] in one file, which several processes of one machine may
// share.
type SQLite struct {
	write *sql.DB // one connection: writers queue here instead of failing as busy
	read  *sql.DB
	now   func() time.Time
}

var _ Store = (*SQLite)(nil)

// OpenSQLite opens the store at path, creating or migrating it as needed; the
// folder must exist. A new file can be read by its owner only. A file that a
// newer rackflow has written fails with [ErrSchemaTooNew] and is left as it is.
func OpenSQLite(ctx context.Context, path string) (*SQLite, error) {
	s, err := openSQLite(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return s, nil
}

func openSQLite(ctx context.Context, path string) (_ *SQLite, err error) {
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	s := &SQLite{now: time.Now}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.write, err = openPool(path, 1, "_txlock=immediate"); err != nil {
		return nil, err
	}
	if err := migrate(ctx, s.write); err != nil {
		return nil, err
	}
	if s.read, err = openPool(path, sqliteReaders, "_pragma=query_only(1)"); err != nil {
		return nil, err
	}
	return s, s.read.PingContext(ctx)
}

// createPrivate makes the file itself, because SQLite would make it readable by
// everyone. SQLite gives its side files the same mode.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func openPool(path string, conns int, settings string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// busy_timeout comes first: switching to WAL may already have to wait.
	dsn := "file://" + (&url.URL{Path: abs}).EscapedPath() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&" + settings
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// Close waits for queries under way and releases the file.
func (s *SQLite) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// tx runs do in a transaction that holds the write lock from its start, so what
// do reads cannot change before it writes.
func (s *SQLite) tx(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		if rollback := tx.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
			return errors.Join(err, rollback)
		}
		return err
	}
	return tx.Commit()
}

// describe adds what was being done to a failure of the storage. Expected
// failures say it themselves.
func describe(err error, format string, args ...any) error {
	var expected *Error
	if err == nil || errors.As(err, &expected) {
		return err
	}
	return fmt.Errorf("store: %s: %w", fmt.Sprintf(format, args...), err)
}

// row is what *sql.Row and *sql.Rows have in common.
type row interface{ Scan(dest ...any) error }

// querier is what *sql.DB and *sql.Tx have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// queryAll returns every row of a query, never nil.
func queryAll[T any](ctx context.Context, q querier, scan func(row) (T, error), query string, args ...any) (_ []T, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	all := []T{}
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// execOne runs a statement and reports whether it changed a row.
func execOne(ctx context.Context, tx *sql.Tx, query string, args ...any) (bool, error) {
	result, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }
