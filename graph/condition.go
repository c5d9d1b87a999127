package graph

import (
	"fmt"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
)

// conditionCost bounds the work of one condition, in CEL's units: an expression over
// values from outside must end.
const conditionCost = 100_000

// Conditions is a language of conditions: CEL over a few variables of any type. Its
// environment is made once, and only read after; what was compiled is remembered. It
// is safe for concurrent use.
type Conditions struct {
	env   func() (*cel.Env, error)
	known *memo[string, *Condition]
}

// NewConditions returns the language of conditions over these variables.
func NewConditions(variables ...string) Conditions {
	return Conditions{known: &memo[string, *Condition]{}, env: sync.OnceValues(func() (*cel.Env, error) {
		options := []cel.EnvOption{cel.CrossTypeNumericComparisons(true), cel.CustomTypeAdapter(inOrder{types.DefaultTypeAdapter})}
		for _, name := range variables {
			options = append(options, cel.Variable(name, cel.DynType))
		}
		return cel.NewEnv(options...)
	})}
}

// Condition is an expression that gives true or false. It is safe for concurrent use.
type Condition struct {
	expr    string
	program cel.Program
}

// Compile reads a condition. The error says where its form is wrong.
func (l Conditions) Compile(expr string) (*Condition, error) {
	return l.known.get(expr, l.compile)
}

func (l Conditions) compile(expr string) (*Condition, error) {
	env, err := l.env()
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
	program, err := env.Program(ast, cel.CostLimit(conditionCost))
	if err != nil {
		return nil, fmt.Errorf("condition %q: %w", expr, err)
	}
	return &Condition{expr: expr, program: program}, nil
}

// Met evaluates the condition. All variables of its language must have a value.
func (c *Condition) Met(values map[string]any) (bool, error) {
	v, _, err := c.program.Eval(values)
	if err != nil {
		return false, fmt.Errorf("condition %q: %w", c.expr, err)
	}
	met, ok := v.Value().(bool)
	if !ok {
		return false, fmt.Errorf("condition %q gives %v, not true or false", c.expr, v.Value())
	}
	return met, nil
}
