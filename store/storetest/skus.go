package storetest

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/rackflow/rackflow/store"
)

const someRules = `[ {"path": "redfish.summary.model", "equals": "R760"} ]`

func sku(name string) store.SKU { return store.SKU{Name: name, Rules: json.RawMessage(someRules)} }

func createSKU(t *testing.T, s store.Store) {
	want := sku("Größe")
	want.DiscoveryGraph = "Graph.Sku"
	want.DiscoveryGraphOptions = map[string]any{"defaults": map[string]any{"colour": "red"}}
	want.Config = map[string]any{}
	got := must[store.SKU](t)(s.CreateSKU(t.Context(), want))
	isRecent(t, got.Created)
	want.ID, want.Created, want.Updated = got.ID, got.Created, got.Created
	equal(t, "returned", want, got)
	for _, ref := range []string{got.ID, "größe", "GRÖßE"} {
		equal(t, "by "+ref, want, must[store.SKU](t)(s.SKU(t.Context(), ref)))
	}
}

func createSKURefuses(t *testing.T, s store.Store) {
	must[store.SKU](t)(s.CreateSKU(t.Context(), sku("r760")))
	for _, tc := range []struct {
		kind store.Kind
		sku  store.SKU
		says string
	}{
		{store.Conflict, sku("R760"), `"r760"`},
		{store.Invalid, sku(""), "name"},
		{store.Invalid, store.SKU{Name: "x"}, "rules"},
		{store.Invalid, store.SKU{Name: "x", Rules: json.RawMessage(`null`)}, "rules"},
		{store.Invalid, store.SKU{Name: "x", Rules: json.RawMessage(`{}`)}, "rules"},
		{store.Invalid, store.SKU{Name: "x", Rules: json.RawMessage(`[`)}, "rules"},
	} {
		_, err := s.CreateSKU(t.Context(), tc.sku)
		fails(t, tc.kind, err, tc.says)
	}
	equal(t, "stored", 1, len(must[[]store.SKU](t)(s.SKUs(t.Context()))))
	_, err := s.SKU(t.Context(), "r770")
	fails(t, store.NotFound, err, "sku", "r770")
}

func skus(t *testing.T, s store.Store) {
	equal(t, "none", nil, must[[]store.SKU](t)(s.SKUs(t.Context())))
	for _, name := range []string{"b", "C", "A"} {
		must[store.SKU](t)(s.CreateSKU(t.Context(), sku(name)))
	}
	names := []string{}
	for _, k := range must[[]store.SKU](t)(s.SKUs(t.Context())) {
		names = append(names, k.Name)
	}
	equal(t, "names", []string{"A", "b", "C"}, names)
}

func updateSKU(t *testing.T, s store.Store) {
	first := must[store.SKU](t)(s.CreateSKU(t.Context(), sku("old")))
	change := first
	change.Name, change.DiscoveryGraph, change.Config = "new", "Graph.New", map[string]any{"n": 1.0}
	second := must[store.SKU](t)(s.UpdateSKU(t.Context(), change))
	if !second.Updated.After(first.Updated) {
		t.Errorf("Updated is %v; want later than %v", second.Updated, first.Updated)
	}
	change.Updated = second.Updated
	equal(t, "returned", change, second)
	equal(t, "read", second, must[store.SKU](t)(s.SKU(t.Context(), "NEW")))
	_, err := s.SKU(t.Context(), "old")
	fails(t, store.NotFound, err, "old")
}

func updateSKURefuses(t *testing.T, s store.Store) {
	first := must[store.SKU](t)(s.CreateSKU(t.Context(), sku("first")))
	must[store.SKU](t)(s.CreateSKU(t.Context(), sku("second")))
	taken, stale, unknown, nameless := first, first, first, first
	taken.Name = "SECOND"
	stale.Updated = first.Updated.Add(-time.Second)
	unknown.ID = someID
	nameless.Name = ""
	for _, tc := range []struct {
		kind store.Kind
		sku  store.SKU
		says string
	}{
		{store.Conflict, taken, `"second"`},
		{store.Conflict, stale, "read it again"},
		{store.NotFound, unknown, someID},
		{store.Invalid, nameless, "name"},
	} {
		_, err := s.UpdateSKU(t.Context(), tc.sku)
		fails(t, tc.kind, err, tc.says)
	}
	equal(t, "stored", first, must[store.SKU](t)(s.SKU(t.Context(), first.ID)))
	first.Updated = time.Time{}
	must[store.SKU](t)(s.UpdateSKU(t.Context(), first))
}

// deleteSKU leaves no server with a SKU that is not there, and no reader of one with a
// version that still counts.
func deleteSKU(t *testing.T, s store.Store) {
	gone, kept := must[store.SKU](t)(s.CreateSKU(t.Context(), sku("a"))), must[store.SKU](t)(s.CreateSKU(t.Context(), sku("b")))
	var servers []store.Server
	for _, k := range []store.SKU{gone, kept} {
		server := compute(k.Name)
		server.SKU = k.ID
		servers = append(servers, created(t, s, server))
	}
	noError(t, s.DeleteSKU(t.Context(), gone.ID))
	fails(t, store.NotFound, s.DeleteSKU(t.Context(), gone.ID), gone.ID)
	left := []string{}
	for _, server := range servers {
		left = append(left, must[store.Server](t)(s.Server(t.Context(), server.ID)).SKU)
	}
	equal(t, "SKUs of the servers", []string{"", kept.ID}, left)
	_, err := s.UpdateServer(t.Context(), servers[0])
	fails(t, store.Conflict, err, "read it again")
}

func tags(t *testing.T, s store.Store) {
	equal(t, "none", nil, must[[]store.Tag](t)(s.Tags(t.Context())))
	want := store.Tag{Name: "Rack-7", Rules: json.RawMessage(someRules)}
	got := must[store.Tag](t)(s.CreateTag(t.Context(), want))
	isRecent(t, got.Created)
	want.ID, want.Created, want.Updated = got.ID, got.Created, got.Created
	equal(t, "returned", want, got)
	equal(t, "by name", want, must[store.Tag](t)(s.Tag(t.Context(), "RACK-7")))
	second := must[store.Tag](t)(s.CreateTag(t.Context(), store.Tag{Name: "a", Rules: json.RawMessage(`[]`)}))
	equal(t, "all", []store.Tag{second, want}, must[[]store.Tag](t)(s.Tags(t.Context())))

	server := compute("web")
	server.Tags = []string{"Rack-7"}
	server = created(t, s, server)
	noError(t, s.DeleteTag(t.Context(), "rack-7"))
	fails(t, store.NotFound, s.DeleteTag(t.Context(), "rack-7"), "rack-7")
	if got := must[store.Server](t)(s.Server(t.Context(), server.ID)); !slices.Contains(got.Tags, "Rack-7") {
		t.Errorf("the server has the tags %v: those it has are its own", got.Tags)
	}
}

func createTagRefuses(t *testing.T, s store.Store) {
	must[store.Tag](t)(s.CreateTag(t.Context(), store.Tag{Name: "rack", Rules: json.RawMessage(someRules)}))
	for _, tc := range []struct {
		kind store.Kind
		tag  store.Tag
		says string
	}{
		{store.Conflict, store.Tag{Name: "Rack", Rules: json.RawMessage(someRules)}, `"rack"`},
		{store.Invalid, store.Tag{Rules: json.RawMessage(someRules)}, "name"},
		{store.Invalid, store.Tag{Name: "x", Rules: json.RawMessage(`1`)}, "rules"},
	} {
		_, err := s.CreateTag(t.Context(), tc.tag)
		fails(t, tc.kind, err, tc.says)
	}
	_, err := s.Tag(t.Context(), "other")
	fails(t, store.NotFound, err, "tag", "other")
}
