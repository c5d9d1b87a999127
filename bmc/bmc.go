package bmc

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/stmcginnis/gofish"
	"github.com/stmcginnis/gofish/schemas"
)

const (
	opConnect = "connect"
	opClose   = "log out"
)

var errClosed = errors.New("the connection to the BMC was closed")

// BMC is a logged-in management controller. It is safe for concurrent use. Close
// it, or its session stays taken on the BMC for half an hour; a BMC from a [Pool]
// is closed by the pool.
type BMC struct {
	cfg  *Config // a pointer, so that printing a BMC does not print the password
	http *http.Client
	pace pace
	// limit is passed by every request.
	limit *limiter

	loggingIn chan struct{} // holds one element while a login is under way

	mu     sync.Mutex
	client *gofish.APIClient // nil once closed
	// renewals counts ended attempts to log in again, renewal is what the last gave.
	renewals int
	renewal  error
	// places are where resources that do not move are, by name.
	places map[string]string
	// plainSystem tells that PowerState cannot be selected although offered.
	plainSystem bool
	// settingsOnly tells that Boot is only writable in the settings resource.
	settingsOnly bool
	capabilities *Capabilities // nil until first needed
}

// Connect verifies the BMC's certificate and logs in. When the BMC has no session
// left, each request authenticates by itself instead.
func Connect(ctx context.Context, cfg Config) (*BMC, error) {
	return connect(ctx, cfg, realPace())
}

func connect(ctx context.Context, cfg Config, waits pace) (*BMC, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	httpClient, err := newHTTPClient(cfg)
	if err != nil {
		return nil, cfg.invalid(err, "correct the server's BMC settings")
	}
	b := &BMC{cfg: &cfg, http: httpClient, pace: waits, limit: newLimiter(startReads, mostReads), loggingIn: make(chan struct{}, 1)}
	b.client, err = b.login(ctx)
	if err != nil {
		httpClient.CloseIdleConnections()
		return nil, err
	}
	return b, nil
}

// String names the server and its endpoint.
func (b *BMC) String() string { return b.cfg.Server + " at " + b.cfg.Endpoint }

// Close logs the session out. Operations under way fail as Transient. A second
// Close does nothing.
func (b *BMC) Close(ctx context.Context) error {
	b.mu.Lock()
	client := b.client
	b.client = nil
	b.mu.Unlock()
	if client == nil {
		return nil
	}
	defer b.http.CloseIdleConnections()
	return b.logOut(ctx, client)
}

func (b *BMC) logOut(ctx context.Context, client *gofish.APIClient) error {
	session, err := client.GetSession()
	if err != nil {
		return nil //nolint:nilerr // without a session there is nothing to log out
	}
	err = b.attempt(ctx, client, b.failure(opClose), func(c *gofish.APIClient) error {
		resp, err := c.Delete(session.ID) //nolint:bodyclose // closed by gofish's own clean-up
		schemas.DeferredCleanupHTTPResponse(resp)
		return err
	})
	if hasStatus(err, http.StatusUnauthorized) || hasStatus(err, http.StatusNotFound) {
		return nil // it has already timed out
	}
	return err
}

// login makes a new session, or falls back to basic authentication.
func (b *BMC) login(ctx context.Context) (*gofish.APIClient, error) {
	client, err := b.authenticate(ctx, false)
	if hasMessage(err, msgNoFreeSession, msgSessionLimit) {
		return b.authenticate(ctx, true)
	}
	return client, err
}

func (b *BMC) authenticate(ctx context.Context, basic bool) (*gofish.APIClient, error) {
	f := b.failure(opConnect)
	attemptCtx, seen := traced(ctx)
	f.seen = seen
	done, err := b.limit.acquire(ctx, false)
	if err != nil {
		return nil, f.of(ctx, err)
	}
	attemptCtx, cancel := context.WithTimeout(attemptCtx, b.cfg.Timeout)
	defer cancel()
	client, err := gofish.ConnectContext(attemptCtx, gofish.ClientConfig{
		Endpoint:              b.cfg.Endpoint,
		Username:              b.cfg.Username,
		Password:              b.cfg.Password,
		BasicAuth:             basic,
		HTTPClient:            b.http,
		NoModifyTransport:     true,
		ReuseConnections:      true,
		MaxConcurrentRequests: maxConcurrent,
	})
	err = f.of(ctx, err)
	done(err)
	if err != nil {
		return nil, err
	}
	return client, nil
}

// renew replaces a client whose session has ended. However many operations find
// that out at the same time, it logs in once and they share the result: each wrong
// login counts towards locking the account.
func (b *BMC) renew(ctx context.Context, stale *gofish.APIClient) (*gofish.APIClient, error) {
	before, _ := b.lastRenewal()
	select {
	case b.loggingIn <- struct{}{}:
		defer func() { <-b.loggingIn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	current, err := b.current(opConnect)
	if err != nil || current != stale {
		return current, err
	}
	if attempts, failed := b.lastRenewal(); attempts != before && failed != nil && !isContextEnd(failed) {
		return nil, failed
	}
	fresh, err := b.login(ctx)
	if !b.adopt(fresh, err) {
		_ = b.logOut(ctx, fresh) // it was closed meanwhile; what cannot be logged out times out
	}
	if err != nil {
		return nil, err
	}
	return b.current(opConnect)
}

func (b *BMC) lastRenewal() (attempts int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.renewals, b.renewal
}

// adopt notes the result of a login and makes fresh the client of all requests. It
// returns false for a client that came too late: the BMC has been closed.
func (b *BMC) adopt(fresh *gofish.APIClient, err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.renewals++
	b.renewal = err
	if err != nil {
		return true
	}
	if b.client == nil {
		return false
	}
	b.client = fresh
	return true
}

func (b *BMC) current(op string) (*gofish.APIClient, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.client == nil {
		return nil, closedError(op, b.cfg.Server, "connect again")
	}
	return b.client, nil
}

func closedError(op, server, hint string) error {
	return &Error{Outcome: Transient, Op: op, Server: server, Message: errClosed.Error(), Hint: hint, Err: errClosed}
}

func (b *BMC) failure(op string) failure {
	return failure{server: b.cfg.Server, op: op, secrets: []string{b.cfg.Password}}
}

// note sets a flag that was learnt about the BMC.
func (b *BMC) note(flag *bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*flag = true
}

func (b *BMC) noted(flag *bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return *flag
}

// refuse is a Permanent error of this package's own, without a request.
func (b *BMC) refuse(op, message, hint string) error {
	return &Error{Outcome: Permanent, Op: op, Server: b.cfg.Server, Message: message, Hint: hint}
}
