package sim

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// members returns one property of each member of an answer.
func members(body doc, property string) []string {
	list, _ := body["Members"].([]any)
	found := make([]string, 0, len(list))
	for _, member := range list {
		entry, _ := member.(doc)
		found = append(found, fmt.Sprint(entry[property]))
	}
	return found
}

func TestLogsTellWhatHappened(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	reset(t, s, "On")
	await(t, s, BootFailed)
	sel := must(t, s, http.StatusOK, http.MethodGet, entriesURI(selLog), "").body
	want := []string{"IDRAC.2.8.UEFI0134", "IDRAC.2.8.SYS1000", "IDRAC.2.8.SYS1003"}
	if diff := cmp.Diff(want, members(sel, "MessageId")); diff != "" {
		t.Errorf("event log, newest first (-want +got):\n%s", diff)
	}
	faults := must(t, s, http.StatusOK, http.MethodGet, entriesURI(faultLog), "").body
	if diff := cmp.Diff([]string{"Critical"}, members(faults, "Severity")); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	must(t, s, http.StatusNoContent, http.MethodPost, logURI(selLog)+clearLogAt, `{}`)
	must(t, s, http.StatusNoContent, http.MethodPost, logURI(selLog)+clearLogAt, `{}`)
	if left := must(t, s, http.StatusOK, http.MethodGet, entriesURI(selLog), "").body; left["Members@odata.count"] != 0.0 {
		t.Errorf("entries after the clearing: %v", left["Members"])
	}
	newest := must(t, s, http.StatusOK, http.MethodGet, entriesURI(lcLog)+"?$top=1", "").body
	if diff := cmp.Diff([]string{"IDRAC.2.8.LOG306"}, members(newest, "MessageId")); diff != "" {
		t.Errorf("lifecycle log (-want +got):\n%s", diff)
	}
	must(t, s, http.StatusMethodNotAllowed, http.MethodPost, entriesURI(lcLog), `{}`)
	must(t, s, http.StatusNotFound, http.MethodGet, entriesURI(lcLog)+"/4711", "")
}

func TestLogPages(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	const count = 2*pageSize + 3
	for i := range count {
		s.record(LogCleared, "log", fmt.Sprint(i))
	}
	var ids []string
	uri, pages := entriesURI(lcLog), 0
	for uri != "" {
		body := must(t, s, http.StatusOK, http.MethodGet, uri, "").body
		if body["Members@odata.count"] != float64(count) {
			t.Errorf("%s counts %v", uri, body["Members@odata.count"])
		}
		ids = append(ids, members(body, "Id")...)
		uri, _ = body["Members@odata.nextLink"].(string)
		pages++
	}
	if pages != 3 || len(ids) != count || ids[0] != fmt.Sprint(count) || ids[count-1] != "1" {
		t.Errorf("%d pages, %d ids from %s to %s", pages, len(ids), ids[0], ids[len(ids)-1])
	}
}

func TestLogFilter(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	for i := range 5 {
		s.record(LogCleared, "log", fmt.Sprint(i))
	}
	s.record(BootFailed, "device", targetHdd, "reason", "it isn't there")
	query := func(filter, more string) string {
		return entriesURI(lcLog) + "?$filter=" + url.QueryEscape(filter) + more
	}
	for filter, want := range map[string][]string{
		"Id gt 4":                           {"6", "5"},
		"Id ge 4 and Severity eq 'OK'":      {"5", "4"},
		"Id lt 3":                           {"2", "1"},
		"Id le 1":                           {"1"},
		"Severity ne 'OK'":                  {"6"},
		"Created lt '2001-01-01T00:00:00Z'": {},
		"Message eq 'Unable to boot from Hdd: it isn''t there.'": {"6"},
		"Colour eq 'red'": {},
	} {
		got := members(must(t, s, http.StatusOK, http.MethodGet, query(filter, ""), "").body, "Id")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", filter, diff)
		}
	}
	page := must(t, s, http.StatusOK, http.MethodGet, query("Id gt 1", "&$skip=1&$top=2"), "").body
	if diff := cmp.Diff([]string{"5", "4"}, members(page, "Id")); diff != "" || page["Members@odata.nextLink"] != nil {
		t.Errorf("page (-want +got):\n%s, next %v", diff, page["Members@odata.nextLink"])
	}
	for _, bad := range []string{query("Id", ""), query("Id gt 1 and", ""), query("Id like 1", ""), entriesURI(lcLog) + "?$skip=-1", entriesURI(lcLog) + "?$top=x"} {
		must(t, s, http.StatusBadRequest, http.MethodGet, bad, "")
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, seed := range []string{"Id gt 4", "Severity eq 'OK' and Id lt 3", "a eq ''''", "a eq 'x", "and", " "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		conditions, err := parseFilter(filter)
		if err == nil && len(conditions) == 0 {
			t.Errorf("%q has no condition", filter)
		}
		for _, c := range conditions {
			c.holds(doc{c.property: c.value})
		}
	})
}

func TestLogsAreBounded(t *testing.T) {
	t.Parallel()
	var book logBook
	for range logLimit + 10 {
		book.add(logEntry{})
	}
	list := book.newestFirst()
	if len(list) != logLimit || list[0].id != logLimit+10 {
		t.Errorf("%d entries, the newest is %d", len(list), list[0].id)
	}
	book.clear()
	if e := book.add(logEntry{}); e.id != logLimit+11 {
		t.Errorf("after a clearing, ids go on with %d", e.id)
	}
}
