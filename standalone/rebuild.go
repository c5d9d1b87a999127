package standalone

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// visibilityTable holds one row a workflow run. Its full-text tables, indexes
// and triggers are all derived from it.
const visibilityTable = "executions_visibility"

// rebuildVisibility makes the visibility tables anew from schemaText and copies
// the rows. Only stored columns are copied: search attributes are generated from
// one of them, so new attribute columns fill themselves.
func rebuildVisibility(ctx context.Context, tx *sql.Tx, schemaText string) error {
	const saved = "rackflow_saved_visibility"
	before, err := storedColumns(ctx, tx)
	if err != nil {
		return err
	}
	statements := []string{"CREATE TABLE " + saved + " AS SELECT " + strings.Join(before, ", ") +
		" FROM " + visibilityTable + " ORDER BY rowid"}
	drops, err := dropVisibility(ctx, tx)
	if err != nil {
		return err
	}
	statements = append(statements, drops...)
	statements = append(statements, schemaText)
	if err := execAll(ctx, tx, statements); err != nil {
		return err
	}

	after, err := storedColumns(ctx, tx)
	if err != nil {
		return err
	}
	common := slices.DeleteFunc(after, func(column string) bool { return !slices.Contains(before, column) })
	list := strings.Join(common, ", ")
	return execAll(ctx, tx, []string{
		fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s ORDER BY rowid", visibilityTable, list, list, saved),
		"DROP TABLE " + saved,
	})
}

// storedColumns lists the visibility columns that are not generated.
func storedColumns(ctx context.Context, tx *sql.Tx) ([]string, error) {
	return queryStrings(ctx, tx,
		`SELECT name FROM pragma_table_xinfo('`+visibilityTable+`') WHERE hidden = 0 ORDER BY cid`)
}

// dropVisibility returns statements that drop the visibility tables. Full-text
// tables come first; what SQLite keeps behind them, and the indexes and triggers
// of the main table, go with their tables.
func dropVisibility(ctx context.Context, tx *sql.Tx) ([]string, error) {
	virtual, err := queryStrings(ctx, tx, `SELECT name FROM sqlite_master
		WHERE type = 'table' AND name LIKE '`+visibilityTable+`_%' AND sql LIKE 'CREATE VIRTUAL TABLE%' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	var drops []string
	for _, table := range append(virtual, visibilityTable) {
		drops = append(drops, "DROP TABLE "+table)
	}
	return drops, nil
}

func execAll(ctx context.Context, tx *sql.Tx, statements []string) error {
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("rebuild the visibility tables: %w", err)
		}
	}
	return nil
}

func queryStrings(ctx context.Context, tx *sql.Tx, query string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read the visibility tables: %w", err)
	}
	defer func() { _ = rows.Close() }() // Err reports what matters.
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("read the visibility tables: %w", err)
		}
		out = append(out, text)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the visibility tables: %w", err)
	}
	return out, nil
}
