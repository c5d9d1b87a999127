package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

const serverColumns = `id, name, type, identifiers, tags, auto_discover, sku, relations, created, updated`

// CreateServer implements [Store].
func (s *SQLite) CreateServer(ctx context.Context, sv Server) (Server, error) {
	now := s.now()
	if sv.ID == "" {
		sv.ID = newID(now)
	}
	sv.normalize()
	if err := sv.validate(); err != nil {
		return Server{}, err
	}
	sv.Created, sv.Updated = now, now
	err := s.tx(ctx, func(tx *sql.Tx) error {
		switch _, err := serverByID(ctx, tx, sv.ID); {
		case err == nil:
			return conflict("server", sv.ID, "there is a server with this id already")
		case !errors.Is(err, ErrNotFound):
			return err
		}
		return writeServer(ctx, tx, &sv)
	})
	if err != nil {
		return Server{}, describe(err, "create server %s", sv.Name)
	}
	return sv, nil
}

// Server implements [Store].
func (s *SQLite) Server(ctx context.Context, ref string) (Server, error) {
	found, err := queryAll(ctx, s.read, scanServer, `
		SELECT `+serverColumns+` FROM servers
		WHERE id = $1 OR id IN (SELECT server_id FROM server_lookups WHERE ref = $1)
		ORDER BY created, id`, fold(ref))
	if err != nil {
		return Server{}, describe(err, "look up server %s", ref)
	}
	return pickServer(ref, found)
}

func pickServer(ref string, found []Server) (Server, error) {
	for _, sv := range found {
		if sv.ID == fold(ref) {
			return sv, nil
		}
	}
	switch len(found) {
	case 0:
		return Server{}, notFound("server", ref)
	case 1:
		return found[0], nil
	}
	return Server{}, conflict("server", ref, "fits %d servers, use the id of one: %s", len(found), candidates(found))
}

// maxCandidates keeps a message readable: in some inventories hundreds of
// servers share a name.
const maxCandidates = 10

func candidates(found []Server) string {
	var names []string
	for _, sv := range found[:min(len(found), maxCandidates)] {
		names = append(names, fmt.Sprintf("%s (%s)", sv.ID, sv.Name))
	}
	if len(found) > maxCandidates {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// Servers implements [Store].
func (s *SQLite) Servers(ctx context.Context) ([]Server, error) {
	all, err := queryAll(ctx, s.read, scanServer, `SELECT `+serverColumns+` FROM servers ORDER BY created, id`)
	return all, describe(err, "list servers")
}

// UpdateServer implements [Store].
func (s *SQLite) UpdateServer(ctx context.Context, sv Server) (Server, error) {
	sv.normalize()
	if err := sv.validate(); err != nil {
		return Server{}, err
	}
	err := s.tx(ctx, func(tx *sql.Tx) error {
		stored, err := serverByID(ctx, tx, sv.ID)
		if err != nil {
			return err
		}
		if !sv.Updated.IsZero() && !sv.Updated.Equal(stored.Updated) {
			return conflict("server", sv.ID, "it was changed since it was read; read it again and repeat the change")
		}
		sv.Created, sv.Updated = stored.Created, after(stored.Updated, s.now())
		return writeServer(ctx, tx, &sv)
	})
	if err != nil {
		return Server{}, describe(err, "update server %s", sv.ID)
	}
	return sv, nil
}

// after returns now, or the first time past previous when the clock has not
// moved on: Updated serves as a version, so each write needs its own.
func after(previous, now time.Time) time.Time {
	if next := previous.Add(time.Microsecond); now.Before(next) {
		return next
	}
	return now
}

// DeleteServer implements [Store].
func (s *SQLite) DeleteServer(ctx context.Context, id string) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		deleted, err := execOne(ctx, tx, `DELETE FROM servers WHERE id = $1`, fold(id))
		if err == nil && !deleted {
			return notFound("server", id)
		}
		return err
	})
	return describe(err, "delete server %s", id)
}

func serverByID(ctx context.Context, q querier, id string) (Server, error) {
	sv, err := scanServer(q.QueryRowContext(ctx, `SELECT `+serverColumns+` FROM servers WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Server{}, notFound("server", id)
	}
	return sv, err
}

// writeServer inserts or replaces a server with its lookups, and cuts sv to
// what a reader will see.
func writeServer(ctx context.Context, tx *sql.Tx, sv *Server) error {
	identifiers, err := json.Marshal(sv.Identifiers)
	if err != nil {
		return err
	}
	tags, err := json.Marshal(sv.Tags)
	if err != nil {
		return err
	}
	relations, err := json.Marshal(sv.Relations)
	if err != nil {
		return invalid("server", sv.ID, "the info of a relation is not JSON")
	}
	*sv, err = scanServer(tx.QueryRowContext(ctx, `
		INSERT INTO servers (`+serverColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO UPDATE SET
			name = excluded.name, type = excluded.type, identifiers = excluded.identifiers, tags = excluded.tags,
			auto_discover = excluded.auto_discover, sku = excluded.sku, relations = excluded.relations, updated = excluded.updated
		RETURNING `+serverColumns,
		sv.ID, sv.Name, sv.Type, string(identifiers), string(tags), sv.AutoDiscover, sv.SKU, string(relations),
		sv.Created.UnixMicro(), sv.Updated.UnixMicro()))
	if err != nil {
		return err
	}
	return writeLookups(ctx, tx, sv)
}

func writeLookups(ctx context.Context, tx *sql.Tx, sv *Server) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM server_lookups WHERE server_id = $1`, sv.ID); err != nil {
		return err
	}
	for _, ref := range sv.lookups() {
		if _, err := tx.ExecContext(ctx, `INSERT INTO server_lookups (ref, server_id) VALUES ($1, $2)`, ref, sv.ID); err != nil {
			return err
		}
	}
	return nil
}

func scanServer(r row) (Server, error) {
	var (
		sv                           Server
		identifiers, tags, relations string
		created, updated             int64
	)
	err := r.Scan(&sv.ID, &sv.Name, &sv.Type, &identifiers, &tags, &sv.AutoDiscover, &sv.SKU, &relations, &created, &updated)
	if err != nil {
		return Server{}, err
	}
	sv.Created, sv.Updated = fromMicros(created), fromMicros(updated)
	return sv, errors.Join(
		json.Unmarshal([]byte(identifiers), &sv.Identifiers),
		json.Unmarshal([]byte(tags), &sv.Tags),
		json.Unmarshal([]byte(relations), &sv.Relations),
	)
}
