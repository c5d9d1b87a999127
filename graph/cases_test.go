package graph_test

import (
	"os"
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
	cases, err := graphcase.ReadAll(os.DirFS("testdata/cases"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
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
