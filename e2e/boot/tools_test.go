package boot

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// tool returns the path of a program, or skips the test with the package that
// has it.
func tool(tb testing.TB, name, debian string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		tb.Skipf("%s is not installed here: install Debian's %s", name, debian)
	}
	return path
}

// installed returns the newest file that one of the patterns finds, or skips.
func installed(tb testing.TB, debian string, patterns ...string) string {
	tb.Helper()
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		must(tb, err)
		slices.Sort(found)
		for _, path := range slices.Backward(found) {
			if file, err := os.Open(path); err == nil {
				must(tb, file.Close())
				return path
			}
		}
	}
	tb.Skipf("%s is not there or not readable: install Debian's %s", patterns[0], debian)
	return ""
}

func run(tb testing.TB, name string, args ...string) {
	tb.Helper()
	if out, err := exec.CommandContext(tb.Context(), name, args...).CombinedOutput(); err != nil {
		tb.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func readFile(tb testing.TB, path string) []byte {
	tb.Helper()
	content, err := os.ReadFile(path)
	must(tb, err)
	return content
}

func writeFile(tb testing.TB, path string, content []byte) {
	tb.Helper()
	must(tb, os.MkdirAll(filepath.Dir(path), 0o750))
	must(tb, os.WriteFile(path, content, 0o600))
}
