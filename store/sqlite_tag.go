package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"
)

const tagColumns = `id, name, rules, created, updated`

// CreateTag implements [Store].
func (s *SQLite) CreateTag(ctx context.Context, t Tag) (Tag, error) {
	if err := t.validate(); err != nil {
		return Tag{}, err
	}
	now := s.now().UnixMicro()
	err := s.tx(ctx, func(tx *sql.Tx) error {
		err := nameIsFree(ctx, tx, "tag", `SELECT id, name FROM tags WHERE folded = $1`, "", t.Name)
		if err != nil {
			return err
		}
		t, err = scanTag(tx.QueryRowContext(ctx,
			`INSERT INTO tags (`+tagColumns+`, folded) VALUES ($1, $2, $3, $4, $4, $5) RETURNING `+tagColumns,
			uuid.NewString(), t.Name, string(t.Rules), now, fold(t.Name)))
		return err
	})
	if err != nil {
		return Tag{}, describe(err, "create tag %s", t.Name)
	}
	return t, nil
}

// Tag implements [Store].
func (s *SQLite) Tag(ctx context.Context, name string) (Tag, error) {
	t, err := scanTag(s.read.QueryRowContext(ctx, `SELECT `+tagColumns+` FROM tags WHERE folded = $1`, fold(name)))
	if errors.Is(err, sql.ErrNoRows) {
		return Tag{}, notFound("tag", name)
	}
	return t, describe(err, "read tag %s", name)
}

// Tags implements [Store].
func (s *SQLite) Tags(ctx context.Context) ([]Tag, error) {
	all, err := queryAll(ctx, s.read, scanTag, `SELECT `+tagColumns+` FROM tags ORDER BY folded`)
	return all, describe(err, "list the tags")
}

// DeleteTag implements [Store].
func (s *SQLite) DeleteTag(ctx context.Context, name string) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		deleted, err := execOne(ctx, tx, `DELETE FROM tags WHERE folded = $1`, fold(name))
		if err == nil && !deleted {
			return notFound("tag", name)
		}
		return err
	})
	return describe(err, "delete tag %s", name)
}

func scanTag(r row) (Tag, error) {
	var (
		t                Tag
		rules            string
		created, updated int64
	)
	if err := r.Scan(&t.ID, &t.Name, &rules, &created, &updated); err != nil {
		return Tag{}, err
	}
	t.Rules = []byte(rules)
	t.Created, t.Updated = fromMicros(created), fromMicros(updated)
	return t, nil
}
