package graphcase

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rackflow/rackflow/graph"
)

// planID is the id of every case's plan: instance ids derive from it, and should be the same each time.
const planID = "case"

// Play is a case that is ready to be played.
type Play struct {
	Case *Case
	// Plan is nil when the graph or the request is refused, as Result says.
	Plan *graph.Plan
	Jobs *Jobs
	// Result has the refusal and the warnings; the rest is up to whoever plays the case.
	Result Result

	lib *graph.Index
}

// Prepare reads a case's definitions and resolves its request. The error is a fault
// of the case itself: what users may get wrong is in the result.
func Prepare(c *Case, lib *graph.Index) (*Play, error) {
	lib, err := c.over(lib)
	if err != nil {
		return nil, err
	}
	p := &Play{Case: c, Jobs: newJobs(c), lib: lib}
	g, parsed := graph.ParseGraph(c.Graph)
	if g == nil {
		p.refuse(AtDefine, parsed)
		return p, nil
	}
	atDefine := slices.Concat(parsed, graph.CheckDefinition(g, lib))
	if len(atDefine.Errors()) > 0 {
		p.refuse(AtDefine, atDefine)
		return p, nil
	}
	plan, atRun := graph.Resolve(g, lib, graph.Request{
		ID: planID, Options: c.Run.Options, Context: c.Run.Context, Server: c.Run.Server, Roots: c.Run.Roots,
	})
	// A run is told again what stands in the definition's structure; here once is enough.
	atRun = slices.DeleteFunc(atRun, func(p graph.Problem) bool { return slices.Contains(atDefine, p) })
	if plan == nil {
		p.refuse(AtRun, append(atDefine, atRun...))
		return p, nil
	}
	p.Plan = plan
	p.Result.Warned = append(atDefine.Warnings(), atRun.Warnings()...)
	return p, nil
}

func (p *Play) refuse(at string, problems graph.Problems) {
	p.Result.RefusedAt, p.Result.Refused, p.Result.Warned = at, problems.Errors(), problems.Warnings()
}

// JobNames are the jobs that the case's tasks may call, sorted.
func (p *Play) JobNames() []string {
	var names []string
	for _, base := range p.lib.BaseTasks() {
		names = append(names, base.RunJob)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Subgraph answers a task that runs another graph of the case, as graph.ResolveJob
// does. A server's name is its id.
func (p *Play) Subgraph(req graph.SubgraphRequest) (*graph.Subgraph, error) {
	if req.Sku {
		sku, ok := p.Case.Skus[req.Target]
		if !ok {
			return &graph.Subgraph{}, nil
		}
		req.Graph, req.Options = sku.Graph, sku.Options
	}
	for _, document := range p.Case.Graphs {
		g, problems := graph.ParseGraph(document)
		if g == nil {
			return nil, problems
		}
		if !strings.EqualFold(g.InjectableName, req.Graph) {
			continue
		}
		plan, problems := graph.Resolve(g, p.lib, graph.Request{
			ID: req.ID, Options: req.Options, Context: boundTo(req.Target), Server: req.Target, Roots: p.Case.Run.Roots,
		})
		if plan == nil {
			return nil, problems
		}
		return &graph.Subgraph{Plan: plan, Server: req.Target, ServerName: req.Target}, nil
	}
	return nil, fmt.Errorf("Graph definition not found for %s", req.Graph) //nolint:staticcheck // RackHD's words
}

func boundTo(server string) map[string]any {
	if server == "" {
		return nil
	}
	return map[string]any{"target": server}
}
