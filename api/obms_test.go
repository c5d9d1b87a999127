package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v2 "github.com/rackflow/rackflow/api/v2"
)

const secretConfig = `{"host": "10.0.0.1", "user": "root", "password": "hunter2", "port": 443,
	"proxy": {"host": "p", "api_key": "hunter2"}, "list": [{"passwd": "hunter2"}]}`

func TestOBMSecrets(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.node(t, "web-1")
	put := s.want(t, http.StatusCreated, "PUT", "/api/2.0/obms", `{"nodeId": "web-1", "service": "redfish-obm-service", "config": `+secretConfig+`}`)
	obm := into[v2.Obm](t, put)
	want := v2.Obm{
		ID: obm.ID, Node: "/api/2.0/nodes/" + id, Service: "redfish-obm-service",
		Config: map[string]any{
			"host": "10.0.0.1", "user": "root", "port": 443.0,
			"proxy": map[string]any{"host": "p"}, "list": []any{map[string]any{}},
		},
	}
	if diff := cmp.Diff(want, obm); diff != "" {
		t.Errorf("PUT (-want +got):\n%s", diff)
	}
	for _, path := range []string{"/obms", "/obms/" + obm.ID, "/nodes/web-1/obm", "/nodes/web-1", "/nodes"} {
		r := s.want(t, http.StatusOK, "GET", "/api/2.0"+path, "")
		if strings.Contains(r.body, "hunter2") || strings.Contains(r.body, "sealed:") {
			t.Errorf("%s shows a secret: %s", path, r.body)
		}
	}
	stored, err := s.store.OBM(t.Context(), obm.ID)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := stored.Config["password"].(string)
	if !strings.HasPrefix(password, "sealed:") {
		t.Errorf("the password is stored as %q", password)
	}
	if opened, err := s.keeper.Open(t.Context(), password); err != nil || opened != "hunter2" {
		t.Errorf("opened %q, %v", opened, err)
	}
	if strings.Contains(s.log.String(), "hunter2") {
		t.Errorf("the log shows a secret: %s", s.log)
	}
}

func TestOBMUpsert(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.node(t, "web-1")
	put := func(host string) v2.Obm {
		r := s.want(t, http.StatusCreated, "PUT", "/api/2.0/nodes/web-1/obm", `{"service": "redfish-obm-service", "config": {"host": "`+host+`"}}`)
		return into[v2.Obm](t, r)
	}
	first, second := put("a"), put("b")
	if first.ID != second.ID || second.Config["host"] != "b" {
		t.Errorf("first %v, second %v", first, second)
	}
	path := "/api/2.0/obms/" + first.ID
	s.want(t, http.StatusNoContent, "DELETE", path, "")
	s.want(t, http.StatusNotFound, "GET", path, "")
	s.want(t, http.StatusNotFound, "DELETE", path, "")
	if r := s.want(t, http.StatusOK, "GET", "/api/2.0/nodes/web-1/obm", ""); strings.TrimSpace(r.body) != "[]" {
		t.Errorf("left over: %s", r.body)
	}
	s.want(t, http.StatusBadRequest, "PUT", "/api/2.0/obms", `{"service": "s", "config": {}}`)
	s.want(t, http.StatusBadRequest, "PUT", "/api/2.0/nodes/web-1/obm", `{"service": "s", "config": "x"}`)
}
