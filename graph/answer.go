package graph

import (
	"encoding/json"
	"slices"
	"strconv"
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
	keys := strings.Split(path, ".")
	if len(f.location) < len(keys) {
		return false
	}
	for i, key := range keys {
		if key != anyElement && key != f.location[i] {
			return false
		}
	}
	return true
}

func isSealed(s string) bool { return strings.HasPrefix(s, sealedPrefix) }

// anyElement stands in a path for every element of an array.
const anyElement = "[]"

// SecretNames returns the paths of the properties that a schema calls secret:
// those that are writeOnly or of format password. Nested objects and the elements of
// arrays are followed; a path has [] for the latter, as in users.[].password.
func SecretNames(schema json.RawMessage) []string { return parseSecrets(schema).names("") }

type secretSchema struct {
	Format     string                  `json:"format"`
	WriteOnly  bool                    `json:"writeOnly"`
	Properties map[string]secretSchema `json:"properties"`
	Items      *secretSchema           `json:"items"`
}

// parseSecrets finds none in what is not a schema.
func parseSecrets(schema json.RawMessage) secretSchema {
	var s secretSchema
	if len(schema) == 0 || json.Unmarshal(schema, &s) != nil {
		return secretSchema{}
	}
	return s
}

func (s secretSchema) secret() bool { return s.WriteOnly || s.Format == "password" }

func (s secretSchema) names(path string) []string {
	if path != "" && s.secret() {
		return []string{path}
	}
	var out []string
	for _, name := range sortedKeys(s.Properties) {
		out = append(out, s.Properties[name].names(join(path, name))...)
	}
	if s.Items != nil {
		out = append(out, s.Items.names(join(path, anyElement))...)
	}
	return out
}

// replace calls do with each secret in a value and its path, and puts what do returns in
// its place.
func (s secretSchema) replace(path string, value any, do func(path string, secret any) (any, error)) (any, error) {
	if path != "" && value != nil && s.secret() {
		return do(path, value)
	}
	var err error
	switch v := value.(type) {
	case map[string]any:
		for _, name := range sortedKeys(s.Properties) {
			if _, there := v[name]; !there {
				continue
			}
			if v[name], err = s.Properties[name].replace(join(path, name), v[name], do); err != nil {
				return nil, err
			}
		}
	case []any:
		for i := range v {
			if s.Items == nil {
				break
			}
			if v[i], err = s.Items.replace(join(path, strconv.Itoa(i)), v[i], do); err != nil {
				return nil, err
			}
		}
	}
	return value, nil
}

// ClearSecrets returns the paths of an answer's secrets that are not sealed.
func ClearSecrets(answer map[string]any, schema json.RawMessage) []string {
	var out []string
	_, _ = parseSecrets(schema).replace("", CloneMap(answer), func(path string, secret any) (any, error) {
		if text, isText := secret.(string); !isText || !isSealed(text) {
			out = append(out, path)
		}
		return secret, nil
	})
	return out
}

// MapSecrets returns a copy of an answer in which seal has been applied to every
// secret of the schema, as text.
func MapSecrets(answer map[string]any, schema json.RawMessage, seal func(string) (string, error)) (map[string]any, error) {
	out := CloneMap(answer)
	_, err := parseSecrets(schema).replace("", out, func(_ string, secret any) (any, error) { return seal(Text(secret)) })
	if err != nil {
		return nil, err
	}
	return out, nil
}
