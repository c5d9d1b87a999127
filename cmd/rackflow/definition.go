package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
)

// definitions is what the verbs of graph and task need to know of either.
type definitions struct {
	a        *app
	noun     string
	list     func(context.Context, *v2.Client) ([]json.RawMessage, error)
	get      func(ctx context.Context, api *v2.Client, name string) (json.RawMessage, error)
	put      func(ctx context.Context, api *v2.Client, contentType string, body io.Reader) (name string, err error)
	remove   func(ctx context.Context, api *v2.Client, name string) (*http.Response, error)
	columns  []string
	row      func(header) []string
	describe func(ctx context.Context, api *v2.Client, b *strings.Builder, definition json.RawMessage) error
	complete cobra.CompletionFunc
}

// header is the part of a definition that lists show.
type header struct {
	FriendlyName   string            `json:"friendlyName"`
	InjectableName string            `json:"injectableName"`
	ImplementsTask string            `json:"implementsTask"`
	Tasks          []json.RawMessage `json:"tasks"`
}

func readHeaders(definitions []json.RawMessage) ([]header, error) {
	out := make([]header, len(definitions))
	for i, d := range definitions {
		if err := json.Unmarshal(d, &out[i]); err != nil {
			return nil, fmt.Errorf("read the answer of rackflow: %w", err)
		}
	}
	return out, nil
}

func (d definitions) newPut() *cobra.Command {
	return &cobra.Command{
		Use:   "put FILE...",
		Short: fmt.Sprintf("Store %s definitions, replacing those of the same name", d.noun),
		Long: fmt.Sprintf("Store %s definitions in JSON or YAML, replacing those of the same name. The file\n"+
			"\"-\" is stdin. Runs that have started are not affected. The names are printed.", d.noun),
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			api, err := d.a.client()
			if err != nil {
				return err
			}
			names, err := d.putFiles(cmd.Context(), api, files)
			if len(names) > 0 {
				err = errors.Join(d.a.print(names, func(b *strings.Builder) {
					fmt.Fprintln(b, strings.Join(names, "\n"))
				}), err)
			}
			return err
		},
	}
}

// putFiles returns the names of those stored, also when it comes to a file that cannot be.
func (d definitions) putFiles(ctx context.Context, api *v2.Client, files []string) ([]string, error) {
	var names []string
	for _, file := range files {
		name, err := d.putFile(ctx, api, file)
		if err != nil {
			return names, err
		}
		names = append(names, name)
	}
	return names, nil
}

func (d definitions) putFile(ctx context.Context, api *v2.Client, file string) (string, error) {
	data, err := d.a.readInput(file)
	if err != nil {
		return "", err
	}
	name, err := d.put(ctx, api, contentType(data), bytes.NewReader(data))
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return name, nil
}

// contentType tells JSON by its first character. What looks like it and is none
// gets the better errors of a JSON parser.
func contentType(data []byte) string {
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' {
		return "application/json"
	}
	return "application/yaml"
}

func (d definitions) newList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: fmt.Sprintf("List %s definitions", d.noun),
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := d.a.client()
			if err != nil {
				return err
			}
			all, err := d.list(cmd.Context(), api)
			if err != nil {
				return err
			}
			headers, err := readHeaders(all)
			if err != nil {
				return err
			}
			return d.a.print(all, func(b *strings.Builder) {
				t := newTable(d.columns...)
				for _, h := range headers {
					t.add(d.row(h)...)
				}
				t.write(b)
			})
		},
	}
}

func (d definitions) newShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: fmt.Sprintf("Show a %s definition", d.noun),
		Long: fmt.Sprintf("Show a %s definition. With -o json or yaml it is in the form that\n"+
			"'rackflow %s put' takes.", d.noun, d.noun),
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: d.complete,
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := d.a.client()
			if err != nil {
				return err
			}
			definition, err := d.get(cmd.Context(), api, args[0])
			if err != nil {
				return err
			}
			var summary strings.Builder
			if d.a.output == outputText {
				if err := d.describe(cmd.Context(), api, &summary, definition); err != nil {
					return err
				}
			}
			return d.a.print(definition, func(b *strings.Builder) { b.WriteString(summary.String()) })
		},
	}
}

func (d definitions) newDelete() *cobra.Command {
	return &cobra.Command{
		Use:   "delete NAME",
		Short: fmt.Sprintf("Delete a stored %s definition", d.noun),
		Long: fmt.Sprintf("Delete a stored %s definition. A stock definition cannot be deleted; where the\n"+
			"stored one has replaced one, that is back.", d.noun),
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: d.complete,
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := d.a.client()
			if err != nil {
				return err
			}
			// the API takes the deletion of an unknown graph for done, but a mistyped name should not pass
			if _, err := d.get(cmd.Context(), api, args[0]); err != nil {
				return err
			}
			return done(d.remove(cmd.Context(), api, args[0]))
		},
	}
}
