package bmc

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// closers bounds how many BMCs a closing pool talks to at once.
const closers = 32

// Pool shares one logged-in BMC, and so one of its few sessions, among everything
// in the process that talks to it. The zero value is ready for use.
type Pool struct {
	// Pace multiplies the waits between looks at a BMC; 0 means 1. It is for simulators,
	// which keep up with 0.05, and must not be changed after the first Get.
	Pace float64

	mu      sync.Mutex
	entries map[string]*entry // by endpoint
	closed  bool
}

// entry is a BMC that is connected, or that one caller of Get is connecting.
type entry struct {
	cfg      Config
	replaces *entry
	ready    chan struct{} // closed once bmc or err is set
	bmc      *BMC
	err      error
}

// Get returns the BMC at the configuration's endpoint and logs in if nobody has.
// A configuration other than that of the last Get replaces the session. Callers
// must not close what they get.
func (p *Pool) Get(ctx context.Context, cfg Config) (*BMC, error) {
	for {
		e, mine, err := p.claim(cfg)
		if err != nil {
			return nil, err
		}
		if mine {
			p.connect(ctx, e)
			return e.bmc, e.err
		}
		select {
		case <-e.ready:
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %s: %w", cfg.Server, opConnect, ctx.Err())
		}
		// An ended context is the other caller's own affair. Any other failure holds
		// for everyone who waited: repeating a wrong password locks the account.
		if !isContextEnd(e.err) {
			return e.bmc, e.err
		}
	}
}

func isContextEnd(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// claim returns the entry for a configuration, and whether the caller has to
// connect it.
func (p *Pool) claim(cfg Config) (e *entry, mine bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, false, closedError(opConnect, cfg.Server, "this process is stopping")
	}
	old := p.entries[cfg.Endpoint]
	if old != nil && old.cfg.equal(cfg) {
		return old, false, nil
	}
	if p.entries == nil {
		p.entries = make(map[string]*entry)
	}
	e = &entry{cfg: cfg, replaces: old, ready: make(chan struct{})}
	p.entries[cfg.Endpoint] = e
	return e, true, nil
}

// connect logs the replaced session out before it logs in, so that a BMC never
// holds two.
func (p *Pool) connect(ctx context.Context, e *entry) {
	defer close(e.ready)
	if e.replaces != nil {
		// A session that cannot be logged out times out by itself.
		_ = e.replaces.close(ctx)
		e.replaces = nil
	}
	e.bmc, e.err = connect(ctx, e.cfg, p.pace())
	if e.err != nil {
		p.forget(e)
	}
}

func (p *Pool) pace() pace {
	if p.Pace == 0 {
		return realPace()
	}
	return realPace().times(p.Pace)
}

func (p *Pool) forget(e *entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.entries[e.cfg.Endpoint] == e {
		delete(p.entries, e.cfg.Endpoint)
	}
}

func (e *entry) close(ctx context.Context) error {
	select {
	case <-e.ready:
	case <-ctx.Done():
		return fmt.Errorf("%s: %s: %w", e.cfg.Server, opClose, ctx.Err())
	}
	if e.bmc == nil {
		return nil
	}
	return e.bmc.Close(ctx)
}

// Close logs every session out, as far as its context allows. Later calls of Get
// fail. Call it with a context that outlives the work.
func (p *Pool) Close(ctx context.Context) error {
	p.mu.Lock()
	entries := p.entries
	p.entries, p.closed = nil, true
	p.mu.Unlock()

	var (
		running sync.WaitGroup
		slots   = make(chan struct{}, closers)
		errs    = make(chan error, len(entries))
	)
	for _, e := range entries {
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs <- e.close(ctx)
		})
	}
	running.Wait()
	close(errs)
	var failed []error
	for err := range errs {
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}
