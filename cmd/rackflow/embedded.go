//go:build !slim

package main

import (
	"context"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/rackflow/rackflow/standalone"
	"github.com/rackflow/rackflow/worker"
	"github.com/rackflow/rackflow/workflows"
)

// embeddedTemporal is the Temporal server inside this process.
type embeddedTemporal struct {
	server *standalone.Server
	client client.Client
	// stopSweep ends the search for activities of a killed process.
	stopSweep context.CancelFunc
}

func startTemporal(ctx context.Context, cfg engineConfig) (*embeddedTemporal, error) {
	booted := time.Now()
	server, err := standalone.Start(ctx, standalone.Config{
		Dir: cfg.Data, FrontendAddr: cfg.Temporal, UIAddr: cfg.UI, Namespace: namespace,
		SearchAttributes: workflows.SearchAttributes(), Retention: cfg.Retention, Log: cfg.Log,
	})
	if err != nil {
		return nil, err
	}
	c, err := server.Client(client.Options{Namespace: namespace, Identity: worker.Identity})
	if err != nil {
		server.Stop()
		return nil, err
	}
	sweep, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go sweepOrphans(sweep, server, booted, cfg.Log)
	return &embeddedTemporal{server: server, client: c, stopSweep: cancel}, nil
}

// sweepOrphans fails what a killed process has left running, so that it is tried
// again now and not when its heartbeat is missed.
func sweepOrphans(ctx context.Context, server *standalone.Server, booted time.Time, log *slog.Logger) {
	n, err := server.FailOrphans(ctx, worker.Identity, booted)
	if n > 0 {
		log.Info("activities of the process before this one are tried again", "count", n)
	}
	if err != nil && ctx.Err() == nil {
		log.Warn("not all activities of the process before this one were found; they are tried again when their heartbeat is missed", "error", err)
	}
}

func (t *embeddedTemporal) addresses() (frontend, ui string) {
	return t.server.FrontendAddr(), t.server.UIAddr()
}

func (t *embeddedTemporal) stop() {
	t.stopSweep()
	t.client.Close()
	t.server.Stop()
}
