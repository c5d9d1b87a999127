package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v2 "github.com/rackflow/rackflow/api/v2"
)

func TestNodeShapes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.want(t, http.StatusCreated, "POST", "/api/2.0/nodes", `{
		"name": "web-1", "type": "compute", "autoDiscover": true, "identifiers": ["B8:CA:3A:00:00:01"], "tags": ["rack-7"],
		"relations": [{"relationType": "enclosedBy", "targets": ["c1"]}], "bootSettings": {}, "ibms": null,
		"obms": [{"service": "redfish-obm-service", "config": {"host": "10.0.0.1", "user": "root", "password": "hunter2"}}]}`)
	doc := into[v2.NodeDocument](t, r)
	relations := []v2.Relation{{RelationType: "enclosedBy", Targets: []string{"c1"}}}
	want := v2.NodeDocument{
		ID: doc.ID, Name: "web-1", Type: "compute", AutoDiscover: true, Identifiers: []string{"B8:CA:3A:00:00:01"},
		Tags: []string{"rack-7"}, Relations: relations, CreatedAt: doc.CreatedAt, UpdatedAt: doc.UpdatedAt,
	}
	if diff := cmp.Diff(want, doc); diff != "" || doc.CreatedAt.IsZero() {
		t.Errorf("POST (-want +got):\n%s", diff)
	}
	path := "/api/2.0/nodes/" + doc.ID
	for _, ref := range []string{doc.ID, "WEB-1", "b8:ca:3a:00:00:01"} {
		view := into[v2.Node](t, s.want(t, http.StatusOK, "GET", "/api/2.0/nodes/"+ref, ""))
		if len(view.Obms) != 1 || !strings.HasPrefix(view.Obms[0].Ref, "/api/2.0/obms/") {
			t.Fatalf("obms: %v", view.Obms)
		}
		s.want(t, http.StatusOK, "GET", view.Obms[0].Ref, "")
		view.Obms = nil
		want := v2.Node{
			ID: doc.ID, Name: "web-1", Type: "compute", AutoDiscover: true, Identifiers: []string{"B8:CA:3A:00:00:01"},
			Relations: relations, Ibms: []v2.ResourceRef{},
			Catalogs: path + "/catalogs", Pollers: path + "/pollers", Tags: path + "/tags", Workflows: path + "/workflows",
		}
		if diff := cmp.Diff(want, view); diff != "" {
			t.Errorf("GET %s (-want +got):\n%s", ref, diff)
		}
	}
}

func TestNodeList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, body := range []string{
		`{"name": "a", "type": "compute", "identifiers": ["X1"]}`,
		`{"name": "b", "type": "compute", "obms": [{"service": "noop-obm-service", "config": {}}]}`,
		`{"name": "c", "type": "switch"}`,
	} {
		s.want(t, http.StatusCreated, "POST", "/api/2.0/nodes", body)
	}
	tests := []struct {
		query string
		want  []string
		link  bool
	}{
		{"", []string{"a", "b", "c"}, false},
		{"?type=compute", []string{"a", "b"}, false},
		{"?name=C", []string{"c"}, false},
		{"?identifiers=x1", []string{"a"}, false},
		{"?identifiers=x1&type=switch", nil, false},
		{"?$skip=1&$top=1", []string{"b"}, true},
		{"?$skip=7", nil, true},
	}
	for _, test := range tests {
		r := s.want(t, http.StatusOK, "GET", "/api/2.0/nodes"+test.query, "")
		var got []string
		for _, node := range into[[]v2.Node](t, r) {
			got = append(got, node.Name)
			if node.Name == "b" && len(node.Obms) != 1 {
				t.Errorf("obms of b: %v", node.Obms)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.query, diff)
		}
		if got := r.header.Get("Link") != ""; got != test.link {
			t.Errorf("%s: Link header %v, want %v", test.query, got, test.link)
		}
	}
	s.want(t, http.StatusBadRequest, "GET", "/api/2.0/nodes?$top=0", "")
}

func TestNodePatch(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.node(t, "web-1")
	s.want(t, http.StatusOK, "PATCH", "/api/2.0/nodes/"+id, `{"tags": ["t"], "identifiers": ["I"], "autoDiscover": true}`)
	r := s.want(t, http.StatusOK, "PATCH", "/api/2.0/nodes/"+id, `{"name": "web-2", "type": "switch", "autoDiscover": false, "tags": [],
		"relations": [{"relationType": "contains", "info": {"slot": 3}, "targets": []}]}`)
	got := into[v2.NodeDocument](t, r)
	want := v2.NodeDocument{
		ID: id, Name: "web-2", Type: "switch", Identifiers: []string{"I"}, Tags: []string{},
		Relations: []v2.Relation{{RelationType: "contains", Info: map[string]any{"slot": 3.0}, Targets: []string{}}},
		CreatedAt: got.CreatedAt, UpdatedAt: got.UpdatedAt,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("PATCH (-want +got):\n%s", diff)
	}
}

func TestNodeSKU(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	server, err := s.store.Server(t.Context(), s.node(t, "web-1"))
	if err != nil {
		t.Fatal(err)
	}
	server.SKU = "r760"
	if _, err := s.store.UpdateServer(t.Context(), server); err != nil {
		t.Fatal(err)
	}
	view := into[v2.Node](t, s.want(t, http.StatusOK, "GET", "/api/2.0/nodes/web-1", ""))
	doc := into[v2.NodeDocument](t, s.want(t, http.StatusOK, "PATCH", "/api/2.0/nodes/web-1", `{}`))
	if view.Sku == nil || *view.Sku != "/api/2.0/skus/r760" || doc.Sku == nil || *doc.Sku != "r760" {
		t.Errorf("view %v, document %v", view.Sku, doc.Sku)
	}
}

func TestNodeErrors(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.node(t, "twin")
	s.node(t, "twin")
	missing := v2.Error{Message: "Could not find node with identifier nope", Status: "404"}
	for _, request := range [][2]string{
		{"GET", "/nodes/nope"},
		{"DELETE", "/nodes/nope"},
		{"GET", "/nodes/nope/obm"},
		{"GET", "/nodes/nope/workflows"},
	} {
		s.wantError(t, request[0], "/api/2.0"+request[1], "", missing)
	}
	s.wantError(t, "PATCH", "/api/2.0/nodes/nope", `{}`, missing)
	s.wantError(t, "PUT", "/api/2.0/nodes/nope/workflows/action", `{"command": "cancel"}`, missing)
	s.wantError(t, "PUT", "/api/2.0/nodes/nope/obm", `{"service": "s", "config": {}}`, missing)
	s.wantError(t, "PUT", "/api/2.0/obms", `{"nodeId": "nope", "service": "s", "config": {}}`, missing)
	s.want(t, http.StatusConflict, "GET", "/api/2.0/nodes/twin", "")
	s.wantError(t, "POST", "/api/2.0/nodes", `{"type": "toaster", "identifiers": [7], "obms": [{"service": ""}]}`, v2.Error{
		Message: "Validation errors", Status: "400",
		Errors: []v2.Problem{
			{Path: "identifiers.0", Message: "value must be a string"},
			{Path: "obms.0.service", Message: "minimum string length is 1"},
			{Path: "obms.0.config", Message: `property "config" is missing`},
			{Path: "type", Message: "value is not one of the allowed values " +
				`["compute","compute-container","switch","dae","pdu","mgmt","enclosure","rack","storage","iom","cooling","power","redfish","redfishManager"]`},
			{Path: "name", Message: `property "name" is missing`},
		},
	})
	if r := s.want(t, http.StatusOK, "GET", "/api/2.0/nodes", ""); len(into[[]v2.Node](t, r)) != 2 {
		t.Errorf("a refused node was stored: %s", r.body)
	}
}

// TestNodePostIsWhole stores no node when the settings of a controller are refused.
func TestNodePostIsWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.servers.refuse = true
	s.want(t, http.StatusConflict, "POST", "/api/2.0/nodes", `{"name": "n", "type": "compute", "obms": [{"service": "s", "config": {}}]}`)
	if r := s.want(t, http.StatusOK, "GET", "/api/2.0/nodes", ""); len(into[[]v2.Node](t, r)) != 0 {
		t.Errorf("half a node was stored: %s", r.body)
	}
}
