package main

import (
	"reflect"
	"strings"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/seal"
)

// setAnswer lays KEY=VALUE over an answer. Errors do not repeat the value: it may be
// the secret that has no place there.
func setAnswer(answer map[string]any, text string, schema []byte) error {
	path, raw, ok := strings.Cut(text, "=")
	keys := strings.Split(path, ".")
	if !ok {
		return usagef("--set %s should be KEY=VALUE", path)
	}
	value := setValue(raw, propertyAt(schema, keys))
	if isSecret(keys, value, schema) {
		err := usagef("--set %s: it is a secret, and arguments can be seen in the list of processes", path)
		err.hint = "Give it with --file -, or answer on a terminal without flags."
		return err
	}
	at := answer
	for i, key := range keys {
		if key == "" {
			return usagef("--set %s should be KEY=VALUE: there is an empty name in it", path)
		}
		if i == len(keys)-1 {
			break
		}
		if _, ok := at[key]; !ok {
			at[key] = map[string]any{}
		}
		below, ok := at[key].(map[string]any)
		if !ok {
			return usagef("--set %s: %s is not an object", path, strings.Join(keys[:i+1], "."))
		}
		at = below
	}
	at[keys[len(keys)-1]] = value
	return nil
}

// setValue takes JSON where it is JSON, unless a text is asked for: "007" is one.
func setValue(raw string, p *property) any {
	if p != nil && p.is("string") {
		return raw
	}
	return jsonOrText(raw)
}

// isSecret reports whether the value holds what the schema calls a secret, or what
// the server would seal for its name.
func isSecret(keys []string, value any, schema []byte) bool {
	object := map[string]any{keys[len(keys)-1]: value}
	for i := len(keys) - 2; i >= 0; i-- {
		object = map[string]any{keys[i]: object}
	}
	if len(graph.ClearSecrets(object, schema)) > 0 || !reflect.DeepEqual(seal.Redact(object), any(object)) {
		return true
	}
	path := strings.Join(keys, ".")
	for _, secret := range graph.SecretNames(schema) {
		if strings.HasPrefix(path, secret+".") {
			return true
		}
	}
	return false
}
