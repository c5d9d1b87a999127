package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/starter"
)

func TestStart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.node(t, "web-1")
	tests := []struct {
		name, path, body string
		want             starter.Request
	}{
		{
			"by name", "/workflows", `{"name": "Graph.Wait"}`,
			starter.Request{Graph: "Graph.Wait"},
		},
		{
			"the query wins", "/workflows?name=Graph.Wait", `{"name": "Graph.Nope"}`,
			starter.Request{Graph: "Graph.Wait"},
		},
		{
			"query and no body", "/workflows?name=Graph.Wait", "",
			starter.Request{Graph: "Graph.Wait"},
		},
		{
			"null is absent", "/workflows", `{"name": "Graph.Wait", "options": null, "context": null, "domain": null}`,
			starter.Request{Graph: "Graph.Wait"},
		},
		{
			"options and context", "/workflows",
			`{"name": "Graph.Wait", "options": {"first": {"delay": 5}}, "context": {"a": [1]}, "domain": "default"}`,
			starter.Request{
				Graph:   "Graph.Wait",
				Options: map[string]any{"first": map[string]any{"delay": 5.0}}, Context: map[string]any{"a": []any{1.0}},
			},
		},
		{
			"on a node by its name", "/nodes/WEB-1/workflows", `{"name": "Graph.Wait"}`,
			starter.Request{Graph: "Graph.Wait", Server: id},
		},
	}
	for _, test := range tests {
		s.want(t, http.StatusCreated, "POST", "/api/2.0"+test.path, test.body)
		if diff := cmp.Diff(test.want, s.runs.request); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestStartYAML(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.send(t, "POST", "/api/2.0/workflows", "application/yaml", "name: Graph.Wait\noptions:\n  first:\n    delay: 7\n")
	if r.status != http.StatusCreated || s.runs.request.Options["first"] == nil {
		t.Errorf("got %d %s, options %v", r.status, r.body, s.runs.request.Options)
	}
}

func TestStartDefinition(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	inline := strings.ReplaceAll(waitGraph, `"Graph.Wait"`, `"Graph.Inline", "colour": "red"`)
	r := s.want(t, http.StatusCreated, "POST", "/api/2.0/workflows", `{"definition": `+inline+`}`)
	started := into[v2.WorkflowDocument](t, r)
	if started.InjectableName != "Graph.Inline" || len(started.XWarnings) != 1 || started.XWarnings[0].Path != "colour" {
		t.Errorf("started %s", r.body)
	}
	if r := s.want(t, http.StatusOK, "GET", "/api/2.0/workflows/graphs/Graph.Inline", ""); strings.TrimSpace(r.body) != "[]" {
		t.Errorf("the definition was stored: %s", r.body)
	}
	wrong := strings.ReplaceAll(waitGraph, `"first": "succeeded"`, `"zz": "succeeded"`)
	r = s.want(t, http.StatusBadRequest, "POST", "/api/2.0/workflows", `{"definition": `+wrong+`}`)
	got := into[v2.Error](t, r)
	if got.Message != "Task to wait on does not exist: zz" || len(got.Errors) != 1 || got.Errors[0].Path != "tasks[1].waitOn.zz" {
		t.Errorf("got %s", r.body)
	}
}

func TestStartErrors(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	busy := s.node(t, "busy")
	s.want(t, http.StatusCreated, "POST", "/api/2.0/nodes/busy/workflows", `{"name": "Graph.Wait"}`)
	tests := []struct {
		name, path, body string
		want             v2.Error
	}{
		{
			"unknown graph", "/workflows", `{"name": "Graph.Nope"}`,
			v2.Error{Message: "Graph definition not found for Graph.Nope", Status: "404"},
		},
		{
			"no name", "/workflows", `{}`,
			v2.Error{Message: "Graph name is missing or in wrong format", Status: "400"},
		},
		{
			"name of another type", "/workflows", `{"name": 5, "options": []}`,
			v2.Error{Message: "Validation errors", Status: "400", Errors: []v2.Problem{
				{Path: "name", Message: "value must be a string"}, {Path: "options", Message: "value must be an object"},
			}},
		},
		{
			"unknown node", "/nodes/nope/workflows", `{"name": "Graph.Wait"}`,
			v2.Error{Message: "Could not find node with identifier nope", Status: "404"},
		},
		{
			"busy node", "/nodes/" + busy + "/workflows", `{"name": "Graph.Wait"}`,
			v2.Error{Message: "Unable to run multiple task graphs against a single target.", Status: "409"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { //nolint:paralleltest // the fake remembers one request
			s.wantError(t, "POST", "/api/2.0"+test.path, test.body, test.want)
		})
	}
}

// TestStartOptionErrors leaves the wording of problems to package graph.
func TestStartOptionErrors(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, delay := range []string{`"soon"`, `"{{ options.nope }}"`} {
		r := s.want(t, http.StatusBadRequest, "POST", "/api/2.0/workflows",
			`{"name": "Graph.Wait", "options": {"first": {"delay": `+delay+`}}}`)
		got := into[v2.Error](t, r)
		if len(got.Errors) == 0 || !strings.HasPrefix(got.Errors[0].Path, "options.first") || got.Message == "" {
			t.Errorf("delay %s: got %s", delay, r.body)
		}
	}
}

func TestWorkflowLists(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.node(t, "web-1")
	for range 4 {
		s.want(t, http.StatusCreated, "POST", "/api/2.0/workflows", `{"name": "Graph.Wait"}`)
	}
	s.want(t, http.StatusCreated, "POST", "/api/2.0/nodes/web-1/workflows", `{"name": "Graph.Wait"}`)
	s.runs.end(s.runs.runs[2], graph.Succeeded)
	tests := []struct {
		path string
		want []string
		link string
	}{
		{"/workflows", []string{"run-4.abc", "run-3.abc", "run-2.abc", "run-1.abc", "run-0.abc"}, ""},
		{"/workflows?active=true", []string{"run-4.abc", "run-3.abc", "run-1.abc", "run-0.abc"}, ""},
		{"/workflows?active=false", []string{"run-2.abc"}, ""},
		{"/workflows?sort=-name&unknown=1", []string{"run-4.abc", "run-3.abc", "run-2.abc", "run-1.abc", "run-0.abc"}, ""},
		{
			"/workflows?$skip=1&$top=2&active=true",
			[]string{"run-3.abc", "run-1.abc"},
			`</api/2.0/workflows?active=true&$skip=0&$top=2>; rel="first", </api/2.0/workflows?active=true&$skip=2&$top=2>; rel="last", ` +
				`</api/2.0/workflows?active=true&$skip=0&$top=2>; rel="prev", </api/2.0/workflows?active=true&$skip=3&$top=2>; rel="next"`,
		},
		{
			"/workflows?$skip=9", []string{},
			`</api/2.0/workflows?$skip=0&$top=5>; rel="first", </api/2.0/workflows?$skip=0&$top=5>; rel="last", ` +
				`</api/2.0/workflows?$skip=4&$top=5>; rel="prev"`,
		},
		{"/nodes/" + id + "/workflows?active=true", []string{"run-4.abc"}, ""},
	}
	for _, test := range tests {
		r := s.want(t, http.StatusOK, "GET", "/api/2.0"+test.path, "")
		got := []string{}
		for _, workflow := range into[[]v2.WorkflowCore](t, r) {
			got = append(got, workflow.InstanceID)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.path, diff)
		}
		if diff := cmp.Diff(test.link, r.header.Get("Link")); diff != "" {
			t.Errorf("%s link (-want +got):\n%s", test.path, diff)
		}
	}
	for _, query := range []string{"$skip=-1", "$top=0", "$top=-1", "$top=x", "active=maybe"} {
		r := s.want(t, http.StatusBadRequest, "GET", "/api/2.0/workflows?"+query, "")
		if strings.Contains(r.body, "strconv") || strings.Contains(r.body, "binding") {
			t.Errorf("%s: internal text in %s", query, r.body)
		}
	}
}

func TestCancelAndDelete(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.node(t, "web-1")
	s.want(t, http.StatusCreated, "POST", "/api/2.0/nodes/web-1/workflows", `{"name": "Graph.Wait"}`)
	const workflow = "/api/2.0/workflows/run-0.abc"
	cancel := `{"command": "cancel", "options": {}}`

	s.wantError(t, "DELETE", workflow, "", v2.Error{Message: "Forbidden to delete an active workflow run-0.abc", Status: "403"})
	s.wantError(t, "DELETE", "/api/2.0/nodes/web-1", "",
		v2.Error{Message: fmt.Sprintf("Could not remove node %s, active workflow is running", id), Status: "400"})
	unknown := func(allowed string) v2.Error {
		return v2.Error{Message: "Validation errors", Status: "400", Errors: []v2.Problem{
			{Path: "command", Message: "value is not one of the allowed values " + allowed},
		}}
	}
	s.wantError(t, "PUT", workflow+"/action", `{"command": "pause"}`, unknown(`["cancel","retry"]`))
	s.wantError(t, "PUT", "/api/2.0/nodes/web-1/workflows/action", `{"command": "retry"}`, unknown(`["cancel"]`))

	r := s.want(t, http.StatusAccepted, "PUT", "/api/2.0/nodes/web-1/workflows/action", cancel)
	if got := r.header.Get("Location"); got != workflow {
		t.Errorf("Location: %q", got)
	}
	s.want(t, http.StatusOK, "GET", r.header.Get("Location"), "")
	s.wantError(t, "PUT", "/api/2.0/nodes/web-1/workflows/action", cancel,
		v2.Error{Message: "No active workflow graph found for node " + id, Status: "404"})
	s.wantError(t, "PUT", workflow+"/action", cancel, v2.Error{Message: "run-0.abc is not an active workflow", Status: "400"})

	s.want(t, http.StatusNoContent, "DELETE", workflow, "")
	gone := v2.Error{Message: "Graph instance not found for run-0.abc", Status: "404"}
	s.wantError(t, "GET", workflow, "", gone)
	s.wantError(t, "DELETE", workflow, "", gone)
	s.wantError(t, "PUT", workflow+"/action", cancel, gone)

	s.want(t, http.StatusCreated, "POST", "/api/2.0/workflows", `{"name": "Graph.Wait"}`)
	if r := s.want(t, http.StatusAccepted, "PUT", workflow+"/action", cancel); r.body != "run-0.abc" {
		t.Errorf("body of the action: %q", r.body)
	}
}
