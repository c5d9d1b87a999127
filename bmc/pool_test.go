package bmc

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
)

func TestPoolSharesOneSession(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var pool Pool
	var running sync.WaitGroup
	for range 16 {
		running.Go(func() {
			b, err := pool.Get(t.Context(), f.config())
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := b.PowerState(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if got := f.loginCount(); got != 1 {
		t.Errorf("%d logins, want 1", got)
	}
	if err := pool.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := f.sessionCount(); got != 0 {
		t.Errorf("%d sessions after Close", got)
	}
	eventually(t, "all connections are closed", func() bool { return f.openConns() == 0 })
	_, err := pool.Get(t.Context(), f.config())
	wantError(t, err, Transient, "stopping")
}

func TestPoolCloseWaitsForConnections(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var pool Pool
	if _, _, err := pool.claim(f.config()); err != nil { // and never connects
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pool.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("not the context's error: %v", err)
	}
}

func TestPoolReplacesTheSessionOfAChangedConfig(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var pool Pool
	t.Cleanup(func() { _ = pool.Close(context.WithoutCancel(t.Context())) })
	first, err := pool.Get(t.Context(), f.config())
	if err != nil {
		t.Fatal(err)
	}
	changed := f.config()
	changed.Server = "renamed"
	second, err := pool.Get(t.Context(), changed)
	if err != nil {
		t.Fatal(err)
	}
	if first == second || f.loginCount() != 2 || f.sessionCount() != 1 {
		t.Errorf("same BMC %t, %d logins, %d sessions", first == second, f.loginCount(), f.sessionCount())
	}
	_, err = first.PowerState(t.Context())
	wantError(t, err, Transient, "closed")
}

func TestPoolForgetsFailures(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var pool Pool
	t.Cleanup(func() { _ = pool.Close(context.WithoutCancel(t.Context())) })
	f.scripted("GET /redfish/v1/", answer{status: http.StatusServiceUnavailable})
	_, err := pool.Get(t.Context(), f.config())
	wantError(t, err, Transient)
	if _, err := pool.Get(t.Context(), f.config()); err != nil {
		t.Error(err)
	}
}

// TestPoolSharesAWrongPassword: each try counts towards locking the account.
func TestPoolSharesAWrongPassword(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var pool Pool
	cfg := f.config()
	cfg.Password = "wrong"
	e, mine, err := pool.claim(cfg)
	if err != nil || !mine {
		t.Fatal("the first caller does not connect")
	}
	failed := waitIn(t, &pool, cfg)
	pool.connect(t.Context(), e)
	wantError(t, <-failed, Permanent, "password")
	if got := f.loginCount(); got != 1 {
		t.Errorf("%d logins, want 1", got)
	}
}

// waitIn calls Get, and returns once that waits for another caller to connect.
func waitIn(t *testing.T, pool *Pool, cfg Config) <-chan error {
	t.Helper()
	ctx := &watchedContext{Context: t.Context(), waiting: make(chan struct{})}
	result := make(chan error, 1)
	go func() {
		_, err := pool.Get(ctx, cfg)
		result <- err
	}()
	<-ctx.waiting
	return result
}

// watchedContext tells when something first waits for its end.
type watchedContext struct {
	context.Context //nolint:containedctx // it is one

	once    sync.Once
	waiting chan struct{}
}

func (c *watchedContext) Done() <-chan struct{} {
	c.once.Do(func() { close(c.waiting) })
	return c.Context.Done()
}

func TestPoolWaiterOutlivesTheCallerThatConnects(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var pool Pool
	t.Cleanup(func() { _ = pool.Close(context.WithoutCancel(t.Context())) })
	e, _, err := pool.claim(f.config())
	if err != nil {
		t.Fatal(err)
	}
	got := waitIn(t, &pool, f.config())
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pool.Get(ended, f.config()); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting does not end with its own context: %v", err)
	}
	pool.connect(ended, e)
	if err := <-got; err != nil {
		t.Errorf("the waiter got the other's cancellation: %v", err)
	}
}
