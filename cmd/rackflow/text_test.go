package main

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"

	v2 "github.com/rackflow/rackflow/api/v2"
)

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second:                    "0.0s",
		450 * time.Millisecond:          "0.4s",
		9990 * time.Millisecond:         "9.9s",
		10 * time.Second:                "10s",
		59*time.Second + 1:              "59s",
		time.Minute + 5*time.Second:     "1m05s",
		59*time.Minute + 59*time.Second: "59m59s",
		26*time.Hour + 3*time.Minute:    "26h03m",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	table := newTable("NAME", "NOTE")
	table.add("straße", "a long note")
	table.add("", "")
	tests := []struct {
		name  string
		width int
		want  []string
	}{
		{"as wide as it is", 0, []string{"NAME    NOTE", "straße  a long note", "-"}},
		{"cut", 12, []string{"NAME    NOTE", "straße  a l…", "-"}},
		{"one column fits", 6, []string{"NAME …", "straß…", "-    …"}},
	}
	for _, test := range tests {
		got := table.lines(test.width)
		if diff := gocmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		for _, line := range got {
			if n := utf8.RuneCountInString(line); test.width > 0 && n > test.width {
				t.Errorf("%s: %q has %d columns", test.name, line, n)
			}
		}
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	if got, want := printable("a\x1b[2Jb\r\n\u009bc ü"), "a [2Jb   c ü"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOutputOf(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]outputFormat{
		"node list -o json":             outputJSON,
		"node list --bogus -ojson":      outputJSON,
		"node list --output=json --x=1": outputJSON,
		"node list -o yaml":             outputYAML,
		"node list":                     "",
		"node list -o":                  "",
		"node show -- -o json":          "",
	} {
		if got := outputOf(strings.Fields(line)); got != want {
			t.Errorf("outputOf(%q) = %q, want %q", line, got, want)
		}
	}
}

func TestAsExit(t *testing.T) {
	t.Parallel()
	inner := &exitError{code: exitNotFound, err: errors.New("inner"), hint: "look", requestID: "7"}
	got := asExit(t.Context(), errors.Join(errors.New("outer"), inner))
	if got.code != exitNotFound || got.hint != "look" || got.requestID != "7" || got.Error() != "outer\ninner" {
		t.Errorf("got %+v", got)
	}
	if got := asExit(t.Context(), nil); got != nil {
		t.Errorf("nil became %v", got)
	}
	if got := asExit(t.Context(), errors.New("x")); got.code != exitFailure {
		t.Errorf("code %v", got.code)
	}
}

func TestPickRun(t *testing.T) {
	t.Parallel()
	runs := []runSummary{{InstanceID: "server-a.0199-1"}, {InstanceID: "server-a.0188-2"}, {InstanceID: "run-c.0177-3"}}
	tests := []struct {
		ref, want string
		code      exitCode
	}{
		{"last", "server-a.0199-1", exitOK},
		{"0188", "server-a.0188-2", exitOK},
		{"run-", "run-c.0177-3", exitOK},
		{"server-a.0199", "server-a.0199-1", exitOK},
		{"server-a", "", exitUsage},
		{"server-x", "", exitNotFound},
		{"", "", exitUsage},
	}
	for _, test := range tests {
		got, err := pickRun(runs, test.ref)
		code := exitOK
		if exit := asExit(t.Context(), err); exit != nil {
			code = exit.code
		}
		if got != test.want || code != test.code {
			t.Errorf("pickRun(%q) = %q, %v (code %d), want %q, code %d", test.ref, got, err, code, test.want, test.code)
		}
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ height, runs, want int }{{0, 3, 0}, {24, 1, 23}, {24, 2, 11}, {10, 8, 4}} {
		if got := share(test.height, test.runs); got != test.want {
			t.Errorf("share(%d, %d) = %d, want %d", test.height, test.runs, got, test.want)
		}
	}
}

func TestFitting(t *testing.T) {
	t.Parallel()
	states := strings.Fields("succeeded failed running running pending")
	tasks := make([]v2.WorkflowTask, len(states))
	for i, s := range states {
		tasks[i] = v2.WorkflowTask{Label: s, XState: s}
	}
	tests := []struct {
		lines int
		rows  int
		left  string
	}{
		{-3, 5, ""},
		{5, 5, ""},
		{4, 3, "and 1 succeeded, 1 pending"},
		{2, 2, "and 1 running, 1 succeeded, 1 pending"},
	}
	for _, test := range tests {
		rows, left := (&liveTable{}).fitting(tasks, test.lines)
		if len(rows) != test.rows || left != test.left {
			t.Errorf("%d lines: %d rows and %q, want %d and %q", test.lines, len(rows), left, test.rows, test.left)
		}
	}
}

func TestWaitingFor(t *testing.T) {
	t.Parallel()
	labels := map[string]string{"1": "one", "2": "two", "3": "three"}
	task := v2.WorkflowTask{WaitingOn: map[string]any{
		"2": "succeeded", "anyOf": map[string]any{"1": "failed", "3": []any{"timeout"}},
	}}
	if got, want := waitingFor(task, labels), "one, three, two"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReadLine(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "a": "a", "a\n": "a", "a b\r\nc": "a b", "\n": ""} {
		if got, err := readLine(strings.NewReader(in)); err != nil || got != want {
			t.Errorf("readLine(%q) = %q, %v", in, got, err)
		}
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{" \n{}": "application/json", "a: 1": "application/yaml", "": "application/yaml"} {
		if got := contentType([]byte(in)); got != want {
			t.Errorf("contentType(%q) = %q", in, got)
		}
	}
}

// FuzzSetOption holds that an option either is an error, or lands where it says.
func FuzzSetOption(f *testing.F) {
	for _, seed := range []string{"a.b=1", "a.b.c=x", "a.b={\"c\":[1,2]}", "a=1", ".=", "a..b=1", "a.b", "a.b=1e999", "a.b=\"\\ud800\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		options := map[string]any{}
		if setOption(options, text) != nil {
			return
		}
		path, _, _ := strings.Cut(text, "=")
		at := any(options)
		for key := range strings.SplitSeq(path, ".") {
			object, ok := at.(map[string]any)
			if !ok || len(object) != 1 || !slices.Contains(slices.Collect(maps.Keys(object)), key) {
				t.Fatalf("%q made %v", text, options)
			}
			at = object[key]
		}
		if _, err := json.Marshal(options); err != nil {
			t.Fatalf("%q cannot be sent: %v", text, err)
		}
	})
}

// FuzzLint holds that no file breaks the check, and that a graph without findings is one that can be read.
func FuzzLint(f *testing.F) {
	f.Add([]byte(`{"friendlyName": "x", "injectableName": "x", "tasks": [{"label": "a", "taskName": "Task.noop"}]}`))
	f.Add([]byte("implementsTask: 1"))
	f.Add([]byte("- a\n- b"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := newCase()
		c.files["f"] = data
		a := &app{p: c.process(), output: outputText}
		findings, err := a.lint([]string{"f"})
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimSpace(string(data)) == "" && len(findings) == 0 {
			t.Fatalf("%q passed", data)
		}
		for _, f := range findings {
			if f.File != "f" || f.Message == "" || strings.ContainsAny(f.String(), "\n\x1b") {
				t.Fatalf("%q gave %#v", data, f)
			}
		}
	})
}
