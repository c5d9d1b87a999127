package rule

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/rackflow/rackflow/graph"
)

// condition is one operator with what it compares to.
type condition struct {
	test func(value any) bool
	// negated operators hold of a value that is not there, all others do not.
	negated bool
}

func (c condition) holds(value any, known bool) bool {
	return (known && c.test(value)) != c.negated
}

// operator makes the test of what it is given, or says what that should have been.
type operator func(operand any) (test func(value any) bool, err error)

// operators are RackHD's, which compare values as text, and those of sizes as numbers.
var operators = map[string]operator{
	"equals":      comparing(func(value, operand string) bool { return value == operand }),
	"contains":    comparing(strings.Contains),
	"in":          among,
	"regex":       matching,
	"greaterThan": measuring(func(value, operand float64) bool { return value > operand }),
	"lessThan":    measuring(func(value, operand float64) bool { return value < operand }),
	"min":         measuring(func(value, operand float64) bool { return value >= operand }),
	"max":         measuring(func(value, operand float64) bool { return value <= operand }),
}

// opposites are the operators that hold where another does not.
var opposites = map[string]string{"notIn": "in", "notContains": "contains", "notRegex": "regex"}

func newCondition(name string, operand any) (condition, error) {
	positive, negated := opposites[name]
	if negated {
		name = positive
	}
	of, known := operators[name]
	if !known {
		return condition{}, errUnknown
	}
	test, err := of(operand)
	return condition{test: test, negated: negated}, err
}

var errUnknown = errors.New("is no operator")

func comparing(compare func(value, operand string) bool) operator {
	return func(operand any) (func(any) bool, error) {
		switch operand.(type) {
		case string, float64, bool:
		default:
			return nil, errors.New("should be a text, a number, true or false")
		}
		want := text(operand)
		return func(value any) bool { return compare(text(value), want) }, nil
	}
}

func among(operand any) (func(any) bool, error) {
	list, ok := operand.([]any)
	if !ok {
		return nil, errors.New("should be a list")
	}
	wanted := map[string]bool{}
	for _, one := range list {
		wanted[text(one)] = true
	}
	return func(value any) bool { return wanted[text(value)] }, nil
}

func matching(operand any) (func(any) bool, error) {
	pattern, ok := operand.(string)
	if !ok {
		return nil, errors.New("should be a regular expression")
	}
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("should be a regular expression that RE2 takes, which has no lookaround and no backreferences: %w", err)
	}
	return func(value any) bool { return expression.MatchString(text(value)) }, nil
}

func measuring(compare func(value, operand float64) bool) operator {
	return func(operand any) (func(any) bool, error) {
		want, ok := number(operand)
		if !ok {
			return nil, errors.New("should be a number")
		}
		return func(value any) bool {
			got, ok := number(value)
			return ok && compare(got, want)
		}, nil
	}
}

// text is what operators see of a value: lists with commas between their elements, as
// JavaScript joins them, and objects as JSON.
func text(value any) string {
	list, ok := value.([]any)
	if !ok {
		return graph.Text(value)
	}
	parts := make([]string, 0, len(list))
	for _, one := range list {
		parts = append(parts, text(one))
	}
	return strings.Join(parts, ",")
}

var leadingNumber = regexp.MustCompile(`^\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)`)

// number reads what a value begins with: 64 out of "64 GB", as JavaScript's parseFloat does.
func number(value any) (float64, bool) {
	if n, ok := value.(float64); ok {
		return n, true
	}
	match := leadingNumber.FindStringSubmatch(text(value))
	if match == nil {
		return 0, false
	}
	n, err := strconv.ParseFloat(match[1], 64)
	return n, err == nil
}
