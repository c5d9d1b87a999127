package store

import (
	"context"
	"database/sql"
	"errors"
)

const definitionColumns = `kind, name, body, created, updated`

// PutDefinition implements [Store].
func (s *SQLite) PutDefinition(ctx context.Context, d Definition) (Definition, error) {
	if err := d.validate(); err != nil {
		return Definition{}, err
	}
	kind, name := d.Kind, d.Name
	err := s.tx(ctx, func(tx *sql.Tx) error {
		stored, err := readDefinition(ctx, tx, d.Kind, d.Name)
		switch {
		case err == nil && stored.Name != d.Name:
			return conflict(string(d.Kind), d.Name, "the name differs only in case from %q; use that name, or another", stored.Name)
		case err != nil && !errors.Is(err, ErrNotFound):
			return err
		}
		now := s.now().UnixMicro()
		d, err = scanDefinition(tx.QueryRowContext(ctx, `
			INSERT INTO definitions (folded, `+definitionColumns+`) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (kind, folded) DO UPDATE SET body = excluded.body, updated = excluded.updated
			RETURNING `+definitionColumns,
			fold(d.Name), d.Kind, d.Name, string(d.Body), now, now))
		return err
	})
	if err != nil {
		return Definition{}, describe(err, "put %s %s", kind, name)
	}
	return d, nil
}

// Definition implements [Store].
func (s *SQLite) Definition(ctx context.Context, kind DefinitionKind, name string) (Definition, error) {
	if err := kind.validate(); err != nil {
		return Definition{}, err
	}
	d, err := readDefinition(ctx, s.read, kind, name)
	return d, describe(err, "read %s %s", kind, name)
}

// Definitions implements [Store].
func (s *SQLite) Definitions(ctx context.Context, kind DefinitionKind) ([]Definition, error) {
	if err := kind.validate(); err != nil {
		return nil, err
	}
	all, err := queryAll(ctx, s.read, scanDefinition,
		`SELECT `+definitionColumns+` FROM definitions WHERE kind = $1 ORDER BY folded`, kind)
	return all, describe(err, "list the definitions of kind %s", kind)
}

// DeleteDefinition implements [Store].
func (s *SQLite) DeleteDefinition(ctx context.Context, kind DefinitionKind, name string) error {
	if err := kind.validate(); err != nil {
		return err
	}
	err := s.tx(ctx, func(tx *sql.Tx) error {
		deleted, err := execOne(ctx, tx, `DELETE FROM definitions WHERE kind = $1 AND folded = $2`, kind, fold(name))
		if err == nil && !deleted {
			return notFound(string(kind), name)
		}
		return err
	})
	return describe(err, "delete %s %s", kind, name)
}

func readDefinition(ctx context.Context, q querier, kind DefinitionKind, name string) (Definition, error) {
	d, err := scanDefinition(q.QueryRowContext(ctx,
		`SELECT `+definitionColumns+` FROM definitions WHERE kind = $1 AND folded = $2`, kind, fold(name)))
	if errors.Is(err, sql.ErrNoRows) {
		return Definition{}, notFound(string(kind), name)
	}
	return d, err
}

func scanDefinition(r row) (Definition, error) {
	var (
		d                Definition
		body             string
		created, updated int64
	)
	if err := r.Scan(&d.Kind, &d.Name, &body, &created, &updated); err != nil {
		return Definition{}, err
	}
	d.Body = []byte(body)
	d.Created, d.Updated = fromMicros(created), fromMicros(updated)
	return d, nil
}
