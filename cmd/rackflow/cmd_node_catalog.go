package main

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
)

func newNodeCatalog(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "catalog REF [SOURCE]",
		Short: "List what is known of a server, or show the latest of one source",
		Long: `Graphs keep what they learn of a server as catalogs: Graph.Server.Catalog its
inventory, others its settings, logs and profiles. Without SOURCE they are listed;
with one the data of the latest is printed as JSON.`,
		Args:              cobra.RangeArgs(1, 2), //nolint:mnd // REF and SOURCE
		ValidArgsFunction: a.completeNodes,
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := a.client()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				catalogs, err := decode[[]v2.Catalog](api.NodesGetCatalogByID(cmd.Context(), args[0]))
				if err != nil {
					return err
				}
				return a.print(catalogs, func(b *strings.Builder) { writeCatalogs(b, catalogs) })
			}
			catalog, err := decode[v2.Catalog](api.NodesGetCatalogSourceByID(cmd.Context(), args[0], args[1]))
			if err != nil {
				return err
			}
			return a.print(catalog, func(b *strings.Builder) { writeData(b, catalog.Data) })
		},
	}
}

func writeCatalogs(b *strings.Builder, catalogs []v2.Catalog) {
	t := newTable("SOURCE", "CREATED", "LAST SEEN", "BYTES", "ID")
	for _, c := range catalogs {
		t.add(c.Source, c.CreatedAt.Format(time.RFC3339), c.UpdatedAt.Format(time.RFC3339), strconv.Itoa(len(c.Data)), c.ID)
	}
	t.write(b)
}

func writeData(b *strings.Builder, data json.RawMessage) {
	var indented bytes.Buffer
	if err := json.Indent(&indented, data, "", "  "); err != nil {
		b.Write(data)
	} else {
		b.Write(indented.Bytes())
	}
	b.WriteString("\n")
}
