package main

import (
	"context"
	"log/slog"
	"time"
)

// servicesEvery is how often service graphs are looked after: one may have ended, or
// have been stored, replaced or deleted.
const servicesEvery = 10 * time.Minute

// serviceKeeper keeps one run of each service graph open.
type serviceKeeper interface {
	KeepServices(ctx context.Context) error
}

// keepServices looks after service graphs at once and from time to time, until the engine stops.
func (e *engine) keepServices(runs serviceKeeper) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		lookAfter(ctx, runs, e.cfg.Log)
	}()
	e.stopServices = func() {
		cancel()
		<-done
	}
}

func lookAfter(ctx context.Context, runs serviceKeeper, log *slog.Logger) {
	ticker := time.NewTicker(servicesEvery)
	defer ticker.Stop()
	for {
		if err := runs.KeepServices(ctx); err != nil && ctx.Err() == nil {
			log.Warn("keep service graphs running; trying again", "in", servicesEvery, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
