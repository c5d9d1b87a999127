package sim

import (
	"net/http"
	"net/url"
	"strings"
)

// applyQuery cuts ($filter, $skip, $top), widens ($expand) and narrows ($select) a
// resource as the request asks.
func (s *Server) applyQuery(body doc, query url.Values) (doc, error) {
	body, err := pageMembers(body, query)
	if err != nil {
		return nil, err
	}
	if expand := query.Get("$expand"); expand != "" {
		if !oneLevel(expand) {
			return nil, refuseQuery("$expand", expand)
		}
		body = s.expandMembers(body)
	}
	if list := query.Get("$select"); list != "" {
		body = selectProperties(body, strings.Split(list, ","))
	}
	return body, nil
}

func refuseQuery(name, value string) *refusal {
	return baseRefusal(http.StatusBadRequest, "QueryParameterValueFormatError",
		"The value "+value+" for the parameter "+name+" is of a different format than the parameter can accept.",
		"Correct the value for the query parameter in the request and resubmit the request.", value, name)
}

// oneLevel accepts the spellings of an expansion by one level; an iDRAC does no more.
func oneLevel(expand string) bool {
	kind, levels, found := strings.Cut(expand, "(")
	if kind != "*" && kind != "." && kind != "~" {
		return false
	}
	return !found || levels == "$levels=1)"
}

// expandMembers replaces a collection's references by the resources themselves.
func (s *Server) expandMembers(body doc) doc {
	references, ok := body["Members"].([]doc)
	if !ok {
		return body
	}
	members := make([]doc, 0, len(references))
	for _, reference := range references {
		uri, _ := reference["@odata.id"].(string)
		if found, ok := s.lookup(uri); ok {
			reference = found.get(s)
		}
		members = append(members, reference)
	}
	body["Members"] = members
	return body
}

// selectProperties keeps the annotations a client needs to know the resource by, and
// the top-level properties of the list.
func selectProperties(body doc, list []string) doc {
	kept := doc{}
	for _, annotation := range []string{"@odata.id", "@odata.type", "@odata.context"} {
		kept[annotation] = body[annotation]
	}
	for _, path := range list {
		name, _, _ := strings.Cut(strings.TrimSpace(path), "/")
		if value, ok := body[name]; ok {
			kept[name] = value
		}
	}
	return kept
}
