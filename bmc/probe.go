package bmc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
)

const (
	opProbeRoot = "read service root"
	// maxRoot bounds a service root; real ones have about 4 KiB.
	maxRoot = 256 << 10
)

var (
	// ErrSilent is the cause when no connection could be made: nobody listens there.
	ErrSilent = errors.New("nobody answers")
	// ErrNotRedfish is the cause when whoever answers is no Redfish service.
	ErrNotRedfish = errors.New("no Redfish service")
)

// Root is what a Redfish service shows to everybody.
type Root struct {
	// Fingerprint is that of the certificate it was read over, for [Config.Fingerprint].
	Fingerprint string
	// Version is that of the protocol, such as 1.18.0.
	Version string
	Vendor  string
	Product string
	// ServiceTag is shown by iDRACs only.
	ServiceTag string
}

// Dial makes a connection, as [net.Dialer.DialContext] does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Probe reads the service root of the BMC at endpoint over connections of dial. It sends
// no credentials and verifies no certificate: what it returns can be trusted no more than
// the network it came over. The causes of its errors are [ErrSilent] with what dial has
// returned, [ErrNotRedfish], or the end of the context.
func Probe(ctx context.Context, endpoint string, dial Dial) (Root, error) {
	address, err := checkEndpoint(endpoint)
	if err != nil {
		return Root{}, &Error{Outcome: Permanent, Op: opProbeRoot, Server: "BMC", Message: err.Error(), Hint: "correct the endpoint"}
	}
	var connected atomic.Bool
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			connected.Store(err == nil)
			return conn, err
		},
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			InsecureSkipVerify: true, //nolint:gosec // nothing is sent: this only asks who is there
		},
		DisableKeepAlives: true,
	}
	defer transport.CloseIdleConnections()
	root, err := readRoot(ctx, transport, address)
	switch {
	case err == nil:
		return root, nil
	case !connected.Load():
		err = fmt.Errorf("%w: %w", ErrSilent, err)
	case ctx.Err() != nil:
		err = fmt.Errorf("no answer in time: %w", ctx.Err())
	default:
		err = fmt.Errorf("%w: %w", ErrNotRedfish, err)
	}
	return Root{}, fmt.Errorf("%s: %s: %w", address, opProbeRoot, err)
}

func readRoot(ctx context.Context, transport http.RoundTripper, endpoint string) (Root, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+serviceRootURI, nil)
	if err != nil {
		return Root{}, err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return Root{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return Root{}, fmt.Errorf("HTTP %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	var doc struct {
		RedfishVersion string
		Vendor         string
		Product        string
		Oem            struct{ Dell struct{ ServiceTag string } }
	}
	if err := decode(io.LimitReader(resp.Body, maxRoot), &doc); err != nil {
		return Root{}, err
	}
	if doc.RedfishVersion == "" || resp.TLS == nil || len(resp.TLS.PeerCertificates) == 0 {
		return Root{}, errNotJSON
	}
	return Root{
		Fingerprint: pinOf(resp.TLS.PeerCertificates[0]).String(),
		Version:     clean(doc.RedfishVersion), Vendor: clean(doc.Vendor), Product: clean(doc.Product),
		ServiceTag: clean(doc.Oem.Dell.ServiceTag),
	}, nil
}
