package rackhd_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rackflow/rackflow/rackhd"
)

func TestAdd(t *testing.T) {
	t.Parallel()
	graph := func(source, name string) rackhd.Document {
		return rackhd.Document{Source: source, Kind: rackhd.Graph, Name: name}
	}
	tests := []struct {
		name, data string
		want       []rackhd.Document
		others     int
	}{
		{"one", `{"injectableName": "G", "tasks": []}`, []rackhd.Document{graph("f", "G")}, 0},
		{"an array", `[{"injectableName": "G", "tasks": []}, {"injectableName": "H", "tasks": 1}]`, []rackhd.Document{graph("f[0]", "G"), graph("f[1]", "H")}, 0},
		{"one after another", "{\"injectableName\": \"G\", \"tasks\": []}\n{\"injectableName\": \"H\"}\n", []rackhd.Document{graph("f[0]", "G"), graph("f[1]", "H")}, 0},
		{"all kinds", `[{"implementsTask": "B", "injectableName": "T"}, {"runJob": "J", "injectableName": "B"}]`, []rackhd.Document{
			{Source: "f[0]", Kind: rackhd.Task, Name: "T"}, {Source: "f[1]", Kind: rackhd.BaseTask, Name: "B"},
		}, 0},
		{"YAML", "injectableName: G\ntasks:\n- label: a\n", []rackhd.Document{graph("f", "G")}, 0},
		{"a list in YAML", "- {injectableName: G, tasks: []}\n- {name: x}\n", []rackhd.Document{graph("f[0]", "G")}, 1},
		{"documents in YAML", "---\ninjectableName: G\n--- # two\ninjectableName: H\n---\n", []rackhd.Document{graph("f[0]", "G"), graph("f[1]", "H")}, 0},
		{"flow YAML", "{injectableName: G, tasks: []}", []rackhd.Document{graph("f", "G")}, 0},
		{"a name that is none", `{"injectableName": 5, "tasks": []}`, []rackhd.Document{graph("f", "")}, 0},
		{"no definition", `{"name": "sku", "rules": []}`, nil, 1},
		{"no objects", `[1, "a", null]`, nil, 3},
		{"nothing", " \n", nil, 0},
	}
	for _, test := range tests {
		var in rackhd.Input
		in.Add("f", []byte(test.data))
		if diff := cmp.Diff(test.want, in.Documents, cmpopts.IgnoreFields(rackhd.Document{}, "Body")); diff != "" || len(in.Broken) > 0 {
			t.Errorf("%s (-want +got):\n%s%v", test.name, diff, in.Broken)
		}
		if in.Others != test.others {
			t.Errorf("%s: %d others, want %d", test.name, in.Others, test.others)
		}
	}
}

func TestAddBroken(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		`{"injectableName": "G"`: "unexpected EOF",
		"a: b: c":                "mapping values",
		"a: 1\na: 2":             "already defined",
	} {
		var in rackhd.Input
		in.Add("f", []byte(data))
		if len(in.Broken) != 1 || in.Broken[0].Source != "f" || !strings.Contains(in.Broken[0].Message, want) {
			t.Errorf("%q: %v, want %q", data, in.Broken, want)
		}
	}
}

// FuzzAdd holds that every file is read or reported, and that what is taken for a definition is JSON.
func FuzzAdd(f *testing.F) {
	for _, seed := range []string{`[{"injectableName": "G", "tasks": []}]`, "a: 1\n---\n- b", "{", "", `{"tasks": 1} {"runJob": 2}`, "implementsTask: !!binary x"} {
		f.Add([]byte(seed))
	}
	table := readTable(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var in rackhd.Input
		in.Add("f", data)
		for _, d := range in.Documents {
			if !json.Valid(d.Body) || d.Kind == "" || d.Source == "" {
				t.Fatalf("%q gave %+v", data, d)
			}
		}
		report := rackhd.Judge(rackhd.Build{Stock: none{}, Table: table}, in)
		if n := len(report.Graphs); n != report.Totals.RunsNow+report.Totals.NeedsJobs+report.Totals.Invalid {
			t.Fatalf("%q: %d graphs, and %+v", data, n, report.Totals)
		}
	})
}
