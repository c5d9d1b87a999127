package sim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func control(t *testing.T, f *Fleet, status int, method, path, body string, into any) {
	t.Helper()
	recorder := httptest.NewRecorder()
	f.Handler().ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
	if recorder.Code != status {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, recorder.Code, status, recorder.Body)
	}
	if strings.Contains(recorder.Body.String(), "calvin") {
		t.Errorf("%s %s shows the password", method, path)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}

func TestControl(t *testing.T) {
	t.Parallel()
	fleet := startFleet(t, Config{Servers: 2})
	s := fleet.Servers()[1]
	reset(t, s, "On")
	await(t, s, BootFailed)

	var list []ServerInfo
	control(t, fleet, http.StatusOK, http.MethodGet, "/sim/servers", "", &list)
	want := ServerInfo{Tag: s.Tag(), URL: s.URL(), User: "root", Fingerprint: s.Fingerprint(), MAC: s.MAC(), PowerState: stateOn}
	if len(list) != 2 {
		t.Fatalf("%d servers", len(list))
	}
	if diff := cmp.Diff(want, list[1]); diff != "" {
		t.Errorf("second server (-want +got):\n%s", diff)
	}
	var events []Event
	control(t, fleet, http.StatusOK, http.MethodGet, "/sim/servers/"+s.Tag()+"/journal", "", &events)
	if diff := cmp.Diff(s.Journal(), events); diff != "" {
		t.Errorf("journal (-server +control):\n%s", diff)
	}
	control(t, fleet, http.StatusOK, http.MethodGet, "/sim/servers/"+fleet.Servers()[0].Tag()+"/journal", "", &events)
	if events == nil || len(events) != 0 {
		t.Errorf("journal of an idle server: %v", events)
	}
}

func TestControlFaults(t *testing.T) {
	t.Parallel()
	fleet := startFleet(t, Config{})
	s := fleet.Servers()[0]
	path := "/sim/servers/" + s.Tag() + "/faults"
	control(t, fleet, http.StatusNoContent, http.MethodPut, path, `[{"kind":"EmptyStatus503","path":"/redfish/v1/Systems"}]`, nil)
	must(t, s, http.StatusServiceUnavailable, http.MethodGet, systemURI, "")
	control(t, fleet, http.StatusBadRequest, http.MethodPut, path, `[{"kind":"Meteor"}]`, nil)
	control(t, fleet, http.StatusBadRequest, http.MethodPut, path, `[{"kind":"Unreachable","colour":"red"}]`, nil)
	control(t, fleet, http.StatusBadRequest, http.MethodPut, path, `{`, nil)
	must(t, s, http.StatusServiceUnavailable, http.MethodGet, systemURI, "")
	control(t, fleet, http.StatusNoContent, http.MethodPut, path, `[]`, nil)
	must(t, s, http.StatusOK, http.MethodGet, systemURI, "")
	control(t, fleet, http.StatusNotFound, http.MethodPut, "/sim/servers/NOSUCH1/faults", `[]`, nil)
}
