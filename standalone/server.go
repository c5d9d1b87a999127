package standalone

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/temporal"
)

// stopTimeout bounds [Server.Stop]. A clean stop takes about a second.
const stopTimeout = 10 * time.Second

// Server is a running Temporal server, with its Web UI if one was asked for.
type Server struct {
	cfg      Config
	temporal temporal.Server
	ui       *webUI
	lock     *dirLock
	log      serverLogger
	stop     func()
}

// Start locks the data folder, brings its files to the embedded server's
// schema, and starts the server. When it returns, the server answers, the
// namespace has its retention and search attributes, and workflows can run.
//
// Start fails when another process holds the folder, when an address is taken
// or not loopback, and when a file was written by a newer rackflow or by
// something else; a file it refuses is left as it was. A file of an older
// rackflow is upgraded, after a copy of it was written beside it.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("start Temporal: %w", err)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("start Temporal: make the data folder: %w", err)
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("start Temporal: %w", err)
	}
	s := &Server{cfg: cfg, lock: lock, log: newServerLogger(cfg.Log)}
	s.stop = sync.OnceFunc(s.shutDown)
	if err := s.start(ctx); err != nil {
		s.Stop()
		return nil, fmt.Errorf("start Temporal: %w", err)
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	if err := prepareFiles(ctx, s.cfg); err != nil {
		return err
	}
	if err := prepareNamespace(ctx, s.cfg); err != nil {
		return err
	}
	ports, err := choosePorts(ctx, &s.cfg)
	if err != nil {
		return err
	}
	if err := s.startTemporal(ports); err != nil {
		return err
	}
	if err := s.awaitReady(ctx); err != nil {
		return err
	}
	if s.cfg.UIAddr == "" {
		return nil
	}
	s.ui, err = startUI(ctx, s.cfg)
	return err
}

func prepareFiles(ctx context.Context, cfg Config) error {
	executions, err := temporalSchema()
	if err != nil {
		return err
	}
	visibility, err := visibilitySchema()
	if err != nil {
		return err
	}
	for _, file := range []databaseFile{
		{path: filepath.Join(cfg.Dir, temporalFile), schema: executions},
		{path: filepath.Join(cfg.Dir, visibilityFile), schema: visibility},
	} {
		if err := file.prepare(ctx, cfg.Log); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) startTemporal(ports servicePorts) error {
	server, err := temporal.NewServer(serverOptions(s.cfg, ports, s.log)...)
	if err != nil {
		return fmt.Errorf("configure the server: %w", err)
	}
	s.temporal = server
	if err := server.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	return nil
}

// FrontendAddr is the host:port that clients and workers dial.
func (s *Server) FrontendAddr() string { return s.cfg.FrontendAddr }

// UIAddr is the host:port of the Web UI, or empty when there is none.
func (s *Server) UIAddr() string { return s.cfg.UIAddr }

// Client connects to the server. It sets the address, turns compression off,
// which costs a fifth of a worker's CPU and saves nothing on loopback, and
// defaults the namespace and the logger; everything else is taken from opts.
// The caller closes the client, before [Server.Stop].
func (s *Server) Client(opts client.Options) (client.Client, error) {
	opts.HostPort = s.cfg.FrontendAddr
	opts.Namespace = cmp.Or(opts.Namespace, s.cfg.Namespace)
	opts.ConnectionOptions.GrpcCompression = &client.GrpcCompressionNone{}
	if opts.Logger == nil {
		opts.Logger = sdklog.NewStructuredLogger(s.cfg.Log)
	}
	c, err := client.Dial(opts)
	if err != nil {
		return nil, fmt.Errorf("connect to the embedded Temporal server: %w", err)
	}
	return c, nil
}

// Stop stops the Web UI and the server and unlocks the data folder. It takes
// about a second, ten at most, and may be called more than once. Workers and
// clients should be stopped first. The server's SQLite connections stay open
// until the process ends.
func (s *Server) Stop() { s.stop() }

func (s *Server) shutDown() {
	s.log.stopping()
	if s.ui != nil {
		s.ui.stop()
	}
	if err := s.stopTemporal(); err != nil {
		// The lock is kept: the server may still be writing. It goes with the process.
		s.cfg.Log.Warn("Temporal did not stop cleanly", slog.Any("error", err))
		return
	}
	if err := s.lock.unlock(); err != nil {
		s.cfg.Log.Warn("cannot unlock the data folder", slog.Any("error", err))
	}
}

func (s *Server) stopTemporal() error {
	if s.temporal == nil {
		return nil
	}
	stopped := make(chan error, 1)
	go func() { stopped <- s.temporal.Stop() }()
	select {
	case err := <-stopped:
		return err
	case <-time.After(stopTimeout):
		return errors.New("it is still busy after " + stopTimeout.String())
	}
}
