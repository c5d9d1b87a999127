package starter_test

import (
	"testing"

	"github.com/rackflow/rackflow/library"
	"github.com/rackflow/rackflow/starter"
)

func TestStockIsSound(t *testing.T) {
	t.Parallel()
	stock := starter.Stock{BaseTasks: library.BaseTasks(), Tasks: library.Tasks(), Graphs: library.Graphs()}
	if _, err := starter.NewDefinitions(nil, nil, stock); err != nil {
		t.Fatal(err)
	}
}
