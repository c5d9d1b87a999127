package main

import (
	"encoding/json"
	"slices"
	"strings"
)

// property is the part of a JSON Schema that a form asks by. What a schema says
// beside it is checked, not shown.
type property struct {
	Type        typeNames                  `json:"type"`
	Title       string                     `json:"title"`
	Description string                     `json:"description"`
	Format      string                     `json:"format"`
	WriteOnly   bool                       `json:"writeOnly"`
	Enum        []any                      `json:"enum"`
	Default     any                        `json:"default"`
	Items       json.RawMessage            `json:"items"`
	Properties  map[string]json.RawMessage `json:"properties"`
	Required    []string                   `json:"required"`
}

// typeNames are the types that a schema admits, whether it names one or several.
type typeNames []string

// UnmarshalJSON takes both forms.
func (t *typeNames) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = typeNames{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(t))
}

// parseProperty takes a schema that it cannot read, such as true, for one that says nothing.
func parseProperty(schema []byte) property {
	var p property
	if json.Unmarshal(schema, &p) != nil {
		return property{}
	}
	return p
}

// is reports whether that is the only type, null aside.
func (p property) is(name string) bool {
	return slices.Contains(p.Type, name) && !slices.ContainsFunc(p.Type, func(t string) bool { return t != name && t != "null" })
}

func (p property) secret() bool { return p.WriteOnly || p.Format == "password" }

// nested reports whether a form asks for the parts of it.
func (p property) nested() bool { return len(p.Properties) > 0 && !p.secret() }

// field is a property with its place in the answer.
type field struct {
	property

	path     []string
	required bool
	schema   json.RawMessage
}

func (f field) name() string { return strings.Join(f.path, ".") }

// fieldsOf lists the properties of an object's schema: the required ones in their
// order, then the others by name. A schema has no order of its own.
func fieldsOf(schema []byte) []field { return parseProperty(schema).fields(nil) }

func (p property) fields(path []string) []field {
	names := slices.DeleteFunc(slices.Clone(p.Required), func(name string) bool { return p.Properties[name] == nil })
	var others []string
	for name := range p.Properties {
		if !slices.Contains(names, name) {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	var out []field
	for _, name := range append(names, others...) {
		out = append(out, field{
			property: parseProperty(p.Properties[name]), schema: p.Properties[name],
			path: append(slices.Clone(path), name), required: slices.Contains(p.Required, name),
		})
	}
	return out
}

// propertyAt finds the schema of a place in the answer, nil where there is none.
func propertyAt(schema []byte, path []string) *property {
	p := parseProperty(schema)
	for _, name := range path {
		below, ok := p.Properties[name]
		if !ok {
			return nil
		}
		p = parseProperty(below)
	}
	return &p
}
