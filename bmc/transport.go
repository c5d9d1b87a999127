package bmc

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/stmcginnis/gofish/schemas"
)

const (
	// maxBody bounds an answer. The largest real ones, full logs, are a few MiB.
	maxBody = 32 << 20
	// An iDRAC closes idle connections after 60 s.
	idleTimeout  = 50 * time.Second
	maxRedirects = 5
	// maxRetryAfter bounds what a BMC can ask for.
	maxRetryAfter = 10 * time.Minute
)

var errOtherHost = errors.New("the BMC referred to another host")

// guard is the RoundTripper under gofish. It keeps requests, which carry
// credentials, on the BMC itself; bounds answers; and notes into the request's
// exchange what gofish would drop.
type guard struct {
	base *http.Transport
	host string
}

// newHTTPClient returns a client that is the BMC's alone, so that no setting of
// its connections can leak into another.
func newHTTPClient(cfg Config) (*http.Client, error) {
	conf, err := tlsConfig(cfg)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	base := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSClientConfig:     conf,
		TLSHandshakeTimeout: connectTimeout,
		IdleConnTimeout:     idleTimeout,
		MaxIdleConnsPerHost: maxConcurrent,
	}
	return &http.Client{Transport: &guard{base: base, host: u.Host}, CheckRedirect: limitRedirects}, nil
}

func limitRedirects(_ *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return errors.New("the BMC redirects in circles")
	}
	return nil
}

// RoundTrip implements [http.RoundTripper].
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" || req.URL.Host != g.host {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, errOtherHost
	}
	seen := exchangeOf(req.Context())
	resp, err := g.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if seen != nil {
		seen.note(resp.Header)
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, maxBody)
	return resp, nil
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] reach the base.
func (g *guard) CloseIdleConnections() { g.base.CloseIdleConnections() }

// exchange is what is learnt about one request besides its result.
type exchange struct {
	sent       atomic.Bool  // a connection was had, so that the BMC may have seen the request
	retryAfter atomic.Int64 // a time.Duration
}

type exchangeKey struct{}

// traced returns a context whose requests are noted in the exchange.
func traced(ctx context.Context) (context.Context, *exchange) {
	seen := new(exchange)
	ctx = context.WithValue(ctx, exchangeKey{}, seen)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { seen.sent.Store(true) },
	}), seen
}

func exchangeOf(ctx context.Context) *exchange {
	seen, _ := ctx.Value(exchangeKey{}).(*exchange)
	return seen
}

func (e *exchange) note(header http.Header) {
	at, err := schemas.ParseRetryAfter(header.Get("Retry-After"))
	if err != nil {
		return
	}
	e.retryAfter.Store(int64(min(max(time.Until(at), 0), maxRetryAfter).Round(time.Second)))
}

// asked returns the Retry-After of the last answer, or 0.
func (e *exchange) asked() time.Duration {
	if e == nil {
		return 0
	}
	return time.Duration(e.retryAfter.Load())
}

// reached tells whether the BMC may have seen the request.
func (e *exchange) reached() bool { return e != nil && e.sent.Load() }
