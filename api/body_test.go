package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	v2 "github.com/rackflow/rackflow/api/v2"
)

// writes are the operations that read a body.
var writes = [][2]string{
	{"POST", "/workflows"},
	{"POST", "/nodes/web-1/workflows"},
	{"PUT", "/workflows/run-0.abc/action"},
	{"PUT", "/nodes/web-1/workflows/action"},
	{"PUT", "/workflows/graphs"},
	{"PUT", "/workflows/tasks"},
	{"POST", "/nodes"},
	{"PATCH", "/nodes/web-1"},
	{"PUT", "/nodes/web-1/obm"},
	{"PUT", "/obms"},
}

func TestBadBodies(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.node(t, "web-1")
	large := `{"name": "` + strings.Repeat("x", 1<<20) + `"}`
	tests := []struct {
		name, contentType, body, status string
	}{
		{"cut off", "application/json", `{"name": `, "400"},
		{"two values", "application/json", `{} {}`, "400"},
		{"not an object", "application/json", `[1]`, "400"},
		{"bad YAML", "application/yaml", "a: b: c", "400"},
		{"same key twice", "application/yaml", "name: a\nname: b", "400"},
		{"too large", "application/json", large, "413"},
	}
	for _, test := range tests {
		for _, write := range writes {
			r := s.send(t, write[0], "/api/2.0"+write[1], test.contentType, test.body)
			if got := into[v2.Error](t, r); got.Status != test.status {
				t.Errorf("%s: %s %s: got %s", test.name, write[0], write[1], r.body)
			}
		}
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for contentType, body := range map[string]string{
		"":                                  `{"name": "n", "type": "compute"}`,
		"text/plain":                        `{"name": "n", "type": "compute"}`,
		"application/x-www-form-urlencoded": `{"name": "n", "type": "compute"}`,
		"application/json; charset=utf-8":   `{"name": "n", "type": "compute"}`,
		"application/x-yaml":                "name: web-1\ntype: compute\n",
		"text/yaml; charset=utf-8":          "name: web-1\ntype: compute\n",
	} {
		if r := s.send(t, "POST", "/api/2.0/nodes", contentType, body); r.status != http.StatusCreated {
			t.Errorf("%q: got %d %s", contentType, r.status, r.body)
		}
	}
}

// FuzzBody holds that no body makes the server fail.
func FuzzBody(f *testing.F) {
	s := newSite(f)
	s.node(f, "web-1")
	for i := range writes {
		f.Add(i, false, `{"name": "Graph.Wait", "command": "cancel", "service": "s", "config": {"password": "p"}, "nodeId": "web-1", "type": "compute"}`)
	}
	f.Add(4, false, fullGraph)
	f.Add(4, true, "friendlyName: Y\ninjectableName: Graph.Y\ntasks: [{label: a, taskName: Task.Wait, waitOn: {anyOf: {a: 5}}}]")
	f.Add(0, false, `{"definition": {"tasks": null}, "options": {"a": {"b": "{{#x}}"}}}`)
	f.Add(0, true, "a: &a [*a]")
	f.Fuzz(func(t *testing.T, which int, isYAML bool, body string) {
		write := writes[uint(which)%uint(len(writes))]
		req := httptest.NewRequestWithContext(t.Context(), write[0], "/api/2.0"+write[1], strings.NewReader(body))
		if isYAML {
			req.Header.Set("Content-Type", "application/yaml")
		}
		rec := httptest.NewRecorder()
		s.handler.ServeHTTP(rec, req)
		if rec.Code >= http.StatusInternalServerError {
			t.Errorf("%s %s: %d %s\n%s", write[0], write[1], rec.Code, rec.Body, s.log)
		}
	})
}
