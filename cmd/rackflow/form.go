package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
)

// form asks for the answer to a prompt on a terminal: one question a property of its schema.
type form struct {
	a      *app
	prompt v2.WorkflowPrompt
	// given are the fields that have a value, for the summary.
	given [][2]string
}

func newForm(a *app, prompt v2.WorkflowPrompt) *form { return &form{a: a, prompt: prompt} }

// errNotSent is the answer of somebody who has seen it and thought again.
var errNotSent = errors.New("nothing was sent; the run goes on waiting")

// fill returns the answer once it has been looked over and confirmed.
func (f *form) fill(ctx context.Context) (map[string]any, error) {
	f.introduce()
	answer, err := f.ask(ctx)
	if err != nil {
		return nil, err
	}
	var summary strings.Builder
	writeFields(&summary, f.given...)
	f.print("\nThe answer to " + printable(f.prompt.ID) + ":\n" + indented(summary.String()))
	send, err := f.yes(ctx, "Send it? (y/n) [y]: ", true)
	if err != nil {
		return nil, err
	}
	if !send {
		return nil, errNotSent
	}
	return answer, nil
}

func (f *form) introduce() {
	where := f.prompt.Graph
	if node := target(f.prompt.NodeName, f.prompt.Node); node != "" {
		where += " on " + node
	}
	f.print(printable(f.prompt.Title+" ("+f.prompt.ID+" of "+where+")") + "\n")
	for line := range strings.Lines(f.prompt.Text) {
		f.print(printable(strings.TrimRight(line, "\r\n")) + "\n")
	}
}

func (f *form) ask(ctx context.Context) (map[string]any, error) {
	if fields := fieldsOf(f.prompt.Schema); len(fields) > 0 {
		return f.object(ctx, fields)
	}
	for {
		text, err := f.line(ctx, "The answer, an object in JSON: ")
		if err != nil {
			return nil, err
		}
		var answer map[string]any
		if unmarshalExactly([]byte(text), &answer) == nil && answer != nil {
			f.given = append(f.given, [2]string{"answer", text})
			return answer, nil
		}
		f.complain("that is no JSON object")
	}
}

// object asks for the properties of an object. What is left empty is left out.
func (f *form) object(ctx context.Context, fields []field) (map[string]any, error) {
	answer := map[string]any{}
	for _, field := range fields {
		value, ok, err := f.field(ctx, field)
		if err != nil {
			return nil, err
		}
		if ok {
			answer[field.path[len(field.path)-1]] = value
		}
	}
	return answer, nil
}

func (f *form) field(ctx context.Context, field field) (value any, ok bool, err error) {
	f.describe(field)
	if !field.nested() {
		return f.value(ctx, field)
	}
	if !field.required {
		wanted, err := f.yes(ctx, printable(field.name())+": give it? (y/n) [n]: ", false)
		if err != nil || !wanted {
			return nil, false, err
		}
	}
	value, err = f.object(ctx, field.fields(field.path))
	return value, true, err
}

// value asks until what is typed fits, or nothing is where nothing may be.
func (f *form) value(ctx context.Context, field field) (value any, ok bool, err error) {
	for {
		text, err := f.read(ctx, field)
		switch {
		case err != nil:
			return nil, false, err
		case text == "" && field.Default != nil:
			f.note(field, field.Default)
			return field.Default, true, nil
		case text == "" && field.required:
			f.complain("it is required")
			continue
		case text == "":
			return nil, false, nil
		}
		value, err := field.parse(text)
		if err == nil {
			err = field.check(value)
		}
		if err == nil {
			f.note(field, value)
			return value, true, nil
		}
		f.complain(err.Error())
	}
}

func (f *form) read(ctx context.Context, field field) (string, error) {
	if !field.secret() {
		return f.line(ctx, field.question())
	}
	for {
		first, err := f.password(ctx, field.question())
		if err != nil || first == "" {
			return "", err
		}
		again, err := f.password(ctx, printable(field.name())+" once more: ")
		if err != nil || first == again {
			return first, err
		}
		f.complain("the two are not the same")
	}
}

func (f *form) note(field field, value any) {
	text := "(not shown)"
	if !field.secret() {
		text = graph.Text(value)
	}
	f.given = append(f.given, [2]string{field.name(), text})
}

// describe says what a question is about, and what there is to choose from.
func (f *form) describe(field field) {
	var about []string
	for _, text := range []string{field.Title, field.Description} {
		if text != "" {
			about = append(about, printable(text))
		}
	}
	f.print("\n")
	if len(about) > 0 {
		f.print(strings.Join(about, ": ") + "\n")
	}
	for i, choice := range field.Enum {
		if field.numbered() {
			f.print(fmt.Sprintf("  %d) ", i+1))
		} else {
			f.print("  ")
		}
		f.print(printable(graph.Text(choice)) + "\n")
	}
}

// yes asks until it is told yes or no; nothing is the fallback.
func (f *form) yes(ctx context.Context, question string, fallback bool) (bool, error) {
	for {
		text, err := f.line(ctx, question)
		if err != nil || text == "" {
			return fallback, err
		}
		if is, ok := yesOrNo(text); ok {
			return is, nil
		}
		f.complain("say y or n")
	}
}

func (f *form) line(ctx context.Context, question string) (string, error) {
	f.print(question)
	text, err := typed(ctx, f.a.p.Stdin)
	if errors.Is(err, io.EOF) {
		f.print("\n")
		return "", usagef("the input ended before the answer was complete; nothing was sent")
	}
	return strings.TrimSpace(text), err
}

func (f *form) password(ctx context.Context, question string) (string, error) {
	f.print(question)
	text, err := f.a.p.Terminal.ReadPassword(ctx)
	f.print("\n")
	if err != nil {
		return "", fmt.Errorf("read a secret: %w", err)
	}
	return text, nil
}

// print writes a question. That stderr is gone shows where the answer is read.
func (f *form) print(text string) { _, _ = io.WriteString(f.a.p.Stderr, text) }

func (f *form) complain(text string) { f.print("  " + printable(text) + "\n") }

func indented(text string) string {
	if text == "" {
		return "  (empty)\n"
	}
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}

// typed reads a line, byte by byte so that it takes nothing of the next. When it is
// interrupted the read itself goes on, as one from a terminal cannot be ended.
func typed(ctx context.Context, r io.Reader) (string, error) {
	type result struct {
		text string
		err  error
	}
	results := make(chan result, 1)
	go func() {
		text, err := readTyped(r)
		results <- result{text, err}
	}()
	select {
	case got := <-results:
		return got.text, got.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// maxLine bounds a line in bytes; a terminal takes no longer one.
const maxLine = 64 << 10

func readTyped(r io.Reader) (string, error) {
	var line []byte
	for one := make([]byte, 1); len(line) < maxLine; {
		n, err := r.Read(one)
		switch {
		case n > 0 && one[0] == '\n':
			return string(line), nil
		case n > 0:
			line = append(line, one[0])
		case errors.Is(err, io.EOF) && len(line) > 0:
			return string(line), nil
		case err != nil:
			return "", err
		}
	}
	return "", fmt.Errorf("a line is longer than %d bytes", maxLine)
}

// check judges one value by the schema of its field alone. A schema that needs what
// stands around it is left to the check of the whole answer.
func (f field) check(value any) error {
	name := f.path[len(f.path)-1]
	schema, err := json.Marshal(map[string]any{"properties": map[string]json.RawMessage{name: f.schema}})
	if err != nil {
		return nil //nolint:nilerr // a schema that cannot be written is found by the check of the whole
	}
	for _, p := range graph.CheckAnswer(map[string]any{name: value}, schema) {
		if p.Path != "schema" {
			return errors.New(p.Message)
		}
	}
	return nil
}
