package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// ToJSON turns a document in JSON or YAML 1.2 into JSON. In YAML 1.2 on, off, yes
// and no are texts, so that a key may be called on. Keys are texts, and one that
// stands twice is an error, as is a second document.
func ToJSON(data []byte) ([]byte, error) {
	if trimmed := bytes.TrimSpace(data); json.Valid(trimmed) {
		return trimmed, nil
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var v any
	if err := d.Decode(&v); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one document")
	}
	v, err := textKeys(v)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// textKeys makes the keys of all objects texts, as they are in JSON.
func textKeys(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			sub, err := textKeys(value)
			if err != nil {
				return nil, err
			}
			v[key] = sub
		}
	case map[any]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			name := fmt.Sprint(key)
			if _, twice := out[name]; twice {
				return nil, fmt.Errorf("key %s stands twice", name)
			}
			sub, err := textKeys(value)
			if err != nil {
				return nil, err
			}
			out[name] = sub
		}
		return out, nil
	case []any:
		for i := range v {
			sub, err := textKeys(v[i])
			if err != nil {
				return nil, err
			}
			v[i] = sub
		}
	}
	return v, nil
}
