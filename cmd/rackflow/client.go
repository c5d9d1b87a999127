package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	v2 "github.com/rackflow/rackflow/api/v2"
)

const (
	// requestTimeout bounds one request and its answer.
	requestTimeout = 30 * time.Second
	// maxAnswer bounds an answer in bytes.
	maxAnswer = 256 << 20
	// maxErrorAnswer bounds the answer that tells of an error, in bytes.
	maxErrorAnswer = 1 << 20
)

// client returns the API of the server that --server names.
func (a *app) client() (*v2.Client, error) { return a.clientWithin(requestTimeout) }

// patientClient is a client for requests and answers of gigabytes.
func (a *app) patientClient() (*v2.Client, error) { return a.clientWithin(0) }

// clientWithin bounds each request and its answer; 0 is no bound.
func (a *app) clientWithin(timeout time.Duration) (*v2.Client, error) {
	u, err := url.Parse(a.server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		// the text may hold a password, so it is not shown
		return nil, usagef("--server (or RACKFLOW_SERVER) should be a URL such as %s", defaultServer)
	}
	doer := &requester{
		client: &http.Client{Transport: a.p.HTTP, Timeout: timeout},
		server: u.Redacted(),
		warn:   func(warning string) { a.notef("Warning: %s", warning) },
	}
	c, err := v2.NewClient(u.JoinPath("/api/2.0").String(), v2.WithHTTPClient(doer))
	if err != nil {
		return nil, fmt.Errorf("use server %s: %w", u.Redacted(), err)
	}
	return c, nil
}

// requester sends requests, and makes an exitError of everything that is no success.
type requester struct {
	client *http.Client
	server string
	// warn is told what the server noticed about a request that it accepted.
	warn func(string)
}

// Do sends a request.
func (r *requester) Do(req *http.Request) (*http.Response, error) {
	resp, err := r.client.Do(req) //nolint:gosec // --server says where to
	if err != nil {
		return nil, r.noAnswer(req.Context(), err)
	}
	if resp.StatusCode < http.StatusMultipleChoices {
		for _, warning := range resp.Header.Values("X-Warning") {
			r.warn(warning)
		}
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	return nil, r.refusal(resp)
}

func (r *requester) noAnswer(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("wait for %s: %w", r.server, ctx.Err())
	}
	var (
		dial  *net.OpError
		cause *url.Error
	)
	if errors.As(err, &dial) && dial.Op == "dial" {
		return &exitError{
			code: exitUnreachable, err: fmt.Errorf("cannot reach rackflow at %s: %w", r.server, dial.Err),
			hint: "Is 'rackflow up' running? --server or RACKFLOW_SERVER names another server.",
		}
	}
	if errors.As(err, &cause) {
		err = cause.Err // the rest is the request's URL
		if cause.Timeout() {
			err = fmt.Errorf("nothing came within %s", requestTimeout)
		}
	}
	return &exitError{
		code: exitUnreachable, err: fmt.Errorf("rackflow at %s does not answer: %w", r.server, err),
		hint: "Try again; the log of the server may say more.",
	}
}

// refusal reads the API's error.
func (r *requester) refusal(resp *http.Response) error {
	e := &exitError{code: codeOf(resp.StatusCode), status: resp.StatusCode}
	var answer v2.Error
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorAnswer))
	if err != nil || json.Unmarshal(data, &answer) != nil || answer.Message == "" {
		if e.code != exitUnreachable { // a proxy tells so in words of its own
			e.code = exitFailure
		}
		e.err = fmt.Errorf("%s answered %s, and not as rackflow does", r.server, resp.Status)
		e.hint = "Does --server or RACKFLOW_SERVER name a rackflow server?"
		return e
	}
	e.err, e.requestID = errors.New(answer.Message), answer.UUID
	e.problems = besides(answer)
	if resp.StatusCode == http.StatusInternalServerError {
		e.hint = "The log of the server has the cause under " + answer.UUID + "."
	}
	return e
}

// besides are the problems that say more than the message does.
func besides(answer v2.Error) []v2.Problem {
	if len(answer.Errors) == 1 {
		p := answer.Errors[0]
		if p.Message == answer.Message && p.Path == "" && p.Hint == "" {
			return nil
		}
	}
	return answer.Errors
}

func codeOf(status int) exitCode {
	switch {
	case status == http.StatusNotFound:
		return exitNotFound
	case status == http.StatusServiceUnavailable, status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		return exitUnreachable
	case status >= http.StatusBadRequest && status < http.StatusInternalServerError:
		return exitRefused
	}
	return exitFailure
}

// decode reads the answer to a request; it takes what a method of the client returns.
func decode[T any](resp *http.Response, err error) (T, error) {
	var into T
	data, err := readAnswer(resp, err)
	if err != nil {
		return into, err
	}
	if err := json.Unmarshal(data, &into); err != nil {
		return into, fmt.Errorf("read the answer of rackflow: %w", err)
	}
	return into, nil
}

// decodeText reads an answer that is a line of text.
func decodeText(resp *http.Response, err error) (string, error) {
	data, err := readAnswer(resp, err)
	return strings.TrimSpace(string(data)), err
}

func readAnswer(resp *http.Response, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, &exitError{code: exitUnreachable, err: fmt.Errorf("the answer of rackflow broke off: %w", err), hint: "Try again."}
	}
	return data, nil
}

// done discards the answer of a request that only succeeds or fails.
func done(resp *http.Response, err error) error {
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
