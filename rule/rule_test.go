package rule_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/rule"
)

const catalogs = `{
	"redfish": {"summary": {
		"model": "PowerEdge R760", "memoryGiB": 512, "drives": [{"size": "960 GB"}, {"size": "1.92 TB"}], "names": ["a", "b"],
		"virtual": true, "asset": null, "empty": ""
	}},
	"dmi": {"Base Board Information": {"Serial Number": ".ABC.42"}},
	"profile": {"NTPConfigGroup.1#NTPEnable": "Enabled"}
}`

func decode[T any](tb testing.TB, data string) T {
	tb.Helper()
	var v T
	if err := json.Unmarshal([]byte(data), &v); err != nil {
		tb.Fatal(err)
	}
	return v
}

func parse(tb testing.TB, rules string) rule.Rules {
	tb.Helper()
	parsed, problems := rule.Parse([]byte(rules))
	if len(problems) > 0 {
		tb.Fatalf("%s: %v", rules, problems)
	}
	return parsed
}

func TestMatch(t *testing.T) {
	t.Parallel()
	known := decode[rule.Catalogs](t, catalogs)
	for one, want := range map[string]bool{
		`{"path": "redfish.summary.model", "equals": "PowerEdge R760"}`:  true,
		`{"path": "redfish.summary.model", "equals": "poweredge r760"}`:  false,
		`{"path": ".redfish..summary.model.", "contains": "R760"}`:       true,
		`{"path": "redfish.summary.model", "contains": "R770"}`:          false,
		`{"path": "redfish.summary.model", "notContains": "R770"}`:       true,
		`{"path": "redfish.summary.model", "notContains": "R760"}`:       false,
		`{"path": "redfish.summary.model", "in": ["x", "R760"]}`:         false,
		`{"path": "redfish.summary.memoryGiB", "in": [256, "512"]}`:      true,
		`{"path": "redfish.summary.memoryGiB", "notIn": [256, 512]}`:     false,
		`{"path": "redfish.summary.memoryGiB", "notIn": []}`:             true,
		`{"path": "redfish.summary.memoryGiB", "equals": "512"}`:         true,
		`{"path": "redfish.summary.memoryGiB", "equals": 512}`:           true,
		`{"path": "redfish.summary.virtual", "equals": true}`:            true,
		`{"path": "redfish.summary.memoryGiB", "greaterThan": 511}`:      true,
		`{"path": "redfish.summary.memoryGiB", "greaterThan": 512}`:      false,
		`{"path": "redfish.summary.memoryGiB", "lessThan": 512.5}`:       true,
		`{"path": "redfish.summary.memoryGiB", "lessThan": 512}`:         false,
		`{"path": "redfish.summary.memoryGiB", "min": "512"}`:            true,
		`{"path": "redfish.summary.memoryGiB", "min": 513}`:              false,
		`{"path": "redfish.summary.memoryGiB", "max": 512}`:              true,
		`{"path": "redfish.summary.memoryGiB", "max": 511}`:              false,
		`{"path": "redfish.summary.memoryGiB", "min": 256, "max": 511}`:  false,
		`{"path": "redfish.summary.drives[0].size", "min": 900}`:         true,
		`{"path": "redfish.summary.drives.1.size", "max": 1.92}`:         true,
		`{"path": "redfish.summary.drives.2.size", "max": 9999}`:         false,
		`{"path": "redfish.summary.drives.length", "equals": 2}`:         true,
		`{"path": "redfish.summary.model.length", "min": 0}`:             false,
		`{"path": "redfish.summary.names", "equals": "a,b"}`:             true,
		`{"path": "redfish.summary.drives[1]", "contains": "\"size\":"}`: true,
		`{"path": "redfish.summary.model", "min": 0}`:                    false,
		`{"path": "redfish.summary.model", "regex": "R7[67]0$"}`:         true,
		`{"path": "redfish.summary.model", "regex": "^R760"}`:            false,
		`{"path": "redfish.summary.model", "notRegex": "(?i)poweredge"}`: false,
		`{"path": "dmi.Base Board Information.Serial Number"}`:           true,
		`{"path": "profile[\"NTPConfigGroup.1#NTPEnable\"]"}`:            true,
		`{"path": "redfish.summary.empty", "equals": ""}`:                true,
		`{"path": "redfish.summary.empty"}`:                              true,
	} {
		if got := parse(t, "["+one+"]").Match(known); got != want {
			t.Errorf("%s: %v, want %v", one, got, want)
		}
	}
}

// TestMatchMissing holds that nothing is said of what is not known but that it is nothing else.
func TestMatchMissing(t *testing.T) {
	t.Parallel()
	known := decode[rule.Catalogs](t, catalogs)
	for _, path := range []string{"redfish.summary.asset", "redfish.summary.colour", "redfish.summary.model.x", "bios", "length"} {
		for operator, want := range map[string]bool{
			`"equals": ""`: false, `"contains": ""`: false, `"in": ["", null]`: false, `"regex": ""`: false,
			`"greaterThan": -1`: false, `"lessThan": 1`: false, `"min": 0`: false, `"max": 0`: false,
			`"notIn": [""]`: true, `"notContains": ""`: true, `"notRegex": ""`: true,
		} {
			one := `[{"path": "` + path + `", ` + operator + `}]`
			if got := parse(t, one).Match(known); got != want {
				t.Errorf("%s: %v, want %v", one, got, want)
			}
		}
		if parse(t, `[{"path": "`+path+`"}]`).Match(known) {
			t.Errorf("%s alone should ask for the value to be there", path)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	known := decode[rule.Catalogs](t, catalogs)
	rules := parse(t, `[{"path": "redfish.summary.model"}, {"path": "dmi.Base Board Information"}, {"path": "redfish.summary.drives[0].size", "contains": "GB"}]`)
	if diff := cmp.Diff([]string{"dmi", "redfish"}, rules.Sources()); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
	if got := rules.Depth(); got != 5 {
		t.Errorf("depth %d, want 5", got)
	}
	if !rules.Match(known) {
		t.Error("all three hold, and the rules do not")
	}
	if append(rules, parse(t, `[{"path": "bios"}]`)...).Match(known) {
		t.Error("one does not hold, and the rules do")
	}
	if (rule.Rules{}).Match(known) {
		t.Error("no rules match")
	}
}

func TestParseProblems(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string][]string{
		``:                                  {"rules rules should be a list of objects"},
		`{}`:                                {"rules rules should be a list of objects"},
		`[1]`:                               {"rules rules should be a list of objects"},
		`[]`:                                {"rules rules should have at least one rule"},
		`null`:                              {"rules rules should have at least one rule"},
		`[{"equals": 1}]`:                   {"rules[0].path path (string) is required"},
		`[{"path": 5}, {"path": "[]"}]`:     {"rules[0].path path (string) is required", "rules[1].path path (string) is required"},
		`[{"path": "a", "is": 1}]`:          {"rules[0].is is is no operator"},
		`[{"path": "a", "equals": []}]`:     {"rules[0].equals equals should be a text, a number, true or false"},
		`[{"path": "a", "contains": null}]`: {"rules[0].contains contains should be a text, a number, true or false"},
		`[{"path": "a", "in": "b"}]`:        {"rules[0].in in should be a list"},
		`[{"path": "a", "notIn": {}}]`:      {"rules[0].notIn notIn should be a list"},
		`[{"path": "a", "min": "many", "max": true}]`: {
			"rules[0].max max should be a number", "rules[0].min min should be a number",
		},
		`[{"path": "a", "regex": 1}]`:             {"rules[0].regex regex should be a regular expression"},
		`[{"path": "a", "notRegex": "(?=b)"}]`:    {"rules[0].notRegex notRegex should be a regular expression that RE2 takes"},
		`[{"path": "a", "regex": "(x)\\1"}]`:      {"rules[0].regex regex should be a regular expression that RE2 takes"},
		`[{"path": "a", "regex": "(a{999}){9}"}]`: {"rules[0].regex regex should be a regular expression that RE2 takes"},
	} {
		parsed, problems := rule.Parse([]byte(rules))
		if parsed != nil || len(problems) != len(want) {
			t.Errorf("%s: %v and %v", rules, parsed, problems)
			continue
		}
		for i, p := range problems {
			if got := p.Path + " " + p.Message; !strings.HasPrefix(got, want[i]) {
				t.Errorf("%s: %q, want %q", rules, got, want[i])
			}
		}
	}
	_, problems := rule.Parse([]byte(`[{"path": "a", "is": 1}]`))
	if hint := problems[0].Hint; !strings.Contains(hint, "equals, greaterThan, in, lessThan, max, min, notContains") {
		t.Errorf("the hint %q does not name the operators", hint)
	}
}

// FuzzParse holds that rules are refused or can be held against any catalogs.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`[{"path": "redfish.summary.model", "equals": "PowerEdge R760"}]`, `[{"path": "a[\"b.c\"][0].length", "min": "1e9"}]`,
		`[{"path": "a", "regex": "(a*)*b", "notIn": [[1, {}], null]}]`, `[]`, `[{"path": "[", "x": 1}]`,
	} {
		f.Add([]byte(seed), []byte(catalogs))
	}
	f.Fuzz(func(t *testing.T, rules, data []byte) {
		parsed, problems := rule.Parse(rules)
		if (len(parsed) > 0) == (len(problems) > 0) {
			t.Fatalf("%q gave %v and %v", rules, parsed, problems)
		}
		var known rule.Catalogs
		if len(parsed) == 0 || json.Unmarshal(data, &known) != nil {
			return
		}
		parsed.Match(known)
		if len(parsed.Sources()) == 0 || parsed.Depth() == 0 {
			t.Fatalf("%q looks into %v, %d deep", rules, parsed.Sources(), parsed.Depth())
		}
	})
}
