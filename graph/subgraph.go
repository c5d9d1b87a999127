package graph

// ResolveJob is the activity that turns a SubgraphRequest into a Subgraph: a
// definition is looked up when its task starts, and stands in the child's input from then on.
const ResolveJob = "Job.Graph.Resolve"

// SubgraphRequest asks for the plan of a graph that a task runs.
type SubgraphRequest struct {
	// ID becomes the plan's id.
	ID    string `json:"id"`
	Graph string `json:"graph,omitempty"`
	// Sku asks for the graph of the target's SKU instead; the answer has no plan when there is none.
	Sku     bool           `json:"sku,omitempty"`
	Options map[string]any `json:"options,omitempty"`
	// Target is a server's id, name or identifier; empty for an unbound run.
	Target string `json:"target,omitempty"`
}

// Subgraph is the plan and the server it is bound to.
type Subgraph struct {
	Plan       *Plan  `json:"plan"`
	Server     string `json:"server,omitempty"`
	ServerName string `json:"serverName,omitempty"`
}
