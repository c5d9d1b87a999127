package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"sigs.k8s.io/yaml"
)

// outputFormat is the value of --output.
type outputFormat string

const (
	outputText outputFormat = "text"
	outputJSON outputFormat = "json"
	outputYAML outputFormat = "yaml"
)

func (f *outputFormat) String() string { return string(*f) }

// Type is the name of the flag's value.
func (*outputFormat) Type() string { return "format" }

// Set reads the flag.
func (f *outputFormat) Set(value string) error {
	switch outputFormat(value) {
	case outputText, outputJSON, outputYAML:
		*f = outputFormat(value)
		return nil
	}
	return errors.New("it is text, json or yaml")
}

// print writes what was asked for to stdout: the value as JSON or YAML, or as text makes it.
func (a *app) print(value any, text func(b *strings.Builder)) error {
	var out []byte
	switch a.output {
	case outputJSON, outputYAML:
		data, err := marshal(value, a.output)
		if err != nil {
			return err
		}
		out = data
	case outputText:
		var b strings.Builder
		text(&b)
		out = []byte(b.String())
	}
	if _, err := a.p.Stdout.Write(out); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

func marshal(value any, format outputFormat) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("write output: %w", err)
	}
	if format != outputYAML {
		return b.Bytes(), nil
	}
	out, err := yaml.JSONToYAML(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("write output: %w", err)
	}
	return out, nil
}

// notef tells the user something beside what was asked for.
func (a *app) notef(format string, args ...any) {
	fmt.Fprintln(a.p.Stderr, printable(fmt.Sprintf(format, args...)))
}

// readInput reads a file, or stdin for "-".
func (a *app) readInput(name string) ([]byte, error) {
	if name != "-" {
		data, err := a.p.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read definition: %w", err)
		}
		return data, nil
	}
	data, err := io.ReadAll(a.p.Stdin)
	if err != nil {
		return nil, fmt.Errorf("read stdin: %w", err)
	}
	return data, nil
}

// printable keeps what a BMC or a graph says from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
