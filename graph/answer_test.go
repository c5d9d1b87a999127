package graph_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/graph"
)

const loginSchema = `{
	"required": ["user"],
	"properties": {
		"user": {"type": "string", "pattern": "^[a-z]+$"},
		"login": {"properties": {"password": {"writeOnly": true, "type": "string", "pattern": "^[a-z]{8}"}, "pin": {"format": "password", "type": "string", "minLength": 4}}}
	}
}`

func TestCheckAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer map[string]any
		want   graph.Problems
	}{
		"it fits":            {map[string]any{"user": "ann"}, nil},
		"sealed":             {map[string]any{"user": "ann", "login": map[string]any{"password": "sealed:v1:x"}}, nil},
		"something missing":  {map[string]any{}, graph.Problems{{Path: "answer", Message: "missing property 'user'"}}},
		"a value is told":    {map[string]any{"user": "X1"}, graph.Problems{{Path: "answer.user", Message: "'X1' does not match pattern '^[a-z]+$'"}}},
		"but not a secret":   {map[string]any{"user": "ann", "login": map[string]any{"password": "S3cr3t"}}, graph.Problems{{Path: "answer.login.password", Message: "the secret does not fit its schema (pattern)"}}},
		"nor its length":     {map[string]any{"user": "ann", "login": map[string]any{"pin": "12"}}, graph.Problems{{Path: "answer.login.pin", Message: "the secret does not fit its schema (minLength)"}}},
		"nor what is inside": {map[string]any{"user": "ann", "login": map[string]any{"password": []any{"S3cr3t"}}}, graph.Problems{{Path: "answer.login.password", Message: "the secret does not fit its schema (type)"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := graph.CheckAnswer(c.answer, json.RawMessage(loginSchema))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if strings.Contains(got.Error(), "S3cr3t") {
				t.Errorf("a secret is told: %v", got)
			}
		})
	}
}
