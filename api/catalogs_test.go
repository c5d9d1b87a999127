package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/store"
)

func (s *site) catalog(t *testing.T, server, source, data string) store.Catalog {
	t.Helper()
	c, err := s.store.PutCatalog(t.Context(), store.Catalog{ServerID: server, Source: source, Data: json.RawMessage(data)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCatalogs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.node(t, "web-1")
	s.node(t, "web-2")
	stored := []store.Catalog{s.catalog(t, id, "redfish", `{"cpus": 2}`), s.catalog(t, id, "redfish", `{"cpus": 4}`)}

	latest := into[v2.Catalog](t, s.want(t, http.StatusOK, "GET", "/api/2.0/nodes/web-1/catalogs/redfish", ""))
	want := v2.Catalog{
		ID: stored[1].ID, Node: "/api/2.0/nodes/" + id, Source: "redfish",
		CreatedAt: stored[1].Created, UpdatedAt: stored[1].Updated, Data: json.RawMessage(`{"cpus":4}`),
	}
	if diff := cmp.Diff(want, latest); diff != "" {
		t.Errorf("latest (-want +got):\n%s", diff)
	}
	first := into[v2.Catalog](t, s.want(t, http.StatusOK, "GET", "/api/2.0/catalogs/"+stored[0].ID, ""))
	if string(first.Data) != `{"cpus":2}` {
		t.Errorf("data of the first is %s", first.Data)
	}
	for path, count := range map[string]int{"/catalogs": 2, "/nodes/web-1/catalogs": 2, "/nodes/web-2/catalogs": 0} {
		if got := into[[]v2.Catalog](t, s.want(t, http.StatusOK, "GET", "/api/2.0"+path, "")); len(got) != count {
			t.Errorf("%s has %d catalogs, want %d", path, len(got), count)
		}
	}
}

func TestCatalogMissing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.node(t, "web-1")
	for path, says := range map[string]string{
		"/nodes/web-1/catalogs/bmc": "No Catalogs Found for Source (bmc).",
		"/nodes/web-9/catalogs":     "web-9",
		"/nodes/web-9/catalogs/bmc": "web-9",
		"/catalogs/no-such":         "no-such",
	} {
		if r := s.want(t, http.StatusNotFound, "GET", "/api/2.0"+path, ""); !strings.Contains(r.body, says) {
			t.Errorf("%s answers %s, want %q", path, r.body, says)
		}
	}
}
