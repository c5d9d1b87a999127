package seal

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Redacted stands where a secret was.
const Redacted = "REDACTED"

// secretParts and secretWords are compared with names in lower case and without
// '_', '-' and spaces.
var (
	secretParts = []string{"password", "passwd", "secret", "token", "privatekey", "apikey"}
	secretWords = []string{"community", "productkey", "authorization", "cookie", "setcookie"}
	nameSigns   = strings.NewReplacer("_", "", "-", "", " ", "")
)

// IsSecretName reports whether a value of that name is a secret, such as
// "password", "adminPasswd", "api_key" or "Authorization".
func IsSecretName(name string) bool {
	name = nameSigns.Replace(strings.ToLower(name))
	return slices.Contains(secretWords, name) ||
		slices.ContainsFunc(secretParts, func(part string) bool { return strings.Contains(name, part) })
}

// SealSecrets returns a deep copy of a JSON value in which every string and number
// below a secret name is sealed. A number is sealed as its JSON text and opens to a
// string: what a password of digits was meant to be. Empty strings and those that
// hold a template "{{" stay as they are, and so do booleans and null. A JSON Schema
// below the name "schema" has no secret names: it describes secrets. A value that is
// not made of map[string]any, []any and scalars is taken through its JSON form.
func (k *Keeper) SealSecrets(ctx context.Context, v any) (any, error) {
	return mapBelow(v, inClear, withNumbers(func(s string, secret bool) (string, error) {
		if !secret || s == "" || strings.Contains(s, "{{") {
			return s, nil
		}
		return k.Seal(ctx, s)
	}))
}

// OpenSecrets returns a deep copy of a JSON value in which every sealed token is
// replaced by its clear text, whatever name it stands below.
func (k *Keeper) OpenSecrets(ctx context.Context, v any) (any, error) {
	return k.OpenSecretsNoting(ctx, v, func(string) {})
}

// OpenSecretsNoting is OpenSecrets for a caller that must keep what it opens out of
// its messages: note is called with each clear text.
func (k *Keeper) OpenSecretsNoting(ctx context.Context, v any, note func(plain string)) (any, error) {
	return mapBelow(v, inClear, func(scalar any, _ bool) (any, error) {
		if s, ok := scalar.(string); ok {
			return k.open(ctx, s, note)
		}
		return scalar, nil
	})
}

// Redact returns a deep copy of a JSON value that is fit to be shown: non-empty
// strings and numbers below a secret name, and sealed tokens anywhere, become
// [Redacted]. What cannot be read as JSON becomes [Redacted] as a whole.
func Redact(v any) any {
	clean, err := mapBelow(v, inClear, withNumbers(func(s string, secret bool) (string, error) {
		if secret && s != "" {
			return Redacted, nil
		}
		return replaceTokens(s, func([]byte) (string, error) { return Redacted, nil })
	}))
	if err != nil {
		return Redacted
	}
	return clean
}

// changer gives what stands for a string or a number. secret tells whether that is
// below a secret name.
type changer func(scalar any, secret bool) (any, error)

// withNumbers gives change strings, and numbers below a secret name as their text.
func withNumbers(change func(s string, secret bool) (string, error)) changer {
	return func(scalar any, secret bool) (any, error) {
		s, isString := scalar.(string)
		if isString {
			return change(s, secret)
		}
		if !secret {
			return scalar, nil
		}
		text, err := json.Marshal(scalar)
		if err != nil {
			return nil, notJSON(scalar)
		}
		return change(string(text), secret)
	}
}

// place is what a value stands below.
type place int

const (
	inClear place = iota
	belowSecret
	inSchema
)

// below is the place of the value of that name.
func (p place) below(name string, value any) place {
	switch {
	case p != inClear:
		return p
	case IsSecretName(name):
		return belowSecret
	case name == "schema" && isSchema(value):
		return inSchema
	}
	return inClear
}

// isSchema tells the JSON Schema of an object from any other object.
func isSchema(v any) bool {
	object, _ := v.(map[string]any)
	_, ok := object["properties"].(map[string]any)
	return ok
}

// mapBelow returns a deep copy of v, which stands at that place, with every string
// and number changed.
func mapBelow(v any, at place, change changer) (any, error) {
	switch v := v.(type) {
	case nil, bool:
		return v, nil
	case string, json.Number, float64, float32, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return change(v, at == belowSecret)
	case []any:
		return mapList(v, at, change)
	case map[string]any:
		return mapObject(v, at, change)
	}
	plain, err := throughJSON(v)
	if err != nil {
		return nil, err
	}
	return mapBelow(plain, at, change)
}

func mapList(list []any, at place, change changer) (any, error) {
	if list == nil {
		return list, nil
	}
	out := make([]any, len(list))
	for i, element := range list {
		changed, err := mapBelow(element, at, change)
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
		out[i] = changed
	}
	return out, nil
}

func mapObject(object map[string]any, at place, change changer) (any, error) {
	if object == nil {
		return object, nil
	}
	out := make(map[string]any, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		changed, err := mapBelow(object[name], at.below(name, object[name]), change)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = changed
	}
	return out, nil
}

// throughJSON turns structs and typed maps into plain JSON values, so that they
// hide no secret. The cause of a failure is left out, as it may quote a value.
func throughJSON(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, notJSON(v)
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		return nil, notJSON(v)
	}
	return plain, nil
}

func notJSON(v any) error { return fmt.Errorf("seal: a %T is not a JSON value", v) }
