package api_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/starter"
)

func TestUnavailable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.node(t, "web-1")
	s.runs.fail = &starter.Error{Kind: starter.Unavailable, Message: "Temporal does not answer; try again", Err: errors.New("dial 127.0.0.1")}
	cancel := `{"command": "cancel"}`
	for _, request := range [][3]string{
		{"GET", "/workflows"},
		{"POST", "/workflows", `{"name": "Graph.Wait"}`},
		{"GET", "/workflows/run-0.abc"},
		{"DELETE", "/workflows/run-0.abc"},
		{"PUT", "/workflows/run-0.abc/action", cancel},
		{"GET", "/nodes/web-1/workflows"},
		{"POST", "/nodes/web-1/workflows", `{"name": "Graph.Wait"}`},
		{"PUT", "/nodes/web-1/workflows/action", cancel},
		{"DELETE", "/nodes/web-1"},
	} {
		s.wantError(t, request[0], "/api/2.0"+request[1], request[2],
			v2.Error{Message: "Temporal does not answer; try again", Status: "503"})
	}
	if r := s.want(t, http.StatusServiceUnavailable, "GET", "/api/2.0/workflows", ""); r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if !strings.Contains(s.log.String(), "dial 127.0.0.1") {
		t.Errorf("the cause is not in the log: %s", s.log)
	}
	s.want(t, http.StatusOK, "GET", "/api/2.0/nodes/web-1", "")
}

func TestInternalErrors(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.runs.fail = errors.New("/var/lib/rackflow.db is on fire")
	r := s.want(t, http.StatusInternalServerError, "GET", "/api/2.0/workflows", "")
	got := into[v2.Error](t, r)
	if strings.Contains(r.body, "fire") {
		t.Errorf("internal text in %s", r.body)
	}
	if log := s.log.String(); !strings.Contains(log, "on fire") || !strings.Contains(log, got.UUID) {
		t.Errorf("cause and UUID are not in the log: %s", log)
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	e, ok := s.handler.(*echo.Echo)
	if !ok {
		t.Fatalf("New returned a %T", s.handler)
	}
	e.GET("/boom", func(echo.Context) error { panic("hunter2") })
	r := s.want(t, http.StatusInternalServerError, "GET", "/boom", "")
	if strings.Contains(r.body, "hunter2") || into[v2.Error](t, r).Status != "500" {
		t.Errorf("got %s", r.body)
	}
	if !strings.Contains(s.log.String(), "errors_test.go") {
		t.Errorf("no stack in the log: %s", s.log)
	}
}

func TestAbortedAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	e, ok := s.handler.(*echo.Echo)
	if !ok {
		t.Fatalf("New returned a %T", s.handler)
	}
	e.GET("/abort", func(echo.Context) error { panic(http.ErrAbortHandler) })
	server := httptest.NewServer(e)
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/abort", nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
		t.Errorf("the connection was not broken off, but answered %d", res.StatusCode)
	}
}

func TestOtherOrigins(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	tests := []struct {
		name, method, header, value string
		status                      int
	}{
		{"a page of another site", "POST", "Sec-Fetch-Site", "cross-site", http.StatusForbidden},
		{"an old browser", "POST", "Origin", "http://evil.example", http.StatusForbidden},
		{"our own page", "POST", "Sec-Fetch-Site", "same-origin", http.StatusCreated},
		{"no browser", "POST", "User-Agent", "curl/8.5", http.StatusCreated},
		{"a link", "GET", "Sec-Fetch-Site", "cross-site", http.StatusOK},
	}
	for _, test := range tests {
		req := httptest.NewRequestWithContext(t.Context(), test.method, "/api/2.0/workflows?name=Graph.Wait", nil)
		req.Header.Set(test.header, test.value)
		rec := httptest.NewRecorder()
		s.handler.ServeHTTP(rec, req)
		if rec.Code != test.status {
			t.Errorf("%s: got %d %s, want %d", test.name, rec.Code, rec.Body, test.status)
		}
	}
}

func TestRouting(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.wantError(t, "GET", "/api/2.0/nope", "", v2.Error{Message: "Not Found", Status: "404"})
	s.wantError(t, "POST", "/api/2.0/obms", "", v2.Error{Message: "Method Not Allowed", Status: "405"})
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.runs.fail = errors.New("Temporal is down")
	r := s.want(t, http.StatusOK, "GET", "/healthz", "")
	if strings.TrimSpace(r.body) != `{"status":"ok","version":"1.2.3"}` {
		t.Errorf("got %s", r.body)
	}
	if s.log.String() != "" {
		t.Errorf("a probe is logged: %s", s.log)
	}
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.want(t, http.StatusNotFound, "POST", "/api/2.0/workflows?name=Graph.Nope&auth_token=hunter2", `{"context": {"x": "hunter2"}}`)
	log := s.log.String()
	if strings.Contains(log, "hunter2") {
		t.Errorf("a secret is logged: %s", log)
	}
	for _, want := range []string{"method=POST", "path=/api/2.0/workflows", "status=404", "id=" + r.header.Get(echo.HeaderXRequestID)} {
		if !strings.Contains(log, want) {
			t.Errorf("%s is not in the log: %s", want, log)
		}
	}
}
