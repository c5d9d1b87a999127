package bmc

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// pin is the SHA-256 of a certificate's SubjectPublicKeyInfo. It survives the
// renewal of a certificate with the same key.
type pin [sha256.Size]byte

func (p pin) String() string { return hex.EncodeToString(p[:]) }

func pinOf(cert *x509.Certificate) pin { return sha256.Sum256(cert.RawSubjectPublicKeyInfo) }

// parsePin reads hex digits of either case, with or without colons.
func parsePin(fingerprint string) (pin, error) {
	var p pin
	raw, err := hex.DecodeString(strings.ReplaceAll(fingerprint, ":", ""))
	if err != nil || len(raw) != len(p) {
		return p, errors.New("the certificate fingerprint is not a SHA-256 in hex")
	}
	copy(p[:], raw)
	return p, nil
}

// pinMismatchError is a BMC that presents another key than the pinned one.
type pinMismatchError struct{ want, seen pin }

func (m *pinMismatchError) Error() string {
	return fmt.Sprintf("the certificate is not the pinned one: expected fingerprint %s, seen %s", m.want, m.seen)
}

var errNoCertificate = errors.New("the BMC presented no certificate")

// tlsConfig verifies by the pin when there is one, else by the CAs. A pinned
// certificate's name, issuer and dates are irrelevant: an iDRAC ships with a
// self-signed one and may not know its own name.
func tlsConfig(cfg Config) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cfg.CAs}
	if cfg.Fingerprint == "" {
		return conf, nil
	}
	want, err := parsePin(cfg.Fingerprint)
	if err != nil {
		return nil, err
	}
	conf.InsecureSkipVerify = true // VerifyConnection verifies instead, on every handshake
	conf.VerifyConnection = func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return errNoCertificate
		}
		if seen := pinOf(state.PeerCertificates[0]); seen != want {
			return &pinMismatchError{want: want, seen: seen}
		}
		return nil
	}
	return conf, nil
}

// Fingerprint returns the fingerprint of the certificate that the BMC at
// endpoint presents now, for [Config.Fingerprint]. It sends no credentials. The
// answer can be trusted no more than the network it came over.
func Fingerprint(ctx context.Context, endpoint string) (string, error) {
	const op = "read fingerprint"
	address, err := checkEndpoint(endpoint)
	if err != nil {
		return "", &Error{Outcome: Permanent, Op: op, Server: "BMC", Message: err.Error(), Hint: "correct the endpoint"}
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", &Error{Outcome: Permanent, Op: op, Server: "BMC", Message: "the endpoint is not a URL", Hint: "correct the endpoint"}
	}
	seen, err := presentedPin(ctx, u)
	if err != nil {
		return "", failure{server: u.Host, op: op}.of(ctx, err)
	}
	return seen.String(), nil
}

func presentedPin(ctx context.Context, endpoint *url.URL) (pin, error) {
	port := endpoint.Port()
	if port == "" {
		port = "443"
	}
	dialer := &tls.Dialer{
		NetDialer: &net.Dialer{Timeout: connectTimeout},
		Config: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			ServerName:         endpoint.Hostname(),
			InsecureSkipVerify: true, //nolint:gosec // nothing is sent: this only asks which certificate is presented
		},
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(endpoint.Hostname(), port))
	if err != nil {
		return pin{}, err
	}
	defer func() { _ = conn.Close() }()
	secure, ok := conn.(*tls.Conn)
	if !ok || len(secure.ConnectionState().PeerCertificates) == 0 {
		return pin{}, errNoCertificate
	}
	return pinOf(secure.ConnectionState().PeerCertificates[0]), nil
}
