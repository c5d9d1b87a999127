package storetest

import (
	"encoding/json"
	"testing"

	"github.com/rackflow/rackflow/store"
)

func definition(kind store.DefinitionKind, name, body string) store.Definition {
	return store.Definition{Kind: kind, Name: name, Body: json.RawMessage(body)}
}

func putDefinition(t *testing.T, s store.Store) {
	const body = `{ "injectableName": "Graph.Über",  "big": 9007199254740993 }`
	first := must[store.Definition](t)(s.PutDefinition(t.Context(), definition(store.Graph, "Graph.Über", body)))
	isRecent(t, first.Created)
	want := definition(store.Graph, "Graph.Über", body)
	want.Created, want.Updated = first.Created, first.Updated
	equal(t, "returned", want, first)
	for _, name := range []string{"Graph.Über", "graph.über", "GRAPH.ÜBER"} {
		equal(t, "by "+name, first, must[store.Definition](t)(s.Definition(t.Context(), store.Graph, name)))
	}
	second := must[store.Definition](t)(s.PutDefinition(t.Context(), definition(store.Graph, "Graph.Über", `{}`)))
	equal(t, "Created of the replaced", first.Created, second.Created)
	equal(t, "body of the replaced", `{}`, string(second.Body))
}

func putDefinitionRefuses(t *testing.T, s store.Store) {
	stored := must[store.Definition](t)(s.PutDefinition(t.Context(), definition(store.Task, "Task.Noop", `{"a":1}`)))
	for _, tc := range []struct {
		kind store.Kind
		d    store.Definition
		says string
	}{
		{store.Conflict, definition(store.Task, "task.noop", `{}`), "Task.Noop"},
		{store.Invalid, definition(store.Task, "", `{}`), "name"},
		{store.Invalid, definition("hook", "x", `{}`), "hook"},
		{store.Invalid, definition(store.Task, "x", ``), "JSON object"},
		{store.Invalid, definition(store.Task, "x", `null`), "JSON object"},
		{store.Invalid, definition(store.Task, "x", `[1]`), "JSON object"},
		{store.Invalid, definition(store.Task, "x", `{"a":`), "JSON object"},
	} {
		_, err := s.PutDefinition(t.Context(), tc.d)
		fails(t, tc.kind, err, tc.says)
	}
	equal(t, "stored", []store.Definition{stored}, must[[]store.Definition](t)(s.Definitions(t.Context(), store.Task)))
}

func definitionsInOrder(t *testing.T, s store.Store) {
	for _, name := range []string{"b", "C", "A"} {
		must[store.Definition](t)(s.PutDefinition(t.Context(), definition(store.Graph, name, `{}`)))
	}
	var names []string
	for _, d := range must[[]store.Definition](t)(s.Definitions(t.Context(), store.Graph)) {
		names = append(names, d.Name)
	}
	equal(t, "names", []string{"A", "b", "C"}, names)
}

func definitionKinds(t *testing.T, s store.Store) {
	must[store.Definition](t)(s.PutDefinition(t.Context(), definition(store.Graph, "same", `{"kind":"graph"}`)))
	must[store.Definition](t)(s.PutDefinition(t.Context(), definition(store.Task, "SAME", `{"kind":"task"}`)))
	got := must[store.Definition](t)(s.Definition(t.Context(), store.Task, "same"))
	equal(t, "body", `{"kind":"task"}`, string(got.Body))
	noError(t, s.DeleteDefinition(t.Context(), store.Task, "same"))
	must[store.Definition](t)(s.Definition(t.Context(), store.Graph, "same"))

	_, err := s.Definition(t.Context(), "hook", "same")
	fails(t, store.Invalid, err, "hook")
	_, err = s.Definitions(t.Context(), "")
	fails(t, store.Invalid, err)
	fails(t, store.Invalid, s.DeleteDefinition(t.Context(), "hook", "same"), "hook")
}

func deleteDefinition(t *testing.T, s store.Store) {
	must[store.Definition](t)(s.PutDefinition(t.Context(), definition(store.Graph, "Graph.A", `{}`)))
	noError(t, s.DeleteDefinition(t.Context(), store.Graph, "graph.a"))
	_, err := s.Definition(t.Context(), store.Graph, "Graph.A")
	fails(t, store.NotFound, err, "graph", "Graph.A")
	fails(t, store.NotFound, s.DeleteDefinition(t.Context(), store.Graph, "Graph.A"), "Graph.A")
	equal(t, "left", nil, must[[]store.Definition](t)(s.Definitions(t.Context(), store.Graph)))
}
