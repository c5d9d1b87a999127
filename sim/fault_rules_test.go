package sim

import (
	"math"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// statuses of a number of readings of the manager.
func statuses(t *testing.T, s *Server, count int) []int {
	t.Helper()
	var got []int
	for range count {
		got = append(got, attempt(t, s, http.MethodGet, managerURI, "").status)
	}
	return got
}

func TestFaultAfterAndCount(t *testing.T) {
	t.Parallel()
	s := startFleet(t, Config{Faults: []Fault{{Kind: EmptyStatus503, After: 2, Count: 2}}}).Servers()[0]
	if diff := cmp.Diff([]int{200, 200, 503, 503, 200}, statuses(t, s, 5)); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

// TestFaultsRepeat compares chance between fleets of the same seed, of another, and
// between servers.
func TestFaultsRepeat(t *testing.T) {
	t.Parallel()
	run := func(seed uint64, server int) []int {
		fleet := startFleet(t, Config{Servers: 2, Seed: seed, Faults: []Fault{{Kind: EmptyStatus503, Probability: 0.5}}})
		return statuses(t, fleet.Servers()[server], 24)
	}
	first := run(7, 0)
	if diff := cmp.Diff(first, run(7, 0)); diff != "" {
		t.Errorf("the same seed differs:\n%s", diff)
	}
	if slices.Equal(first, run(8, 0)) || slices.Equal(first, run(7, 1)) {
		t.Error("another seed, or another server, has the same luck")
	}
	if !slices.Contains(first, 200) || !slices.Contains(first, 503) {
		t.Errorf("one half is %v", first)
	}
}

func TestFaultCovers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path, request string
		want          bool
	}{
		{"", "/redfish/v1", true},
		{"/redfish/v1/Systems", "/redfish/v1/Systems/1", true},
		{"/redfish/v1/Systems", "/redfish/v1/Managers", false},
		{"*/Storage", "/redfish/v1/Systems/1/Storage", true},
		{"*/Storage", "/redfish/v1/Systems/1/Storage/1", false},
		{"*/Storage*", "/redfish/v1/Systems/1/Storage/1", true},
		{"/redfish/*/Systems/*/Bios", "/redfish/v1/Systems/1/Bios", true},
		{"/redfish/*/Systems/*/Bios", "/redfish/v1/Systems/Bios", false},
		{"/a*a", "/a", false},
		{"*", "/redfish", true},
	}
	for _, test := range tests {
		if got := (Fault{Path: test.path}).covers(test.request); got != test.want {
			t.Errorf("%q covers %q: %t", test.path, test.request, got)
		}
	}
}

func TestFaultRefused(t *testing.T) {
	t.Parallel()
	fleet := startFleet(t, Config{})
	tests := map[string]Fault{
		"kind":        {Kind: "Meteor"},
		"count":       {Kind: Unreachable, Count: -1},
		"after":       {Kind: Unreachable, After: -1},
		"delay":       {Kind: SlowAnswer, Delay: -1},
		"retry":       {Kind: TooManyRequests, RetryAfter: -1},
		"probability": {Kind: Unreachable, Probability: 1.5},
		"no number":   {Kind: Unreachable, Probability: math.NaN()},
		"path":        {Kind: Unreachable, Path: "redfish"},
		"method":      {Kind: Unreachable, Method: "get"},
		"no request":  {Kind: GracefulIgnored, Method: http.MethodPost},
		"tag":         {Kind: Unreachable, Servers: []string{"NOSUCH1"}},
		"index":       {Kind: Unreachable, Servers: []string{"1"}},
	}
	for name, fault := range tests {
		if _, err := fleet.Break(fault); err == nil {
			t.Errorf("%s: %+v was accepted", name, fault)
		}
		if fleet.Servers()[0].Break(fault) == nil {
			t.Errorf("%s: a server accepted %+v", name, fault)
		}
	}
	if _, err := fleet.BreakAll([]Fault{{Kind: Unreachable}, {Kind: "Meteor"}}); err == nil || len(fleet.Faults()) > 0 {
		t.Errorf("a list with a mistake: error %v, faults %v", err, fleet.Faults())
	}
	if _, err := Start(Config{Faults: []Fault{{Kind: "Meteor"}}}); err == nil {
		t.Error("a fleet started with an unknown fault")
	}
}

// TestFaultByNature shows that a kind of one resource leaves those below it alone, unless
// it is told a path.
func TestFaultByNature(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	if err := s.SetFaults(Fault{Kind: PowerStateMissing}); err != nil {
		t.Fatal(err)
	}
	if _, there := must(t, s, http.StatusOK, http.MethodGet, nicsURI, "").body["PowerState"]; there {
		t.Error("it shows below the system")
	}
	if err := s.SetFaults(Fault{Kind: PowerStateMissing, Path: chassisURI}); err != nil {
		t.Fatal(err)
	}
	if state := must(t, s, http.StatusOK, http.MethodGet, chassisURI, "").body["PowerState"]; state != nil {
		t.Errorf("where it was put, the state is %v", state)
	}
}

// TestFaultsTogether shows that faults of one request add up until one ends it.
func TestFaultsTogether(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	if err := s.SetFaults(
		Fault{Kind: SlowAnswer, Delay: Duration(50 * time.Millisecond)}, Fault{Kind: NotReady, Count: 1},
		Fault{Kind: WrongContentType, Count: 1},
	); err != nil {
		t.Fatal(err)
	}
	first, second := attempt(t, s, http.MethodGet, managerURI, ""), attempt(t, s, http.MethodGet, managerURI, "")
	if first.status != http.StatusServiceUnavailable || first.took < 50*time.Millisecond {
		t.Errorf("first: status %d after %s", first.status, first.took)
	}
	if second.status != http.StatusOK || second.header.Get("Content-Type") != "text/html" || second.took < 50*time.Millisecond {
		t.Errorf("second: status %d, %v after %s", second.status, second.header, second.took)
	}
}

func TestFaultsOfServers(t *testing.T) {
	t.Parallel()
	fleet := startFleet(t, Config{Servers: 3})
	tag := fleet.Servers()[2].Tag()
	id, err := fleet.Break(Fault{Kind: EmptyStatus503, Servers: []string{"0", tag, tag}, Method: http.MethodGet})
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, s := range fleet.Servers() {
		got = append(got, statuses(t, s, 1)...)
	}
	if diff := cmp.Diff([]int{503, 200, 503}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	must(t, fleet.Servers()[0], http.StatusOK, http.MethodPatch, systemURI, `{}`)
	if mended := fleet.Mend(id); mended != 2 || len(fleet.Faults()) != 0 {
		t.Errorf("%d mended, left %v", mended, fleet.Faults())
	}
}

func TestParseFaults(t *testing.T) {
	t.Parallel()
	want := []Fault{{
		Kind: SlowAnswer, Servers: []string{"SM00001", "2"}, Path: "/redfish/v1/Systems*", Method: "GET",
		After: 3, Count: 4, Probability: 0.25, Delay: Duration(90 * time.Second),
	}}
	for name, text := range map[string]string{
		"YAML": "- kind: SlowAnswer\n  servers: [SM00001, \"2\"]\n  path: /redfish/v1/Systems*\n  method: GET\n  after: 3\n  count: 4\n  probability: 0.25\n  delay: 1m30s\n",
		"JSON": `[{"kind":"SlowAnswer","servers":["SM00001","2"],"path":"/redfish/v1/Systems*","method":"GET","after":3,"count":4,"probability":0.25,"delay":"90s"}]`,
	} {
		got, err := ParseFaults([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	line, err := ParseFault("SlowAnswer,servers=SM00001 2,path=/redfish/v1/Systems*,method=GET,after=3,count=4,probability=0.25,delay=90s")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want[0], line); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", "Meteor", "SlowAnswer,delay", "SlowAnswer,delay=soon", "SlowAnswer,colour=red", "SlowAnswer,count=few"} {
		if _, err := ParseFault(bad); err == nil {
			t.Errorf("the line %q was accepted", bad)
		}
	}
}

func FuzzParseFaults(f *testing.F) {
	f.Add([]byte("- kind: SlowAnswer\n  delay: 1s\n"))
	f.Add([]byte(`[{"kind":"Unreachable","count":-1}]`))
	f.Add([]byte("- kind: [x]\n- &a *a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		faults, err := ParseFaults(data)
		if err != nil {
			return
		}
		for _, fault := range faults {
			if err := fault.validate(); err != nil {
				t.Errorf("%+v was accepted: %v", fault, err)
			}
			fault.covers("/redfish/v1/Systems/System.Embedded.1")
		}
	})
}

// TestQuirksAreShown holds the table of quirks against the kinds.
func TestQuirksAreShown(t *testing.T) {
	t.Parallel()
	known := kindNames()
	for i, quirk := range Quirks() {
		if quirk.Number != i+1 || quirk.Symptom == "" || (len(quirk.Faults) == 0 && quirk.Nature == "") {
			t.Errorf("quirk %d is incomplete: %+v", i+1, quirk)
		}
		for _, kind := range quirk.Faults {
			if !slices.Contains(known, kind) {
				t.Errorf("quirk %d: there is no kind %s", quirk.Number, kind)
			}
		}
	}
	for _, kind := range FaultKinds() {
		if kind.Description == "" {
			t.Errorf("%s has no description", kind.Name)
		}
	}
}

func TestControlOfAllFaults(t *testing.T) {
	t.Parallel()
	fleet := startFleet(t, Config{Servers: 2})
	var added struct{ IDs []int }
	control(t, fleet, http.StatusCreated, http.MethodPost, "/sim/faults", `[{"kind":"NotReady","servers":["1"]},{"kind":"SlowAnswer","delay":"1h"}]`, &added)
	var list []ActiveFault
	control(t, fleet, http.StatusOK, http.MethodGet, "/sim/faults", "", &list)
	want := []ActiveFault{
		{ID: 2, Server: "SM00000", Fault: Fault{Kind: SlowAnswer, Delay: Duration(time.Hour)}},
		{ID: 1, Server: "SM00001", Fault: Fault{Kind: NotReady, Servers: []string{"1"}}},
		{ID: 2, Server: "SM00001", Fault: Fault{Kind: SlowAnswer, Delay: Duration(time.Hour)}},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	control(t, fleet, http.StatusNoContent, http.MethodDelete, "/sim/faults/2", "", nil)
	control(t, fleet, http.StatusNotFound, http.MethodDelete, "/sim/faults/2", "", nil)
	control(t, fleet, http.StatusNotFound, http.MethodDelete, "/sim/faults/x", "", nil)
	control(t, fleet, http.StatusBadRequest, http.MethodPost, "/sim/faults", `[{"kind":"NotReady","servers":["9"]}]`, nil)
	control(t, fleet, http.StatusNoContent, http.MethodDelete, "/sim/faults", "", nil)
	control(t, fleet, http.StatusOK, http.MethodGet, "/sim/faults", "", &list)
	if len(list) != 0 {
		t.Errorf("faults left: %v", list)
	}
	var kinds []FaultKind
	control(t, fleet, http.StatusOK, http.MethodGet, "/sim/faults/kinds", "", &kinds)
	if len(kinds) != len(FaultKinds()) {
		t.Errorf("%d kinds", len(kinds))
	}
}
