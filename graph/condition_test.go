package graph_test

import (
	"strings"
	"testing"

	"github.com/rackflow/rackflow/graph"
)

func TestConditions(t *testing.T) {
	t.Parallel()
	language := graph.NewConditions("response")
	response := map[string]any{"httpStatusCode": 200.0, "body": map[string]any{"state": "done", "jobs": []any{1.0, 2.0}}}
	for expr, c := range map[string]struct {
		want bool
		err  string
	}{
		`response.body.state == "done"`:    {true, ""},
		`response.httpStatusCode > 200`:    {false, ""},
		`response.body.jobs.all(j, j < 3)`: {true, ""},
		`has(response.body.error)`:         {false, ""},
		`response.body.error == ""`:        {false, "no such key: error"},
		`response.body.state`:              {false, "gives done, not true or false"},
		`"done"`:                           {false, "gives string, not true or false"},
		`tasks.a.state == "failed"`:        {false, "undeclared reference to 'tasks'"},
		`response.body.state ==`:           {false, "Syntax error"},
		strings.Repeat("[1].exists(x, ", 20) + "true" + strings.Repeat(")", 20):                                                                             {true, ""},
		`"` + strings.Repeat("x", 1000) + `".matches("(x*)*y") || ` + strings.Repeat("[1,2,3,4,5,6,7,8,9,10].all(x, ", 8) + "true" + strings.Repeat(")", 8): {false, "cost"},
	} {
		condition, err := language.Compile(expr)
		var met bool
		if err == nil {
			met, err = condition.Met(map[string]any{"response": response})
		}
		if met != c.want || (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, %v; want %v, %q", expr, met, err, c.want, c.err)
		}
	}
}
