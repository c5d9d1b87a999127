package graph

import (
	"fmt"
	"sync"

	"github.com/google/cel-go/cel"
)

// whenCost bounds the work of one condition, in CEL's units: an expression over
// values from outside must end.
const whenCost = 100_000

// conditions is the environment of every condition. It is made once, and only read after.
var conditions = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.Variable("context", cel.DynType),
		cel.Variable("options", cel.DynType),
		cel.Variable("tasks", cel.DynType),
		cel.CrossTypeNumericComparisons(true),
	)
})

// CheckWhen reports what is wrong with a condition's form.
func CheckWhen(expr string) error {
	_, err := compileWhen(expr)
	return err
}

func compileWhen(expr string) (cel.Program, error) {
	env, err := conditions()
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(expr)
	if issues.Err() != nil {
		return nil, fmt.Errorf("condition %q: %w", expr, issues.Err())
	}
	if t := ast.OutputType(); t != cel.BoolType && t != cel.DynType {
		return nil, fmt.Errorf("condition %q gives %s, not true or false", expr, t)
	}
	return env.Program(ast, cel.CostLimit(whenCost))
}

// When evaluates a condition. Tasks are by label, each with its state and error.
func When(expr string, context, options, tasks map[string]any) (bool, error) {
	program, err := compileWhen(expr)
	if err != nil {
		return false, err
	}
	v, _, err := program.Eval(map[string]any{"context": orEmpty(context), "options": orEmpty(options), "tasks": orEmpty(tasks)})
	if err != nil {
		return false, fmt.Errorf("condition %q: %w", expr, err)
	}
	met, ok := v.Value().(bool)
	if !ok {
		return false, fmt.Errorf("condition %q gives %v, not true or false", expr, v.Value())
	}
	return met, nil
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
