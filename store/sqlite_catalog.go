package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"
)

const catalogColumns = `id, server_id, source, data, created, updated`

// PutCatalog implements [Store].
func (s *SQLite) PutCatalog(ctx context.Context, c Catalog) (Catalog, error) {
	c.ServerID = fold(c.ServerID)
	if err := c.validate(); err != nil {
		return Catalog{}, err
	}
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := serverByID(ctx, tx, c.ServerID); err != nil {
			return err
		}
		latest, err := latestCatalog(ctx, tx, c.ServerID, c.Source)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err == nil && string(latest.Data) == string(c.Data) {
			c, err = s.touchCatalog(ctx, tx, latest)
			return err
		}
		if c, err = s.addCatalog(ctx, tx, c); err != nil {
			return err
		}
		return dropOldCatalogs(ctx, tx, c)
	})
	if err != nil {
		return Catalog{}, describe(err, "put catalog %s of server %s", c.Source, c.ServerID)
	}
	return c, nil
}

func (s *SQLite) addCatalog(ctx context.Context, tx *sql.Tx, c Catalog) (Catalog, error) {
	now := s.now().UnixMicro()
	return scanCatalog(tx.QueryRowContext(ctx,
		`INSERT INTO catalogs (`+catalogColumns+`) VALUES ($1, $2, $3, $4, $5, $6) RETURNING `+catalogColumns,
		uuid.NewString(), c.ServerID, c.Source, string(c.Data), now, now))
}

func (s *SQLite) touchCatalog(ctx context.Context, tx *sql.Tx, c Catalog) (Catalog, error) {
	return scanCatalog(tx.QueryRowContext(ctx,
		`UPDATE catalogs SET updated = $1 WHERE id = $2 RETURNING `+catalogColumns, s.now().UnixMicro(), c.ID))
}

func dropOldCatalogs(ctx context.Context, tx *sql.Tx, c Catalog) error {
	_, err := tx.ExecContext(ctx, `
		DELETE FROM catalogs WHERE server_id = $1 AND source = $2 AND id NOT IN (
			SELECT id FROM catalogs WHERE server_id = $1 AND source = $2 ORDER BY created DESC, rowid DESC LIMIT $3)`,
		c.ServerID, c.Source, CatalogVersions)
	return err
}

// Catalog implements [Store].
func (s *SQLite) Catalog(ctx context.Context, serverID, source string) (Catalog, error) {
	c, err := latestCatalog(ctx, s.read, fold(serverID), source)
	if errors.Is(err, sql.ErrNoRows) {
		return Catalog{}, notFound("catalog", source)
	}
	return c, describe(err, "read catalog %s of server %s", source, serverID)
}

func latestCatalog(ctx context.Context, q querier, serverID, source string) (Catalog, error) {
	return scanCatalog(q.QueryRowContext(ctx, `SELECT `+catalogColumns+` FROM catalogs
		WHERE server_id = $1 AND source = $2 ORDER BY created DESC, rowid DESC LIMIT 1`, serverID, source))
}

// CatalogByID implements [Store].
func (s *SQLite) CatalogByID(ctx context.Context, id string) (Catalog, error) {
	c, err := scanCatalog(s.read.QueryRowContext(ctx, `SELECT `+catalogColumns+` FROM catalogs WHERE id = $1`, fold(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return Catalog{}, notFound("catalog", id)
	}
	return c, describe(err, "read catalog %s", id)
}

// Catalogs implements [Store].
func (s *SQLite) Catalogs(ctx context.Context, serverID string) ([]Catalog, error) {
	all, err := queryAll(ctx, s.read, scanCatalog, `SELECT `+catalogColumns+` FROM catalogs
		WHERE $1 = '' OR server_id = $1 ORDER BY server_id, source, created, rowid`, fold(serverID))
	return all, describe(err, "list the catalogs of server %q", serverID)
}

func scanCatalog(r row) (Catalog, error) {
	var (
		c                Catalog
		data             string
		created, updated int64
	)
	if err := r.Scan(&c.ID, &c.ServerID, &c.Source, &data, &created, &updated); err != nil {
		return Catalog{}, err
	}
	c.Data = []byte(data)
	c.Created, c.Updated = fromMicros(created), fromMicros(updated)
	return c, nil
}
