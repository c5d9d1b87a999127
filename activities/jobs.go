package activities

import (
	"context"
	"log/slog"
	"os"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/seal"
	"github.com/rackflow/rackflow/store"
)

// Config is what the jobs work with.
type Config struct {
	Store  Store
	Blobs  Blobs
	Images Images
	Keeper *seal.Keeper
	BMCs   *bmc.Pool
	// MediaURL returns the base URL of the media listener as a BMC at that endpoint reaches it.
	MediaURL func(ctx context.Context, bmcEndpoint string) (string, error)
	// Heartbeats takes what a job records before it acts; nil is the activity's own client.
	Heartbeats Heartbeats
	// Connect says where the calls of Job.Rest may go.
	Connect ConnectPolicy
	// Resolve makes the plan of a sub-graph.
	Resolve func(ctx context.Context, req graph.SubgraphRequest) (*graph.Subgraph, error)
	Log     *slog.Logger
}

// Store is what the jobs need of the inventory.
type Store interface {
	Server(ctx context.Context, ref string) (store.Server, error)
	OBMs(ctx context.Context, serverID string) ([]store.OBM, error)
	PutLink(ctx context.Context, l store.Link) error
	DeleteLinks(ctx context.Context, workflowID, runID string) error
}

// Blobs keeps the images that jobs build.
type Blobs interface {
	Open(key string) (*os.File, int64, error)
	Put(ctx context.Context, key string, data []byte) error
	DeleteAll(folder string) error
}

// Images opens vendor images by name.
type Images interface {
	OpenImage(name string) (f *os.File, size int64, modified time.Time, err error)
}

// Heartbeats sends an activity's details to Temporal's server, and returns when the
// server has them. Every client.Client does.
type Heartbeats interface {
	RecordActivityHeartbeat(ctx context.Context, taskToken []byte, details ...any) error
}

// Registry takes activities: a Temporal worker, or a test environment.
type Registry interface {
	RegisterActivityWithOptions(a any, options activity.RegisterOptions)
}

// job does the work of one call.
type job func(ctx context.Context, c *call) (graph.JobOutput, error)

// Names lists the jobs, for what a build can run.
func Names() []string {
	names := make([]string, 0, len(jobs))
	for name := range jobs {
		names = append(names, name)
	}
	return names
}

var jobs = map[string]job{
	"Job.Obm.Node":      obmNode,
	"Job.Boot.Device":   bootDevice,
	"Job.Media.Insert":  mediaInsert,
	"Job.Media.Eject":   mediaEject,
	"Job.Media.Release": mediaRelease,
	"Job.Iso.Inspect":   isoInspect,
	"Job.Iso.Seed":      isoSeed,
	"Job.Rest":          rest,
}

// Register adds every job to a worker.
func Register(r Registry, cfg Config) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	for name, do := range jobs {
		r.RegisterActivityWithOptions(perform(&cfg, name, do), activity.RegisterOptions{Name: name})
	}
	r.RegisterActivityWithOptions(resolve(&cfg), activity.RegisterOptions{Name: graph.ResolveJob})
}

// resolve gives the plan of a sub-graph; what is wrong with its definition stays wrong.
func resolve(cfg *Config) func(context.Context, graph.SubgraphRequest) (*graph.Subgraph, error) {
	return func(ctx context.Context, req graph.SubgraphRequest) (*graph.Subgraph, error) {
		sub, err := cfg.Resolve(ctx, req)
		if err != nil && ctx.Err() == nil {
			return nil, temporal.NewNonRetryableApplicationError(err.Error(), TypePermanent, nil)
		}
		return sub, err
	}
}
