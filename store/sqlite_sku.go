package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/google/uuid"
)

const skuColumns = `id, name, rules, discovery_graph, discovery_graph_options, config, created, updated`

// CreateSKU implements [Store].
func (s *SQLite) CreateSKU(ctx context.Context, k SKU) (SKU, error) {
	if err := k.validate(); err != nil {
		return SKU{}, err
	}
	k.ID = uuid.NewString()
	k.Created = s.now()
	k.Updated = k.Created
	err := s.tx(ctx, func(tx *sql.Tx) error { return writeSKU(ctx, tx, &k) })
	if err != nil {
		return SKU{}, describe(err, "create SKU %s", k.Name)
	}
	return k, nil
}

// UpdateSKU implements [Store].
func (s *SQLite) UpdateSKU(ctx context.Context, k SKU) (SKU, error) {
	if err := k.validate(); err != nil {
		return SKU{}, err
	}
	err := s.tx(ctx, func(tx *sql.Tx) error {
		stored, err := skuByID(ctx, tx, k.ID)
		if err != nil {
			return err
		}
		if !k.Updated.IsZero() && !k.Updated.Equal(stored.Updated) {
			return conflict("sku", k.Name, "it was changed since it was read; read it again and repeat the change")
		}
		k.ID, k.Created, k.Updated = stored.ID, stored.Created, after(stored.Updated, s.now())
		return writeSKU(ctx, tx, &k)
	})
	if err != nil {
		return SKU{}, describe(err, "update SKU %s", k.ID)
	}
	return k, nil
}

// SKU implements [Store].
func (s *SQLite) SKU(ctx context.Context, ref string) (SKU, error) {
	k, err := scanSKU(s.read.QueryRowContext(ctx,
		`SELECT `+skuColumns+` FROM skus WHERE id = $1 OR folded = $1 ORDER BY id = $1 DESC LIMIT 1`, fold(ref)))
	if errors.Is(err, sql.ErrNoRows) {
		return SKU{}, notFound("sku", ref)
	}
	return k, describe(err, "read SKU %s", ref)
}

// SKUs implements [Store].
func (s *SQLite) SKUs(ctx context.Context) ([]SKU, error) {
	all, err := queryAll(ctx, s.read, scanSKU, `SELECT `+skuColumns+` FROM skus ORDER BY folded`)
	return all, describe(err, "list the SKUs")
}

// DeleteSKU implements [Store].
func (s *SQLite) DeleteSKU(ctx context.Context, id string) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		deleted, err := execOne(ctx, tx, `DELETE FROM skus WHERE id = $1`, fold(id))
		if err == nil && !deleted {
			return notFound("sku", id)
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE servers SET sku = '', updated = max($1, updated + 1) WHERE sku = $2`,
			s.now().UnixMicro(), fold(id))
		return err
	})
	return describe(err, "delete SKU %s", id)
}

func skuByID(ctx context.Context, q querier, id string) (SKU, error) {
	k, err := scanSKU(q.QueryRowContext(ctx, `SELECT `+skuColumns+` FROM skus WHERE id = $1`, fold(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return SKU{}, notFound("sku", id)
	}
	return k, err
}

// writeSKU inserts or replaces the SKU of the same id, and cuts k to what a reader will see.
func writeSKU(ctx context.Context, tx *sql.Tx, k *SKU) error {
	if err := nameIsFree(ctx, tx, "sku", `SELECT id, name FROM skus WHERE folded = $1`, k.ID, k.Name); err != nil {
		return err
	}
	options, err := marshalObject("sku", k.Name, k.DiscoveryGraphOptions)
	if err != nil {
		return err
	}
	config, err := marshalObject("sku", k.Name, k.Config)
	if err != nil {
		return err
	}
	*k, err = scanSKU(tx.QueryRowContext(ctx, `
		INSERT INTO skus (`+skuColumns+`, folded) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (id) DO UPDATE SET
			name = excluded.name, folded = excluded.folded, rules = excluded.rules, discovery_graph = excluded.discovery_graph,
			discovery_graph_options = excluded.discovery_graph_options, config = excluded.config, updated = excluded.updated
		RETURNING `+skuColumns,
		k.ID, k.Name, string(k.Rules), k.DiscoveryGraph, options, config, k.Created.UnixMicro(), k.Updated.UnixMicro(), fold(k.Name)))
	return err
}

// nameIsFree refuses a name that another row has, without regard to case. The query
// gives the id and name of the row that has the name.
func nameIsFree(ctx context.Context, tx *sql.Tx, what, query, id, name string) error {
	var holder, as string
	err := tx.QueryRowContext(ctx, query, fold(name)).Scan(&holder, &as)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	case holder != id:
		return conflict(what, name, "there is one of the name %q already", as)
	}
	return nil
}

// marshalObject keeps an absent object apart from an empty one.
func marshalObject(what, name string, object map[string]any) (string, error) {
	data, err := json.Marshal(object)
	if err != nil {
		return "", invalid(what, name, "its options are not JSON")
	}
	return string(data), nil
}

func scanSKU(r row) (SKU, error) {
	var (
		k                      SKU
		rules, options, config string
		created, updated       int64
	)
	if err := r.Scan(&k.ID, &k.Name, &rules, &k.DiscoveryGraph, &options, &config, &created, &updated); err != nil {
		return SKU{}, err
	}
	k.Rules = []byte(rules)
	k.Created, k.Updated = fromMicros(created), fromMicros(updated)
	return k, errors.Join(json.Unmarshal([]byte(options), &k.DiscoveryGraphOptions), json.Unmarshal([]byte(config), &k.Config))
}
