package storetest

import (
	"testing"

	"github.com/rackflow/rackflow/store"
)

func redfish(serverID string) store.OBM {
	return store.OBM{ServerID: serverID, Service: "redfish-obm-service", Config: map[string]any{
		"host": "10.0.0.1", "port": 443.0, "password": "sealed:v1:AAAA", "verifySSL": false, "roots": []any{"/redfish/v1"},
	}}
}

func putOBM(t *testing.T, s store.Store) {
	server := created(t, s, compute("web"))
	first := must[store.OBM](t)(s.PutOBM(t.Context(), redfish(server.ID)))
	isRecent(t, first.Created)
	want := redfish(server.ID)
	want.ID, want.Created, want.Updated = first.ID, first.Created, first.Updated
	equal(t, "returned", want, first)
	equal(t, "stored", first, must[store.OBM](t)(s.OBM(t.Context(), first.ID)))

	again := redfish(server.ID)
	again.Config = nil
	second := must[store.OBM](t)(s.PutOBM(t.Context(), again))
	equal(t, "id of the replaced", first.ID, second.ID)
	equal(t, "Created of the replaced", first.Created, second.Created)
	equal(t, "settings of the server", []store.OBM{second}, must[[]store.OBM](t)(s.OBMs(t.Context(), server.ID)))
	if second.Config == nil || len(second.Config) != 0 {
		t.Errorf("a nil config became %v; want an empty object", second.Config)
	}
}

func putOBMByID(t *testing.T, s store.Store) {
	one, two := created(t, s, compute("one")), created(t, s, compute("two"))
	o := redfish(one.ID)
	o.ID = someID
	before := must[store.OBM](t)(s.PutOBM(t.Context(), o))
	equal(t, "chosen id", someID, before.ID)

	o.ServerID, o.Service = two.ID, "ipmi-obm-service"
	moved := must[store.OBM](t)(s.PutOBM(t.Context(), o))
	equal(t, "Created of the moved", before.Created, moved.Created)
	equal(t, "all settings", []store.OBM{moved}, must[[]store.OBM](t)(s.OBMs(t.Context(), "")))
}

func putOBMRefuses(t *testing.T, s store.Store) {
	server := created(t, s, compute("web"))
	stored := must[store.OBM](t)(s.PutOBM(t.Context(), redfish(server.ID)))
	other := redfish(server.ID)
	other.ID = someID
	broken := redfish(server.ID)
	broken.ID = "x"
	opaque := redfish(server.ID)
	opaque.Config = map[string]any{"f": func() {}}
	for _, tc := range []struct {
		kind store.Kind
		o    store.OBM
		says string
	}{
		{store.Conflict, other, stored.ID},
		{store.NotFound, redfish(someID), someID},
		{store.Invalid, redfish(""), "server"},
		{store.Invalid, store.OBM{ServerID: server.ID}, "service"},
		{store.Invalid, broken, "24"},
		{store.Invalid, opaque, "JSON"},
	} {
		_, err := s.PutOBM(t.Context(), tc.o)
		fails(t, tc.kind, err, tc.says)
	}
	equal(t, "settings", []store.OBM{stored}, must[[]store.OBM](t)(s.OBMs(t.Context(), "")))
}

func obms(t *testing.T, s store.Store) {
	one, two := created(t, s, compute("one")), created(t, s, compute("two"))
	snmp := redfish(one.ID)
	snmp.Service = "snmp-obm-service"
	b := must[store.OBM](t)(s.PutOBM(t.Context(), snmp))
	a := must[store.OBM](t)(s.PutOBM(t.Context(), redfish(one.ID)))
	must[store.OBM](t)(s.PutOBM(t.Context(), redfish(two.ID)))
	equal(t, "of one server", []store.OBM{a, b}, must[[]store.OBM](t)(s.OBMs(t.Context(), one.ID)))
	equal(t, "number of all", 3, len(must[[]store.OBM](t)(s.OBMs(t.Context(), ""))))
	equal(t, "of an unknown server", nil, must[[]store.OBM](t)(s.OBMs(t.Context(), someID)))
}

func deleteOBM(t *testing.T, s store.Store) {
	server := created(t, s, compute("web"))
	o := must[store.OBM](t)(s.PutOBM(t.Context(), redfish(server.ID)))
	noError(t, s.DeleteOBM(t.Context(), o.ID))
	_, err := s.OBM(t.Context(), o.ID)
	fails(t, store.NotFound, err, o.ID)
	fails(t, store.NotFound, s.DeleteOBM(t.Context(), o.ID), o.ID)
}
