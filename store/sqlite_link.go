package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
)

const linkColumns = `token_hash, kind, workflow_id, run_id, task, server_id, name, ref, created, expires`

// PutLink implements [Store].
func (s *SQLite) PutLink(ctx context.Context, l Link) error {
	l.ServerID = fold(l.ServerID)
	if err := l.validate(); err != nil {
		return err
	}
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if l.ServerID != "" {
			if _, err := serverByID(ctx, tx, l.ServerID); err != nil {
				return err
			}
		}
		now := s.now().UnixMicro()
		if _, err := tx.ExecContext(ctx, `DELETE FROM links WHERE expires <= $1`, now); err != nil {
			return err
		}
		return writeLink(ctx, tx, &l, now)
	})
	return describe(err, "put link %s of workflow %s", l.ref(), l.WorkflowID)
}

func writeLink(ctx context.Context, tx *sql.Tx, l *Link, now int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO links (`+linkColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (token_hash) DO UPDATE SET
			kind = excluded.kind, workflow_id = excluded.workflow_id, run_id = excluded.run_id, task = excluded.task,
			server_id = excluded.server_id, name = excluded.name, ref = excluded.ref, expires = excluded.expires`,
		hex.EncodeToString(l.TokenHash[:]), l.Kind, l.WorkflowID, l.RunID, l.Task,
		sql.NullString{String: l.ServerID, Valid: l.ServerID != ""}, l.Name, l.Ref, now, l.Expires.UnixMicro())
	return err
}

// Link implements [Store].
func (s *SQLite) Link(ctx context.Context, tokenHash [32]byte) (Link, error) {
	l, err := scanLink(s.read.QueryRowContext(ctx,
		`SELECT `+linkColumns+` FROM links WHERE token_hash = $1 AND expires > $2`,
		hex.EncodeToString(tokenHash[:]), s.now().UnixMicro()))
	if errors.Is(err, sql.ErrNoRows) {
		return Link{}, notFound("link", linkRef(tokenHash))
	}
	return l, describe(err, "read link %s", linkRef(tokenHash))
}

// MediaLinks implements [Store].
func (s *SQLite) MediaLinks(ctx context.Context) ([]Link, error) {
	links, err := queryAll(ctx, s.read, scanLink,
		`SELECT `+linkColumns+` FROM links WHERE kind = $1 AND expires > $2 ORDER BY created, token_hash`,
		MediaLink, s.now().UnixMicro())
	return links, describe(err, "list the links to images")
}

// DeleteLinks implements [Store].
func (s *SQLite) DeleteLinks(ctx context.Context, workflowID, runID string) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM links WHERE workflow_id = $1 AND run_id = $2`, workflowID, runID)
		return err
	})
	return describe(err, "delete the links of workflow %s, run %s", workflowID, runID)
}

func scanLink(r row) (Link, error) {
	var (
		l                Link
		hash             string
		server           sql.NullString
		created, expires int64
	)
	err := r.Scan(&hash, &l.Kind, &l.WorkflowID, &l.RunID, &l.Task, &server, &l.Name, &l.Ref, &created, &expires)
	if err != nil {
		return Link{}, err
	}
	l.ServerID = server.String
	l.Created, l.Expires = fromMicros(created), fromMicros(expires)
	_, err = hex.Decode(l.TokenHash[:], []byte(hash))
	return l, err
}
