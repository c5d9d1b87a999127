// Package library holds the stock graphs, tasks and base tasks as YAML. It is
// data: who uses it parses and checks it. It imports nothing else of the project.
package library

import (
	"embed"
	"io/fs"
)

//go:embed base tasks graphs
var files embed.FS

// BaseTasks returns the documents of the base tasks: which job is behind each, and what it must be given.
func BaseTasks() [][]byte { return documents("base") }

// Tasks returns the documents of the stock task definitions.
func Tasks() [][]byte { return documents("tasks") }

// Graphs returns the documents of the stock graphs.
func Graphs() [][]byte { return documents("graphs") }

func documents(dir string) [][]byte {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		panic("library: " + err.Error()) // the folder is part of the binary
	}
	out := make([][]byte, 0, len(entries))
	for _, e := range entries {
		data, err := files.ReadFile(dir + "/" + e.Name())
		if err != nil {
			panic("library: " + err.Error())
		}
		out = append(out, data)
	}
	return out
}
