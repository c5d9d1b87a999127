package graph_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/graph"
)

const accounts = `{"type": "object", "properties": {
	"root": {"type": "string", "format": "password"},
	"users": {"type": "array", "items": {"type": "object", "properties": {
		"name": {"type": "string"}, "password": {"type": "string", "writeOnly": true, "minLength": 3}}}},
	"tokens": {"type": "array", "items": {"type": "string", "writeOnly": true}},
	"bmc": {"type": "object", "properties": {"pin": {"type": "integer", "writeOnly": true}}}}}`

func TestSecretNames(t *testing.T) {
	t.Parallel()
	want := []string{"bmc.pin", "root", "tokens.[]", "users.[].password"}
	if diff := cmp.Diff(want, graph.SecretNames(json.RawMessage(accounts))); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if got := graph.SecretNames(json.RawMessage(`[1]`)); got != nil {
		t.Errorf("what is no schema has secrets %v", got)
	}
}

func TestSecretsInLists(t *testing.T) {
	t.Parallel()
	const answer = `{"root": null, "users": [{"name": "a", "password": "hunter2"}, {"name": "b"}, "odd", null],
		"tokens": ["t0", "sealed:t1"], "bmc": {"pin": 1234}, "other": ["x"]}`
	var given map[string]any
	if err := json.Unmarshal([]byte(answer), &given); err != nil {
		t.Fatal(err)
	}
	want := []string{"bmc.pin", "tokens.0", "users.0.password"}
	if diff := cmp.Diff(want, graph.ClearSecrets(given, json.RawMessage(accounts))); diff != "" {
		t.Errorf("clear secrets (-want +got):\n%s", diff)
	}
	sealed, err := graph.MapSecrets(given, json.RawMessage(accounts), func(s string) (string, error) { return "sealed:" + s, nil })
	if err != nil {
		t.Fatal(err)
	}
	if left := graph.ClearSecrets(sealed, json.RawMessage(accounts)); left != nil {
		t.Errorf("still in clear: %v", left)
	}
	users, _ := sealed["users"].([]any)
	if diff := cmp.Diff(map[string]any{"name": "a", "password": "sealed:hunter2"}, users[0]); diff != "" {
		t.Errorf("the first user (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("hunter2", given["users"].([]any)[0].(map[string]any)["password"]); diff != "" {
		t.Errorf("the answer itself was changed:\n%s", diff)
	}
}

func TestCheckAnswerHidesSecretsInLists(t *testing.T) {
	t.Parallel()
	problems := graph.CheckAnswer(map[string]any{"users": []any{map[string]any{"password": "xy"}}}, json.RawMessage(accounts))
	if len(problems) != 1 || strings.Contains(problems.Error(), "xy") || !strings.Contains(problems.Error(), "users") {
		t.Errorf("problems are %v", problems)
	}
}
