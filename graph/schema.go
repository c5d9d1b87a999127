package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// CheckOptions validates a task's options against a JSON Schema (draft-04 unless it
// names another); path is where the options stand. What still is a template is not
// judged: its value is not known yet.
func CheckOptions(task string, options map[string]any, schema json.RawMessage, path string) Problems {
	faults, err := optionFaults(options, schema)
	if err != nil {
		return Problems{{Path: path, Message: task + ": " + err.Error()}}
	}
	var problems Problems
	for _, f := range faults {
		problems.add(f.below(path), schemaFailed(task)+f.String(), "")
	}
	return problems
}

// schemaFailed begins RackHD's message for options that do not fit a task's schema.
func schemaFailed(task string) string { return task + ": JSON schema validation failed - " }

// schemaFault is one place where options do not fit a schema.
type schemaFault struct {
	location []string
	// keyword is the schema's that is not met.
	keyword string
	text    string
}

// String names the place as RackHD's validator did: data.delay.
func (f schemaFault) String() string { return f.below("data") + " " + f.text }

func (f schemaFault) below(root string) string {
	return strings.Join(append([]string{root}, f.location...), ".")
}

// optionFaults judges options: their schemas are draft-04 by default, as RackHD's
// are, and templates and sealed secrets have no value yet.
func optionFaults(options map[string]any, schema json.RawMessage) ([]schemaFault, error) {
	return schemaFaults(options, schema, jsonschema.Draft4, func(s string) bool { return IsTemplate(s) || isSealed(s) })
}

// schemaFaults leaves out what is said of texts whose value is not known here.
func schemaFaults(values map[string]any, schema json.RawMessage, draft *jsonschema.Draft, unknown func(string) bool) ([]schemaFault, error) {
	compiled, err := compileSchema(schema, draft)
	if err != nil || compiled == nil {
		return nil, err
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(compiled.Validate(values), &invalid) {
		return nil, nil
	}
	var faults []schemaFault
	for _, leaf := range leaves(invalid) {
		if !unknownAt(values, leaf.InstanceLocation, unknown) {
			faults = append(faults, schemaFault{
				location: leaf.InstanceLocation, keyword: strings.Join(leaf.ErrorKind.KeywordPath(), "."), text: leaf.ErrorKind.LocalizedString(printer),
			})
		}
	}
	return faults, nil
}

var printer = message.NewPrinter(language.English)

type schemaKey struct {
	draft *jsonschema.Draft
	text  string
}

// compiledSchemas remembers schemas: every task of a run is judged by one.
var compiledSchemas memo[schemaKey, *jsonschema.Schema]

func compileSchema(schema json.RawMessage, draft *jsonschema.Draft) (*jsonschema.Schema, error) {
	if len(schema) == 0 {
		return nil, nil //nolint:nilnil // no schema is an answer, not an error
	}
	return compiledSchemas.get(schemaKey{draft, string(schema)}, compile)
}

func compile(schema schemaKey) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema.text))
	if err != nil {
		return nil, fmt.Errorf("schema is not JSON: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(schema.draft)
	c.UseLoader(noLoader{})
	const name = "urn:rackflow:schema"
	if err := c.AddResource(name, doc); err != nil {
		return nil, fmt.Errorf("not a JSON Schema: %w", err)
	}
	compiled, err := c.Compile(name)
	if err != nil {
		return nil, fmt.Errorf("not a JSON Schema: %w", err)
	}
	return compiled, nil
}

// noLoader keeps a schema from reaching for files or addresses.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("reference to %s: a schema must hold all it needs", url)
}

func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var out []*jsonschema.ValidationError
	for _, cause := range e.Causes {
		out = append(out, leaves(cause)...)
	}
	slices.SortFunc(out, func(a, b *jsonschema.ValidationError) int {
		return slices.Compare(a.InstanceLocation, b.InstanceLocation)
	})
	return out
}

// unknownAt reports whether what stands at the location is a text of unknown value.
func unknownAt(values map[string]any, location []string, unknown func(string) bool) bool {
	var v any = values
	for _, key := range location {
		next, ok := lookup(v, key)
		if !ok {
			return false
		}
		v = next
	}
	s, ok := v.(string)
	return ok && unknown(s)
}
