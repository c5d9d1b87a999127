package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/starter"
)

const (
	skuBody = `{"name": "R760", "rules": [{"path": "redfish.summary.model", "equals": "R760"}], "discoveryGraphName": "Graph.Wait",
		"discoveryGraphOptions": {"defaults": {"delay": 3, "password": "hunter2"}, "get-token": {"url": "http://h"}},
		"skuConfig": {"disk": "sda"}, "httpStaticRoot": "static"}`
	otherBody = `{"name": "other", "rules": [{"path": "redfish.summary.model"}]}`
)

func TestSkus(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	added := into[v2.Sku](t, s.want(t, http.StatusCreated, "POST", "/api/2.0/skus", skuBody))
	if diff := cmp.Diff(json.RawMessage(`[{"equals":"R760","path":"redfish.summary.model"}]`), added.Rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if added.ID == "" || added.DiscoveryGraphName != "Graph.Wait" || (*added.SkuConfig)["disk"] != "sda" {
		t.Errorf("added %+v", added)
	}
	for _, ref := range []string{added.ID, "r760"} {
		if diff := cmp.Diff(added, into[v2.Sku](t, s.want(t, http.StatusOK, "GET", "/api/2.0/skus/"+ref, ""))); diff != "" {
			t.Errorf("by %s (-want +got):\n%s", ref, diff)
		}
	}
	s.want(t, http.StatusCreated, "POST", "/api/2.0/skus", otherBody)
	all := into[[]v2.Sku](t, s.want(t, http.StatusOK, "GET", "/api/2.0/skus", ""))
	if len(all) != 2 || all[0].Name != "other" || all[0].SkuConfig != nil {
		t.Errorf("all: %+v", all)
	}
	s.want(t, http.StatusNoContent, "DELETE", "/api/2.0/skus/"+added.ID, "")
	s.want(t, http.StatusNotFound, "GET", "/api/2.0/skus/"+added.ID, "")
}

// TestSkuSecrets keeps secrets of a SKU's options from the store and from answers, and
// takes back what it has answered.
func TestSkuSecrets(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.want(t, http.StatusCreated, "POST", "/api/2.0/skus", skuBody)
	stored, err := s.store.SKU(t.Context(), "R760")
	if err != nil {
		t.Fatal(err)
	}
	defaults, _ := stored.DiscoveryGraphOptions["defaults"].(map[string]any)
	if password, _ := defaults["password"].(string); !strings.HasPrefix(password, "sealed:") || strings.Contains(r.body, "hunter2") {
		t.Errorf("stored %v, answered %s", defaults, r.body)
	}
	if diff := cmp.Diff(any(map[string]any{"url": "http://h"}), stored.DiscoveryGraphOptions["get-token"]); diff != "" {
		t.Errorf("options of a task with a secret's name (-want +got):\n%s", diff)
	}
	s.want(t, http.StatusCreated, "PUT", "/api/2.0/skus", r.body)
	again, err := s.store.SKU(t.Context(), "R760")
	if err != nil {
		t.Fatal(err)
	}
	opened, err := s.keeper.OpenSecrets(t.Context(), again.DiscoveryGraphOptions)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"defaults": map[string]any{"delay": 3.0, "password": "hunter2"}, "get-token": map[string]any{"url": "http://h"},
	}
	if diff := cmp.Diff(any(want), opened); diff != "" {
		t.Errorf("options after PUT of the answer (-want +got):\n%s", diff)
	}
}

func TestSkuChanges(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	added := into[v2.Sku](t, s.want(t, http.StatusCreated, "PUT", "/api/2.0/skus", skuBody))
	for _, c := range []struct {
		method, path, body string
		status             int
		change             func(*v2.Sku)
	}{
		{"PUT", "", otherRules("r760"), http.StatusCreated, func(k *v2.Sku) { k.Name, k.Rules = "r760", json.RawMessage(`[{"path":"a.b"}]`) }},
		{"PATCH", "/r760", `{"discoveryGraphName": "", "skuConfig": {"disk": "sdb"}}`, http.StatusOK, func(k *v2.Sku) {
			k.DiscoveryGraphName, k.SkuConfig = "", &map[string]any{"disk": "sdb"}
		}},
		{"PATCH", "/" + added.ID, `{"name": "new", "rules": null}`, http.StatusOK, func(k *v2.Sku) { k.Name = "new" }},
	} {
		got := into[v2.Sku](t, s.want(t, c.status, c.method, "/api/2.0/skus"+c.path, c.body))
		if !got.UpdatedAt.After(added.UpdatedAt) {
			t.Errorf("%s %s: updated at %v, before at %v", c.method, c.body, got.UpdatedAt, added.UpdatedAt)
		}
		c.change(&added)
		added.UpdatedAt = got.UpdatedAt
		if diff := cmp.Diff(added, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.method, c.body, diff)
		}
	}
}

func otherRules(name string) string { return `{"name": "` + name + `", "rules": [{"path": "a.b"}]}` }

func TestSkuRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.want(t, http.StatusCreated, "POST", "/api/2.0/skus", skuBody)
	s.want(t, http.StatusCreated, "POST", "/api/2.0/skus", otherBody)
	for _, c := range []struct {
		method, path, body string
		want               v2.Error
	}{
		{"POST", "", otherRules("r760"), v2.Error{Status: "409", Message: "duplicate name found"}},
		{"PATCH", "/r760", `{"name": "OTHER"}`, v2.Error{Status: "409", Message: `sku "OTHER": there is one of the name "other" already`}},
		{"POST", "", `{"name": "x", "rules": []}`, v2.Error{Status: "400", Message: "Validation errors", Errors: []v2.Problem{
			{Path: "rules", Message: "rules should have at least one rule", Hint: "without one no server could be told from another"},
		}}},
		{"PUT", "", `{"name": "other", "rules": [{"path": "a", "min": "x"}]}`, v2.Error{Status: "400", Message: "Validation errors", Errors: []v2.Problem{
			{Path: "rules[0].min", Message: "min should be a number"},
		}}},
		{"GET", "/r770", "", v2.Error{Status: "404", Message: "Could not find sku with identifier r770"}},
		{"PATCH", "/r770", `{}`, v2.Error{Status: "404", Message: "Could not find sku with identifier r770"}},
		{"DELETE", "/r770", "", v2.Error{Status: "404", Message: "Could not find sku with identifier r770"}},
		{"GET", "/r770/nodes", "", v2.Error{Status: "404", Message: "Could not find sku with identifier r770"}},
	} {
		s.wantError(t, c.method, "/api/2.0/skus"+c.path, c.body, c.want)
	}
	for _, body := range []string{`{"rules": [{"path": "a"}]}`, `{"name": "", "rules": [{"path": "a"}]}`, `{"name": "x"}`, `{"name": "x", "rules": [{"equals": 1}]}`} {
		if r := s.want(t, http.StatusBadRequest, "POST", "/api/2.0/skus", body); !strings.Contains(r.body, "Validation errors") {
			t.Errorf("%s: %s", body, r.body)
		}
	}
	if len(s.runs.runs) != 2 {
		t.Errorf("%d runs; want one for each SKU that was added", len(s.runs.runs))
	}
}

func TestSkuNodes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	added := into[v2.Sku](t, s.want(t, http.StatusCreated, "POST", "/api/2.0/skus", skuBody))
	s.node(t, "web-1")
	id := s.node(t, "web-2")
	server, err := s.store.Server(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	server.SKU = added.ID
	if _, err := s.store.UpdateServer(t.Context(), server); err != nil {
		t.Fatal(err)
	}
	nodes := into[[]v2.Node](t, s.want(t, http.StatusOK, "GET", "/api/2.0/skus/r760/nodes", ""))
	if len(nodes) != 1 || nodes[0].Name != "web-2" || nodes[0].Sku == nil || *nodes[0].Sku != "/api/2.0/skus/"+added.ID {
		t.Errorf("nodes %+v", nodes)
	}
}

// TestClassifyAll starts one run for all nodes after each change, and warns where it cannot.
func TestClassifyAll(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	steps := []struct {
		method, path, body, graph string
		status                    int
	}{
		{"POST", "/skus", skuBody, "Graph.GenerateSku", http.StatusCreated},
		{"PUT", "/skus", skuBody, "Graph.GenerateSku", http.StatusCreated},
		{"PATCH", "/skus/r760", `{}`, "Graph.GenerateSku", http.StatusOK},
		{"DELETE", "/skus/r760", "", "Graph.GenerateSku", http.StatusNoContent},
		{"POST", "/tags", otherBody, "Graph.GenerateTags", http.StatusCreated},
		{"DELETE", "/tags/other", "", "", http.StatusNoContent},
	}
	for _, step := range steps {
		s.runs.request = starter.Request{}
		r := s.want(t, step.status, step.method, "/api/2.0"+step.path, step.body)
		want := starter.Request{}
		if step.graph != "" {
			want = starter.Request{Graph: step.graph, Options: map[string]any{"defaults": map[string]any{"all": true}}}
		}
		if diff := cmp.Diff(want, s.runs.request); diff != "" || r.header.Get("X-Warning") != "" {
			t.Errorf("%s %s: run (-want +got):\n%swarning %q", step.method, step.path, diff, r.header.Get("X-Warning"))
		}
	}
	s.runs.fail = &starter.Error{Kind: starter.Unavailable, Message: "Temporal does not answer; try again"}
	for _, step := range steps[:5] {
		r := s.want(t, step.status, step.method, "/api/2.0"+step.path, step.body)
		if warning := r.header.Get("X-Warning"); !strings.Contains(warning, step.graph) || strings.Contains(warning, "Temporal") {
			t.Errorf("%s %s: warning %q", step.method, step.path, warning)
		}
	}
}
