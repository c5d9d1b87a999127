package main

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rackflow/rackflow/graph"
)

// The documents are held against the program: whatever of them can be compared, is.

const (
	readmeFile     = "../../README.md"
	operationsFile = "../../docs/operations.md"
	graphsFile     = "../../docs/graphs.md"
	rackhdFile     = "../../docs/rackhd.md"
)

// documents returns all documents by their path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) < 4 {
		t.Fatalf("found %d files in docs: %v", len(files), err)
	}
	out := map[string]string{}
	for _, file := range append(files, readmeFile, "../../CONTRIBUTING.md", "../../CHANGELOG.md") {
		out[file] = document(t, file)
	}
	return out
}

func document(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var codeBlock = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```")

// blocks returns the contents of a document's code blocks in a language.
func blocks(text, language string) []string {
	var out []string
	for _, match := range codeBlock.FindAllStringSubmatch(text, -1) {
		if match[1] == language {
			out = append(out, match[2])
		}
	}
	return out
}

// tables returns the rows of a document's tables, cut into cells, with their header row first.
func tables(text string) [][][]string {
	var out [][][]string
	inside := false
	for line := range strings.Lines(codeBlock.ReplaceAllString(text, "")) {
		row, ok := strings.CutPrefix(strings.TrimSpace(line), "|")
		switch {
		case !ok:
			inside = false
			continue
		case strings.HasPrefix(row, "---"):
			continue
		case !inside:
			out = append(out, nil)
			inside = true
		}
		cells := strings.Split(strings.TrimSuffix(row, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		last := len(out) - 1
		out[last] = append(out[last], cells)
	}
	return out
}

// column returns the index of the first column whose header begins so, or -1.
func column(table [][]string, header string) int {
	return slices.IndexFunc(table[0], func(cell string) bool { return strings.HasPrefix(cell, header) })
}

var (
	inlineCommand = regexp.MustCompile("`(rackflow [^`]+)`")
	shellQuotes   = regexp.MustCompile(`"[^"]*"|'[^']*'`)
)

// quoted is a command line of a document. One in a block is complete; one in a
// sentence may leave out what does not matter there.
type quoted struct {
	line     string
	complete bool
}

func commandLines(text string) []quoted {
	var out []quoted
	for _, block := range blocks(text, "sh") {
		for line := range strings.Lines(block) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "rackflow ") {
				out = append(out, quoted{line, true})
			}
		}
	}
	for _, match := range inlineCommand.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
		out = append(out, quoted{match[1], false})
	}
	return out
}

func TestQuotedCommands(t *testing.T) {
	t.Parallel()
	found := 0
	for file, text := range documents(t) {
		for _, q := range commandLines(text) {
			found++
			if err := checkCommand(q); err != nil {
				t.Errorf("%s: %s: %v", file, q.line, err)
			}
		}
	}
	if found < 20 {
		t.Errorf("found only %d command lines", found)
	}
}

func checkCommand(q quoted) error {
	line := shellQuotes.ReplaceAllString(q.line, "quoted")
	cmd, rest, err := newRoot(newCase().process()).Find(strings.Fields(line)[1:])
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return nil
		}
		return err
	}
	args := cmd.Flags().Args()
	if cmd.HasSubCommands() && len(args) > 0 {
		return unknownVerb(cmd, args[0])
	}
	if !q.complete {
		return nil
	}
	return errors.Join(cmd.ValidateArgs(args), cmd.ValidateRequiredFlags(), cmd.ValidateFlagGroups())
}

func TestCheckCommand(t *testing.T) {
	t.Parallel()
	for line, ok := range map[string]bool{
		"rackflow run list --graph X":               true,
		"rackflow run list --no-such-flag":          false,
		"rackflow run frobnicate":                   false,
		"rackflow frobnicate":                       false,
		"rackflow node add web-01 --user root":      false,
		"rackflow graph put":                        false,
		`rackflow run start "Graph X" --node web-1`: true,
	} {
		if err := checkCommand(quoted{line, true}); (err == nil) != ok {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// subcommand finds a command below the root.
func subcommand(t *testing.T, name string) *cobra.Command {
	t.Helper()
	cmd, _, err := newRoot(newCase().process()).Find([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

// flagDefaults reads the defaults of flags out of a document's tables.
func flagDefaults(t *testing.T, text string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, table := range tables(text) {
		flag, fallback := column(table, "flag"), column(table, "default")
		if flag < 0 || fallback < 0 {
			continue
		}
		for _, row := range table[1:] {
			value := strings.Trim(row[fallback], "`")
			if value == "-" {
				value = ""
			}
			out[strings.TrimPrefix(strings.Trim(row[flag], "`"), "--")] = value
		}
	}
	return out
}

func TestFlagsOfUp(t *testing.T) {
	t.Parallel()
	want := map[string]string{}
	subcommand(t, "up").LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" {
			want[f.Name] = f.DefValue
		}
	})
	if diff := gocmp.Diff(want, flagDefaults(t, document(t, operationsFile))); diff != "" {
		t.Errorf("%s (-program +document):\n%s", operationsFile, diff)
	}
	ports := flagDefaults(t, document(t, readmeFile))
	if len(ports) != 4 {
		t.Errorf("%s has the flags %v; want the four listeners", readmeFile, ports)
	}
	for name, value := range ports {
		if def, ok := want[name]; !ok || def != value {
			t.Errorf("%s: --%s is %q, and %q in the program", readmeFile, name, value, def)
		}
	}
}

func TestPortsOfSim(t *testing.T) {
	t.Parallel()
	text := document(t, operationsFile)
	for _, name := range []string{"listen", "control"} {
		if value := subcommand(t, "sim").Flag(name).DefValue; !strings.Contains(text, "`"+value+"`") {
			t.Errorf("%s does not have %s, the default of rackflow sim --%s", operationsFile, value, name)
		}
	}
}

func TestExitCodeTable(t *testing.T) {
	t.Parallel()
	var got []string
	for _, table := range tables(document(t, readmeFile)) {
		if table[0][0] != "exit code" {
			continue
		}
		for _, row := range table[1:] {
			got = append(got, row[0]+" "+strings.ReplaceAll(row[1], "`", ""))
		}
	}
	var want []string
	for line := range strings.Lines(exitHelp) {
		if strings.HasPrefix(line, "  ") {
			want = append(want, strings.Join(strings.Fields(line), " "))
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-program +document):\n%s", readmeFile, diff)
	}
}

var (
	makeTarget = regexp.MustCompile(`(?m)^([a-z-]+):.*##`)
	makeCall   = regexp.MustCompile("(?m)(?:^|`)make ([a-z-]+)")
)

func TestMakeTargets(t *testing.T) {
	t.Parallel()
	targets := map[string]bool{}
	for _, match := range makeTarget.FindAllStringSubmatch(document(t, "../../Makefile"), -1) {
		targets[match[1]] = true
	}
	for file, text := range documents(t) {
		for _, match := range makeCall.FindAllStringSubmatch(text, -1) {
			if !targets[match[1]] {
				t.Errorf("%s: there is no target %s", file, match[1])
			}
		}
	}
}

func TestGraphExamples(t *testing.T) {
	t.Parallel()
	lib, err := newStockLibrary()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for file, text := range documents(t) {
		for _, block := range blocks(text, "yaml") {
			if !strings.Contains(block, "\ntasks:") {
				continue
			}
			found++
			if problems := lintGraph([]byte(block), lib); len(problems) > 0 {
				t.Errorf("%s: %v", file, problems)
				continue
			}
			g, _ := graph.ParseGraph([]byte(block))
			if _, problems := graph.Resolve(g, lib, graph.Request{ID: "example", Server: "web-01"}); len(problems) > 0 {
				t.Errorf("%s: %v", file, problems)
			}
		}
	}
	if found == 0 {
		t.Error("there is no example of a graph")
	}
}

// TestJobTable holds the table of jobs against the stock base tasks: each is there with its job and all its options.
func TestJobTable(t *testing.T) {
	t.Parallel()
	lib, err := newStockLibrary()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, table := range tables(document(t, graphsFile)) {
		if table[0][0] == "base task" {
			for _, row := range table[1:] {
				rows[strings.ToLower(strings.Trim(row[0], "`"))] = strings.Join(row, " ")
			}
		}
	}
	bases := lib.BaseTasks()
	if len(rows) != len(bases) {
		t.Errorf("the table has %d base tasks, the library %d", len(rows), len(bases))
	}
	for _, base := range bases {
		for _, word := range append(optionNames(t, base), base.RunJob) {
			if !strings.Contains(rows[strings.ToLower(base.InjectableName)], "`"+word+"`") {
				t.Errorf("the row of %s does not have `%s`", base.InjectableName, word)
			}
		}
	}
}

// optionNames are the options of a base task but for those that the text above the table explains.
func optionNames(t *testing.T, base *graph.BaseTask) []string {
	t.Helper()
	names := slices.Clone(base.RequiredOptions)
	if len(base.OptionsSchema) == 0 {
		return names
	}
	var schema struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(base.OptionsSchema, &schema); err != nil {
		t.Fatal(err)
	}
	_, common := schema.Properties["nodeId"]
	for name := range schema.Properties {
		if !common || name != "nodeId" && name != "retries" && name != "delay" {
			names = append(names, name)
		}
	}
	return names
}

var method = regexp.MustCompile(`\b(GET|HEAD|PUT|POST|PATCH|DELETE)\b`)

// TestOperationsTable holds the table of REST operations against the API's own document.
func TestOperationsTable(t *testing.T) {
	t.Parallel()
	spec, err := openapi3.NewLoader().LoadFromFile("../../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for path, item := range spec.Paths.Map() {
		for verb := range item.Operations() {
			want = append(want, verb+" "+path)
		}
	}
	for _, table := range tables(document(t, rackhdFile)) {
		for _, row := range table {
			for path := range strings.SplitSeq(row[0], ", ") {
				if path = strings.Trim(path, "`"); !strings.HasPrefix(path, "/") {
					continue
				}
				for _, verb := range method.FindAllString(row[1], -1) {
					got = append(got, verb+" "+path)
				}
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-api +document):\n%s", rackhdFile, diff)
	}
}

var link = regexp.MustCompile(`\]\(([^)]+)\)`)

func TestLinks(t *testing.T) {
	t.Parallel()
	for file, text := range documents(t) {
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			u, err := url.Parse(match[1])
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			if u.Host != "" || u.Path == "" {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), u.Path)); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}
