package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

const schemaHelp = `Print the JSON Schema of %[1]s files, for editors and other programs that check them.

An editor with the YAML language server checks a file that begins with

  # yaml-language-server: $schema=%[1]s.schema.json

after 'rackflow %[1]s schema > %[1]s.schema.json'. The schema covers the form of a
file; that names, waits and conditions fit together is for 'rackflow graph lint'.`

// newSchema prints the schema of a noun's files.
func newSchema(a *app, noun string, document json.RawMessage) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: fmt.Sprintf("Print the JSON Schema of %s files", noun),
		Long:  fmt.Sprintf(schemaHelp, noun),
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.print(document, func(b *strings.Builder) { b.Write(document) })
		},
	}
}
