package standalone

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	_ "modernc.org/sqlite" // The driver that the server uses for the same files.
)

// databaseFile is one SQLite file of the server and the schema it must have.
type databaseFile struct {
	path   string
	schema schema
}

const (
	createVersionTable = `CREATE TABLE rackflow_schema (
	name        TEXT PRIMARY KEY,
	version     TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	server      TEXT NOT NULL
)`
	readVersion  = `SELECT version, fingerprint, server FROM rackflow_schema WHERE name = ?`
	writeVersion = `REPLACE INTO rackflow_schema (name, version, fingerprint, server) VALUES (?, ?, ?, ?)`
)

// errNoVersion says that a file has tables but not the version of its schema.
var errNoVersion = errors.New("no schema version")

// prepare makes the file, upgrades it after backing it up, or leaves it alone,
// so that it has the schema of the embedded server. It refuses, without touching
// it, a file that is newer or that rackflow did not make. The caller holds the
// folder's lock.
func (f databaseFile) prepare(ctx context.Context, log *slog.Logger) (err error) {
	db, err := sql.Open("sqlite", "file:"+sqliteName(f.path)+"?_pragma=busy_timeout=10000")
	if err != nil {
		return fmt.Errorf("open %s: %w", f.path, err)
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()

	empty, err := isEmpty(ctx, db)
	if err != nil {
		return fmt.Errorf("read %s: %w", f.path, err)
	}
	if empty {
		return f.create(ctx, db)
	}
	found, err := f.version(ctx, db)
	if err != nil {
		return err
	}
	order, err := found.compare(f.schema.schemaVersion)
	switch {
	case err != nil:
		return fmt.Errorf("%s: its schema version cannot be read: %w", f.path, err)
	case order > 0:
		return f.newerError(found)
	case order < 0:
		return f.upgrade(ctx, db, found, log)
	}
	return nil
}

func isEmpty(ctx context.Context, db *sql.DB) (bool, error) {
	var objects int
	err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&objects)
	return objects == 0, err
}

// create makes the schema and its version row in one transaction, so that a
// crash leaves an empty file, which the next start fills.
func (f databaseFile) create(ctx context.Context, db *sql.DB) error {
	err := inTx(ctx, db, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, f.schema.text); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, createVersionTable); err != nil {
			return err
		}
		return f.record(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("create the tables of %s: %w", f.path, err)
	}
	return nil
}

// version reads the file's version row.
func (f databaseFile) version(ctx context.Context, db *sql.DB) (schemaVersion, error) {
	var found schemaVersion
	var tables int
	const countVersionTable = `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'rackflow_schema'`
	if err := db.QueryRowContext(ctx, countVersionTable).Scan(&tables); err != nil {
		return found, fmt.Errorf("read %s: %w", f.path, err)
	}
	if tables == 0 {
		return found, f.foreignError()
	}
	row := db.QueryRowContext(ctx, readVersion, f.schema.name)
	err := row.Scan(&found.Version, &found.Fingerprint, &found.Server)
	if errors.Is(err, sql.ErrNoRows) {
		return found, f.foreignError()
	}
	if err != nil {
		return found, fmt.Errorf("read the schema version of %s: %w", f.path, err)
	}
	return found, nil
}

// upgrade changes the file in one transaction: it is at the new version or, after
// an error or a crash, still at the old one.
func (f databaseFile) upgrade(ctx context.Context, db *sql.DB, from schemaVersion, log *slog.Logger) error {
	backup, err := f.backUp(ctx, db, from)
	if err != nil {
		return err
	}
	err = inTx(ctx, db, func(tx *sql.Tx) error {
		if err := f.schema.upgrade(ctx, tx, from); err != nil {
			return err
		}
		return f.record(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("upgrade %s from %s to %s: %w: the file is unchanged", f.path, from, f.schema.schemaVersion, err)
	}
	log.Info("upgraded a Temporal database",
		slog.String("file", f.path), slog.String("from", from.String()),
		slog.String("to", f.schema.String()), slog.String("backup", backup))
	return nil
}

// backUp writes a compact copy of the file beside it and returns its path.
func (f databaseFile) backUp(ctx context.Context, db *sql.DB, from schemaVersion) (string, error) {
	stamp := time.Now().UTC().Format("20060102T150405.000Z")
	path := fmt.Sprintf("%s.%s-%s-%s.bak", f.path, from.Server, from.Version, stamp)
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil {
		return "", fmt.Errorf("back up %s to %s before its upgrade: %w", f.path, path, err)
	}
	return path, nil
}

func (f databaseFile) record(ctx context.Context, tx *sql.Tx) error {
	v := f.schema.schemaVersion
	_, err := tx.ExecContext(ctx, writeVersion, f.schema.name, v.Version, v.Fingerprint, v.Server)
	return err
}

func (f databaseFile) foreignError() error {
	return fmt.Errorf("%s holds tables but %w for %q, so it was not made by rackflow "+
		"(a file of temporal server start-dev looks like this): move it away, or choose another data folder",
		f.path, errNoVersion, f.schema.name)
}

func (f databaseFile) newerError(found schemaVersion) error {
	return fmt.Errorf("%s is newer than this program: it has %s, this is %s: run the rackflow that wrote it "+
		"or a later one, or put back a copy made before its upgrade (%s.*.bak)",
		f.path, found, f.schema.schemaVersion, f.path)
}

func inTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
