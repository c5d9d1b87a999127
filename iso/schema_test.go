package iso_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rackflow/rackflow/iso"
)

func schemaOf(t *testing.T, family string) map[string]any {
	t.Helper()
	raw, err := iso.AnswersSchema(family)
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

func compileSchema(t *testing.T, family string) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource("answers.json", any(schemaOf(t, family))); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("answers.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestSchemaHasEveryField compares names and kinds with the Go types, all the way
// down.
func TestSchemaHasEveryField(t *testing.T) {
	t.Parallel()
	compareFields(t, "answers", reflect.TypeFor[iso.Answers](), schemaOf(t, ""))
}

func compareFields(t *testing.T, path string, goType reflect.Type, schema map[string]any) {
	t.Helper()
	if _, ok := schema["description"]; !ok && path != "answers" && !strings.HasSuffix(path, "[]") {
		t.Errorf("%s has no description", path)
	}
	switch {
	case goType == reflect.TypeFor[iso.Disk]():
		forms, _ := schema["oneOf"].([]any)
		object, _ := forms[1].(map[string]any)
		compareProperties(t, path, goType, object)
	case goType == reflect.TypeFor[json.RawMessage]():
		compareKind(t, path, "object", schema)
	case goType.Kind() == reflect.Pointer:
		compareFields(t, path, goType.Elem(), schema)
	case goType.Kind() == reflect.Struct:
		compareProperties(t, path, goType, schema)
	case goType.Kind() == reflect.Slice:
		compareKind(t, path, "array", schema)
		items, _ := schema["items"].(map[string]any)
		compareFields(t, path+"[]", goType.Elem(), items)
	default:
		kinds := map[reflect.Kind]string{reflect.String: "string", reflect.Int: "integer", reflect.Bool: "boolean"}
		compareKind(t, path, kinds[goType.Kind()], schema)
	}
}

func compareKind(t *testing.T, path, want string, schema map[string]any) {
	t.Helper()
	if schema["type"] != want {
		t.Errorf("%s has the type %v, want %s", path, schema["type"], want)
	}
}

func compareProperties(t *testing.T, path string, goType reflect.Type, schema map[string]any) {
	t.Helper()
	compareKind(t, path, "object", schema)
	if schema["additionalProperties"] != false {
		t.Errorf("%s lets slips pass", path)
	}
	properties, _ := schema["properties"].(map[string]any)
	names := make(map[string]reflect.Type)
	for field := range goType.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names[name] = field.Type
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(names)), slices.Sorted(maps.Keys(properties))); diff != "" {
		t.Errorf("%s (-Go +schema):\n%s", path, diff)
		return
	}
	for name, fieldType := range names {
		property, _ := properties[name].(map[string]any)
		compareFields(t, path+"."+name, fieldType, property)
	}
}

// TestSchemaMarksSecrets holds that what is secret by its name is writeOnly.
func TestSchemaMarksSecrets(t *testing.T) {
	t.Parallel()
	found := 0
	var walk func(string, map[string]any)
	walk = func(path string, schema map[string]any) {
		name := strings.ToLower(path[strings.LastIndex(path, ".")+1:])
		secret := strings.Contains(name, "password") || name == "productkey"
		if marked := schema["writeOnly"] == true && schema["format"] == "password"; secret != marked {
			t.Errorf("%s: marked secret %t, want %t", path, marked, secret)
		}
		if secret {
			found++
		}
		if properties, ok := schema["properties"].(map[string]any); ok {
			for name, property := range properties {
				child, _ := property.(map[string]any)
				walk(path+"."+name, child)
			}
		}
		if items, ok := schema["items"].(map[string]any); ok {
			walk(path+"[]", items)
		}
	}
	walk("answers", schemaOf(t, ""))
	if found < 5 {
		t.Errorf("%d secrets were found: the walk is broken", found)
	}
}

func TestSchemaAcceptsWhatValidates(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string]iso.Answers{"minimal": minimal(), "full": full(), "rich": rich(), "partitioned": partitioned()} {
		if err := answers.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		raw, err := json.Marshal(answers)
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range []string{"", "rhel"} {
			if err := compileSchema(t, family).Validate(document); err != nil {
				t.Errorf("%s for %q: %v", name, family, err)
			}
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ family, answers string }{
		"no hostname":            {"", `{"sshKeys":["a"]}`},
		"slip":                   {"", `{"hostname":"a","dsik":"/dev/sda"}`},
		"two names of a disk":    {"", `{"hostname":"a","disk":{"serial":"a","wwn":"b"}}`},
		"clear hash":             {"", `{"hostname":"a","rootPasswordHash":"secret"}`},
		"another family's part":  {"rhel", `{"hostname":"a","esxi":{}}`},
		"what it cannot do":      {"ubuntu", `{"hostname":"a","partitions":[]}`},
		"a disk that is missing": {"debian", `{"hostname":"a"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document, err := jsonschema.UnmarshalJSON(strings.NewReader(test.answers))
			if err != nil {
				t.Fatal(err)
			}
			if compileSchema(t, test.family).Validate(document) == nil {
				t.Error("no error")
			}
		})
	}
	if _, err := iso.AnswersSchema("plan9"); err == nil {
		t.Error("an unknown family has a schema")
	}
}

func TestSchemaOfEveryFamilyCompiles(t *testing.T) {
	t.Parallel()
	for _, family := range iso.Families() {
		compileSchema(t, family)
	}
}
