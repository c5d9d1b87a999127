package main

import (
	"fmt"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/library"
)

// stockLibrary is what is built into rackflow, so that the program knows it as
// well as the server does.
type stockLibrary struct{ *graph.Index }

func newStockLibrary() (*stockLibrary, error) {
	stock, err := graph.ReadIndex(library.BaseTasks(), library.Tasks())
	if err != nil {
		return nil, fmt.Errorf("read the stock: %w", err)
	}
	return &stockLibrary{stock}, nil
}

// job returns what is behind a base task, or the base task's own name where that is not known.
func (l *stockLibrary) job(base string) string {
	if b := l.BaseTask(base); b != nil {
		return b.RunJob
	}
	return base
}
