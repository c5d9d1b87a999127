package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/library"
	"github.com/rackflow/rackflow/rackhd"
	"github.com/rackflow/rackflow/workflows"
)

const graphImportHelp = `Read RackHD's definitions, say of every graph whether it runs here, and store those
that do with the tasks they use.

A folder is read with all folders in it: its files that end in .json, .yaml or .yml.
A file may hold one definition, an array of them, or one after another, as
mongoexport writes them and RackHD's API answers. Graphs, tasks and base tasks are
told apart by their keys. The file "-" is stdin.

Each graph is checked as the server would, against the tasks of the call and those
that came with rackflow:

  runs now    it can be started; options that come with the run are not judged
  needs jobs  it is sound, but uses jobs or graphs that are not there; each is
              named, and whether it is meant to come or what to do instead
  invalid     it has faults of structure, and all of them are shown

A graph needs what the graphs that it runs need. What came with rackflow under the
same name and with the same meaning is left alone. Importing twice changes nothing.
Invalid definitions do not keep the others from being stored.

With --report nothing is stored and no server is asked.`

// imported is the report, and what was stored where anything was to be.
type imported struct {
	*rackhd.Report

	Stored *storedNames `json:"stored,omitempty"`
}

type storedNames struct {
	Tasks  []string `json:"tasks"`
	Graphs []string `json:"graphs"`
}

func newGraphImport(a *app, graphs definitions) *cobra.Command {
	var reportOnly bool
	cmd := &cobra.Command{
		Use:   "import DIR|FILE...",
		Short: "Report on RackHD's graphs, and store those that run",
		Long:  graphImportHelp,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, places []string) error {
			report, err := a.judge(places)
			if err != nil {
				return err
			}
			result := imported{Report: report}
			if !reportOnly {
				result.Stored, err = a.store(cmd.Context(), graphs, report.Plan())
			}
			err = errors.Join(a.print(result, func(b *strings.Builder) { writeReport(b, report) }), err)
			if err != nil {
				return err
			}
			return a.importResult(result)
		},
	}
	cmd.Flags().BoolVar(&reportOnly, "report", false, "only report: store nothing, ask no server")
	return cmd
}

// judge reads all places before it judges, as definitions use each other.
func (a *app) judge(places []string) (*rackhd.Report, error) {
	build, err := thisBuild()
	if err != nil {
		return nil, err
	}
	in := input{a: a}
	for _, place := range places {
		if err := in.read(place); err != nil {
			return nil, err
		}
	}
	if len(in.Documents) == 0 && len(in.Broken) == 0 {
		return nil, fmt.Errorf("there is no graph, task or base task definition in %s", strings.Join(places, ", "))
	}
	if len(in.skipped) > 0 {
		a.notef("Not read, as they do not end in .json, .yaml or .yml: %s", few(in.skipped))
	}
	if in.Others > 0 {
		a.notef("Left out: %s with the keys of no definition", count(in.Others, "value"))
	}
	return rackhd.Judge(build, in.Input), nil
}

// thisBuild is what this program can run, and so the server of the same version.
func thisBuild() (rackhd.Build, error) {
	stock, err := newStockLibrary()
	if err != nil {
		return rackhd.Build{}, err
	}
	table, err := rackhd.ReadTable(library.RackHD())
	if err != nil {
		return rackhd.Build{}, err
	}
	build := rackhd.Build{
		Jobs: slices.Concat(activities.Names(), workflows.NativeJobs()), Actions: activities.Actions(),
		Stock: stock, Table: table,
	}
	for _, document := range library.Graphs() {
		g, problems := graph.ParseGraph(document)
		if err := problems.Err(); err != nil {
			return rackhd.Build{}, fmt.Errorf("read the stock graphs: %w", err)
		}
		build.Graphs = append(build.Graphs, g)
	}
	return build, nil
}

// input reads the places of the command line.
type input struct {
	rackhd.Input

	a *app
	// skipped are the files of folders that were not read.
	skipped []string
}

// read takes what cannot be listed for a file.
func (in *input) read(place string) error {
	if place != "-" {
		if entries, err := in.a.p.ReadDir(place); err == nil {
			return in.readFolder(place, entries)
		}
	}
	data, err := in.a.readInput(place)
	if err != nil {
		return err
	}
	in.Add(place, data)
	return nil
}

func (in *input) readFolder(folder string, entries []fs.DirEntry) error {
	for _, entry := range entries {
		name := path.Join(folder, entry.Name())
		if !entry.IsDir() && !slices.Contains(definitionFiles, strings.ToLower(path.Ext(name))) {
			in.skipped = append(in.skipped, name)
			continue
		}
		if err := in.read(name); err != nil {
			return err
		}
	}
	return nil
}

// definitionFiles are the endings of what is read of a folder.
var definitionFiles = []string{".json", ".yaml", ".yml"}

// store stores a plan. It returns the names of those stored, also when it comes to one that cannot be.
func (a *app) store(ctx context.Context, graphs definitions, plan rackhd.Plan) (*storedNames, error) {
	stored := &storedNames{Tasks: []string{}, Graphs: []string{}}
	api, err := a.client()
	if err != nil {
		return stored, err
	}
	tasks := taskDefinitions(a)
	for _, d := range plan.Tasks {
		name, err := tasks.put(ctx, api, contentType(d.Body), bytes.NewReader(d.Body))
		if err != nil {
			return stored, fmt.Errorf("store task %s of %s: %w", d.Name, d.Source, err)
		}
		stored.Tasks = append(stored.Tasks, name)
	}
	for _, d := range plan.Graphs {
		name, err := graphs.put(ctx, api, contentType(d.Body), bytes.NewReader(d.Body))
		if err != nil {
			return stored, fmt.Errorf("store graph %s of %s: %w", d.Name, d.Source, err)
		}
		stored.Graphs = append(stored.Graphs, name)
	}
	return stored, nil
}

func (a *app) importResult(result imported) error {
	if stored := result.Stored; stored != nil {
		plan := result.Plan()
		a.notef("Stored %s and %s; left alone %s that came with rackflow",
			count(len(stored.Graphs), "graph"), count(len(stored.Tasks), "task"), count(len(plan.Stock), "definition"))
		if len(plan.Hiding) > 0 {
			a.notef("These hide definitions that came with rackflow: %s", strings.Join(plan.Hiding, ", "))
		}
	}
	t := result.Totals
	if t.Invalid+t.InvalidTasks+t.BrokenFiles == 0 {
		return nil
	}
	return &exitError{
		code: exitRefused,
		err: fmt.Errorf("invalid: %s, %s, %s", count(t.Invalid, "graph"),
			count(t.InvalidTasks, "task definition"), count(t.BrokenFiles, "file")),
		hint: "The others are not affected.",
	}
}

// few names some of many.
func few(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
