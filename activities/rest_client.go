package activities

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	maxRedirects  = 10
	idleTimeout   = 30 * time.Second
	headerTimeout = 10 * time.Second
)

// transport connects under the policy, and through no proxy: one would make the
// connections that the policy is to judge.
func (p ConnectPolicy) transport(config *tls.Config) *http.Transport {
	return &http.Transport{
		DialContext: p.dial, TLSClientConfig: config, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: headerTimeout, IdleConnTimeout: idleTimeout, MaxIdleConns: 100,
	}
}

// newClient makes a client of the call's own, since what it believes and where it
// may be led are the call's.
func (r *restCall) newClient() (*http.Client, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if r.options.VerifySSL != nil && !*r.options.VerifySSL {
		config.InsecureSkipVerify = true // the task's author asked for it, for this call
	}
	if r.options.CACert != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(r.options.CACert)) {
			return nil, errors.New("option caCert should hold a certificate in PEM")
		}
	}
	return &http.Client{Transport: r.Connect.transport(config), CheckRedirect: r.redirect}, nil
}

// redirectError is a redirect that is not followed.
type redirectError struct{ reason string }

func (e *redirectError) Error() string { return e.reason }

// redirect decides about each step. Another host gets nothing that was meant for the
// first: no credential, no header of the task's and no body.
func (r *restCall) redirect(req *http.Request, via []*http.Request) error {
	follow := r.options.FollowRedirects
	first := via[0]
	switch {
	case follow != nil && !*follow:
		return http.ErrUseLastResponse
	case len(via) >= maxRedirects:
		return &redirectError{fmt.Sprintf("more than %d redirects", maxRedirects)}
	case req.URL.Scheme == first.URL.Scheme && strings.EqualFold(req.URL.Host, first.URL.Host):
		r.led = true
		return nil
	case follow == nil:
		return &redirectError{"it redirects to " + req.URL.Scheme + "://" + req.URL.Host + ", another host; followRedirects: true follows, without credentials"}
	case req.Method != http.MethodGet && req.Method != http.MethodHead:
		return &redirectError{"it redirects " + req.Method + " to " + req.URL.Host + ", another host, which shall not get the body"}
	}
	r.led, req.Host = true, ""
	for name := range req.Header {
		if !slices.Contains(harmless, name) {
			req.Header.Del(name)
		}
	}
	return nil
}

// harmless headers say what is wanted, not by whom.
var harmless = []string{"Accept", "Accept-Language", "User-Agent"}
