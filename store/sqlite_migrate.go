package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// ErrSchemaTooNew says that the store was written by a newer rackflow than this one.
var ErrSchemaTooNew = errors.New("the store was written by a newer rackflow")

//go:embed migrations/sqlite/*.sql
var sqliteMigrations embed.FS

func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(sqliteMigrations, "migrations/sqlite")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	have, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read its schema version: %w", err)
	}
	if have > known {
		return fmt.Errorf("%w: its schema is version %d and this rackflow knows up to %d; run the newer rackflow, or restore the copy made before the upgrade",
			ErrSchemaTooNew, have, known)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate its schema from version %d to %d: %w", have, known, err)
	}
	return nil
}
