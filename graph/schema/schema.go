// Package schema holds the JSON Schemas of graph and task files, for editors and
// for programs in other languages. It is data, and imports nothing else of the
// project: package graph has its own reader, and a test holds the two together.
package schema

import (
	_ "embed" // for the schemas
	"encoding/json"
	"slices"
)

//go:embed graph.schema.json
var graph []byte

//go:embed task.schema.json
var task []byte

// Graph returns the schema of a graph definition, in JSON Schema 2020-12.
func Graph() json.RawMessage { return slices.Clone(graph) }

// Task returns the schema of a task definition, which is part of the graph's too.
func Task() json.RawMessage { return slices.Clone(task) }
