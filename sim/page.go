package sim

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pageSize is how many members that are whole resources an answer holds.
const pageSize = 50

// pageMembers applies $filter, $skip and $top to a collection, and cuts long ones into
// pages that link to the next.
func pageMembers(body doc, query url.Values) (doc, error) {
	members, ok := body["Members"].([]doc)
	if !ok {
		return body, nil
	}
	members, err := filterMembers(members, query.Get("$filter"))
	if err != nil {
		return nil, err
	}
	total := len(members)
	skip, err := countOf(query, "$skip", 0)
	if err != nil {
		return nil, err
	}
	limit := total
	if total > 0 && len(members[0]) > 1 {
		limit = pageSize
	}
	top, err := countOf(query, "$top", limit)
	if err != nil {
		return nil, err
	}
	members = members[min(skip, total):]
	more := len(members) > min(top, limit)
	members = members[:min(len(members), top, limit)]
	body["Members"], body["Members@odata.count"] = members, total
	if more && !query.Has("$top") {
		body["Members@odata.nextLink"] = nextPage(body, query, skip+len(members))
	}
	return body, nil
}

func nextPage(body doc, query url.Values, skip int) string {
	link := fmt.Sprintf("%v?$skip=%d", body["@odata.id"], skip)
	if filter := query.Get("$filter"); filter != "" {
		link += "&$filter=" + url.QueryEscape(filter)
	}
	return link
}

func countOf(query url.Values, name string, fallback int) (int, error) {
	value := query.Get(name)
	if value == "" {
		return fallback, nil
	}
	count, err := strconv.Atoi(value)
	if err != nil || count < 0 {
		return 0, refuseQuery(name, value)
	}
	return count, nil
}

func filterMembers(members []doc, filter string) ([]doc, error) {
	if filter == "" {
		return members, nil
	}
	conditions, err := parseFilter(filter)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(members), func(member doc) bool {
		return slices.ContainsFunc(conditions, func(c condition) bool { return !c.holds(member) })
	}), nil
}

// condition is one comparison of a filter.
type condition struct{ property, operator, value string }

var conditionForm = regexp.MustCompile(`^\s*(\w+)\s+(eq|ne|gt|ge|lt|le)\s+(?:'((?:[^']|'')*)'|([^\s']+))\s*(and\s|$)`)

// parseFilter reads comparisons joined by "and", which is what an iDRAC understands.
func parseFilter(filter string) ([]condition, error) {
	var conditions []condition
	for rest, last := filter, ""; last != "" || rest == filter; {
		match := conditionForm.FindStringSubmatch(rest)
		if match == nil {
			return nil, refuseQuery("$filter", filter)
		}
		rest, last = rest[len(match[0]):], match[5]
		quoted := strings.ReplaceAll(match[3], "''", "'")
		conditions = append(conditions, condition{match[1], match[2], cmp.Or(quoted, match[4])})
	}
	return conditions, nil
}

func (c condition) holds(member doc) bool {
	value, ok := member[c.property]
	if !ok {
		return false
	}
	order := compareValues(fmt.Sprint(value), c.value)
	switch c.operator {
	case "eq":
		return order == 0
	case "ne":
		return order != 0
	case "gt":
		return order > 0
	case "ge":
		return order >= 0
	case "lt":
		return order < 0
	default:
		return order <= 0
	}
}

// compareValues compares as times or numbers what both are, and the rest as text.
func compareValues(a, b string) int {
	timeA, errA := time.Parse(time.RFC3339, a)
	timeB, errB := time.Parse(time.RFC3339, b)
	if errA == nil && errB == nil {
		return timeA.Compare(timeB)
	}
	numberA, errA := strconv.ParseFloat(a, 64)
	numberB, errB := strconv.ParseFloat(b, 64)
	if errA == nil && errB == nil {
		return cmp.Compare(numberA, numberB)
	}
	return cmp.Compare(a, b)
}
