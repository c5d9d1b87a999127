package storetest

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/rackflow/rackflow/store"
)

func catalog(serverID, source, data string) store.Catalog {
	return store.Catalog{ServerID: serverID, Source: source, Data: json.RawMessage(data)}
}

func putCatalog(t *testing.T, s store.Store) {
	server := created(t, s, compute("web"))
	first := must[store.Catalog](t)(s.PutCatalog(t.Context(), catalog(server.ID, "bios", `{"BootMode":"Uefi"}`)))
	isRecent(t, first.Created)
	equal(t, "by source", first, must[store.Catalog](t)(s.Catalog(t.Context(), server.ID, "bios")))
	equal(t, "by id", first, must[store.Catalog](t)(s.CatalogByID(t.Context(), first.ID)))
	equal(t, "data", `{"BootMode":"Uefi"}`, string(first.Data))

	same := must[store.Catalog](t)(s.PutCatalog(t.Context(), catalog(server.ID, "bios", `{"BootMode":"Uefi"}`)))
	equal(t, "id of the same again", first.ID, same.ID)
	if !same.Updated.After(first.Updated) || !same.Created.Equal(first.Created) {
		t.Errorf("the same again: created %v, updated %v; want Updated alone to be later than %v", same.Created, same.Updated, first.Updated)
	}

	other := must[store.Catalog](t)(s.PutCatalog(t.Context(), catalog(server.ID, "bios", `{"BootMode":"Bios"}`)))
	equal(t, "the latest", other, must[store.Catalog](t)(s.Catalog(t.Context(), server.ID, "bios")))
	equal(t, "versions", 2, len(must[[]store.Catalog](t)(s.Catalogs(t.Context(), server.ID))))

	noError(t, s.DeleteServer(t.Context(), server.ID))
	_, err := s.CatalogByID(t.Context(), first.ID)
	fails(t, store.NotFound, err, "catalog")
}

func putCatalogRefuses(t *testing.T, s store.Store) {
	server := created(t, s, compute("web"))
	for _, tc := range []struct {
		kind    store.Kind
		catalog store.Catalog
		says    string
	}{
		{store.NotFound, catalog(someID, "bios", `{}`), someID},
		{store.Invalid, catalog("", "bios", `{}`), "server"},
		{store.Invalid, catalog(server.ID, "", `{}`), "source"},
		{store.Invalid, catalog(server.ID, "bios", `{`), "JSON"},
		{store.Invalid, catalog(server.ID, "bios", ``), "JSON"},
	} {
		_, err := s.PutCatalog(t.Context(), tc.catalog)
		fails(t, tc.kind, err, tc.says)
	}
	equal(t, "stored", 0, len(must[[]store.Catalog](t)(s.Catalogs(t.Context(), ""))))
	_, err := s.Catalog(t.Context(), server.ID, "bios")
	fails(t, store.NotFound, err, "bios")
}

func catalogVersions(t *testing.T, s store.Store) {
	server := created(t, s, compute("web"))
	for n := range store.CatalogVersions + 3 {
		must[store.Catalog](t)(s.PutCatalog(t.Context(), catalog(server.ID, "bios", fmt.Sprint(n))))
	}
	must[store.Catalog](t)(s.PutCatalog(t.Context(), catalog(server.ID, "sel", `[]`)))
	got := []string{}
	for _, c := range must[[]store.Catalog](t)(s.Catalogs(t.Context(), server.ID)) {
		got = append(got, string(c.Data))
	}
	want := []string{}
	for n := range store.CatalogVersions {
		want = append(want, fmt.Sprint(n+3))
	}
	equal(t, "kept", append(want, `[]`), got)
}

func catalogs(t *testing.T, s store.Store) {
	web, db := created(t, s, compute("web")), created(t, s, compute("db"))
	for _, server := range []store.Server{web, db} {
		must[store.Catalog](t)(s.PutCatalog(t.Context(), catalog(server.ID, "sel", `[]`)))
	}
	equal(t, "of all", 2, len(must[[]store.Catalog](t)(s.Catalogs(t.Context(), ""))))
	one := must[[]store.Catalog](t)(s.Catalogs(t.Context(), db.ID))
	equal(t, "of one", 1, len(one))
	equal(t, "server", db.ID, one[0].ServerID)
	equal(t, "of none", 0, len(must[[]store.Catalog](t)(s.Catalogs(t.Context(), someID))))
}
