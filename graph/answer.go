package graph

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// sealedPrefix begins a secret that has been sealed: its value cannot be judged here.
const sealedPrefix = "sealed:"

// CheckAnswer validates the answer to a prompt against its JSON Schema (2020-12
// unless it names another). Secrets that are sealed count as valid; of others no
// problem repeats the value.
func CheckAnswer(answer map[string]any, schema json.RawMessage) Problems {
	faults, err := schemaFaults(answer, schema, jsonschema.Draft2020, isSealed)
	if err != nil {
		return Problems{{Path: "schema", Message: err.Error()}}
	}
	secrets := SecretNames(schema)
	var problems Problems
	for _, f := range faults {
		text := f.text
		if slices.ContainsFunc(secrets, f.within) {
			text = "the secret does not fit its schema (" + f.keyword + ")"
		}
		problems.add(f.below("answer"), text, "")
	}
	return problems
}

// within reports whether the fault is at the path, or below it.
func (f schemaFault) within(path string) bool {
	return strings.HasPrefix(strings.Join(f.location, ".")+".", path+".")
}

func isSealed(s string) bool { return strings.HasPrefix(s, sealedPrefix) }

// SecretNames returns the paths of the properties that a schema calls secret:
// those that are writeOnly or of format password. Nested objects are followed.
func SecretNames(schema json.RawMessage) []string {
	var s secretSchema
	if len(schema) == 0 || json.Unmarshal(schema, &s) != nil {
		return nil
	}
	return s.secrets("")
}

type secretSchema struct {
	Format     string                  `json:"format"`
	WriteOnly  bool                    `json:"writeOnly"`
	Properties map[string]secretSchema `json:"properties"`
}

func (s secretSchema) secrets(path string) []string {
	if path != "" && (s.WriteOnly || s.Format == "password") {
		return []string{path}
	}
	var out []string
	for _, name := range sortedKeys(s.Properties) {
		out = append(out, s.Properties[name].secrets(join(path, name))...)
	}
	return out
}

// ClearSecrets returns the paths of an answer's secrets that are not sealed.
func ClearSecrets(answer map[string]any, schema json.RawMessage) []string {
	var out []string
	for _, path := range SecretNames(schema) {
		v, ok := lookup(any(answer), path)
		if s, isText := v.(string); ok && v != nil && (!isText || !isSealed(s)) {
			out = append(out, path)
		}
	}
	return out
}

// MapSecrets returns a copy of an answer in which seal has been applied to every
// secret of the schema, as text.
func MapSecrets(answer map[string]any, schema json.RawMessage, seal func(string) (string, error)) (map[string]any, error) {
	out := CloneMap(answer)
	for _, path := range SecretNames(schema) {
		keys := strings.Split(path, ".")
		at, ok := out, true
		for _, key := range keys[:len(keys)-1] {
			if at, ok = at[key].(map[string]any); !ok {
				break
			}
		}
		last := keys[len(keys)-1]
		if !ok || at[last] == nil {
			continue
		}
		sealed, err := seal(Text(at[last]))
		if err != nil {
			return nil, err
		}
		at[last] = sealed
	}
	return out, nil
}
