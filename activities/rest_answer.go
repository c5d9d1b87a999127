package activities

import (
	"cmp"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rackflow/rackflow/graph"
)

func (r *restCall) send(req *http.Request) (data map[string]any, err error) {
	res, err := r.client.Do(req)
	if err != nil {
		return nil, r.sendError(req, err)
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	most := cmp.Or(r.options.MaxBytes, restBody)
	raw, err := io.ReadAll(io.LimitReader(res.Body, int64(most)+1))
	if err != nil {
		return nil, r.sendError(req, err)
	}
	if len(raw) > most {
		return nil, permanent(fmt.Errorf("%s: answer is larger than %d bytes; option maxBytes may be up to %d", target(req), most, maxRestBody))
	}
	if !slices.ContainsFunc(r.expect, func(s statusRange) bool { return s.contains(res.StatusCode) }) {
		return nil, r.statusError(req, res, raw)
	}
	return map[string]any{"httpStatusCode": float64(res.StatusCode), "headers": headers(res.Header), "body": decodeBody(raw)}, nil
}

// statusRange are statuses of HTTP, the last one included.
type statusRange struct{ first, last int }

func (s statusRange) contains(status int) bool { return s.first <= status && status <= s.last }

const (
	minStatus = 100
	maxStatus = 599
	perClass  = 100
)

// parseExpect reads one status or several: 200, "200", or "2xx" for all of a class.
func parseExpect(v any) ([]statusRange, error) {
	if v == nil {
		return []statusRange{{minStatus, http.StatusBadRequest - 1}}, nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	ranges := make([]statusRange, len(list))
	for i, element := range list {
		text := strings.ToLower(graph.Text(element))
		class, isClass := strings.CutSuffix(text, "xx")
		n, err := strconv.Atoi(class)
		if isClass {
			n *= perClass
			ranges[i] = statusRange{n, n + perClass - 1}
		} else {
			ranges[i] = statusRange{n, n}
		}
		if err != nil || n < minStatus || n > maxStatus {
			return nil, fmt.Errorf("option expect: %s is no status such as 200 or \"2xx\"", text)
		}
	}
	return ranges, nil
}

// target names a call in errors, without what may be secret in its URL.
func target(req *http.Request) string {
	u := url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host, Path: req.URL.Path}
	return req.Method + " " + u.String()
}

// sendError: what surely was not sent, or may be sent twice, is tried again. What is
// not allowed, and a certificate, do not become right by that.
func (r *restCall) sendError(req *http.Request, err error) error {
	var (
		op          *net.OpError
		wrapped     *url.Error
		certificate *tls.CertificateVerificationError
		refused     *refusedAddressError
		redirected  *redirectError
	)
	if errors.As(err, &refused) {
		return permanent(fmt.Errorf("%s: %w", target(req), refused))
	}
	notSent := errors.As(err, &op) && op.Op == "dial" && !r.led
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	err = fmt.Errorf("%s: %w", target(req), err)
	switch {
	case errors.As(err, &certificate), errors.As(err, &redirected):
		return permanent(err)
	case notSent, r.options.repeats():
		return transient(err)
	}
	return uncertain(err)
}

func (r *restCall) statusError(req *http.Request, res *http.Response, body []byte) error {
	// Redacted before it is cut: half a secret would not be found.
	err := fmt.Errorf("%s: %s: %s", target(req), res.Status, shorten(r.redact(string(body))))
	again := res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= http.StatusInternalServerError
	if !again || !r.options.repeats() {
		return permanent(err)
	}
	seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
	return &failed{outcome: TypeTransient, after: min(time.Duration(seconds)*time.Second, time.Minute), err: err}
}

func shorten(body string) string {
	const most = 300
	if len(body) > most {
		return body[:most] + "…"
	}
	return body
}

func headers(h http.Header) map[string]any {
	out := make(map[string]any, len(h))
	for name := range h {
		out[http.CanonicalHeaderKey(name)] = h.Get(name)
	}
	return out
}

func decodeBody(raw []byte) any {
	var v any
	if err := json.Unmarshal(raw, &v); err == nil {
		return v
	}
	return string(raw)
}
