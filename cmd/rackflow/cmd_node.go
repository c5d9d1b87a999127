package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
)

func newNode(a *app) *cobra.Command {
	return newNoun("node", "Manage servers and how to reach their BMCs",
		newNodeAdd(a), newNodeDiscover(a), newNodeRepin(a), newNodeList(a), newNodeShow(a), newNodeCatalog(a), newNodeDelete(a))
}

func newNodeList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List servers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := a.client()
			if err != nil {
				return err
			}
			nodes, err := decode[[]v2.Node](api.NodesGet(cmd.Context(), &v2.NodesGetParams{}))
			if err != nil {
				return err
			}
			if a.output != outputText {
				return a.print(nodes, nil)
			}
			obms, err := decode[[]v2.Obm](api.ObmsGet(cmd.Context()))
			if err != nil {
				return err
			}
			return a.print(nodes, func(b *strings.Builder) { writeNodes(b, nodes, obms) })
		},
	}
}

func writeNodes(b *strings.Builder, nodes []v2.Node, obms []v2.Obm) {
	hosts := make(map[string]string, len(obms))
	for _, o := range obms {
		hosts[lastSegment(o.Node)] = bmcAddress(o)
	}
	t := newTable("NAME", "TYPE", "BMC", "IDENTIFIERS", "ID")
	for _, n := range nodes {
		t.add(n.Name, n.Type, hosts[n.ID], strings.Join(n.Identifiers, " "), n.ID)
	}
	t.write(b)
}

// lastSegment is the id or name at the end of an API path.
func lastSegment(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// bmcAddress is where a BMC is, as its settings say it.
func bmcAddress(o v2.Obm) string {
	host, _ := o.Config["host"].(string)
	if port, ok := o.Config["port"]; ok && fmt.Sprint(port) != httpsPort {
		host += ":" + fmt.Sprint(port)
	}
	return host
}

// nodeView is a server with what is known of its kind, its BMCs and its runs.
type nodeView struct {
	v2.Node

	SkuName     string       `json:"skuName"`
	TagNames    []string     `json:"tagNames"`
	ObmSettings []v2.Obm     `json:"obmSettings"`
	ActiveRuns  []runSummary `json:"activeRuns"`
}

func newNodeShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show REF",
		Short:             "Show a server by its name, id or identifier",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeNodes,
		RunE: func(cmd *cobra.Command, args []string) error {
			view, err := a.nodeView(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.print(view, func(b *strings.Builder) { a.writeNode(b, view) })
		},
	}
}

func (a *app) nodeView(ctx context.Context, ref string) (nodeView, error) {
	var view nodeView
	api, err := a.client()
	if err != nil {
		return view, err
	}
	if view.Node, err = decode[v2.Node](api.NodesGetByID(ctx, ref)); err != nil {
		return view, err
	}
	if view.Sku != nil {
		sku, err := decode[v2.Sku](api.SkusIDGet(ctx, lastSegment(*view.Sku)))
		if err != nil {
			return view, err
		}
		view.SkuName = sku.Name
	}
	if view.TagNames, err = decode[[]string](api.NodesGetTagsByID(ctx, view.ID)); err != nil {
		return view, err
	}
	if view.ObmSettings, err = decode[[]v2.Obm](api.NodesGetObmsByNodeID(ctx, view.ID)); err != nil {
		return view, err
	}
	view.ActiveRuns, err = listRuns(ctx, api, runFilter{node: view.ID, active: true}, defaultRuns)
	return view, err
}

func (a *app) writeNode(b *strings.Builder, view nodeView) {
	writeFields(b,
		[2]string{"Name", view.Name}, [2]string{"Id", view.ID}, [2]string{"Type", view.Type},
		[2]string{"Identifiers", strings.Join(view.Identifiers, " ")},
		[2]string{"SKU", view.SkuName}, [2]string{"Tags", strings.Join(view.TagNames, " ")})
	for _, o := range view.ObmSettings {
		user, _ := o.Config["user"].(string)
		fingerprint, _ := o.Config["fingerprint"].(string)
		b.WriteString("\n")
		writeFields(b,
			[2]string{"BMC", bmcAddress(o)}, [2]string{"Service", o.Service},
			[2]string{"User", user}, [2]string{"Fingerprint", fingerprint})
	}
	if len(view.ActiveRuns) == 0 {
		b.WriteString("\nNo run is active.\n")
		return
	}
	b.WriteString("\n")
	a.runTable(view.ActiveRuns).write(b)
}

const nodeDeleteHelp = `Delete a server with its BMC settings. The server itself is not touched.
A server with an active run is not deleted: cancel the run first.`

func newNodeDelete(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "delete REF",
		Short:             "Delete a server with its BMC settings",
		Long:              nodeDeleteHelp,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeNodes,
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := a.client()
			if err != nil {
				return err
			}
			return done(api.NodesDelByID(cmd.Context(), args[0]))
		},
	}
}
