package graph

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/cbroglie/mustache"
)

// MaxDepth bounds how often a rendered value is rendered again.
const MaxDepth = 50

// Roots are the values that templates find beside options, context and task.
type Roots struct {
	// API is the address of the REST API, for api.server and api.base.
	API string `json:"api,omitempty"`
	// Files is the address of the file server, for file.server; empty means API.
	Files string `json:"files,omitempty"`
	// Server is configuration that is meant to be public, for server.*.
	Server map[string]any `json:"server,omitempty"`
	// SKU is the configuration of the SKU of the run's server, for sku.* and env.*.
	SKU map[string]any `json:"sku,omitempty"`
}

// TemplateError says which expression had no value.
type TemplateError struct {
	Path, Expression string
}

func (e *TemplateError) Error() string {
	at := ""
	if e.Path != "" {
		at = e.Path + ": "
	}
	return fmt.Sprintf("%sValue does not exist for %s", at, e.Expression)
}

// Render returns a copy of v with every template in it rendered. A string that is
// one whole expression keeps the type of its value, and what a value holds is
// rendered again.
func Render(v any, scope Scope) (any, error) {
	r := &renderer{scope: &scope, budget: maxRenders}
	if scope.Defer {
		r.later = inContext
		if scope.Each {
			r.later = inContextOrItem
		}
	}
	return r.value(v, "", MaxDepth)
}

// maxRenders bounds the templates of one value, nested ones included, so that
// options that refer to themselves end in an error.
const maxRenders = 100_000

type renderer struct {
	scope  *Scope
	budget int
	// later matches what has to wait for the second pass; nil is nothing.
	later *regexp.Regexp
}

func (r *renderer) value(v any, path string, depth int) (any, error) {
	switch v := v.(type) {
	case string:
		return r.text(v, path, depth)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			e, err := r.value(v[i], fmt.Sprintf("%s[%d]", path, i), depth)
			if err != nil {
				return nil, err
			}
			out[i] = e
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, key := range sortedKeys(v) {
			e, err := r.value(v[key], join(path, key), depth)
			if err != nil {
				return nil, err
			}
			out[key] = e
		}
		return out, nil
	}
	return v, nil
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

var (
	expression = regexp.MustCompile(`\{\{\{?\s*(.*?)\s*\}?\}\}`)
	inContext  = regexp.MustCompile(`\{\{(?:[^}]*[\s|#^&{])?context\b`)

	inContextOrItem = regexp.MustCompile(`\{\{(?:[^}]*[\s|#^&{])?(?:context|item|index)\b`)
)

// IsTemplate reports whether a string has an expression in it.
func IsTemplate(s string) bool { return strings.Contains(s, "{{") && strings.Contains(s, "}}") }

func (r *renderer) text(s, path string, depth int) (any, error) {
	if !IsTemplate(s) || r.mustWait(s) {
		return s, nil
	}
	r.budget--
	if depth == 0 || r.budget < 0 {
		return nil, fmt.Errorf("%s: templates are nested more than %d deep", path, MaxDepth)
	}
	v, err := r.once(s, path)
	if err != nil || v == s {
		return v, err
	}
	return r.value(v, path, depth-1)
}

// mustWait holds a string with sections back whole: its parts cannot be rendered apart.
func (r *renderer) mustWait(s string) bool {
	return hasSection(s) && r.waits(s)
}

// hasSection reports whether a string has a tag of mustache's own in it: a section,
// its end, a partial, a comment, a value without escapes, or the element itself.
func hasSection(s string) bool {
	for at := strings.Index(s, "{{"); at >= 0; at = strings.Index(s, "{{") {
		tag := strings.TrimLeft(s[at+2:], blanks)
		if tag != "" && strings.IndexByte("#^/>!&", tag[0]) >= 0 {
			return true
		}
		if end, ok := strings.CutPrefix(tag, "."); ok && strings.HasPrefix(strings.TrimLeft(end, blanks), "}}") {
			return true
		}
		s = s[at+1:]
	}
	return false
}

// blanks is what may stand between the braces and what they hold.
const blanks = " \t\n\f\r"

func (r *renderer) waits(s string) bool { return r.later != nil && r.later.MatchString(s) }

func (r *renderer) once(s, path string) (any, error) {
	if hasSection(s) {
		return mustache.Render(s, r.scope.all())
	}
	if whole := expression.FindStringSubmatch(s); whole != nil && whole[0] == strings.TrimSpace(s) {
		if r.waits(s) {
			return s, nil
		}
		return evaluate(whole[1], path, r.scope)
	}
	return r.mixed(s, path)
}

// mixed renders each expression of a longer string as text.
func (r *renderer) mixed(s, path string) (any, error) {
	var failed error
	out := expression.ReplaceAllStringFunc(s, func(token string) string {
		if failed != nil || r.waits(token) {
			return token
		}
		v, err := evaluate(expression.FindStringSubmatch(token)[1], path, r.scope)
		if err != nil {
			failed = err
			return token
		}
		return Text(v)
	})
	return out, failed
}

var alternatives = regexp.MustCompile(`\s*\|\|?\s*`)

// evaluate takes the first alternative that is truthy, else the last that exists at all.
func evaluate(expr, path string, scope *Scope) (any, error) {
	var found any
	exists := false
	for _, alternative := range split(expr) {
		v, ok := evaluateOne(alternative, scope)
		if !ok || v == nil {
			continue
		}
		if truthy(v) {
			return v, nil
		}
		found, exists = v, true
	}
	if exists {
		return found, nil
	}
	return nil, &TemplateError{Path: path, Expression: expr}
}

func split(expr string) []string {
	if !strings.Contains(expr, "|") {
		return []string{expr}
	}
	return alternatives.Split(expr, -1)
}

func evaluateOne(token string, scope *Scope) (any, bool) {
	if strings.ContainsAny(token, ".[") {
		return scope.lookup(token)
	}
	if v, ok := scope.root(token); ok {
		return v, true
	}
	return strings.Trim(token, `"'`), token != ""
}

func truthy(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v != ""
	case float64:
		return v != 0
	case int:
		return v != 0
	case nil:
		return false
	}
	return true
}

// Text is how a value stands inside a longer string: a string as it is, all else as JSON.
func Text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}
