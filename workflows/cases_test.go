package workflows_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/graph/graphcase"
	"github.com/rackflow/rackflow/library"
	"github.com/rackflow/rackflow/workflows"
)

// TestCases plays every case of the graph's test language as a workflow, with the
// same expectations as the pure engine has.
func TestCases(t *testing.T) {
	t.Parallel()
	lib, err := graphcase.NewLibrary(library.BaseTasks(), library.Tasks())
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../graph/testdata/cases/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d cases, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c, err := graphcase.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			play, err := graphcase.Prepare(c, lib)
			if err != nil {
				t.Fatal(err)
			}
			result := play.Result
			if play.Plan != nil {
				result = newStage(t, play).play()
			}
			if diff := c.Diff(result); diff != "" {
				t.Errorf("%s:\n%s", c.About, diff)
			}
		})
	}
}

// stage plays one case in Temporal's test environment, where time is skipped.
type stage struct {
	*testsuite.TestWorkflowEnvironment

	t    *testing.T
	case_ *graphcase.Play

	mu sync.Mutex
	// plans are those of the run and its sub-graphs, by their ids' workflows.
	plans    map[string]*graph.Plan
	children []finished
}

type finished struct {
	plan   *graph.Plan
	record workflows.Record
}
