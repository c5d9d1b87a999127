package activities

import (
	"bytes"
	"cmp"
	"context"
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

// restOptions are those of RackHD's Task.Base.Rest.
type restOptions struct {
	URL        string            `json:"url"`
	Method     string            `json:"method"`
	Headers    map[string]string `json:"headers"`
	Data       any               `json:"data"`
	Credential *struct {
		Username string `json:"username"`
		Password string `json:"password"`
	} `json:"credential"`
	// VerifySSL false takes any certificate, for this call alone.
	VerifySSL     *bool `json:"verifySSL"`
	RecvTimeoutMs int64 `json:"recvTimeoutMs"`
}

const (
	restTimeout = time.Minute
	// maxBody bounds an answer: it becomes part of the run's context.
	maxBody = 128 << 10
)

// rest makes one HTTP call. Its answer is at context.outputs["<label>"].restData:
// httpStatusCode, headers and body, which is parsed where it is JSON.
func rest(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o restOptions
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	timeout := restTimeout
	if o.RecvTimeoutMs > 0 {
		timeout = time.Duration(o.RecvTimeoutMs) * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := o.request(ctx, c)
	if err != nil {
		return graph.JobOutput{}, permanent(err)
	}
	data, err := c.send(req, o)
	if err != nil {
		return graph.JobOutput{}, err
	}
	return graph.JobOutput{Result: map[string]any{"restData": data}}, nil
}

func (o restOptions) request(ctx context.Context, c *call) (*http.Request, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		// What was given is left out: it may hold a password.
		return nil, errors.New("option url should be http(s)://host/path")
	}
	if o.Method == "" {
		return nil, errors.New("option method is required")
	}
	body, isJSON, err := encodeBody(o.Data)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, strings.ToUpper(o.Method), o.URL, body)
	if err != nil {
		return nil, err
	}
	if isJSON {
		req.Header.Set("Content-Type", "application/json")
	}
	if !slices.Contains(repeatable, req.Method) {
		req.Header.Set("Idempotency-Key", c.idempotencyKey())
	}
	for name, value := range o.Headers {
		req.Header.Set(name, value)
	}
	// net/http takes the name of the host from here alone.
	req.Host = cmp.Or(req.Header.Get("Host"), req.Host)
	if o.Credential != nil {
		c.hide(o.Credential.Password)
		req.SetBasicAuth(o.Credential.Username, o.Credential.Password)
	}
	return req, nil
}

// idempotencyKey is the same for every attempt at this task: one that follows a
// crash sends the call again, and the receiver can tell.
func (c *call) idempotencyKey() string {
	run := c.info.WorkflowExecution
	return graph.InstanceID(run.ID+"."+run.RunID, c.label)
}

func encodeBody(data any) (body io.Reader, isJSON bool, err error) {
	switch v := data.(type) {
	case nil:
		return http.NoBody, false, nil
	case string:
		return bytes.NewReader([]byte(v)), json.Valid([]byte(v)), nil
	}
	encoded, err := json.Marshal(data)
	return bytes.NewReader(encoded), true, err
}

func (c *call) send(req *http.Request, o restOptions) (data map[string]any, err error) {
	res, err := c.restClient(o).Do(req)
	if err != nil {
		return nil, sendError(req, err)
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err != nil {
		return nil, sendError(req, err)
	}
	if len(raw) > maxBody {
		return nil, permanent(fmt.Errorf("%s: answer is larger than %d bytes", target(req), maxBody))
	}
	if res.StatusCode >= http.StatusBadRequest {
		return nil, c.statusError(req, res, raw)
	}
	return map[string]any{"httpStatusCode": float64(res.StatusCode), "headers": headers(res.Header), "body": decodeBody(raw)}, nil
}

func (c *call) restClient(o restOptions) *http.Client {
	if o.VerifySSL == nil || *o.VerifySSL {
		return c.HTTP
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()      //nolint:forcetypeassert // net/http's own type
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // the task's author asked for it, for this call
	transport.DisableKeepAlives = true
	return &http.Client{Transport: transport}
}

// repeatable methods may be sent twice without harm.
var repeatable = []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions}

// target names a call in errors, without what may be secret in its URL.
func target(req *http.Request) string {
	u := url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host, Path: req.URL.Path}
	return req.Method + " " + u.String()
}

// sendError: what surely was not sent, or may be sent twice, is tried again. A
// certificate does not become right by that.
func sendError(req *http.Request, err error) error {
	var (
		op          *net.OpError
		wrapped     *url.Error
		certificate *tls.CertificateVerificationError
	)
	notSent := errors.As(err, &op) && op.Op == "dial"
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	err = fmt.Errorf("%s: %w", target(req), err)
	if errors.As(err, &certificate) {
		return permanent(err)
	}
	if notSent || slices.Contains(repeatable, req.Method) {
		return transient(err)
	}
	return uncertain(err)
}

func (c *call) statusError(req *http.Request, res *http.Response, body []byte) error {
	// Redacted before it is cut: half a secret would not be found.
	err := fmt.Errorf("%s: %s: %s", target(req), res.Status, shorten(c.redact(string(body))))
	again := res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= http.StatusInternalServerError
	if !again || !slices.Contains(repeatable, req.Method) {
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
