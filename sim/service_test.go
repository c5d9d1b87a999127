package sim

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// links are the @odata.id of other resources in a document.
func links(value any) []string {
	var found []string
	switch value := value.(type) {
	case doc:
		if uri, ok := value["@odata.id"].(string); ok && !strings.Contains(uri, "#") {
			found = append(found, uri)
		}
		for _, inner := range value {
			found = append(found, links(inner)...)
		}
	case []any:
		for _, inner := range value {
			found = append(found, links(inner)...)
		}
	}
	return found
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	const slot1 = mediaURI + "/1"
	tests := map[string]struct {
		method, path, body string
		header             []string
		status             int
		message            string
	}{
		"no credentials":     {"GET", systemURI, "", []string{"Authorization", ""}, 401, "Base.1.12.AccessDenied"},
		"wrong password":     {"GET", systemURI, "", []string{"Authorization", "Basic cm9vdDpyb290"}, 401, "Base.1.12.AccessDenied"},
		"wrong token":        {"GET", systemURI, "", []string{"X-Auth-Token", "guess"}, 401, "Base.1.12.AccessDenied"},
		"wrong login":        {"POST", sessionsURI, `{"UserName":"root","Password":"root"}`, nil, 401, "Base.1.12.AccessDenied"},
		"login of number":    {"POST", sessionsURI, `{"UserName":1,"Password":"root"}`, nil, 400, "Base.1.12.PropertyValueTypeError"},
		"hidden resource":    {"GET", rootURI + "/Nothing", "", []string{"Authorization", ""}, 401, "Base.1.12.AccessDenied"},
		"unknown resource":   {"GET", rootURI + "/Nothing", "", nil, 404, "Base.1.12.ResourceMissingAtURI"},
		"unknown session":    {"DELETE", sessionsURI + "/77", "", nil, 404, "Base.1.12.ResourceMissingAtURI"},
		"delete system":      {"DELETE", systemURI, "", nil, 405, "Base.1.12.OperationNotAllowed"},
		"get action":         {"GET", systemURI + resetAt, "", nil, 405, "Base.1.12.OperationNotAllowed"},
		"malformed":          {"PATCH", systemURI, `{"Boot":`, nil, 400, "Base.1.12.MalformedJSON"},
		"not an object":      {"PATCH", systemURI, `[]`, nil, 400, "Base.1.12.MalformedJSON"},
		"null":               {"PATCH", systemURI, `null`, nil, 400, "Base.1.12.MalformedJSON"},
		"huge":               {"PATCH", systemURI, strings.Repeat(" ", maxRequestBody+1), nil, 400, "Base.1.12.MalformedJSON"},
		"read only":          {"PATCH", systemURI, `{"PowerState":"On"}`, nil, 400, "Base.1.12.PropertyNotWritable"},
		"unknown property":   {"PATCH", systemURI, `{"Colour":"red"}`, nil, 400, "Base.1.12.PropertyUnknown"},
		"boot of text":       {"PATCH", systemURI, `{"Boot":"Cd"}`, nil, 400, "Base.1.12.PropertyValueTypeError"},
		"unknown boot part":  {"PATCH", systemURI, `{"Boot":{"Device":"Cd"}}`, nil, 400, "Base.1.12.PropertyUnknown"},
		"unknown target":     {"PATCH", systemURI, `{"Boot":{"BootSourceOverrideTarget":"Tape"}}`, nil, 400, "Base.1.12.PropertyValueNotInList"},
		"unknown mode":       {"PATCH", systemURI, `{"Boot":{"BootSourceOverrideMode":"uefi"}}`, nil, 400, "Base.1.12.PropertyValueNotInList"},
		"unknown enabled":    {"PATCH", systemURI, `{"Boot":{"BootSourceOverrideEnabled":"Twice"}}`, nil, 400, "Base.1.12.PropertyValueNotInList"},
		"stale etag":         {"PATCH", systemURI, `{"Boot":{}}`, []string{"If-Match", `W/"gen-1"`}, 412, "Base.1.12.PreconditionFailed"},
		"etag on action":     {"POST", systemURI + resetAt, `{"ResetType":"On"}`, []string{"If-Match", "*"}, 412, "Base.1.12.PreconditionFailed"},
		"no reset type":      {"POST", systemURI + resetAt, `{}`, nil, 400, "Base.1.12.ActionParameterMissing"},
		"unknown reset type": {"POST", systemURI + resetAt, `{"ResetType":"ForceOn"}`, nil, 400, "Base.1.12.PropertyValueNotInList"},
		"off while off":      {"POST", systemURI + resetAt, `{"ResetType":"ForceOff"}`, nil, 409, "IDRAC.2.8.PSU501"},
		"restart while off":  {"POST", systemURI + resetAt, `{"ResetType":"ForceRestart"}`, nil, 409, "IDRAC.2.8.PSU501"},
		"no manager reset":   {"POST", managerURI + managerResetAt, ``, nil, 400, "Base.1.12.ActionParameterMissing"},
		"odd expand":         {"GET", systemsURI + "?$expand=*($levels=9)", "", nil, 400, "Base.1.12.QueryParameterValueFormatError"},
		"eject nothing":      {"POST", slot1 + ejectAt, `{}`, nil, 500, "IDRAC.2.8.VRM0009"},
		"no image":           {"POST", slot1 + insertAt, `{}`, nil, 400, "Base.1.12.ActionParameterMissing"},
		"image of number":    {"POST", slot1 + insertAt, `{"Image":5}`, nil, 400, "Base.1.12.PropertyValueTypeError"},
		"wrong extension":    {"POST", slot1 + insertAt, `{"Image":"http://127.0.0.1/a.qcow2"}`, nil, 400, "IDRAC.2.8.RAC0720"},
		"wrong scheme":       {"POST", slot1 + insertAt, `{"Image":"nfs://127.0.0.1/a.iso"}`, nil, 400, "IDRAC.2.8.RAC0720"},
		"other protocol":     {"POST", slot1 + insertAt, `{"Image":"http://127.0.0.1/a.iso","TransferProtocolType":"HTTPS"}`, nil, 400, "Base.1.12.PropertyValueNotInList"},
		"unknown method":     {"POST", slot1 + insertAt, `{"Image":"http://127.0.0.1/a.iso","TransferMethod":"Upload"}`, nil, 400, "Base.1.12.PropertyValueNotInList"},
		"not inserted":       {"POST", slot1 + insertAt, `{"Image":"http://127.0.0.1/a.iso","Inserted":false}`, nil, 400, "Base.1.12.PropertyValueNotInList"},
		"flag of text":       {"POST", slot1 + insertAt, `{"Image":"http://127.0.0.1/a.iso","WriteProtected":"yes"}`, nil, 400, "Base.1.12.PropertyValueTypeError"},
		"unknown parameter":  {"POST", slot1 + insertAt, `{"Image":"http://127.0.0.1/a.iso","Slot":2}`, nil, 400, "Base.1.12.PropertyUnknown"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := must(t, s, test.status, test.method, test.path, test.body, test.header...)
			if got.messageID() != test.message {
				t.Errorf("message %s, want %s", got.messageID(), test.message)
			}
			if test.status == http.StatusMethodNotAllowed && got.header.Get("Allow") == "" {
				t.Error("no Allow header")
			}
		})
	}
}

func TestPublicResources(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	for _, uri := range []string{"/redfish", rootURI, rootURI + "/", rootURI + "/odata"} {
		must(t, s, http.StatusOK, http.MethodGet, uri, "", "Authorization", "")
	}
}

func TestSelectAndExpand(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	selected := must(t, s, http.StatusOK, http.MethodGet, systemURI+"?$select=PowerState,Boot/BootSourceOverrideTarget", "").body
	names := make([]string, 0, len(selected))
	for name := range selected {
		names = append(names, name)
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"@odata.context", "@odata.id", "@odata.type", "Boot", "PowerState"}, names); diff != "" {
		t.Errorf("selected properties (-want +got):\n%s", diff)
	}
	for _, expand := range []string{"*($levels=1)", ".($levels=1)", "*", "."} {
		expanded := must(t, s, http.StatusOK, http.MethodGet, mediaURI+"?$expand="+expand, "").body
		members, _ := expanded["Members"].([]any)
		if len(members) != slotCount {
			t.Fatalf("$expand=%s: %d members", expand, len(members))
		}
		if second, _ := members[1].(doc); second["Id"] != "2" || second["Inserted"] != false {
			t.Errorf("$expand=%s: second member is %v", expand, second)
		}
	}
}

func TestETags(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	const patch = `{"Boot":{"BootSourceOverrideTarget":"Cd"}}`
	tag := must(t, s, http.StatusOK, http.MethodGet, systemURI, "").header.Get("ETag")
	selected := must(t, s, http.StatusOK, http.MethodGet, systemURI+"?$select=PowerState", "").header.Get("ETag")
	if tag == "" || tag != selected {
		t.Errorf("ETag is %q, and %q with $select", tag, selected)
	}
	strong := strings.TrimPrefix(tag, "W/")
	must(t, s, http.StatusOK, http.MethodPatch, systemURI, patch, "If-Match", strings.TrimSuffix(strong, `"`)+`-gzip"`)
	must(t, s, http.StatusPreconditionFailed, http.MethodPatch, systemURI, patch, "If-Match", tag)
	must(t, s, http.StatusOK, http.MethodPatch, systemURI, patch, "If-Match", "*")
}

func TestSessions(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	const login = `{"UserName":"root","Password":"calvin"}`
	var first answered
	for i := range maxSessions {
		created := must(t, s, http.StatusCreated, http.MethodPost, sessionsURI, login, "Authorization", "")
		if i == 0 {
			first = created
		}
	}
	full := must(t, s, http.StatusServiceUnavailable, http.MethodPost, sessionsURI, login)
	if full.messageID() != "IDRAC.2.8.RAC0218" {
		t.Errorf("too many sessions: message %s", full.messageID())
	}
	token, uri := first.header.Get("X-Auth-Token"), first.header.Get("Location")
	must(t, s, http.StatusOK, http.MethodGet, uri, "", "Authorization", "", "X-Auth-Token", token)
	must(t, s, http.StatusOK, http.MethodDelete, uri, "", "Authorization", "", "X-Auth-Token", token)
	must(t, s, http.StatusUnauthorized, http.MethodGet, systemURI, "", "Authorization", "", "X-Auth-Token", token)
	if s.Sessions() != maxSessions-1 {
		t.Errorf("%d sessions are open", s.Sessions())
	}
	must(t, s, http.StatusNoContent, http.MethodPost, managerURI+managerResetAt, `{"ResetType":"GracefulRestart"}`)
	if s.Sessions() != 0 {
		t.Errorf("%d sessions survive the iDRAC's restart", s.Sessions())
	}
	if !has(s, SessionCreated) || !has(s, SessionDeleted) {
		t.Errorf("journal: %v", kinds(s))
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	breakIt := func(f Fault) {
		t.Helper()
		if err := s.Break(f); err != nil {
			t.Fatal(err)
		}
	}
	breakIt(Fault{Kind: EmptyStatus503, Count: 2, Path: systemURI})
	must(t, s, http.StatusOK, http.MethodGet, managerURI, "")
	for range 2 {
		if got := must(t, s, http.StatusServiceUnavailable, http.MethodGet, systemURI, ""); got.body != nil {
			t.Errorf("body %v", got.body)
		}
	}
	must(t, s, http.StatusOK, http.MethodGet, systemURI, "")

	breakIt(Fault{Kind: RefusePassword, Count: 1})
	must(t, s, http.StatusUnauthorized, http.MethodGet, systemURI, "")
	must(t, s, http.StatusOK, http.MethodGet, systemURI, "")

	breakIt(Fault{Kind: Unreachable})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+sessionsURI, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if response, err := insecureClient(t).Do(request); err == nil {
		_ = response.Body.Close()
		t.Errorf("an unreachable server answered %d", response.StatusCode)
	}
	if err := s.SetFaults(); err != nil {
		t.Fatal(err)
	}
	must(t, s, http.StatusOK, http.MethodGet, systemURI, "")

	for _, bad := range []Fault{{Kind: "Meteor"}, {Kind: Unreachable, Count: -1}} {
		if s.Break(bad) == nil || s.SetFaults(bad) == nil {
			t.Errorf("fault %+v was accepted", bad)
		}
	}
}
