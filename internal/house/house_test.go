// Package house holds the rules that every file of the repository keeps. It reads
// files and imports nothing of this module.
package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// TestPackageDocs checks that every package says what it is for.
func TestPackageDocs(t *testing.T) {
	t.Parallel()
	packages := map[string][]*ast.File{}
	for path := range files(t) {
		if filepath.Ext(path) != ".go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.HasSuffix(path, "_test.go") || onlyTests(t, filepath.Dir(path)) {
			packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], file)
		}
	}
	if len(packages) == 0 {
		t.Fatalf("no packages below %s", root)
	}
	for dir, sources := range packages {
		if !slices.ContainsFunc(sources, hasPackageDoc) {
			t.Errorf("%s: no file has a package comment that begins with Package or Command and its name", dir)
		}
	}
}

func onlyTests(t *testing.T, dir string) bool {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	return !slices.ContainsFunc(sources, func(path string) bool { return !strings.HasSuffix(path, "_test.go") })
}

func hasPackageDoc(f *ast.File) bool {
	text := f.Doc.Text()
	if f.Name.Name == "main" {
		return strings.HasPrefix(text, "Command ")
	}
	return strings.HasPrefix(text, "Package "+strings.TrimSuffix(f.Name.Name, "_test")+" ")
}

// elsewhere finds paths that mean something on the machine of their author only. Its
// parts are kept apart, so that it does not find itself.
var elsewhere = regexp.MustCompile(`shared` + `/facts|(^|[^\w./-])/work` + `/|/home` + `/[a-z]+/src/`)

// TestNoAuthorsPaths checks that no file leads to where only its author can go.
func TestNoAuthorsPaths(t *testing.T) {
	t.Parallel()
	for path := range files(t) {
		if !slices.Contains([]string{".go", ".md", ".yaml", ".yml", ".json", ".txtar", ".sql", ".proto", ".html", ".js", ".css", ".sh", ""}, filepath.Ext(path)) {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		for line, text := range strings.Split(string(data), "\n") {
			if found := elsewhere.FindString(text); found != "" {
				t.Errorf("%s:%d mentions %s", path, line+1, strings.TrimSpace(found))
			}
		}
	}
}

func TestElsewhere(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"see /wor" + "k/notes.md":             true,
		"/wor" + "k/main":                     true,
		`"/wor` + `k/x"`:                      true,
		"as ../shared" + "/facts/x.md says":   true,
		"GET /api/2.0/work" + "flows/library": false,
		"./work/file and a/work/file":         false,
		"/workflows and /working/":            false,
	} {
		if got := elsewhere.MatchString(text); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// files yields the paths of the module's own files: those of version control, of what
// is built, and of other modules are not.
func files(t *testing.T) func(yield func(string) bool) {
	t.Helper()
	return func(yield func(string) bool) {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && path != root && isForeign(path, d.Name()):
				return fs.SkipDir
			case d.Type().IsRegular() && !yield(path):
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func isForeign(path, name string) bool {
	if name == "bin" || name == "rackflow-demo" || strings.HasPrefix(name, ".") && name != ".github" {
		return true
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil
}
