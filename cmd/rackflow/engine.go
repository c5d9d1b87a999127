package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	sdkworker "go.temporal.io/sdk/worker"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/api"
	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/library"
	"github.com/rackflow/rackflow/media"
	"github.com/rackflow/rackflow/seal"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/store"
	"github.com/rackflow/rackflow/worker"
)

const namespace = "default"

// engineConfig says where an engine keeps its data and where it listens.
type engineConfig struct {
	// Data is the one folder of everything that is kept.
	Data string
	// Images is the folder of vendor ISOs; empty is Data/images.
	Images string
	// API, Media, Temporal and UI are addresses to listen on; port 0 takes a free one.
	API, Media, Temporal, UI string
	// MediaURL is how BMCs and installers reach the media listener; empty finds it out for each BMC.
	MediaURL string
	// Connect says where the calls of graphs may go.
	Connect activities.ConnectPolicy
	// BMCPace is [bmc.Pool]'s Pace.
	BMCPace   float64
	Retention time.Duration
	Version   string
	Log       *slog.Logger
}

// engine is every role of rackflow in one process.
type engine struct {
	cfg      engineConfig
	temporal *embeddedTemporal
	store    *store.SQLite
	blobs    *store.Blobs
	images   *store.Images
	library  *media.Library
	bmcs     *bmc.Pool
	worker   sdkworker.Worker
	api      *http.Server
	media    *http.Server
	// apiAddr and mediaAddr are where the listeners are in fact.
	apiAddr, mediaAddr net.Addr
	// failed receives what ends a listener before its time.
	failed chan error
	// stopServices ends the care for service graphs; nil when there is none.
	stopServices func()
}

// startEngine starts all roles. When it fails, nothing is left running.
func startEngine(ctx context.Context, cfg engineConfig) (_ *engine, err error) {
	e := &engine{cfg: cfg, bmcs: &bmc.Pool{Pace: cfg.BMCPace}, failed: make(chan error, 2)}
	defer func() {
		if err != nil {
			e.stop()
		}
	}()
	keeper, err := e.openKeeper()
	if err != nil {
		return nil, err
	}
	if e.temporal, err = startTemporal(ctx, cfg); err != nil {
		return nil, err
	}
	if err := e.openStore(ctx); err != nil {
		return nil, err
	}
	e.library = media.New(media.Config{Images: e.images, Blobs: e.blobs, Links: e.store, Keeper: keeper})
	apiListener, mediaListener, err := e.listen(ctx)
	if err != nil {
		return nil, err
	}
	runs, err := e.newStarter(keeper)
	if err != nil {
		return nil, err
	}
	e.worker = worker.New(e.temporal.client, worker.TaskQueue, activities.Config{
		Store: e.store, Blobs: e.blobs, Images: e.images, Media: e.library, Progress: e.library.Progress, Keeper: keeper, BMCs: e.bmcs,
		MediaURL: e.mediaURL, Connect: cfg.Connect, Resolve: runs.Subgraph, Log: cfg.Log,
	})
	if err := e.worker.Start(); err != nil {
		e.worker = nil
		return nil, fmt.Errorf("start worker: %w", err)
	}
	e.keepServices(runs)
	return e, e.serve(runs, keeper, apiListener, mediaListener)
}

// openKeeper reads the key that secrets are sealed with. A new key beside old data
// would make every stored password unreadable, so that is refused.
func (e *engine) openKeeper() (*seal.Keeper, error) {
	if err := os.MkdirAll(e.cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	path, database := filepath.Join(e.cfg.Data, "secret.key"), e.storePath()
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if _, err := os.Stat(database); err == nil {
			return nil, fmt.Errorf("%s is missing but %s is there: its passwords cannot be opened without the key; restore the key file from your backup", path, database)
		}
	}
	key, err := seal.LocalKeyFile(path)
	if err != nil {
		return nil, err
	}
	return seal.NewLocal(key), nil
}

func (e *engine) storePath() string { return filepath.Join(e.cfg.Data, "rackflow.db") }

func (e *engine) openStore(ctx context.Context) (err error) {
	if e.store, err = store.OpenSQLite(ctx, e.storePath()); err != nil {
		return err
	}
	if e.blobs, err = store.OpenBlobs(filepath.Join(e.cfg.Data, "blobs")); err != nil {
		return err
	}
	if e.cfg.Images == "" {
		e.cfg.Images = filepath.Join(e.cfg.Data, "images")
		if err := os.MkdirAll(e.cfg.Images, 0o700); err != nil {
			return fmt.Errorf("make images folder: %w", err)
		}
	}
	e.images, err = store.OpenImages(e.cfg.Images)
	return err
}

func (e *engine) listen(ctx context.Context) (apiListener, mediaListener net.Listener, err error) {
	var lc net.ListenConfig
	if apiListener, err = lc.Listen(ctx, "tcp", e.cfg.API); err != nil {
		return nil, nil, fmt.Errorf("listen for the API: %w", err)
	}
	if mediaListener, err = lc.Listen(ctx, "tcp", e.cfg.Media); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("listen for media: %w", err), apiListener.Close())
	}
	e.apiAddr, e.mediaAddr = apiListener.Addr(), mediaListener.Addr()
	return apiListener, mediaListener, nil
}

func (e *engine) newStarter(keeper *seal.Keeper) (*starter.Starter, error) {
	definitions, err := starter.NewDefinitions(e.store, keeper, starter.Stock{
		BaseTasks: library.BaseTasks(), Tasks: library.Tasks(), Graphs: library.Graphs(),
	})
	if err != nil {
		return nil, err
	}
	return starter.New(starter.Config{
		Client: e.temporal.client, Namespace: namespace, Servers: e.store, Definitions: definitions, Keeper: keeper,
		TaskQueue: worker.TaskQueue, Roots: graph.Roots{API: "http://" + e.apiAddr.String()},
	}), nil
}

func (e *engine) serve(runs *starter.Starter, keeper *seal.Keeper, apiListener, mediaListener net.Listener) error {
	handler, err := api.New(api.Config{
		Runs: runs, Definitions: runs.Definitions, Servers: e.store, Keeper: keeper,
		Media: e.library, Log: e.cfg.Log, Version: e.cfg.Version,
	})
	if err != nil {
		return errors.Join(err, apiListener.Close(), mediaListener.Close())
	}
	links := &api.Links{Store: e.store, Media: e.library, Runs: runs}
	e.api = api.NewServer(handler)
	e.media = api.NewMediaServer(api.NewMediaHandler(links, links, e.cfg.Log))
	go e.run(e.api, apiListener, "API")
	go e.run(e.media, mediaListener, "media")
	return nil
}

func (e *engine) run(s *http.Server, l net.Listener, name string) {
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		e.failed <- fmt.Errorf("%s listener: %w", name, err)
	}
}

// mediaURL is the media listener as a BMC reaches it: at the address this machine
// has on the way to that BMC.
func (e *engine) mediaURL(ctx context.Context, bmcEndpoint string) (string, error) {
	if e.cfg.MediaURL != "" {
		return e.cfg.MediaURL, nil
	}
	_, port, err := net.SplitHostPort(e.mediaAddr.String())
	if err != nil {
		return "", err
	}
	if host, _, err := net.SplitHostPort(e.mediaAddr.String()); err == nil && !net.ParseIP(host).IsUnspecified() {
		return "http://" + e.mediaAddr.String(), nil
	}
	u, err := url.Parse(bmcEndpoint)
	if err != nil {
		return "", err
	}
	var dialer net.Dialer
	// A UDP socket sends nothing when it is connected; it only picks the route.
	conn, err := dialer.DialContext(ctx, "udp", net.JoinHostPort(u.Hostname(), "443"))
	if err != nil {
		return "", fmt.Errorf("find the way to the BMC: %w; set --media-url", err)
	}
	host, _, err := net.SplitHostPort(conn.LocalAddr().String())
	if err := errors.Join(err, conn.Close()); err != nil {
		return "", err
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

const shutdownTimeout = 5 * time.Second

// stop ends all roles in the order in which they depend on each other. Runs stay
// where they are and go on when an engine is started on the same data again.
func (e *engine) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if e.stopServices != nil {
		e.stopServices()
	}
	for _, s := range []*http.Server{e.api, e.media} {
		if s != nil && s.Shutdown(ctx) != nil {
			e.note("close listener", s.Close())
		}
	}
	if e.worker != nil {
		e.worker.Stop()
	}
	e.note("log out of the BMCs", e.bmcs.Close(ctx))
	if e.temporal != nil {
		e.temporal.stop()
	}
	e.closeStore()
}

func (e *engine) closeStore() {
	if e.library != nil {
		e.library.Close()
	}
	if e.images != nil {
		e.note("close images", e.images.Close())
	}
	if e.blobs != nil {
		e.note("close blobs", e.blobs.Close())
	}
	if e.store != nil {
		e.note("close store", e.store.Close())
	}
}

func (e *engine) note(what string, err error) {
	if err != nil {
		e.cfg.Log.Warn(what, "error", err)
	}
}
