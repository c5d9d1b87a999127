package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/workflows"
)

const diskSchema = `{"type":"object","properties":{"disk":{"type":"string"},"password":{"type":"string","writeOnly":true}}}`

// waitingRun waits for a disk and for an approval.
func waitingRun(s *site, t *testing.T) *starter.Run {
	t.Helper()
	sealed, err := s.keeper.Seal(t.Context(), "hunter2")
	if err != nil {
		t.Fatal(err)
	}
	deadline := start.Add(time.Hour)
	run := failedRun()
	run.Ended, run.Record.State = nil, graph.Running
	run.Record.Prompts = []workflows.Prompt{
		{ID: "approve", Title: "Go on?", Approval: true, AnswerBy: []string{"ann"}},
		{
			ID: "ask", Title: "Which disk?", Text: "It had " + sealed, Schema: json.RawMessage(diskSchema),
			Default: map[string]any{"disk": "sda", "password": sealed}, Deadline: &deadline,
		},
	}
	return run
}

func wantPrompts() []v2.Prompt {
	deadline := start.Add(time.Hour)
	return []v2.Prompt{
		{ID: "approve", Title: "Go on?", Approval: true, AnswerBy: []string{"ann"}, Schema: json.RawMessage("{}")},
		{
			ID: "ask", Title: "Which disk?", Text: "It had REDACTED", Schema: json.RawMessage(diskSchema),
			Default: map[string]any{"disk": "sda", "password": "REDACTED"}, Deadline: &deadline,
		},
	}
}

func TestPrompts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.runs.runs = []*starter.Run{waitingRun(s, t)}

	got := into[[]v2.Prompt](t, s.want(t, http.StatusOK, "GET", "/api/2.0/workflows/server-5f.abc/prompts", ""))
	if diff := cmp.Diff(wantPrompts(), got); diff != "" {
		t.Errorf("prompts of the run (-want +got):\n%s", diff)
	}
	view := into[v2.Workflow](t, s.want(t, http.StatusOK, "GET", "/api/2.0/workflows/server-5f.abc", ""))
	if diff := cmp.Diff(wantPrompts(), view.XPrompts); diff != "" {
		t.Errorf("x-prompts (-want +got):\n%s", diff)
	}
	var want []v2.WorkflowPrompt
	for _, p := range wantPrompts() {
		want = append(want, v2.WorkflowPrompt{Prompt: p, InstanceID: "server-5f.abc", Graph: "Graph.Install", Node: "5f", NodeName: "web-1"})
	}
	all := into[[]v2.WorkflowPrompt](t, s.want(t, http.StatusOK, "GET", "/api/2.0/prompts", ""))
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("prompts of all runs (-want +got):\n%s", diff)
	}
	active := true
	if diff := cmp.Diff(starter.Filter{State: "waiting", Active: &active}, s.runs.filter, cmp.AllowUnexported(starter.Filter{})); diff != "" {
		t.Errorf("filter (-want +got):\n%s", diff)
	}
}

func TestNoPrompts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.runs.runs = []*starter.Run{failedRun()}
	for _, path := range []string{"/workflows/server-5f.abc/prompts", "/prompts"} {
		if r := s.want(t, http.StatusOK, "GET", "/api/2.0"+path, ""); strings.TrimSpace(r.body) != "[]" {
			t.Errorf("%s: got %s", path, r.body)
		}
	}
	s.wantError(t, "GET", "/api/2.0/workflows/nope/prompts", "", v2.Error{Message: "Graph instance not found for nope", Status: "404"})
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.runs.runs = []*starter.Run{waitingRun(s, t)}
	s.want(t, http.StatusNoContent, "POST", "/api/2.0/workflows/server-5f.abc/prompts/each%20disk%232",
		`{"answer": {"disk": "sda", "size": 7, "nested": {"a": null}}, "by": "ann"}`)
	want := workflows.Answer{
		Prompt: "each disk#2", By: "ann", Answer: map[string]any{"disk": "sda", "size": 7.0, "nested": map[string]any{"a": nil}},
	}
	if diff := cmp.Diff(want, s.runs.answer); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestAnswerErrors(t *testing.T) {
	t.Parallel()
	const fits = `{"answer": {}}`
	for name, c := range map[string]struct {
		run, body string
		refuse    error
		want      v2.Error
	}{
		"no such run": {
			run: "nope", body: fits,
			want: v2.Error{Message: "Graph instance not found for nope", Status: "404"},
		},
		"no such prompt": {
			body: fits, refuse: &starter.Error{Kind: starter.NotFound, Message: "no prompt ask waits for an answer: none does"},
			want: v2.Error{Message: "no prompt ask waits for an answer: none does", Status: "404"},
		},
		"two problems": {
			body: fits,
			refuse: &starter.Error{Kind: starter.Invalid, Message: "missing property 'disk'", Problems: graph.Problems{
				{Path: "answer", Message: "missing property 'disk'"}, {Path: "answer.size", Message: "got string, want number", Hint: "give a number"},
			}},
			want: v2.Error{Message: "missing property 'disk'", Status: "400", Errors: []v2.Problem{
				{Path: "answer", Message: "missing property 'disk'"}, {Path: "answer.size", Message: "got string, want number", Hint: "give a number"},
			}},
		},
		"not this one": {
			body: fits, refuse: &starter.Error{Kind: starter.Forbidden, Message: "prompt ask may be answered by ann"},
			want: v2.Error{Message: "prompt ask may be answered by ann", Status: "403"},
		},
		"once more": {
			body: fits, refuse: &starter.Error{Kind: starter.Answered, Message: "prompt ask has been answered"},
			want: v2.Error{Message: "prompt ask has been answered", Status: "409"},
		},
		"ended": {
			body: fits, refuse: &starter.Error{Kind: starter.NotActive, Message: "server-5f.abc is not an active workflow"},
			want: v2.Error{Message: "server-5f.abc is not an active workflow", Status: "400"},
		},
		"no answer in it": {
			body: `{"by": 5}`,
			want: v2.Error{Message: "Validation errors", Status: "400", Errors: []v2.Problem{
				{Path: "by", Message: "value must be a string"}, {Path: "answer", Message: `property "answer" is missing`},
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.runs.runs, s.runs.refuse = []*starter.Run{failedRun()}, c.refuse
			run := "server-5f.abc"
			if c.run != "" {
				run = c.run
			}
			s.wantError(t, "POST", "/api/2.0/workflows/"+run+"/prompts/ask", c.body, c.want)
			if c.refuse == nil && s.runs.answer.Answer != nil {
				t.Errorf("it was passed on: %v", s.runs.answer)
			}
		})
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.want(t, http.StatusCreated, "POST", "/api/2.0/workflows", `{"name": "Graph.Wait"}`)
	const workflow, retry = "/api/2.0/workflows/run-0.abc", `{"command": "retry"}`
	s.wantError(t, "PUT", workflow+"/action", retry, v2.Error{Message: "run-0.abc has not ended: cancel it first", Status: "400"})
	s.runs.end(s.runs.runs[0], graph.Succeeded)
	s.wantError(t, "PUT", workflow+"/action", retry, v2.Error{Message: "run-0.abc has succeeded: there is nothing to retry", Status: "400"})
	s.wantError(t, "PUT", "/api/2.0/workflows/nope/action", retry, v2.Error{Message: "Graph instance not found for nope", Status: "404"})

	s.runs.end(s.runs.runs[0], graph.Failed)
	r := s.want(t, http.StatusAccepted, "PUT", workflow+"/action", retry)
	if r.body != "run-1.abc" || r.header.Get("Location") != "/api/2.0/workflows/run-1.abc" {
		t.Errorf("got %s at %s", r.body, r.header.Get("Location"))
	}
	again := into[v2.Workflow](t, s.want(t, http.StatusOK, "GET", r.header.Get("Location"), ""))
	if again.XRetryOf != "run-0.abc" {
		t.Errorf("x-retryOf is %q", again.XRetryOf)
	}
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.node(t, "web-1")
	for name, c := range map[string]struct {
		path string
		want starter.Filter
	}{
		"a graph in other letters":  {"/workflows?graph=GRAPH.wait", starter.Filter{Graph: "Graph.Wait"}},
		"a graph that is no more":   {"/workflows?graph=Graph.Gone", starter.Filter{Graph: "Graph.Gone"}},
		"none":                      {"/workflows?graph=", starter.Filter{}},
		"a state":                   {"/workflows?state=waiting", starter.Filter{State: "waiting"}},
		"those of a node, together": {"/nodes/web-1/workflows?graph=Graph.Wait&state=failed", starter.Filter{Server: id, Graph: "Graph.Wait", State: "failed"}},
	} {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // the fake remembers one filter
			s.want(t, http.StatusOK, "GET", "/api/2.0"+c.path, "")
			if diff := cmp.Diff(c.want, s.runs.filter, cmp.AllowUnexported(starter.Filter{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	s.wantError(t, "GET", "/api/2.0/workflows?state=done", "",
		v2.Error{Message: "state should be one of running, waiting, succeeded, failed, cancelled", Status: "400"})
}
