package graph_test

import (
	"testing"

	"github.com/rackflow/rackflow/graph"
)

func TestConditionsWalkObjectsInOrder(t *testing.T) {
	t.Parallel()
	letters := map[string]any{"d": 4.0, "b": 2.0, "c": 3.0, "a": 1.0, "f": 6.0, "e": 5.0}
	values := map[string]any{"context": map[string]any{"letters": letters, "list": []any{letters}, "none": map[string]any{}}}
	language := graph.NewConditions("context")
	for _, expr := range []string{
		`context.letters.map(k, k) == ["a", "b", "c", "d", "e", "f"]`,
		`context.list[0].map(k, k)[0] == "a"`,
		`context.list.exists(l, l.map(k, k)[0] == "a")`,
		`context.map(k, k) == ["letters", "list", "none"]`,
		`context.none.map(k, k) == []`,
		`context.letters.filter(k, context.letters[k] > 2)[0] == "c"`,
		`{"b": 1, "a": 2, "d": 3, "c": 4}.map(k, k) == ["a", "b", "c", "d"]`,
		`{2: "x", "a": "y", 1: "z", true: ""}.map(k, string(k)) == ["true", "1", "2", "a"]`,
		`context.letters == {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6}`,
		`"a" in context.letters && size(context.letters) == 6 && !has(context.letters.g)`,
	} {
		condition, err := language.Compile(expr)
		if err != nil {
			t.Error(err)
			continue
		}
		for range 50 {
			if met, err := condition.Met(values); !met || err != nil {
				t.Errorf("%s: %v, %v", expr, met, err)
				break
			}
		}
	}
}
