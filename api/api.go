package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/media"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/store"
	"github.com/rackflow/rackflow/workflows"
)

// Runs starts and follows runs. Errors that are meant for the client are
// *starter.Error values.
type Runs interface {
	Start(ctx context.Context, req starter.Request) (*starter.Run, error)
	Get(ctx context.Context, instanceID string) (*starter.Run, error)
	// List returns one page, and how many runs there are on all pages.
	List(ctx context.Context, f starter.Filter) (runs []*starter.Run, total int, err error)
	Cancel(ctx context.Context, instanceID string) error
	Delete(ctx context.Context, instanceID string) error
	// Retry starts a new run that goes on where one has failed or was cancelled.
	Retry(ctx context.Context, instanceID string) (*starter.Run, error)
	// Answer answers a prompt of an open run; one that is refused changes nothing.
	Answer(ctx context.Context, instanceID string, a workflows.Answer) error
	// ActiveOn returns the open run of a server, or nil.
	ActiveOn(ctx context.Context, serverID string) (*starter.Run, error)
}

// Definitions are the graphs and tasks, stock and stored together.
type Definitions interface {
	Get(ctx context.Context, kind store.DefinitionKind, name string) (starter.Definition, error)
	List(ctx context.Context, kind store.DefinitionKind) ([]starter.Definition, error)
	CheckGraph(ctx context.Context, body []byte) (*graph.Graph, graph.Problems, error)
	PutGraph(ctx context.Context, body []byte) (starter.Definition, graph.Problems, error)
	PutTask(ctx context.Context, body []byte) (starter.Definition, graph.Problems, error)
	Delete(ctx context.Context, kind store.DefinitionKind, name string) error
	// SealOptions seals the secrets of a run's options that are to be stored.
	SealOptions(ctx context.Context, options map[string]any) (map[string]any, error)
}

// Servers is the inventory; its contract is that of [store.Store].
type Servers interface {
	CreateServer(ctx context.Context, s store.Server) (store.Server, error)
	Server(ctx context.Context, ref string) (store.Server, error)
	Servers(ctx context.Context) ([]store.Server, error)
	UpdateServer(ctx context.Context, s store.Server) (store.Server, error)
	DeleteServer(ctx context.Context, id string) error
	Controllers
	Catalogs
	Kinds
}

// Controllers are the settings of the servers' BMCs.
type Controllers interface {
	PutOBM(ctx context.Context, o store.OBM) (store.OBM, error)
	OBM(ctx context.Context, id string) (store.OBM, error)
	OBMs(ctx context.Context, serverID string) ([]store.OBM, error)
	DeleteOBM(ctx context.Context, id string) error
}

// Catalogs is what is known of the servers of an inventory.
type Catalogs interface {
	Catalog(ctx context.Context, serverID, source string) (store.Catalog, error)
	CatalogByID(ctx context.Context, id string) (store.Catalog, error)
	Catalogs(ctx context.Context, serverID string) ([]store.Catalog, error)
}

// Kinds are the SKUs, and the tags that have rules.
type Kinds interface {
	CreateSKU(ctx context.Context, k store.SKU) (store.SKU, error)
	SKU(ctx context.Context, ref string) (store.SKU, error)
	SKUs(ctx context.Context) ([]store.SKU, error)
	UpdateSKU(ctx context.Context, k store.SKU) (store.SKU, error)
	DeleteSKU(ctx context.Context, id string) error
	CreateTag(ctx context.Context, t store.Tag) (store.Tag, error)
	Tag(ctx context.Context, name string) (store.Tag, error)
	Tags(ctx context.Context) ([]store.Tag, error)
	DeleteTag(ctx context.Context, name string) error
}

// Sealer seals the secrets of what clients send before it is stored.
type Sealer interface {
	SealSecrets(ctx context.Context, v any) (any, error)
}

// Config is what the API stands on. All of it is required.
type Config struct {
	Runs        Runs
	Definitions Definitions
	Servers     Servers
	Keeper      Sealer
	Media       *media.Library
	Log         *slog.Logger
	// Version is rackflow's own, as /healthz shows it.
	Version string
}

// basePath is where the API is; it is also what paths in answers begin with.
const basePath = "/api/2.0"

// aliases are RackHD's other names for the same API.
var aliases = []string{"/api/current", "/api/common"}

// handlers implements [v2.ServerInterface], one file a resource.
type handlers struct {
	Config

	document *document
}

// New returns the API. More routes may be added to it; they share its request
// ids, access log, error answers and protection from other web pages.
func New(c Config) (*echo.Echo, error) {
	doc, err := newDocument()
	if err != nil {
		return nil, fmt.Errorf("read the API's own document: %w", err)
	}
	e := echo.New()
	e.HTTPErrorHandler = answerError(c.Log)
	e.Use(requestID, accessLog(c.Log), recovered, sameOrigin)
	h := &handlers{Config: c, document: doc}
	for _, prefix := range append([]string{basePath}, aliases...) {
		v2.RegisterHandlersWithBaseURL(e, h, prefix)
	}
	e.GET(healthPath, h.health)
	return e, nil
}

// NewServer returns a server for handler, without address. Handlers that stream
// set deadlines of their own with [http.ResponseController].
func NewServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}
