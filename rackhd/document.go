package rackhd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/rackflow/rackflow/graph"
)

// Kind is what a document defines.
type Kind string

// The kinds of definitions. Base tasks are read only to know what graphs mean: they cannot be stored.
const (
	Graph    Kind = "graph"
	Task     Kind = "task"
	BaseTask Kind = "base task"
)

// Document is one definition as it was found.
type Document struct {
	// Source is the file, and the place in it where there are several: graphs.json[3].
	Source string
	Kind   Kind
	// Name is the injectableName; it may be empty or, for a fault of form, not what the parser takes.
	Name string
	// Body is the definition as JSON.
	Body json.RawMessage
}

// Input collects the documents of files.
type Input struct {
	Documents []Document
	// Broken are the files that are neither JSON nor YAML.
	Broken []FileReport
	// Others counts the values that are no definitions by their keys.
	Others int
}

// Add cuts a file into definitions: one, an array of them, or one after another, in
// JSON or YAML.
func (in *Input) Add(file string, data []byte) {
	values, err := values(data)
	if err != nil {
		in.Broken = append(in.Broken, FileReport{Source: file, Message: "neither JSON nor YAML: " + err.Error()})
		return
	}
	for i, value := range values {
		document, ok := document(value)
		if !ok {
			in.Others++
			continue
		}
		document.Source = file
		if len(values) > 1 {
			document.Source = fmt.Sprintf("%s[%d]", file, i)
		}
		in.Documents = append(in.Documents, document)
	}
}

// values are the elements of the arrays and the values beside them.
func values(data []byte) ([]json.RawMessage, error) {
	found, err := fromJSON(data)
	if err != nil {
		jsonErr := err
		if found, err = fromYAML(data); err != nil && looksLikeJSON(data) {
			err = jsonErr
		}
	}
	if err != nil {
		return nil, err
	}
	var out []json.RawMessage
	for _, value := range found {
		var elements []json.RawMessage
		if json.Unmarshal(value, &elements) == nil {
			out = append(out, elements...)
			continue
		}
		out = append(out, value)
	}
	return out, nil
}

// fromJSON takes one value after another too: so mongoexport writes a collection.
func fromJSON(data []byte) ([]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	var out []json.RawMessage
	for {
		var value json.RawMessage
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, value)
	}
}

var yamlMarker = regexp.MustCompile(`(?m)^---[ \t]*(?:#.*)?\r?$`)

func fromYAML(data []byte) ([]json.RawMessage, error) {
	var out []json.RawMessage
	for _, part := range yamlMarker.Split(string(data), -1) {
		value, err := graph.ToJSON([]byte(part))
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(value, []byte("null")) {
			out = append(out, value)
		}
	}
	return out, nil
}

func looksLikeJSON(data []byte) bool {
	trimmed := bytes.TrimSpace(data)
	return len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[')
}

// document tells a definition by its keys.
func document(value json.RawMessage) (Document, bool) {
	var keys map[string]json.RawMessage
	if json.Unmarshal(value, &keys) != nil {
		return Document{}, false
	}
	d := Document{Body: value}
	_ = json.Unmarshal(keys["injectableName"], &d.Name) // what is no string is for the parser to report
	for _, probe := range []struct {
		key  string
		kind Kind
	}{{"implementsTask", Task}, {"tasks", Graph}, {"runJob", BaseTask}, {"injectableName", Graph}} {
		if _, ok := keys[probe.key]; ok {
			d.Kind = probe.kind
			return d, true
		}
	}
	return Document{}, false
}
