package activities_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/rackflow/rackflow/activities"
)

// answers gives one answer after the other, and the last again and again.
func answers(all ...http.HandlerFunc) (http.HandlerFunc, *atomic.Int32) {
	var asked atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		n := min(int(asked.Add(1)), len(all))
		all[n-1](w, r)
	}, &asked
}

func TestRestUntil(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	busy, away := answer(200, `{"state":"busy"}`), answer(503, "")
	done := answer(200, `{"state":"done"}`)
	failed := answer(200, `{"state":"failed"}`)
	gone := answer(404, "")
	for name, c := range map[string]struct {
		answers []http.HandlerFunc
		options map[string]any
		asked   int32
		kind    string
		want    string
	}{
		"at once":                   {[]http.HandlerFunc{done}, nil, 1, "", ""},
		"after a while":             {[]http.HandlerFunc{busy, busy, done}, nil, 3, "", ""},
		"away for a moment":         {[]http.HandlerFunc{busy, away, breakOff, busy, away, done}, nil, 6, "", ""},
		"away for too long":         {[]http.HandlerFunc{busy, away}, map[string]any{"retries": 2.0}, 4, activities.TypeTransient, "503"},
		"gone for good":             {[]http.HandlerFunc{busy, gone}, nil, 2, activities.TypePermanent, "404"},
		"a status to wait for":      {[]http.HandlerFunc{busy, gone}, map[string]any{"until": "response.httpStatusCode == 404", "expect": []any{"2xx", 404.0}}, 2, "", ""},
		"a header to wait for":      {[]http.HandlerFunc{busy, answer(200, "", "X-State", "up")}, map[string]any{"until": `has(response.headers["X-State"])`}, 0, activities.TypePermanent, "option until"},
		"a key to look for":         {[]http.HandlerFunc{busy, answer(200, "", "X-State", "up")}, map[string]any{"until": `"X-State" in response.headers`}, 2, "", ""},
		"what is not there":         {[]http.HandlerFunc{busy}, map[string]any{"until": "response.body.result == 1"}, 1, activities.TypePermanent, "has(response.body.x)"},
		"a POST that may be":        {[]http.HandlerFunc{failed, done}, map[string]any{"method": "POST", "repeat": true}, 2, "", ""},
		"a POST that may be, again": {[]http.HandlerFunc{breakOff, done}, map[string]any{"method": "POST", "repeat": true}, 2, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler, asked := answers(c.answers...)
			s := serve(t, handler)
			options := map[string]any{"url": s.URL, "method": "GET", "until": `response.body.state == "done"`, "interval": 0.1}
			maps.Copy(options, c.options)
			err := b.rest(t, options)
			if c.kind == "" {
				check(t, err)
			} else {
				wantFailure(t, err, c.kind, c.kind == activities.TypeTransient, c.want)
			}
			if got := asked.Load(); got != c.asked {
				t.Errorf("asked %d times, want %d", got, c.asked)
			}
			if c.options["repeat"] == true {
				if r := <-s.asked; r.Header.Get("Idempotency-Key") != "" {
					t.Error("what may be repeated has an idempotency key: the service could answer from memory")
				}
			}
		})
	}
}

// TestRestUntilIsStopped takes the worker down between two calls.
func TestRestUntilIsStopped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		answer(200, `{"state":"busy"}`)(w, r)
		cancel(errors.New("shutdown"))
	})
	_, _, err := b.do(t, attempt{ctx: ctx, job: "Job.Rest", options: map[string]any{
		"url": s.URL, "method": "GET", "until": `response.body.state == "done"`, "interval": 3600000.0,
	}})
	wantFailure(t, err, activities.TypeTransient, true, "the worker stopped: shutdown")
}

func TestRestRedirects(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		// to is where the first answer leads: a path, or "other" for another host.
		to      string
		status  int
		options map[string]any
		// reached is what the end of the way is asked.
		reached string
		kind    string
		want    string
	}{
		"within the host":         {"/end", 302, nil, "GET Bearer t0k3n key", "", ""},
		"with the body":           {"/end", 307, map[string]any{"method": "PUT", "data": "x"}, "PUT Bearer t0k3n key", "", ""},
		"not at all":              {"/end", 302, map[string]any{"followRedirects": false}, "", "", ""},
		"another host":            {"other", 302, nil, "", activities.TypePermanent, "followRedirects: true follows"},
		"another host, wanted":    {"other", 302, map[string]any{"followRedirects": true}, "GET  ", "", ""},
		"a body for another host": {"other", 307, map[string]any{"followRedirects": true, "method": "PUT", "data": "x"}, "", activities.TypePermanent, "shall not get the body"},
		"a form, then a page":     {"other", 303, map[string]any{"followRedirects": true, "method": "POST", "form": map[string]any{"pin": "1"}}, "GET  ", "", ""},
		"round and round":         {"/", 302, nil, "", activities.TypePermanent, "more than 10 redirects"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reached := ""
			end := func(_ http.ResponseWriter, r *http.Request) {
				reached = fmt.Sprint(r.Method, " ", r.Header.Get("Authorization"), " ", r.Header.Get("X-Api-Key"))
			}
			other, mux := serve(t, end), http.NewServeMux()
			mux.HandleFunc("/end", end)
			mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
				to := c.to
				if to == "other" {
					to = other.URL
				}
				http.Redirect(w, r, to, c.status)
			})
			s := serve(t, mux.ServeHTTP)
			options := map[string]any{
				"url": s.URL, "method": "GET", "auth": map[string]any{"type": "bearer", "token": "t0k3n"}, "headers": map[string]any{"X-Api-Key": "key"},
			}
			maps.Copy(options, c.options)
			err := b.rest(t, options)
			if c.kind == "" {
				check(t, err)
			} else {
				wantFailure(t, err, c.kind, false, c.want)
			}
			if reached != c.reached {
				t.Errorf("the end was asked %q, want %q", reached, c.reached)
			}
		})
	}
}
