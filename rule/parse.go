package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rackflow/rackflow/graph"
)

// pathKey is the key of a rule that is no operator.
const pathKey = "path"

// Parse reads a list of rules, each {"path": "<source>.<keys>", "<operator>": …}, and
// reports all that is wrong with them. Paths of problems begin with "rules".
func Parse(data []byte) (Rules, graph.Problems) {
	var list []map[string]any
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, graph.Problems{{Path: "rules", Message: "rules should be a list of objects"}}
	}
	if len(list) == 0 {
		return nil, graph.Problems{{
			Path: "rules", Message: "rules should have at least one rule", Hint: "without one no server could be told from another",
		}}
	}
	var problems graph.Problems
	rules := make(Rules, len(list))
	for i, fields := range list {
		rule, found := parseRule(fmt.Sprintf("rules[%d]", i), fields)
		rules[i], problems = rule, append(problems, found...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return rules, nil
}

func parseRule(at string, fields map[string]any) (Rule, graph.Problems) {
	var problems graph.Problems
	path, _ := fields[pathKey].(string)
	rule := Rule{Path: path, keys: graph.SplitPath(path)}
	if len(rule.keys) == 0 || rule.keys[0] == "" {
		problems = append(problems, graph.Problem{
			Path: at + "." + pathKey, Message: "path (string) is required", Hint: `such as "redfish.summary.model": the source of a catalog, and the keys in it`,
		})
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name == pathKey {
			continue
		}
		c, err := newCondition(name, fields[name])
		if err != nil {
			problems = append(problems, operatorProblem(at, name, err))
			continue
		}
		rule.conditions = append(rule.conditions, c)
	}
	return rule, problems
}

func operatorProblem(at, name string, err error) graph.Problem {
	problem := graph.Problem{Path: at + "." + name, Message: name + " " + err.Error()}
	if errors.Is(err, errUnknown) {
		known := slices.Concat(slices.Collect(maps.Keys(operators)), slices.Collect(maps.Keys(opposites)))
		slices.Sort(known)
		problem.Hint = "the operators are " + strings.Join(known, ", ")
	}
	return problem
}
