package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rackflow/rackflow/graph"
)

// question ends where the answer is typed.
func (f field) question() string {
	var notes []string
	if kind := f.kind(); kind != "" {
		notes = append(notes, kind)
	}
	if !f.required {
		notes = append(notes, "optional")
	}
	text := f.name()
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, ", ") + ")"
	}
	if f.Default != nil && !f.secret() {
		text += " [" + graph.Text(f.Default) + "]"
	}
	return printable(text) + ": "
}

// kind says how a value is to be typed; a text needs no word.
func (f field) kind() string {
	switch {
	case f.secret():
		return "not shown"
	case len(f.Enum) > 0 && f.numbered():
		return fmt.Sprintf("1 to %d", len(f.Enum))
	case len(f.Enum) > 0, f.is("string"), len(f.Type) == 0:
		return ""
	case f.is("boolean"):
		return "y/n"
	case f.is("integer"):
		return "whole number"
	case f.is("number"):
		return "number"
	case f.isList():
		return "separated by commas"
	}
	return "JSON"
}

// numbered reports whether choices are made by their place: numbers are typed as they are.
func (f field) numbered() bool {
	return !slices.ContainsFunc(f.Enum, func(v any) bool { _, is := v.(float64); return is })
}

// isList reports whether it is a list of what can be typed in one word each.
func (f field) isList() bool {
	if !f.is("array") {
		return false
	}
	items := parseProperty(f.Items)
	return items.is("string") || items.is("number") || items.is("integer") || items.is("boolean")
}

// parse makes a value of what has been typed.
func (f field) parse(text string) (any, error) {
	switch {
	case len(f.Enum) > 0:
		return f.choice(text)
	case f.isList():
		return f.list(text)
	}
	return f.scalar(text)
}

func (p property) scalar(text string) (any, error) {
	switch {
	case p.is("string"):
		return text, nil
	case p.is("boolean"):
		is, ok := yesOrNo(text)
		if !ok {
			return nil, errors.New("say y or n")
		}
		return is, nil
	case p.is("number"), p.is("integer"):
		var number json.Number
		if unmarshalExactly([]byte(text), &number) != nil || number == "" {
			return nil, errors.New("that is no number")
		}
		return number, nil
	case len(p.Type) == 0:
		return jsonOrText(text), nil
	}
	var value any
	if unmarshalExactly([]byte(text), &value) != nil {
		return nil, errors.New("that is no JSON")
	}
	return value, nil
}

// choice takes the place of a choice, or the choice itself.
func (f field) choice(text string) (any, error) {
	if i, err := strconv.Atoi(text); err == nil && f.numbered() && i >= 1 && i <= len(f.Enum) {
		return f.Enum[i-1], nil
	}
	for _, choice := range f.Enum {
		if graph.Text(choice) == text {
			return choice, nil
		}
	}
	return nil, errors.New("that is none of them")
}

func (f field) list(text string) (any, error) {
	items, list := parseProperty(f.Items), []any{}
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		value, err := items.scalar(word)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

func yesOrNo(text string) (is, ok bool) {
	switch strings.ToLower(text) {
	case "y", "yes", "true":
		return true, true
	case "n", "no", "false":
		return false, true
	}
	return false, false
}
