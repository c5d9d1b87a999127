package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/store"
)

func TestTags(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	added := into[v2.Tag](t, s.want(t, http.StatusCreated, "POST", "/api/2.0/tags", otherRules("Row-4")))
	if added.ID == "" || string(added.Rules) != `[{"path":"a.b"}]` {
		t.Errorf("added %+v", added)
	}
	if diff := cmp.Diff(added, into[v2.Tag](t, s.want(t, http.StatusOK, "GET", "/api/2.0/tags/row-4", ""))); diff != "" {
		t.Errorf("by name (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]v2.Tag{added}, into[[]v2.Tag](t, s.want(t, http.StatusOK, "GET", "/api/2.0/tags", ""))); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	s.wantError(t, "POST", "/api/2.0/tags", otherRules("ROW-4"), v2.Error{Status: "409", Message: "tag name already exists"})
	s.wantError(t, "POST", "/api/2.0/tags", `{"name": "x", "rules": [{"path": "a", "is": 1}]}`, v2.Error{
		Status: "400", Message: "Validation errors", Errors: []v2.Problem{{
			Path: "rules[0].is", Message: "is is no operator",
			Hint: "the operators are contains, equals, greaterThan, in, lessThan, max, min, notContains, notIn, notRegex, regex",
		}},
	})
	for range 2 {
		s.want(t, http.StatusNoContent, "DELETE", "/api/2.0/tags/row-4", "")
	}
	s.wantError(t, "GET", "/api/2.0/tags/row-4", "", v2.Error{Status: "404", Message: `tag "row-4" not found`})
}

func TestNodeTags(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.node(t, "web-1")
	s.node(t, "web-2")
	const tags = "/api/2.0/nodes/web-1/tags"
	for _, c := range []struct {
		method, path, body string
		status             int
		answer             string
		tags               []string
	}{
		{"PATCH", "", `{"tags": ["a", "B c"]}`, http.StatusOK, `["a","B c"]`, []string{"a", "B c"}},
		{"PATCH", "", `{"tags": ["a", "d"]}`, http.StatusOK, `["a","d"]`, []string{"a", "B c", "d"}},
		{"PATCH", "", `{"tags": []}`, http.StatusOK, `[]`, []string{"a", "B c", "d"}},
		{"DELETE", "/B%20c", "", http.StatusNoContent, "", []string{"a", "d"}},
		{"DELETE", "/other", "", http.StatusNoContent, "", []string{"a", "d"}},
	} {
		r := s.want(t, c.status, c.method, tags+c.path, c.body)
		if got := compact(t, r.body); got != c.answer {
			t.Errorf("%s %s answers %s, want %s", c.method, c.body, got, c.answer)
		}
		if diff := cmp.Diff(c.tags, into[[]string](t, s.want(t, http.StatusOK, "GET", tags, ""))); diff != "" {
			t.Errorf("after %s %s (-want +got):\n%s", c.method, c.path+c.body, diff)
		}
	}
	for path, want := range map[string]int{"/tags/A/nodes": 1, "/tags/other/nodes": 0} {
		if nodes := into[[]v2.Node](t, s.want(t, http.StatusOK, "GET", "/api/2.0"+path, "")); len(nodes) != want {
			t.Errorf("%s has %d nodes, want %d", path, len(nodes), want)
		}
	}
	for method, path := range map[string]string{"GET": "", "PATCH": "", "DELETE": "/a"} {
		s.wantError(t, method, "/api/2.0/nodes/web-9/tags"+path, `{"tags": ["a"]}`,
			v2.Error{Status: "404", Message: "Could not find node with identifier web-9"})
	}
	for _, body := range []string{`{}`, `{"tags": "a"}`, `{"tags": [""]}`, `{"tags": [1]}`} {
		s.want(t, http.StatusBadRequest, "PATCH", tags, body)
	}
}

func compact(t *testing.T, body string) string {
	t.Helper()
	if body == "" {
		return ""
	}
	data, err := json.Marshal(into[any](t, reply{body: body}))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestNodeTagsBesideOthers loses no change of another client, and does not try for ever.
func TestNodeTagsBesideOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faster, status int
		want           []string
	}{
		"once":         {1, http.StatusOK, []string{"theirs", "mine"}},
		"all the time": {100, http.StatusConflict, []string{"theirs"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.node(t, "web-1")
			s.servers.faster = c.faster
			s.want(t, c.status, "PATCH", "/api/2.0/nodes/web-1/tags", `{"tags": ["mine"]}`)
			if diff := cmp.Diff(c.want, into[[]string](t, s.want(t, http.StatusOK, "GET", "/api/2.0/nodes/web-1/tags", ""))); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
		})
	}
}

// UpdateServer lets somebody else be faster, as often as the test says.
func (s *servers) UpdateServer(ctx context.Context, server store.Server) (store.Server, error) {
	if s.faster > 0 {
		s.faster--
		theirs, err := s.Server(ctx, server.ID)
		if err != nil {
			return store.Server{}, err
		}
		theirs.Tags = []string{"theirs"}
		if _, err := s.SQLite.UpdateServer(ctx, theirs); err != nil {
			return store.Server{}, err
		}
	}
	return s.SQLite.UpdateServer(ctx, server)
}
