package sim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// quick makes everything as fast as it can be while still taking time.
var quick = Timing{
	PowerOn:          20 * time.Millisecond,
	PowerOff:         20 * time.Millisecond,
	POST:             20 * time.Millisecond,
	InstallStep:      20 * time.Millisecond,
	MediaSettle:      20 * time.Millisecond,
	CallbackRetry:    20 * time.Millisecond,
	CallbackPatience: 5 * time.Second,
	Job:              20 * time.Millisecond,
	TaskPurge:        100 * time.Millisecond,
	ManagerRestart:   20 * time.Millisecond,
	ManagerReady:     20 * time.Millisecond,
}

// patience bounds every wait of the tests; it is only ever used up by a failure.
const patience = 20 * time.Second

func startFleet(t *testing.T, cfg Config) *Fleet {
	t.Helper()
	if cfg.Timing == (Timing{}) {
		cfg.Timing = quick
	}
	fleet, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fleet.Close(); err != nil {
			t.Error(err)
		}
	})
	return fleet
}

func startOne(t *testing.T) *Server {
	t.Helper()
	return startFleet(t, Config{}).Servers()[0]
}

// insecureClient does not check certificates; the tests of them do.
func insecureClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// answered is what came back from a call.
type answered struct {
	status int
	header http.Header
	body   doc
}

// messageID is that of the first extended error message.
func (a answered) messageID() string {
	object, _ := a.body["error"].(doc)
	messages, _ := object["@Message.ExtendedInfo"].([]any)
	if len(messages) == 0 {
		return ""
	}
	first, _ := messages[0].(doc)
	id, _ := first["MessageId"].(string)
	return id
}

// call sends a request with Basic credentials; header is alternating names and values,
// and may replace them.
func call(t *testing.T, s *Server, method, path, body string, header ...string) answered {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("root", "calvin")
	for pair := range slices.Chunk(header, 2) {
		request.Header.Set(pair[0], pair[1])
	}
	response, err := insecureClient(t).Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	result := answered{status: response.StatusCode, header: response.Header}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &result.body); err != nil {
			t.Fatalf("%s %s: body %q: %v", method, path, raw, err)
		}
	}
	return result
}

// must is call, and fails the test on another status.
func must(t *testing.T, s *Server, status int, method, path, body string, header ...string) answered {
	t.Helper()
	result := call(t, s, method, path, body, header...)
	if result.status != status {
		t.Fatalf("%s %s %s: status %d, want %d; %v", method, path, body, result.status, status, result.body)
	}
	return result
}

func reset(t *testing.T, s *Server, kind string) {
	t.Helper()
	must(t, s, http.StatusNoContent, http.MethodPost, systemURI+resetAt, fmt.Sprintf(`{"ResetType":%q}`, kind))
}

// await waits for an event of a kind, with these details.
func await(t *testing.T, s *Server, kind string, detail ...string) Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	found, err := s.Await(ctx, func(e Event) bool {
		if e.Kind != kind {
			return false
		}
		for pair := range slices.Chunk(detail, 2) {
			if e.Detail[pair[0]] != pair[1] {
				return false
			}
		}
		return true
	})
	if err != nil {
		t.Fatalf("%s %v: %v; journal: %v", kind, detail, err, kinds(s))
	}
	return found
}

// eventually polls until done is true.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("never happened: %s", what)
		}
	}
}

// Of the default generation.
const (
	mediaURI    = systemURI + "/VirtualMedia"
	maxSessions = 8
)

func kinds(s *Server) []string {
	var list []string
	for _, e := range s.Journal() {
		list = append(list, e.Kind)
	}
	return list
}

func has(s *Server, kind string) bool { return slices.Contains(kinds(s), kind) }

func TestStartRefusesBadConfig(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{
		"no port":         {Listen: "127.0.0.1"},
		"named port":      {Listen: "127.0.0.1:https"},
		"ports run out":   {Listen: "127.0.0.1:65535", Servers: 2},
		"negative number": {Servers: -1},
		"foreign address": {Listen: "192.0.2.1:0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fleet, err := Start(cfg)
			if err == nil {
				t.Error("started", fleet.Close())
			}
		})
	}
}

func TestServersDiffer(t *testing.T) {
	t.Parallel()
	fleet := startFleet(t, Config{Servers: 40})
	seen := map[string]bool{}
	for _, s := range fleet.Servers() {
		if len(s.Tag()) != 7 {
			t.Errorf("service tag %q has not 7 characters", s.Tag())
		}
		for _, value := range []string{s.Tag(), s.MAC(), s.URL(), s.Fingerprint(), systemUUID(s.Tag())} {
			if seen[value] {
				t.Errorf("%s is used twice", value)
			}
			seen[value] = true
		}
		if fleet.Server(s.Tag()) != s {
			t.Errorf("server %s is not found by its tag", s.Tag())
		}
	}
	if again := startOne(t); again.Tag() != fleet.Servers()[0].Tag() {
		t.Errorf("first tag is %s, then %s", fleet.Servers()[0].Tag(), again.Tag())
	}
}

func TestFingerprintIsThatOfTheCertificate(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	client := insecureClient(t)
	var served string
	client.Transport.(*http.Transport).TLSClientConfig.VerifyPeerCertificate = func(raw [][]byte, _ [][]*x509.Certificate) error {
		leaf, err := x509.ParseCertificate(raw[0])
		if err != nil {
			return err
		}
		sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
		served = hex.EncodeToString(sum[:])
		return leaf.VerifyHostname("127.0.0.1")
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/redfish/v1/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if served != s.Fingerprint() {
		t.Errorf("certificate has fingerprint %s, server says %s", served, s.Fingerprint())
	}
	if response.Proto != "HTTP/1.1" {
		t.Errorf("served %s", response.Proto)
	}
}

func TestJournalWriter(t *testing.T) {
	t.Parallel()
	var lines, logged bytes.Buffer
	fleet, err := Start(Config{
		Timing: quick, Journal: &lines, Log: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := fleet.Servers()[0]
	reset(t, s, "On")
	await(t, s, BootFailed)
	if err := fleet.Close(); err != nil {
		t.Fatal(err)
	}
	var written []Event
	for decoder := json.NewDecoder(&lines); decoder.More(); {
		var e Event
		if err := decoder.Decode(&e); err != nil {
			t.Fatal(err)
		}
		written = append(written, e)
	}
	if diff := cmp.Diff(s.Journal(), written, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Errorf("journal in memory and as written (-memory +written):\n%s", diff)
	}
	if strings.Contains(logged.String(), "calvin") {
		t.Error("the log holds the password")
	}
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	timing := quick
	timing.POST = time.Hour
	fleet := startFleet(t, Config{Timing: timing})
	s := fleet.Servers()[0]
	reset(t, s, "On")
	await(t, s, PowerState, "to", stateOn)
	if err := fleet.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.reset("ForceOff"); err == nil {
		t.Error("a closed server accepts a reset")
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+rootURI, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := insecureClient(t).Do(request); err == nil {
		_ = response.Body.Close()
		t.Error("a closed server answers")
	}
}

func TestJournalIsBounded(t *testing.T) {
	t.Parallel()
	j := newJournal()
	for i := range journalLimit + 3 {
		j.append(Event{Kind: fmt.Sprint(i)})
	}
	events, next, _ := j.since(journalLimit)
	if len(events) != 3 || events[0].Kind != fmt.Sprint(journalLimit) || next != journalLimit+3 {
		t.Errorf("got %v and position %d", events, next)
	}
	if all, _, _ := j.since(0); len(all) != journalLimit || all[0].Kind != "3" {
		t.Errorf("kept %d events from %s", len(all), all[0].Kind)
	}
}
