package graph_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/graph"
)

func scope() graph.Scope {
	return graph.Scope{
		Options: map[string]any{
			"name": "r1", "zero": 0.0, "empty": "", "off": false, "nested": "{{ options.name }}-x",
			"loop": "{{ options.loop }}x", "list": []any{1.0, "two"}, "twice": "{{ options.pair }}",
			"pair": map[string]any{"n": "{{ options.name }}"}, "self": map[string]any{"a": "{{ options.self }}", "b": "{{ options.self }}"},
		},
		Context: map[string]any{
			"n": 5.0, "obj": map[string]any{"a": true}, "target": "5a",
			"outputs": map[string]any{"On-network login": map[string]any{"list": []any{map[string]any{"id": 7.0}}}},
		},
		Task:  graph.TaskScope{Server: "5a"},
		Roots: graph.Roots{API: "http://h:8080/", Server: map[string]any{"site": "lab"}},
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want any }{
		"plain text":                      {"no template", "no template"},
		"value keeps its type":            {"{{ context.n }}", 5.0},
		"object keeps its type":           {"{{ context.obj }}", map[string]any{"a": true}},
		"array keeps its type":            {"{{options.list}}", []any{1.0, "two"}},
		"number inside text":              {"n={{ context.n }}", "n=5"},
		"object inside text is JSON":      {"o={{ context.obj }}", `o={"a":true}`},
		"two whole expressions are text":  {"{{ context.n }}{{ context.n }}", "55"},
		"quoted keys and indexes":         {`{{ context.outputs["On-network login"].list[0].id }}`, 7.0},
		"fallback to the first truthy":    {"{{ options.empty | options.name }}", "r1"},
		"fallback with two bars":          {"{{ context.nope || options.name }}", "r1"},
		"fallback to a literal":           {"{{ context.nope || text }}", "text"},
		"falsy value that is there":       {"{{ options.zero }}", 0.0},
		"false that is there":             {"{{ options.off }}", false},
		"rendered again":                  {"{{ options.nested }}", "r1-x"},
		"templates in what is taken over": {"{{ options.twice }}", map[string]any{"n": "r1"}},
		"task":                            {"{{ task.nodeId }}", "5a"},
		"api.server":                      {"{{ api.server }}/x", "http://h:8080/x"},
		"api.base":                        {"{{ api.base }}", "http://h:8080/api/current"},
		"file.server falls back":          {"{{ file.server }}", "http://h:8080"},
		"server.* is what is configured":  {"{{ server.site }}", "lab"},
		"section":                         {"{{#options.name}}on {{options.name}}{{/options.name}}", "on r1"},
		"inverted section":                {"{{^options.off}}none{{/options.off}}", "none"},
		"sections escape":                 {"{{#context.obj}}{{context.q}}{{/context.obj}}", ""},
		"below arrays and objects":        {[]any{map[string]any{"x": "{{ context.n }}"}}, []any{map[string]any{"x": 5.0}}},
		"other types stay":                {true, true},
		"braces that are not a template":  {"{ \"a\": {\"b\": 1} }", "{ \"a\": {\"b\": 1} }"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := graph.Render(c.in, scope())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRenderErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   any
		want string
	}{
		"missing":              {"{{ context.nope }}", "Value does not exist for context.nope"},
		"missing, with a path": {map[string]any{"a": []any{"{{ options.b.c }}"}}, "a[0]: Value does not exist for options.b.c"},
		"missing in text":      {"x {{ context.nope }}", "Value does not exist for context.nope"},
		"endless":              {"{{ options.loop }}", "nested more than 50 deep"},
		"endless and wide":     {"{{ options.self }}", "nested more than 50 deep"},
		"environment":          {"{{ server.PATH }}", "Value does not exist for server.PATH"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := graph.Render(c.in, scope())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, error %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestRenderDeferred(t *testing.T) {
	t.Parallel()
	s := scope()
	s.Context, s.Defer = nil, true
	for in, want := range map[string]any{
		"{{ options.name }}":                           "r1",
		"{{ context.n }}":                              "{{ context.n }}",
		"{{ context.n || options.name }}":              "{{ context.n || options.name }}",
		"{{ options.name }}/{{ context.n }}":           "r1/{{ context.n }}",
		"{{#context.n}}{{options.name}}{{/context.n}}": "{{#context.n}}{{options.name}}{{/context.n}}",
		"{{ options.name }} in any context":            "r1 in any context",
	} {
		got, err := graph.Render(in, s)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, seed := range []string{"{{ context.n }}", "{{#a}}{{/a}}", "{{ a.b | c }}", "{{{x}}}", "{{", "}}{{", "{{ options.self }}", `{{ x["a"][0] }}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		first, err1 := graph.Render(in, scope())
		second, err2 := graph.Render(in, scope())
		if (err1 == nil) != (err2 == nil) || !cmp.Equal(first, second) {
			t.Errorf("%q renders differently the second time: %v, %v", in, first, second)
		}
	})
}
