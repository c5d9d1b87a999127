package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
)

const obmColumns = `id, server_id, service, config, created, updated`

// PutOBM implements [Store].
func (s *SQLite) PutOBM(ctx context.Context, o OBM) (OBM, error) {
	o.ServerID = fold(o.ServerID)
	if err := o.validate(); err != nil {
		return OBM{}, err
	}
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := serverByID(ctx, tx, o.ServerID); err != nil {
			return err
		}
		if err := s.identifyOBM(ctx, tx, &o); err != nil {
			return err
		}
		o.Updated = s.now()
		return writeOBM(ctx, tx, &o)
	})
	if err != nil {
		return OBM{}, describe(err, "put the %s settings of server %s", o.Service, o.ServerID)
	}
	return o, nil
}

// identifyOBM decides which id, and so which row, the settings are written to.
func (s *SQLite) identifyOBM(ctx context.Context, tx *sql.Tx, o *OBM) error {
	o.Created = s.now()
	stored, err := scanOBM(tx.QueryRowContext(ctx,
		`SELECT `+obmColumns+` FROM obms WHERE server_id = $1 AND service = $2`, o.ServerID, o.Service))
	switch {
	case errors.Is(err, sql.ErrNoRows) && o.ID == "":
		o.ID = newID(o.Created)
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	case o.ID != "" && o.ID != stored.ID:
		return conflict("OBM", o.ID, "server %s has %s settings already: %s", o.ServerID, o.Service, stored.ID)
	}
	o.ID = stored.ID
	return nil
}

// writeOBM inserts or replaces settings by id, and cuts o to what a reader will
// see.
func writeOBM(ctx context.Context, tx *sql.Tx, o *OBM) error {
	if o.Config == nil {
		o.Config = map[string]any{}
	}
	config, err := json.Marshal(o.Config)
	if err != nil {
		return invalid("OBM", o.ID, "the config is not JSON")
	}
	*o, err = scanOBM(tx.QueryRowContext(ctx, `
		INSERT INTO obms (`+obmColumns+`) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET
			server_id = excluded.server_id, service = excluded.service, config = excluded.config, updated = excluded.updated
		RETURNING `+obmColumns,
		o.ID, o.ServerID, o.Service, string(config), o.Created.UnixMicro(), o.Updated.UnixMicro()))
	return err
}

// OBM implements [Store].
func (s *SQLite) OBM(ctx context.Context, id string) (OBM, error) {
	o, err := scanOBM(s.read.QueryRowContext(ctx, `SELECT `+obmColumns+` FROM obms WHERE id = $1`, fold(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return OBM{}, notFound("OBM", id)
	}
	return o, describe(err, "read OBM %s", id)
}

// OBMs implements [Store].
func (s *SQLite) OBMs(ctx context.Context, serverID string) ([]OBM, error) {
	all, err := queryAll(ctx, s.read, scanOBM,
		`SELECT `+obmColumns+` FROM obms WHERE $1 = '' OR server_id = $1 ORDER BY server_id, service`, fold(serverID))
	return all, describe(err, "list the OBMs of server %q", serverID)
}

// DeleteOBM implements [Store].
func (s *SQLite) DeleteOBM(ctx context.Context, id string) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		deleted, err := execOne(ctx, tx, `DELETE FROM obms WHERE id = $1`, fold(id))
		if err == nil && !deleted {
			return notFound("OBM", id)
		}
		return err
	})
	return describe(err, "delete OBM %s", id)
}

func scanOBM(r row) (OBM, error) {
	var (
		o                OBM
		config           string
		created, updated int64
	)
	if err := r.Scan(&o.ID, &o.ServerID, &o.Service, &config, &created, &updated); err != nil {
		return OBM{}, err
	}
	o.Created, o.Updated = fromMicros(created), fromMicros(updated)
	return o, json.Unmarshal([]byte(config), &o.Config)
}
