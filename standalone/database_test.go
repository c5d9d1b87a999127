package standalone

import (
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPrepareCreatesThenLeavesAlone(t *testing.T) {
	t.Parallel()
	for _, s := range []schema{must(temporalSchema()), must(visibilitySchema())} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			file := newFile(t, s)
			mustPrepare(t, file)
			before := fileText(t, file.path)
			mustPrepare(t, file)
			if fileText(t, file.path) != before {
				t.Error("the second start changed the file")
			}
			if got := backups(t, file); len(got) != 0 {
				t.Errorf("backups without an upgrade: %v", got)
			}
		})
	}
}

func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		statement string
		want      []string
	}{
		"newer schema": {
			`UPDATE rackflow_schema SET version = '0.12', server = '1.40.0'`,
			[]string{"newer than this program", "schema 0.12 of Temporal 1.40.0", "schema 0.11", "*.bak"},
		},
		"made by another program": {
			`DROP TABLE rackflow_schema`,
			[]string{"not made by rackflow", "start-dev", "choose another data folder"},
		},
		"the other file of the pair": {
			`UPDATE rackflow_schema SET name = 'visibility'`,
			[]string{"not made by rackflow", `"temporal"`},
		},
		"damaged version": {
			`UPDATE rackflow_schema SET version = 'one'`,
			[]string{"cannot be read", `"one"`},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := newFile(t, must(temporalSchema()))
			mustPrepare(t, file)
			execSQL(t, file.path, test.statement)
			before := fileText(t, file.path)

			err := file.prepare(t.Context(), slog.New(slog.DiscardHandler))
			for _, want := range append(test.want, file.path) {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want an error with %q", err, want)
				}
			}
			if fileText(t, file.path) != before {
				t.Error("the refused file was changed")
			}
		})
	}
}

func TestPrepareRefusesWhatIsNotSQLite(t *testing.T) {
	t.Parallel()
	file := newFile(t, must(temporalSchema()))
	if err := os.WriteFile(file.path, []byte(strings.Repeat("not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	err := file.prepare(t.Context(), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), file.path) {
		t.Errorf("got %v, want an error that names the file", err)
	}
}

func TestUpgradeTemporalFile(t *testing.T) {
	t.Parallel()
	file := newFile(t, must(temporalSchema()))
	mustPrepare(t, file)
	// What 0.11 added is taken away again, and the file is marked as 0.10.
	execSQL(t, file.path,
		`DROP TABLE current_chasm_executions`,
		`UPDATE rackflow_schema SET version = '0.10', server = '1.29.1'`,
		`INSERT INTO shards VALUES (1, 7, x'00', 'Proto3')`)

	mustPrepare(t, file)
	if got := queryInt(t, file.path, `SELECT count(*) FROM current_chasm_executions`); got != 0 {
		t.Errorf("current_chasm_executions has %d rows", got)
	}
	if got := queryInt(t, file.path, `SELECT range_id FROM shards`); got != 7 {
		t.Errorf("range_id = %d, want 7: data was lost", got)
	}
	if got := queryInt(t, file.path, `SELECT version = '0.11' FROM rackflow_schema`); got != 1 {
		t.Error("the new version was not recorded")
	}
	kept := backups(t, file)
	if len(kept) != 1 {
		t.Fatalf("backups: %v, want one", kept)
	}
	if got := queryInt(t, kept[0], `SELECT version = '0.10' FROM rackflow_schema`); got != 1 {
		t.Error("the backup is not of the old version")
	}
}

func TestFailedUpgradeChangesNothing(t *testing.T) {
	t.Parallel()
	file := newFile(t, must(temporalSchema()))
	mustPrepare(t, file)
	// Marked as 0.9 but holding 0.11: the first step fails on a table that exists.
	execSQL(t, file.path, `UPDATE rackflow_schema SET version = '0.9'`)

	err := file.prepare(t.Context(), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "the file is unchanged") {
		t.Fatalf("got %v, want an error that says the file is unchanged", err)
	}
	if got := queryInt(t, file.path, `SELECT version = '0.9' FROM rackflow_schema`); got != 1 {
		t.Error("the version was changed")
	}
}

func TestRebuildVisibility(t *testing.T) {
	t.Parallel()
	file := newFile(t, must(visibilitySchema()))
	mustPrepare(t, file)
	// An older layout: without one index, one stored column and one full-text table,
	// and with a column that the server has since dropped.
	execSQL(t, file.path,
		`DROP INDEX by_temporal_keyword_01`,
		`DROP TRIGGER executions_visibility_ai`,
		`DROP TRIGGER executions_visibility_ad`,
		`DROP TRIGGER executions_visibility_au`,
		`DROP TABLE executions_visibility_fts_text`,
		`DROP INDEX by_root_run_id`,
		`ALTER TABLE executions_visibility DROP COLUMN root_run_id`,
		`ALTER TABLE executions_visibility ADD COLUMN retired TEXT`,
		`UPDATE rackflow_schema SET fingerprint = 'old', server = '1.29.1'`,
		`INSERT INTO executions_visibility
			(namespace_id, run_id, start_time, execution_time, workflow_id, workflow_type_name, status, encoding, search_attributes)
		 VALUES ('n', 'r', '2026-01-01', '2026-01-01', 'w', 'RunGraph', 1, '', '{"Keyword01":"rack-7","Text01":"hello world"}')`)

	mustPrepare(t, file)
	for query, want := range map[string]int{
		`SELECT count(*) FROM executions_visibility WHERE workflow_id = 'w' AND Keyword01 = 'rack-7' AND root_run_id = ''`:       1,
		`SELECT count(*) FROM executions_visibility_fts_text WHERE executions_visibility_fts_text MATCH 'hello'`:                 1,
		`SELECT count(*) FROM pragma_table_xinfo('executions_visibility') WHERE name = 'retired'`:                                0,
		`SELECT count(*) FROM sqlite_master WHERE name IN ('by_temporal_keyword_01', 'by_root_run_id')`:                          2,
		`SELECT count(*) FROM sqlite_master WHERE type = 'trigger'`:                                                              3,
		`SELECT count(*) FROM sqlite_master WHERE name LIKE 'rackflow_saved%'`:                                                   0,
		`SELECT count(*) FROM rackflow_schema WHERE fingerprint <> 'old' AND server = '` + must(visibilitySchema()).Server + `'`: 1,
	} {
		if got := queryInt(t, file.path, query); got != want {
			t.Errorf("%s = %d, want %d", query, got, want)
		}
	}
	if got := backups(t, file); len(got) != 1 {
		t.Errorf("backups: %v, want one", got)
	}
}

func TestRebuiltVisibilityEqualsANewOne(t *testing.T) {
	t.Parallel()
	fresh, rebuilt := newFile(t, must(visibilitySchema())), newFile(t, must(visibilitySchema()))
	mustPrepare(t, fresh)
	mustPrepare(t, rebuilt)
	execSQL(t, rebuilt.path, `UPDATE rackflow_schema SET fingerprint = 'old'`)
	mustPrepare(t, rebuilt)
	const objects = `SELECT group_concat(type || name || coalesce(sql, ''), char(10)) FROM (SELECT * FROM sqlite_master ORDER BY type, name)`
	if diff := cmp.Diff(queryText(t, fresh.path, objects), queryText(t, rebuilt.path, objects)); diff != "" {
		t.Errorf("schema (-new +rebuilt):\n%s", diff)
	}
}

// must is for schemas, which are part of this program.
func must(s schema, err error) schema {
	if err != nil {
		panic(err)
	}
	return s
}

// newFile is a file that does not exist yet, in a folder whose name needs escaping.
func newFile(t *testing.T, s schema) databaseFile {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "rack #1 50%? ü")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return databaseFile{path: filepath.Join(dir, s.name+".db"), schema: s}
}

func mustPrepare(t *testing.T, file databaseFile) {
	t.Helper()
	if err := file.prepare(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file.path); err != nil {
		t.Fatal(err)
	}
}

func backups(t *testing.T, file databaseFile) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(file.path))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".bak") {
			found = append(found, filepath.Join(filepath.Dir(file.path), entry.Name()))
		}
	}
	return found
}

func fileText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func withDB(t *testing.T, path string, do func(*sql.DB) error) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+sqliteName(path)+"?mode=rw")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(do(db), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func execSQL(t *testing.T, path string, statements ...string) {
	t.Helper()
	withDB(t, path, func(db *sql.DB) error {
		for _, statement := range statements {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				return err
			}
		}
		return nil
	})
}

func queryInt(t *testing.T, path, query string) (value int) {
	t.Helper()
	withDB(t, path, func(db *sql.DB) error { return db.QueryRowContext(t.Context(), query).Scan(&value) })
	return value
}

func queryText(t *testing.T, path, query string) (value string) {
	t.Helper()
	withDB(t, path, func(db *sql.DB) error { return db.QueryRowContext(t.Context(), query).Scan(&value) })
	return value
}
