package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
)

func TestFieldsOf(t *testing.T) {
	t.Parallel()
	for schema, want := range map[string][]string{
		`{"properties": {"b": {}, "a": true, "d": {}, "c": {}}, "required": ["d", "x", "b"]}`: {"d", "b", "a", "c"},
		`{"type": "object"}`: nil,
		`true`:               nil,
		``:                   nil,
		`{"properties": 5}`:  nil,
	} {
		var got []string
		for _, f := range fieldsOf([]byte(schema)) {
			got = append(got, f.name())
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", schema, diff)
		}
	}
}

func TestParseField(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		schema, typed string
		want          any
		err           string
	}{
		{`{"type": "string"}`, "12", "12", ""},
		{`{"type": ["string", "null"]}`, "12", "12", ""},
		{`{"type": ["string", "integer"]}`, "12", json.Number("12"), ""},
		{`{"type": "integer"}`, "12345678901234567890", json.Number("12345678901234567890"), ""},
		{`{"type": "integer"}`, "1.5", json.Number("1.5"), ""},
		{`{"type": "number"}`, `"x"`, nil, "that is no number"},
		{`{"type": "number"}`, "1 2", nil, "that is no number"},
		{`{"type": "boolean"}`, "YES", true, ""},
		{`{"type": "boolean"}`, "false", false, ""},
		{`{"type": "boolean"}`, "0", nil, "say y or n"},
		{`{"type": "array", "items": {"type": "integer"}}`, " 1, 2 ,", []any{json.Number("1"), json.Number("2")}, ""},
		{`{"type": "array", "items": {"type": "integer"}}`, "1, x", nil, "that is no number"},
		{`{"type": "array", "items": {"type": "object"}}`, `[{"a": true}]`, []any{map[string]any{"a": true}}, ""},
		{`{"type": "object"}`, "[", nil, "that is no JSON"},
		{`{}`, "free", "free", ""},
		{`{}`, "[1]", []any{json.Number("1")}, ""},
		{`{"enum": ["x", true, null]}`, "2", true, ""},
		{`{"enum": ["x", true, null]}`, "x", "x", ""},
		{`{"enum": ["x"]}`, "0", nil, "that is none of them"},
		{`{"enum": [2, 1]}`, "1", 1.0, ""},
	} {
		f := field{property: parseProperty([]byte(test.schema)), path: []string{"x"}}
		got, err := f.parse(test.typed)
		if diff := gocmp.Diff(test.want, got); diff != "" || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
			t.Errorf("%s, %q: %v (-want +got):\n%s", test.schema, test.typed, err, diff)
		}
	}
}

func TestSetAnswerRefuses(t *testing.T) {
	t.Parallel()
	schema := []byte(`{"properties": {"login": {"properties": {"pin": {"format": "password"}}}, "key": {"writeOnly": true}, "n": {}}}`)
	for text, want := range map[string]string{
		"n":                      "KEY=VALUE",
		"=1":                     "empty name",
		"n..m=1":                 "empty name",
		"n=1":                    "",
		"n.m=1":                  "",
		"login.pin=1":            "secret",
		`login={"pin": "1"}`:     "secret",
		`login={"user": "root"}`: "",
		"key.part=1":             "secret",
		"apiKey=1":               "secret",
		"passwordless=true":      "",
	} {
		err := setAnswer(map[string]any{}, text, schema)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if err := setAnswer(map[string]any{"n": "1"}, "n.m=1", schema); err == nil || !strings.Contains(err.Error(), "n is not an object") {
		t.Errorf("below a text: %v", err)
	}
}

func TestShellWord(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"ask-disk": "ask-disk", "each#2": "'each#2'", "it's": `'it'\''s'`, "": "''", "$HOME": "'$HOME'"} {
		if got := shellWord(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestReadTyped(t *testing.T) {
	t.Parallel()
	r := strings.NewReader("one\n\nlast")
	for _, want := range []string{"one", "", "last"} {
		if got, err := readTyped(r); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	if _, err := readTyped(r); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	if _, err := readTyped(strings.NewReader(strings.Repeat("x", maxLine+1))); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("a long line: %v", err)
	}
}

// TestInterruptedForm leaves a question unanswered.
func TestInterruptedForm(t *testing.T) {
	t.Parallel()
	c := newCase("run", "answer", runA)
	c.terminal = "stdin"
	c.api.answers["GET /api/2.0/workflows/"+runA] = []answer{{body: []byte(`{"instanceId": "` + runA + `", "x-prompts": [{"id": "a", "title": "?", "schema": {}}]}`)}}
	p := c.process()
	stdin, typing := io.Pipe()
	defer typing.Close()
	ctx, cancel := context.WithCancel(t.Context())
	p.Stdin, p.Stderr = stdin, cancelAt{w: &c.stderr, text: "JSON: ", cancel: cancel}
	if code := run(ctx, p); code != exitInterrupted {
		t.Errorf("exit code %d: %s", code, &c.stderr)
	}
}

// cancelAt interrupts the process when it has written the text.
type cancelAt struct {
	w      io.Writer
	text   string
	cancel func()
}

func (c cancelAt) Write(data []byte) (int, error) {
	if strings.HasSuffix(string(data), c.text) {
		c.cancel()
	}
	return c.w.Write(data)
}

// FuzzForm holds that no schema and nothing that is typed breaks the form, that what
// it returns names only what was asked for in it.
func FuzzForm(f *testing.F) {
	f.Add(`{"properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "y"]}}, "required": ["b"]}`, "1\n2\ny\n")
	f.Add(`{"properties": {"p": {"writeOnly": true}, "n": {"properties": {"m": {"type": "boolean"}}}}}`, "y\nn\nhunter2\nhunter2\n\n")
	f.Add(`{"properties": {"l": {"type": "array", "items": {"type": "number"}, "default": [1]}}}`, "1,2,,\n\n")
	f.Add(`{}`, "{\"a\": 1}\n\n")
	f.Add(`{"type": 5, "properties": {"\u001b": {"pattern": "("}}}`, "x\ny\n")
	f.Fuzz(func(t *testing.T, schema, text string) {
		c := newCase()
		c.stdin = text
		c.terminal = "stdin"
		a := &app{p: c.process(), output: outputText}
		prompt := v2.WorkflowPrompt{Prompt: v2.Prompt{ID: "ask", Title: "?", Schema: json.RawMessage(schema)}}
		answer, err := newForm(a, prompt).fill(t.Context())
		if strings.ContainsAny(c.stderr.String(), "\x1b\r") {
			t.Fatalf("the terminal is steered: %q", &c.stderr)
		}
		if err != nil {
			return
		}
		fields := fieldsOf([]byte(schema))
		for name := range answer {
			if len(fields) > 0 && !slices.ContainsFunc(fields, func(f field) bool { return f.path[0] == name }) {
				t.Fatalf("%s was not asked for", name)
			}
		}
		_ = graph.CheckAnswer(answer, prompt.Schema) // it must not panic
		if _, err := json.Marshal(answer); err != nil {
			t.Fatalf("the answer cannot be sent: %v", err)
		}
	})
}
