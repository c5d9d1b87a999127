package activities_test

import (
	"strings"
	"testing"

	"github.com/rackflow/rackflow/activities"
)

func TestRestQuery(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		query any
		want  string
	}{
		"an object":     {map[string]any{"b": []any{"2", 3.0}, "a": "x y&z", "ok": true}, "/x?y=1&a=x+y%26z&b=2&b=3&ok=true"},
		"ordered pairs": {[]any{[]any{"b", 1.0}, []any{"a", "ü"}, []any{"b", nil}}, "/x?y=1&b=1&a=%C3%BC&b="},
		"none":          {nil, "/x?y=1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, answer(200, ""))
			b.restData(t, map[string]any{"url": s.URL + "/x?y=1", "method": "GET", "query": c.query})
			if got := (<-s.asked).URL.String(); got != c.want {
				t.Errorf("asked %s, want %s", got, c.want)
			}
		})
	}
}

func TestRestBodies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		options           map[string]any
		body, contentType string
	}{
		"body is another name of data": {map[string]any{"body": map[string]any{"a": 1.0}}, `{"a":1}`, "application/json"},
		"a list":                       {map[string]any{"body": []any{1.0}}, `[1]`, "application/json"},
		"false is a body":              {map[string]any{"body": false}, `false`, "application/json"},
		"a form":                       {map[string]any{"form": map[string]any{"user": "a&b", "n": []any{1.0, 2.0}}}, "n=1&n=2&user=a%26b", "application/x-www-form-urlencoded"},
		"with a type of its own": {
			map[string]any{"form": map[string]any{"a": "b"}, "headers": map[string]any{"Content-Type": "text/plain"}}, "a=b", "text/plain",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, answer(200, ""))
			c.options["url"], c.options["method"] = s.URL, "post"
			b.restData(t, c.options)
			r := <-s.asked
			if got := <-s.body; got != c.body || r.Header.Get("Content-Type") != c.contentType {
				t.Errorf("body %q of type %q", got, r.Header.Get("Content-Type"))
			}
		})
	}
}

func TestRestAuth(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := serve(t, answer(401, ""))
	err := b.rest(t, map[string]any{
		"url": s.URL, "method": "GET", "auth": map[string]any{"type": "bearer", "token": b.seal(t, "t0k3n")},
	})
	wantFailure(t, err, activities.TypePermanent, false, "401")
	if got := (<-s.asked).Header.Get("Authorization"); got != "Bearer t0k3n" {
		t.Errorf("authorization %q", got)
	}
	wantFailure(t, b.rest(t, map[string]any{
		"url": s.URL, "method": "GET", "auth": map[string]any{"type": "basic", "username": "ops", "password": password},
	}), activities.TypePermanent, false, "401")
	if user, pass, _ := (<-s.asked).BasicAuth(); user != "ops" || pass != password {
		t.Errorf("logged in as %s with %q", user, pass)
	}
}

// TestRestHidesWhatCameInClear has a service that repeats secrets which nobody had sealed.
func TestRestHidesWhatCameInClear(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := serve(t, answer(403, "no in-the-clear, no"))
	for _, options := range []map[string]any{
		{"url": s.URL, "auth": map[string]any{"type": "bearer", "token": "in-the-clear"}},
		{"url": s.URL, "auth": map[string]any{"type": "basic", "username": "ops", "password": "in-the-clear"}},
		{"url": s.URL, "credential": map[string]any{"username": "ops", "password": "in-the-clear"}},
		{"url": strings.Replace(s.URL, "://", "://ops:in-the-clear@", 1)},
	} {
		options["method"] = "GET"
		failure := wantFailure(t, b.rest(t, options), activities.TypePermanent, false, "no REDACTED, no")
		if strings.Contains(failure.Message(), "in-the-clear") {
			t.Errorf("message %q holds a secret", failure.Message())
		}
	}
}

func TestRestExpect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		status int
		expect any
		want   string
	}{
		"one":             {204, 204.0, ""},
		"as text":         {204, "204", ""},
		"a class":         {404, []any{200.0, "4XX"}, ""},
		"not that one":    {200, []any{201.0, 202.0}, "200 OK"},
		"not below 400":   {404, "2xx", "404 Not Found"},
		"no status":       {200, "fine", `option expect: fine is no status such as 200 or "2xx"`},
		"no class":        {200, "9xx", "option expect: 9xx"},
		"a part of one":   {200, 200.5, "option expect: 200.5"},
		"one in the list": {200, []any{200.0, nil}, "option expect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, answer(c.status, ""))
			err := b.rest(t, map[string]any{"url": s.URL, "method": "GET", "expect": c.expect})
			if c.want == "" {
				check(t, err)
				return
			}
			wantFailure(t, err, activities.TypePermanent, false, c.want)
		})
	}
}

func TestRestRefusesOptions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for want, options := range map[string]map[string]any{
		"options data, body and form exclude each other": {"data": "x", "form": map[string]any{}},
		"options credential and auth exclude each other": {"credential": map[string]any{}, "auth": map[string]any{"type": "basic"}},
		"option auth.type should be basic or bearer":     {"auth": map[string]any{"type": "digest"}},
		"option auth.username is required":               {"auth": map[string]any{"type": "basic"}},
		"option auth.token is required":                  {"auth": map[string]any{"type": "bearer"}},
		"option query should be an object":               {"query": "a=b"},
		"option query[0] should be a pair":               {"query": []any{[]any{"a"}}},
		"option maxBytes should be at most 262144":       {"maxBytes": 300000.0},
		"say repeat: true if POST may be":                {"method": "post", "until": "true"},
		"undeclared reference to 'body'":                 {"until": "body.done"},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			options["url"] = "http://127.0.0.1:9/"
			if options["method"] == nil {
				options["method"] = "GET"
			}
			wantFailure(t, b.rest(t, options), activities.TypePermanent, false, want)
		})
	}
}

func TestRestMaxBytes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := serve(t, answer(200, strings.Repeat("x", 200<<10)))
	options := map[string]any{"url": s.URL, "method": "GET", "maxBytes": float64(200 << 10)}
	if text, _ := b.restData(t, options)["body"].(string); len(text) != 200<<10 {
		t.Errorf("%d bytes came", len(text))
	}
	options["maxBytes"] = float64(200<<10 - 1)
	wantFailure(t, b.rest(t, options), activities.TypePermanent, false, "larger than 204799 bytes")
}
