package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v2 "github.com/rackflow/rackflow/api/v2"
)

// fullGraph has every key that a view could lose.
const fullGraph = `{
	"friendlyName": "Full", "injectableName": "Graph.Full", "serviceGraph": true,
	"options": {"defaults": {"delay": 9007199254740993}, "one": {"ratio": 1.5}},
	"x-owner": "team",
	"tasks": [
		{"label": "one", "taskName": "Task.Wait", "ignoreFailure": true, "optionOverrides": {"delay": 2}, "x-description": "why"},
		{"label": "two", "taskName": "/api/2.0/workflows/tasks/Task.Wait", "waitOn": {"anyOf": {"one": ["failed", "timeout"]}}},
		{"label": "three", "finally": true, "taskDefinition": {"friendlyName": "In", "injectableName": "Task.In",
			"implementsTask": "Task.Base.Wait", "options": {"delay": 3}, "properties": {"a": {}}}}]}`

func TestGraphRoundTrip(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if r := s.want(t, http.StatusCreated, "PUT", "/api/2.0/workflows/graphs", fullGraph); r.body != "Graph.Full" {
		t.Errorf("body of PUT: %q", r.body)
	}
	first := s.want(t, http.StatusOK, "GET", "/api/2.0/workflows/graphs/GRAPH.full", "").body
	want := strings.ReplaceAll(fullGraph, `"Task.Wait"`, `"/api/2.0/workflows/tasks/Task.Wait"`)
	if diff := cmp.Diff(exact(t, "["+want+"]"), exact(t, first)); diff != "" {
		t.Errorf("GET after PUT (-want +got):\n%s", diff)
	}
	again := into[[]json.RawMessage](t, reply{body: first})[0]
	s.want(t, http.StatusCreated, "PUT", "/api/2.0/workflows/graphs", string(again))
	second := s.want(t, http.StatusOK, "GET", "/api/2.0/workflows/graphs/Graph.Full", "").body
	if first != second {
		t.Errorf("PUT of what GET returned changed it:\n%s\n%s", first, second)
	}
}

// exact decodes JSON without rounding a number.
func exact(t *testing.T, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestGraphYAML(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	body := "friendlyName: Yes or no\ninjectableName: Graph.Y\ncolour: red\ntasks:\n- label: a\n  taskName: Task.Wait\n"
	r := s.send(t, "PUT", "/api/2.0/workflows/graphs", "application/yaml", body)
	if r.status != http.StatusCreated {
		t.Fatalf("got %d %s", r.status, r.body)
	}
	want := []string{"colour: unknown key 'colour' (it is stored, and has no effect)"}
	if diff := cmp.Diff(want, r.header.Values("X-Warning")); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestGraphLists(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.want(t, http.StatusCreated, "PUT", "/api/2.0/workflows/graphs", fullGraph)
	hiding := strings.ReplaceAll(waitGraph, "Wait twice", "Mine")
	s.want(t, http.StatusCreated, "PUT", "/api/2.0/workflows/graphs", hiding)
	tests := []struct {
		path string
		want []string
	}{
		{"", []string{"Full", "Generate SKU", "Generate Tags", "Mine"}},
		{"/*", []string{"Full", "Generate SKU", "Generate Tags", "Mine"}},
		{"/graph.wait", []string{"Mine"}},
		{"/Graph.Nope", nil},
	}
	for _, test := range tests {
		var got []string
		r := s.want(t, http.StatusOK, "GET", "/api/2.0/workflows/graphs"+test.path, "")
		for _, g := range into[[]struct{ FriendlyName string }](t, r) {
			got = append(got, g.FriendlyName)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.path, diff)
		}
	}
	s.want(t, http.StatusNoContent, "DELETE", "/api/2.0/workflows/graphs/Graph.Wait", "")
	if r := s.want(t, http.StatusOK, "GET", "/api/2.0/workflows/graphs/Graph.Wait", ""); !strings.Contains(r.body, "Wait twice") {
		t.Errorf("the stock graph is not back: %s", r.body)
	}
}

func TestDeleteDefinitions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.want(t, http.StatusNoContent, "DELETE", "/api/2.0/workflows/graphs/Graph.Nope", "")
	s.want(t, http.StatusNotFound, "DELETE", "/api/2.0/workflows/tasks/Task.Nope", "")
	for _, path := range []string{"graphs/Graph.Wait", "tasks/Task.Wait"} {
		r := s.want(t, http.StatusBadRequest, "DELETE", "/api/2.0/workflows/"+path, "")
		if !strings.Contains(into[v2.Error](t, r).Message, "cannot be deleted") {
			t.Errorf("%s: %s", path, r.body)
		}
	}
}

func TestPutGraphErrors(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	graphOf := func(tasks string) string {
		return fmt.Sprintf(`{"friendlyName": "X", "injectableName": "Graph.X", "tasks": [%s]}`, tasks)
	}
	const task = `"taskName": "Task.Wait"`
	tests := []struct {
		name, body, status, message string
	}{
		{"no name", `{"friendlyName": "X", "tasks": [{"label": "a", ` + task + `}]}`, "400", "injectableName (string) is required"},
		{"no tasks", graphOf(``), "400", "Graph.tasks ([object]) is required"},
		{"same label", graphOf(`{"label": "a", ` + task + `}, {"label": "a", ` + task + `}`), "400", "The task label 'a' is used more than once in the graph definition."},
		{"reserved label", graphOf(`{"label": "anyOf", ` + task + `}`), "400", "Label anyOf is reserved, please use another label."},
		{"unknown label", graphOf(`{"label": "a", ` + task + `, "waitOn": {"zz": "failed"}}`), "400", "Task to wait on does not exist: zz"},
		{"cycle", graphOf(`{"label": "a", ` + task + `, "waitOn": {"a": "failed"}}`), "400", "Detected a cyclic graph with tasks"},
		{"anyOf is no object", graphOf(`{"label": "a", ` + task + `, "waitOn": {"anyOf": "x"}}`), "400", "task.waitOn.anyOf should be an object."},
		{"unknown task", graphOf(`{"label": "a", "taskName": "Task.Nope"}`), "404", "Could not find task definition with injectableName Task.Nope"},
		{"not an object", `[]`, "400", ""},
		{"not JSON", `{"friendlyName"`, "400", ""},
		{"empty", ``, "400", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := into[v2.Error](t, s.do(t, "PUT", "/api/2.0/workflows/graphs", test.body))
			if got.Status != test.status || !strings.Contains(got.Message, test.message) || len(got.Errors) == 0 {
				t.Errorf("got %+v, want %s %q", got, test.status, test.message)
			}
		})
	}
}

func TestTasks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	mine := strings.ReplaceAll(waitTask, "Task.Wait", "Task.Mine")
	put := s.want(t, http.StatusCreated, "PUT", "/api/2.0/workflows/tasks", mine)
	doc := into[map[string]any](t, put)
	if doc["id"] != "Task.Mine" || doc["createdAt"] == nil || doc["updatedAt"] == nil || doc["implementsTask"] != "Task.Base.Wait" {
		t.Errorf("PUT returned %s", put.body)
	}
	s.want(t, http.StatusCreated, "PUT", "/api/2.0/workflows/tasks", put.body)
	got := s.want(t, http.StatusOK, "GET", "/api/2.0/workflows/tasks/TASK.mine", "")
	if diff := cmp.Diff(exact(t, mine), exact(t, got.body)); diff != "" {
		t.Errorf("GET (-want +got):\n%s", diff)
	}
	all := s.want(t, http.StatusOK, "GET", "/api/2.0/workflows/tasks", "")
	if diff := cmp.Diff(exact(t, "["+mine+","+waitTask+"]"), exact(t, all.body)); diff != "" {
		t.Errorf("GET all (-want +got):\n%s", diff)
	}
	s.wantError(t, "GET", "/api/2.0/workflows/tasks/Task.Nope", "",
		v2.Error{Message: "Could not find task definition with injectableName Task.Nope", Status: "404"})
	r := s.want(t, http.StatusBadRequest, "PUT", "/api/2.0/workflows/tasks", `{"injectableName": "Task.X"}`)
	if got := into[v2.Error](t, r); len(got.Errors) != 4 {
		t.Errorf("want all four missing keys, got %s", r.body)
	}
}
