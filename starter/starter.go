package starter

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/seal"
	"github.com/rackflow/rackflow/store"
	"github.com/rackflow/rackflow/workflows"
)

// Servers finds servers and their SKUs.
type Servers interface {
	Server(ctx context.Context, ref string) (store.Server, error)
	SKU(ctx context.Context, ref string) (store.SKU, error)
}

// Config is what a Starter works with.
type Config struct {
	Client      client.Client
	Servers     Servers
	Definitions *Definitions
	Keeper      *seal.Keeper
	// Namespace is the Temporal namespace of the client.
	Namespace string
	// TaskQueue is where workers wait for runs.
	TaskQueue string
	// Roots are what templates find as api, file and server.
	Roots graph.Roots
}

// Starter starts and follows runs. It is safe for concurrent use.
type Starter struct {
	*Definitions

	cfg   Config
	plans *planCache
}

// New returns a Starter.
func New(cfg Config) *Starter {
	return &Starter{Definitions: cfg.Definitions, cfg: cfg, plans: newPlanCache()}
}

// Request starts a run.
type Request struct {
	// Graph is the name of a graph; Definition, where given, is used instead.
	Graph      string
	Definition *graph.Graph
	// Server is the id, name or identifier of the server to bind the run to; empty for none.
	Server  string
	Options map[string]any
	Context map[string]any
}

// Start resolves a graph and starts it. Nothing is started when anything is wrong
// with the graph or its options, or when the server has an open run.
func (s *Starter) Start(ctx context.Context, req Request) (*Run, error) {
	prepared, err := s.prepare(ctx, req, uuid.NewString())
	if err != nil {
		return nil, err
	}
	run, err := s.execute(ctx, workflows.Input{
		Plan: prepared.plan, Server: prepared.server.ID, ServerName: prepared.server.Name, Context: prepared.context,
	}, "")
	if err != nil {
		return nil, err
	}
	run.Warnings = prepared.warnings
	return run, nil
}

// execute starts the workflow. Its id is the server's where the run is bound to one,
// else that given, else made from the plan's.
func (s *Starter) execute(ctx context.Context, in workflows.Input, id string) (*Run, error) {
	if id == "" {
		id = workflows.UnboundWorkflowID(in.Plan.ID)
	}
	if in.Server != "" {
		id = workflows.ServerWorkflowID(in.Server)
	}
	started, err := s.cfg.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: s.cfg.TaskQueue,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		EnableEagerStart:                         true,
		StaticSummary:                            workflows.Summary(in.Plan, in.ServerName),
		TypedSearchAttributes:                    workflows.Attributes(in.Plan, in.ServerName),
	}, workflows.RunGraphName, in)
	if err != nil {
		return nil, startError(err)
	}
	run := &Run{
		InstanceID: workflows.InstanceID(started.GetID(), started.GetRunID()), WorkflowID: started.GetID(), RunID: started.GetRunID(),
		Record: pendingRecord(in), Started: time.Now().UTC(),
	}
	run.take(in)
	s.plans.put(run.InstanceID, in)
	return run, nil
}

func (r *Run) take(in workflows.Input) {
	r.Plan, r.Server, r.ServerName, r.Parent, r.RetryOf = in.Plan, in.Server, in.ServerName, in.Parent, in.RetryOf
}

type prepared struct {
	plan     *graph.Plan
	server   store.Server
	context  map[string]any
	warnings graph.Problems
}

// prepare resolves a request. Secrets are sealed first, so that rendering cannot
// spread them, and once more in what came out: a template may have put together the
// value of a secret's name.
func (s *Starter) prepare(ctx context.Context, req Request, id string) (*prepared, error) {
	g, err := s.definition(ctx, req)
	if err != nil {
		return nil, err
	}
	p := &prepared{}
	if req.Server != "" {
		if p.server, err = s.server(ctx, req.Server); err != nil {
			return nil, err
		}
	}
	if g, err = s.ofSKU(ctx, g, req, p.server); err != nil {
		return nil, err
	}
	sealing := sealer{s.cfg.Keeper}
	options, err := sealing.labelled(ctx, req.Options)
	if err != nil {
		return nil, err
	}
	if p.context, err = sealing.values(ctx, req.Context); err != nil {
		return nil, err
	}
	roots, err := s.roots(ctx, p.server)
	if err != nil {
		return nil, err
	}
	p.plan, p.warnings, err = s.Resolve(ctx, g, graph.Request{
		ID: id, Options: options, Context: p.context, Server: p.server.ID, Roots: roots,
	})
	if err != nil {
		return nil, err
	}
	return p, sealPlan(ctx, sealing, p.plan)
}

// ofSKU returns the graph that takes the named one's place on servers of a SKU, where
// there is one: it has the SKU's id behind its name, as RackHD's SKU packs store it.
func (s *Starter) ofSKU(ctx context.Context, g *graph.Graph, req Request, server store.Server) (*graph.Graph, error) {
	if req.Definition != nil || server.SKU == "" {
		return g, nil
	}
	own, err := s.Graph(ctx, g.InjectableName+"::"+server.SKU)
	if KindOf(err) == NotFound {
		return g, nil
	}
	return own, err
}

// roots are those of every run, and the configuration of the server's SKU as it is now.
func (s *Starter) roots(ctx context.Context, server store.Server) (graph.Roots, error) {
	roots := s.cfg.Roots
	if server.SKU == "" {
		return roots, nil
	}
	sku, err := s.cfg.Servers.SKU(ctx, server.SKU)
	if errors.Is(err, store.ErrNotFound) {
		return roots, nil // deleted just now
	}
	roots.SKU = sku.Config
	return roots, fromStore(err)
}

func (s *Starter) definition(ctx context.Context, req Request) (*graph.Graph, error) {
	if req.Definition != nil {
		return req.Definition, nil
	}
	if req.Graph == "" {
		return nil, &Error{Kind: Invalid, Message: "Graph name is missing or in wrong format"}
	}
	return s.Graph(ctx, req.Graph)
}

func (s *Starter) server(ctx context.Context, ref string) (store.Server, error) {
	server, err := s.cfg.Servers.Server(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return store.Server{}, &Error{Kind: NotFound, Message: "Could not find node with identifier " + ref, Err: err}
	}
	return server, fromStore(err)
}

func sealPlan(ctx context.Context, sealing sealer, plan *graph.Plan) error {
	for i := range plan.Tasks {
		options, err := sealing.values(ctx, plan.Tasks[i].Options)
		if err != nil {
			return err
		}
		plan.Tasks[i].Options = options
	}
	return nil
}

// Subgraph makes the plan of a graph that a task runs. There is none for a server
// whose SKU has no graph.
func (s *Starter) Subgraph(ctx context.Context, req graph.SubgraphRequest) (*graph.Subgraph, error) {
	if req.Sku {
		var err error
		if req, err = s.skuGraph(ctx, req); err != nil || req.Graph == "" {
			return &graph.Subgraph{}, err
		}
	}
	p, err := s.prepare(ctx, Request{Graph: req.Graph, Server: req.Target, Options: req.Options}, req.ID)
	if err != nil {
		return nil, err
	}
	return &graph.Subgraph{Plan: p.plan, Server: p.server.ID, ServerName: p.server.Name}, nil
}

// skuGraph asks for the graph of a server's SKU. A server without SKU, and a SKU
// without graph, have none.
func (s *Starter) skuGraph(ctx context.Context, req graph.SubgraphRequest) (graph.SubgraphRequest, error) {
	server, err := s.server(ctx, req.Target)
	if err != nil || server.SKU == "" {
		return graph.SubgraphRequest{}, err
	}
	sku, err := s.cfg.Servers.SKU(ctx, server.SKU)
	if errors.Is(err, store.ErrNotFound) {
		return graph.SubgraphRequest{}, &Error{
			Kind: NotFound, Message: "SKU " + server.SKU + " of server " + server.Name + " is not there any more; Graph.GenerateSku gives the server another", Err: err,
		}
	}
	return graph.SubgraphRequest{ID: req.ID, Graph: sku.DiscoveryGraph, Target: server.ID, Options: sku.DiscoveryGraphOptions}, fromStore(err)
}

func startError(err error) error {
	if _, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return &Error{Kind: Busy, Message: workflows.BusyMessage, Err: err}
	}
	return fromTemporal(err)
}

// fromTemporal gives Temporal's own errors a place among ours.
func fromTemporal(err error) error {
	var (
		unavailable *serviceerror.Unavailable
		deadline    *serviceerror.DeadlineExceeded
		exhausted   *serviceerror.ResourceExhausted
		notFound    *serviceerror.NotFound
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &notFound):
		return &Error{Kind: NotFound, Message: err.Error(), Err: err}
	case errors.As(err, &unavailable), errors.As(err, &deadline), errors.As(err, &exhausted), errors.Is(err, context.DeadlineExceeded):
		return &Error{Kind: Unavailable, Message: "Temporal does not answer; try again", Err: err}
	}
	return err
}
