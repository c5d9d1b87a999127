package storetest

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rackflow/rackflow/store"
)

const someID = "0123456789abcdef01234567"

func compute(name string, identifiers ...string) store.Server {
	return store.Server{Name: name, Type: "compute", Identifiers: identifiers}
}

func created(t *testing.T, s store.Store, sv store.Server) store.Server {
	t.Helper()
	return must[store.Server](t)(s.CreateServer(t.Context(), sv))
}

func createServer(t *testing.T, s store.Store) {
	in := store.Server{
		Name: "Web 1", Type: "compute", AutoDiscover: true, SKU: "sku-1",
		Identifiers: []string{"AA:BB:CC:00:00:01", "7XYZ123", "aa:bb:cc:00:00:01"},
		Tags:        []string{"row-3", "Row-3", "row-3"},
		Relations:   []store.Relation{{RelationType: "enclosedBy", Targets: []string{someID}, Info: map[string]any{"slot": 2.0}}},
	}
	got := created(t, s, in)
	if !regexp.MustCompile(`^[0-9a-f]{24}$`).MatchString(got.ID) {
		t.Errorf("id %q has not 24 hexadecimal digits", got.ID)
	}
	isRecent(t, got.Created)
	want := in
	want.ID, want.Created, want.Updated = got.ID, got.Created, got.Created
	want.Identifiers = []string{"AA:BB:CC:00:00:01", "7XYZ123"}
	want.Tags = []string{"row-3", "Row-3"}
	equal(t, "returned", want, got)
	equal(t, "stored", got, must[store.Server](t)(s.Server(t.Context(), got.ID)))
}

func createServerRefuses(t *testing.T, s store.Store) {
	chosen := compute("chosen")
	chosen.ID = someID
	equal(t, "id", someID, created(t, s, chosen).ID)
	for _, tc := range []struct {
		kind store.Kind
		sv   store.Server
		says string
	}{
		{store.Conflict, chosen, someID},
		{store.Invalid, store.Server{Type: "compute"}, "name"},
		{store.Invalid, store.Server{Name: "x"}, "type"},
		{store.Invalid, compute("x", "aa", " "), "identifier"},
		{store.Invalid, store.Server{ID: "short", Name: "x", Type: "compute"}, "24"},
		{store.Invalid, store.Server{ID: strings.ToUpper(someID), Name: "x", Type: "compute"}, "24"},
		{store.Invalid, store.Server{Name: "x", Type: "compute", Relations: []store.Relation{{Info: func() {}}}}, "relation"},
	} {
		_, err := s.CreateServer(t.Context(), tc.sv)
		fails(t, tc.kind, err, tc.says)
	}
	equal(t, "number of servers", 1, len(must[[]store.Server](t)(s.Servers(t.Context()))))
}

func serverByReference(t *testing.T, s store.Store) {
	want := created(t, s, compute("Wéb-1", "AA:BB:CC:00:00:01", "7XYZ123"))
	created(t, s, compute("web-2", "AA:BB:CC:00:00:02"))
	for _, ref := range []string{want.ID, strings.ToUpper(want.ID), "Wéb-1", "WÉB-1", "aa:bb:cc:00:00:01", "7xyz123"} {
		equal(t, "by "+ref, want, must[store.Server](t)(s.Server(t.Context(), ref)))
	}
	for _, ref := range []string{"", someID, "web", "web-%", "compute"} {
		_, err := s.Server(t.Context(), ref)
		fails(t, store.NotFound, err, "server")
	}
}

func serverAmbiguous(t *testing.T, s store.Store) {
	one := created(t, s, compute("blade", "CHASSIS7"))
	two := created(t, s, compute("Blade", "CHASSIS7", one.ID))
	three := created(t, s, compute("chassis7"))
	_, err := s.Server(t.Context(), "blade")
	fails(t, store.Conflict, err, one.ID, two.ID)
	_, err = s.Server(t.Context(), "chassis7")
	fails(t, store.Conflict, err, one.ID, two.ID, three.ID, "3 servers")
	equal(t, "an id before an identifier", one, must[store.Server](t)(s.Server(t.Context(), one.ID)))
}

func servers(t *testing.T, s store.Store) {
	equal(t, "of an empty store", nil, must[[]store.Server](t)(s.Servers(t.Context())))
	one := created(t, s, compute("b"))
	two := created(t, s, compute("a", "id-2"))
	all := must[[]store.Server](t)(s.Servers(t.Context()))
	if len(all) == 2 && all[0].Created.Equal(all[1].Created) && all[0].ID == two.ID {
		all[0], all[1] = all[1], all[0]
	}
	equal(t, "all", []store.Server{one, two}, all)
}

func updateServer(t *testing.T, s store.Store) {
	before := created(t, s, compute("old", "id-1"))
	change := store.Server{
		ID: before.ID, Name: "new", Type: "enclosure", SKU: "sku-2", AutoDiscover: true,
		Identifiers: []string{"id-2"}, Tags: []string{"t"},
		Relations: []store.Relation{{RelationType: "encloses", Targets: []string{someID}}},
		Created:   before.Created.Add(-time.Hour),
	}
	got := must[store.Server](t)(s.UpdateServer(t.Context(), change))
	if !got.Updated.After(before.Updated) {
		t.Errorf("Updated went from %v to %v", before.Updated, got.Updated)
	}
	want := change
	want.Created, want.Updated = before.Created, got.Updated
	equal(t, "returned", want, got)
	equal(t, "stored", got, must[store.Server](t)(s.Server(t.Context(), got.ID)))
}

func updateServerMovesLookups(t *testing.T, s store.Store) {
	sv := created(t, s, compute("old", "id-1"))
	sv.Name, sv.Identifiers = "new", []string{"id-2"}
	must[store.Server](t)(s.UpdateServer(t.Context(), sv))
	for _, ref := range []string{"new", "id-2"} {
		must[store.Server](t)(s.Server(t.Context(), ref))
	}
	for _, ref := range []string{"old", "id-1"} {
		_, err := s.Server(t.Context(), ref)
		fails(t, store.NotFound, err, ref)
	}
}

func updateServerLosesNoChange(t *testing.T, s store.Store) {
	read := created(t, s, compute("web"))
	mine, theirs := read, read
	theirs.SKU = "theirs"
	must[store.Server](t)(s.UpdateServer(t.Context(), theirs))
	mine.Tags = []string{"mine"}
	_, err := s.UpdateServer(t.Context(), mine)
	fails(t, store.Conflict, err, read.ID, "read it again")
	equal(t, "SKU", "theirs", must[store.Server](t)(s.Server(t.Context(), read.ID)).SKU)

	mine.Updated = time.Time{}
	got := must[store.Server](t)(s.UpdateServer(t.Context(), mine))
	equal(t, "SKU after overwriting", "", got.SKU)
}

func updateServerRefuses(t *testing.T, s store.Store) {
	missing := compute("x")
	missing.ID = someID
	_, err := s.UpdateServer(t.Context(), missing)
	fails(t, store.NotFound, err, someID)
	_, err = s.UpdateServer(t.Context(), compute("without an id"))
	fails(t, store.Invalid, err, "24")
	sv := created(t, s, compute("y"))
	sv.Name = ""
	_, err = s.UpdateServer(t.Context(), sv)
	fails(t, store.Invalid, err, "name")
}

func deleteServer(t *testing.T, s store.Store) {
	gone, stays := created(t, s, compute("gone", "id-1")), created(t, s, compute("stays"))
	settings := must[store.OBM](t)(s.PutOBM(t.Context(), redfish(gone.ID)))
	other := must[store.OBM](t)(s.PutOBM(t.Context(), redfish(stays.ID)))
	link := mediaLink(1)
	link.ServerID = gone.ID
	noError(t, s.PutLink(t.Context(), link))

	noError(t, s.DeleteServer(t.Context(), gone.ID))
	for _, ref := range []string{gone.ID, "gone", "id-1"} {
		_, err := s.Server(t.Context(), ref)
		fails(t, store.NotFound, err, ref)
	}
	_, err := s.OBM(t.Context(), settings.ID)
	fails(t, store.NotFound, err)
	_, err = s.Link(t.Context(), link.TokenHash)
	fails(t, store.NotFound, err)
	must[store.OBM](t)(s.OBM(t.Context(), other.ID))
	for _, id := range []string{gone.ID, "stays", ""} {
		if err := s.DeleteServer(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("DeleteServer(%q): %v; want ErrNotFound", id, err)
		}
	}
}
