package activities

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/rackflow/rackflow/graph"
)

// restOptions are those of RackHD's Task.Base.Rest and those that rackflow adds.
type restOptions struct {
	URL     string            `json:"url"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers"`
	// Query is added to the URL's own: an object, whose values may be lists, or a list of pairs.
	Query any `json:"query"`
	// Data is RackHD's name for Body.
	Data any            `json:"data"`
	Body any            `json:"body"`
	Form map[string]any `json:"form"`
	// Credential is RackHD's, and the same as Auth of type basic.
	Credential *credential `json:"credential"`
	Auth       *auth       `json:"auth"`
	// Expect are the statuses of success, such as 200 or "2xx"; below 400 when absent.
	Expect any `json:"expect"`
	// Until is a condition over response: the call is made again until it holds.
	Until string `json:"until"`
	// Interval is how long to wait between two calls, in ms.
	Interval float64 `json:"interval"`
	// Repeat says that the call may be made twice, whatever its method.
	Repeat bool `json:"repeat"`
	// FollowRedirects: true is to other hosts too, false is nowhere, absent within the host.
	FollowRedirects *bool `json:"followRedirects"`
	// VerifySSL false takes any certificate, for this call alone.
	VerifySSL *bool `json:"verifySSL"`
	// CACert are authorities in PEM that are believed in place of the system's.
	CACert        string `json:"caCert"`
	RecvTimeoutMs int64  `json:"recvTimeoutMs"`
	// MaxBytes bounds the body of the answer.
	MaxBytes int `json:"maxBytes"`
}

const (
	restTimeout  = time.Minute
	restInterval = 5 * time.Second
	// restBody is how large an answer may be unless the task says otherwise, and
	// maxRestBody what the task may say at most: it becomes part of the run's context.
	restBody    = 128 << 10
	maxRestBody = 256 << 10
)

// repeatable methods may be sent twice without harm.
var repeatable = []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions}

// repeats reports whether the call may be made twice.
func (o *restOptions) repeats() bool { return o.Repeat || slices.Contains(repeatable, o.Method) }

// restCall is one task that calls a service.
type restCall struct {
	*call

	options restOptions
	expect  []statusRange
	until   *graph.Condition
	client  *http.Client
	// led is set when an answer has led on: the service has had the call then.
	led bool
}

// rest makes one HTTP call, or one after the other until a condition holds. The last
// answer is at context.outputs["<label>"].restData: httpStatusCode, headers and
// body, which is parsed where it is JSON.
func rest(ctx context.Context, c *call) (graph.JobOutput, error) {
	r, err := c.newRest()
	if err != nil {
		return graph.JobOutput{}, err
	}
	defer r.client.CloseIdleConnections()
	data, err := r.run(ctx)
	if ctx.Err() != nil {
		return graph.JobOutput{}, ctx.Err() // net/http tells why it ended, not that it did
	}
	if err != nil {
		return graph.JobOutput{}, err
	}
	return graph.JobOutput{Result: map[string]any{"restData": data}}, nil
}

func (c *call) newRest() (*restCall, error) {
	r := &restCall{call: c}
	if err := c.decode(&r.options); err != nil {
		return nil, err
	}
	if err := r.options.check(); err != nil {
		return nil, permanent(err)
	}
	var err error
	if r.expect, err = parseExpect(r.options.Expect); err != nil {
		return nil, permanent(err)
	}
	if r.options.Until != "" {
		if r.until, err = untils.Compile(r.options.Until); err != nil {
			return nil, permanent(fmt.Errorf("option until: %w", err))
		}
	}
	if r.client, err = r.newClient(); err != nil {
		return nil, permanent(err)
	}
	return r, nil
}

func (r *restCall) run(ctx context.Context) (map[string]any, error) {
	if r.until == nil {
		return r.once(ctx)
	}
	return r.poll(ctx)
}

// once makes the call.
func (r *restCall) once(ctx context.Context) (map[string]any, error) {
	timeout := restTimeout
	if r.options.RecvTimeoutMs > 0 {
		timeout = time.Duration(r.options.RecvTimeoutMs) * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r.led = false
	req, err := r.request(ctx)
	if err != nil {
		return nil, permanent(err)
	}
	return r.send(req)
}
