package activities_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/sim"
)

// scanned is the result of a scan.
type scanned struct {
	Addresses, Created, Updated, Refused, Silent, Omitted int

	Servers []string
	Found   []foundRow
}

type foundRow struct {
	Address, Outcome, Server, Name, Model, ServiceTag, Firmware, Fingerprint, Reason string
}

// rackOf is a bench with a fleet that the inventory does not know.
func rackOf(t *testing.T, generations ...string) (*bench, *sim.Fleet) {
	t.Helper()
	b := newBench(t)
	fleet, err := sim.Start(sim.Config{Servers: len(generations), Generation: strings.Join(generations, ","), Username: "root", Password: password})
	check(t, err)
	b.closeAfter(t, fleet)
	return b, fleet
}

// portOf is where a simulated server is on loopback.
func portOf(t *testing.T, url string) float64 {
	t.Helper()
	_, digits, err := net.SplitHostPort(strings.TrimPrefix(strings.TrimPrefix(url, "https://"), "http://"))
	check(t, err)
	port, err := strconv.Atoi(digits)
	check(t, err)
	return float64(port)
}

func portsOf(t *testing.T, servers []*sim.Server) []any {
	t.Helper()
	var ports []any
	for _, s := range servers {
		ports = append(ports, portOf(t, s.URL()))
	}
	return ports
}

func (b *bench) login(t *testing.T) map[string]any {
	t.Helper()
	return map[string]any{"userName": "root", "password": b.seal(t, password)}
}

func (b *bench) scan(t *testing.T, job string, options map[string]any) scanned {
	t.Helper()
	out, _, err := b.do(t, attempt{job: job, options: options})
	check(t, err)
	data, err := json.Marshal(out.Result)
	check(t, err)
	if strings.Contains(string(data), password) {
		t.Errorf("the result has the password: %s", data)
	}
	var f scanned
	check(t, json.Unmarshal(data, &f))
	return f
}

var allGenerations = []string{sim.IDRAC8, sim.IDRAC9v5, sim.IDRAC9v7, sim.IDRAC10}

func TestScan(t *testing.T) {
	t.Parallel()
	b, fleet := rackOf(t, allGenerations...)
	options := map[string]any{
		"ranges": []any{"127.0.0.1-127.0.0.2"}, "ports": portsOf(t, fleet.Servers()), "credentials": b.login(t), "trust": true,
	}
	first := b.scan(t, "Job.Server.Scan", options)
	if first.Addresses != 8 || first.Created != 4 || first.Silent != 4 || len(first.Found) != 4 {
		t.Fatalf("found %+v", first)
	}
	for i, server := range fleet.Servers() {
		want := foundRow{
			Address: strings.TrimPrefix(server.URL(), "https://"), Outcome: "created", Name: server.Tag(), ServiceTag: server.Tag(), Fingerprint: server.Fingerprint(),
		}
		if diff := cmp.Diff(want, first.Found[i], cmpopts.IgnoreFields(foundRow{}, "Server", "Model", "Firmware")); diff != "" {
			t.Errorf("row (-want +got):\n%s", diff)
		}
		if first.Found[i].Model == "" || first.Found[i].Firmware == "" {
			t.Errorf("row %+v has no model or firmware", first.Found[i])
		}
		if got := server.Sessions(); got != 0 {
			t.Errorf("%d sessions are left", got)
		}
		stored, err := b.db.Server(t.Context(), server.MAC())
		check(t, err)
		check(t, b.power(t, stored.ID, action("powerOn")))
	}
	again := b.scan(t, "Job.Server.Scan", options)
	if diff := cmp.Diff(first.Servers, again.Servers); diff != "" || again.Updated != 4 {
		t.Errorf("scanned again: %+v\n%s", again, diff)
	}
	all, err := b.db.Servers(t.Context())
	check(t, err)
	if len(all) != 4 {
		t.Errorf("the inventory has %d servers", len(all))
	}
}

// TestScanRefuses has one of each trouble in a scan, beside a server without any.
func TestScanRefuses(t *testing.T) {
	t.Parallel()
	b, fleet := rackOf(t, allGenerations...)
	servers := fleet.Servers()
	web := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	impostor := b.settings(t, servers[1])
	impostor["fingerprint"] = strings.Repeat("ab", 32)
	b.addServer(t, "known", impostor)
	at := func(s *sim.Server, credentials map[string]any) map[string]any {
		return map[string]any{"startIp": "127.0.0.1", "port": portOf(t, s.URL()), "credentials": credentials}
	}
	wrong := map[string]any{"userName": "root", "password": b.seal(t, "not-"+password)}
	got := b.scan(t, "Job.Server.Scan", map[string]any{
		"fingerprints": []any{strings.ToUpper(servers[0].Fingerprint()), servers[1].Fingerprint(), servers[2].Fingerprint()},
		"ranges": []any{
			at(servers[0], wrong), at(servers[1], b.login(t)), at(servers[2], b.login(t)), at(servers[3], b.login(t)),
			map[string]any{"startIp": "127.0.0.1", "endIp": "127.0.0.1", "port": portOf(t, web.URL), "credentials": b.login(t)},
			map[string]any{"range": "127.0.0.1", "port": 1.0}, "169.254.169.254",
		},
	})
	want := []struct{ outcome, reason string }{
		{"refused", "check the BMC's user name and password"},
		{"refused", "rackflow node repin"},
		{"created", ""},
		{"refused", "compare the fingerprint"},
		{"refused", "no Redfish service"},
		{"silent", "nobody answers"},
		{"refused", "--rest-allow"},
	}
	if len(got.Found) != len(want) || got.Created != 1 || got.Refused != 5 || got.Silent != 1 {
		t.Fatalf("found %+v", got)
	}
	for i, w := range want {
		if row := got.Found[i]; row.Outcome != w.outcome || !strings.Contains(row.Reason, w.reason) {
			t.Errorf("row %d: %+v, want %s: %s", i, row, w.outcome, w.reason)
		}
	}
	if got.Found[3].Fingerprint != servers[3].Fingerprint() {
		t.Errorf("%+v does not tell the fingerprint", got.Found[3])
	}
	for _, i := range []int{1, 3} {
		if n := countOf(servers[i], sim.SessionCreated); n != 0 {
			t.Errorf("server %d: %d logins at a BMC that is not trusted", i, n)
		}
	}
}

func countOf(s *sim.Server, kind string) int {
	n := 0
	for _, e := range s.Journal() {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// TestScanFindsKnownServers by their identifiers, and does not hand them to another BMC.
func TestScanFindsKnownServers(t *testing.T) {
	t.Parallel()
	b, fleet := rackOf(t, sim.IDRAC9v7, sim.IDRAC9v7)
	moved, taken := fleet.Servers()[0], fleet.Servers()[1]
	web := b.addServer(t, "web-01", map[string]any{
		"host": "10.9.9.9", "username": "old", "password": b.seal(t, "old"), "fingerprint": moved.Fingerprint(), "note": "rack 4",
	})
	web.Identifiers = []string{strings.ToUpper(moved.MAC())}
	_, err := b.db.UpdateServer(t.Context(), web)
	check(t, err)
	b.addServer(t, taken.Tag(), map[string]any{"host": "10.9.9.8", "fingerprint": strings.Repeat("cd", 32)})
	got := b.scan(t, "Job.Server.Scan", map[string]any{
		"ranges": []any{"127.0.0.1"}, "ports": portsOf(t, fleet.Servers()), "credentials": b.login(t), "trust": true, "inventory": "true",
	})
	if got.Updated != 1 || got.Found[0].Server != web.ID || got.Found[0].Name != "web-01" || got.Found[0].Reason != "" {
		t.Errorf("found %+v", got.Found[0])
	}
	if got.Found[1].Outcome != "refused" || !strings.Contains(got.Found[1].Reason, "another certificate") {
		t.Errorf("found %+v", got.Found[1])
	}
	obms, err := b.db.OBMs(t.Context(), web.ID)
	check(t, err)
	config := obms[0].Config
	if config["host"] != "127.0.0.1" || config["user"] != "root" || config["username"] != nil || config["note"] != "rack 4" {
		t.Errorf("the settings are %v", config)
	}
	if sealed, _ := config["password"].(string); sealed == "" || strings.Contains(sealed, password) {
		t.Errorf("the password is kept as %q", sealed)
	}
	if _, err := b.db.Catalog(t.Context(), web.ID, "redfish"); err != nil {
		t.Errorf("no inventory: %v", err)
	}
}

// TestScanResult: the list of a large scan is cut to what a result can hold, and what is
// refused stays.
func TestScanResult(t *testing.T) {
	t.Parallel()
	const n = 4096
	result, err := activities.ScanResult(n)
	check(t, err)
	data, err := json.Marshal(result)
	check(t, err)
	var got scanned
	check(t, json.Unmarshal(data, &got))
	if len(data) > 256<<10 || got.Omitted == 0 || len(got.Found)+got.Omitted != n || len(got.Servers) != n/2 {
		t.Errorf("%d bytes, %d rows, %d omitted, %d servers", len(data), len(got.Found), got.Omitted, len(got.Servers))
	}
	small, err := activities.ScanResult(100)
	check(t, err)
	data, err = json.Marshal(small)
	check(t, err)
	got = scanned{}
	check(t, json.Unmarshal(data, &got))
	if got.Omitted != 0 || len(got.Found) != 100 || got.Found[1].Outcome != "refused" || got.Found[2].Outcome != "created" {
		t.Errorf("%d rows of 100, %d omitted", len(got.Found), got.Omitted)
	}
}

func TestScanOptions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		options map[string]any
		words   string
	}{
		"no ranges":      {map[string]any{}, "ranges is required"},
		"too many":       {map[string]any{"ranges": []any{"10.0.0.0/8"}}, "4096"},
		"no address":     {map[string]any{"ranges": []any{"lab"}}, `"lab" is no range`},
		"turned round":   {map[string]any{"ranges": []any{"10.0.0.9-10.0.0.1"}}, "is no range"},
		"two families":   {map[string]any{"ranges": []any{"10.0.0.1-fd00::1"}}, "is no range"},
		"no prefix":      {map[string]any{"ranges": []any{"10.0.0.0/33"}}, "is no range"},
		"no object":      {map[string]any{"ranges": []any{7.0}}, "startIp"},
		"no port":        {map[string]any{"ranges": []any{"10.0.0.1"}, "ports": []any{0.0}}, "0 is no port"},
		"strange switch": {map[string]any{"ranges": []any{"10.0.0.1"}, "inventory": "maybe"}, "true or false"},
	} {
		_, _, err := b.do(t, attempt{job: "Job.Server.Scan", options: c.options})
		t.Log(name)
		wantFailure(t, err, activities.TypePermanent, false, c.words)
	}
}

func TestScanRanges(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"10.0.0.7":            {"10.0.0.7"},
		"10.0.0.254-10.0.1.1": {"10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"},
		"10.0.0.4/30":         {"10.0.0.5", "10.0.0.6"},
		"10.0.0.5/31":         {"10.0.0.4", "10.0.0.5"},
		"10.0.0.5/32":         {"10.0.0.5"},
		"fd00::fe-fd00::ff":   {"fd00::fe", "fd00::ff"},
		"fd00::5/127":         {"fd00::4", "fd00::5"},
		"255.255.255.255":     {"255.255.255.255"},
		"10.0.0.1 - 10.0.0.2": {"10.0.0.1", "10.0.0.2"},
	} {
		got, err := activities.ScanHosts(text)
		check(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func FuzzScanRange(f *testing.F) {
	for _, text := range []string{"10.0.0.1-10.0.0.9", "10.0.0.0/24", "fd00::/120", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0", "a-b", "/", "-"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hosts, err := activities.ScanHosts(text)
		if err == nil && (len(hosts) == 0 || len(hosts) > 4096) {
			t.Errorf("%q has %d addresses", text, len(hosts))
		}
	})
}
