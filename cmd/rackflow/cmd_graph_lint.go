package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rackflow/rackflow/graph"
)

const graphLintHelp = `Check graph definitions in JSON or YAML without a server, and print every problem
with its file and path. The file "-" is stdin.

Tasks are looked up among those that came with rackflow and those of the call:
a file that has implementsTask is taken for a task definition. Options are not
checked, because they may come with the run.

Warnings alone are no failure.`

// finding is a problem of a file.
type finding struct {
	File string `json:"file"`

	graph.Problem //nolint:embeddedstructfieldcheck // the file stands first in what is printed
}

func newGraphLint(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "lint FILE...",
		Short: "Check graph definitions without a server",
		Long:  graphLintHelp,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			findings, err := a.lint(files)
			if err != nil {
				return err
			}
			err = a.print(findings, func(b *strings.Builder) {
				for _, f := range findings {
					fmt.Fprintln(b, f)
				}
			})
			if err != nil {
				return err
			}
			return a.lintResult(len(files), findings)
		},
	}
}

func (f finding) String() string {
	kind := ""
	if f.Warning {
		kind = "warning: "
	}
	return printable(f.File + ": " + kind + f.Problem.String())
}

// lint returns the findings in the order of the files. It reads the tasks among
// them first, as graphs may name them.
func (a *app) lint(files []string) ([]finding, error) {
	lib, err := newStockLibrary()
	if err != nil {
		return nil, err
	}
	found := make([]graph.Problems, len(files))
	graphs := map[int][]byte{}
	for i, file := range files {
		data, err := a.readInput(file)
		if err != nil {
			return nil, err
		}
		if !isTask(data) {
			graphs[i] = data
			continue
		}
		task, problems := graph.ParseTask(data)
		if found[i] = problems; task != nil {
			lib.AddTask(task)
		}
	}
	for i, data := range graphs {
		found[i] = lintGraph(data, lib)
	}
	findings := []finding{}
	for i, file := range files {
		for _, p := range found[i] {
			findings = append(findings, finding{file, p})
		}
	}
	return findings, nil
}

func lintGraph(data []byte, lib graph.Library) graph.Problems {
	g, problems := graph.ParseGraph(data)
	if g == nil {
		return problems
	}
	return append(problems, graph.CheckDefinition(g, lib)...)
}

// isTask leaves what cannot be read to the graph's parser, which says why.
func isTask(data []byte) bool {
	document, err := graph.ToJSON(data)
	if err != nil {
		return false
	}
	var object map[string]any
	if json.Unmarshal(document, &object) != nil {
		return false
	}
	_, ok := object["implementsTask"]
	return ok
}

func (a *app) lintResult(files int, findings []finding) error {
	faulty := map[string]bool{}
	faults := 0
	for _, f := range findings {
		if !f.Warning {
			faults++
			faulty[f.File] = true
		}
	}
	if faults > 0 {
		return &exitError{
			code: exitRefused,
			err:  fmt.Errorf("%s in %d of %s", count(faults, "error"), len(faulty), count(files, "file")),
		}
	}
	a.notef("%s checked, %s", count(files, "file"), count(len(findings), "warning"))
	return nil
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
