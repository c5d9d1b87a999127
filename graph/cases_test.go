package graph_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rackflow/rackflow/graph/graphcase"
	"github.com/rackflow/rackflow/library"
)

// TestCases plays every case of the test language; the workflow plays the same.
func TestCases(t *testing.T) {
	t.Parallel()
	lib, err := graphcase.NewLibrary(library.BaseTasks(), library.Tasks())
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/cases/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d cases, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			c := readCase(t, file)
			got, err := graphcase.Run(c, lib)
			if err != nil {
				t.Fatal(err)
			}
			if diff := c.Diff(got); diff != "" {
				t.Errorf("%s:\n%s", c.About, diff)
			}
		})
	}
}

func readCase(t *testing.T, file string) *graphcase.Case {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := graphcase.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
