package bmc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/sim"
)

var straight Dial = (&net.Dialer{}).DialContext

func TestProbe(t *testing.T) {
	t.Parallel()
	fleet, err := sim.Start(sim.Config{Servers: 4, Generation: strings.Join([]string{sim.IDRAC8, sim.IDRAC9v5, sim.IDRAC9v7, sim.IDRAC10}, ",")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fleet.Close() })
	for _, server := range fleet.Servers() {
		root, err := Probe(t.Context(), server.URL(), straight)
		if err != nil {
			t.Fatal(err)
		}
		if root.Fingerprint != server.Fingerprint() || root.Version == "" {
			t.Errorf("%s: %+v", server.Generation(), root)
		}
		if got := server.Sessions(); got != 0 {
			t.Errorf("%s: %d sessions were made", server.Generation(), got)
		}
	}
}

func TestProbeReadsWhatIsShown(t *testing.T) {
	t.Parallel()
	server := rootServer(t, http.StatusOK, `{"RedfishVersion":"1.4.0","Vendor":"Dell","Product":"iDRAC\u001b[2J","Oem":{"Dell":{"ServiceTag":"ABC1234"}}}`)
	root, err := Probe(t.Context(), server.URL, straight)
	if err != nil {
		t.Fatal(err)
	}
	want := Root{
		Fingerprint: pinOf(server.Certificate()).String(), Version: "1.4.0", Vendor: "Dell", Product: "iDRAC [2J", ServiceTag: "ABC1234",
	}
	if diff := cmp.Diff(want, root); diff != "" {
		t.Errorf("root (-want +got):\n%s", diff)
	}
}

func rootServer(t *testing.T, status int, body string) *httptest.Server {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.URL.Path != serviceRootURI {
			t.Errorf("asked for %s with %q", r.URL.Path, r.Header.Get("Authorization"))
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return server
}

func TestProbeRefuses(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	errDial := errors.New("not from here")
	closed := func(context.Context, string, string) (net.Conn, error) { return nil, errDial }
	for name, c := range map[string]struct {
		endpoint string
		dial     Dial
		want     error
	}{
		"a web page":          {rootServer(t, http.StatusOK, "<html>").URL, straight, ErrNotRedfish},
		"another service":     {rootServer(t, http.StatusOK, `{"name":"x"}`).URL, straight, ErrNotRedfish},
		"an error":            {rootServer(t, http.StatusUnauthorized, `{}`).URL, straight, ErrNotRedfish},
		"no TLS":              {strings.Replace(plain.URL, "http", "https", 1), straight, ErrNotRedfish},
		"nobody":              {"https://127.0.0.1:1", straight, ErrSilent},
		"who may not be seen": {"https://127.0.0.1:1", closed, errDial},
	} {
		if _, err := Probe(t.Context(), c.endpoint, c.dial); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := Probe(t.Context(), "ftp://10.0.0.1", straight); OutcomeOf(err) != Permanent {
		t.Errorf("another scheme: %v", err)
	}
}

// TestProbeSlow has a service that takes the connection and says nothing.
func TestProbeSlow(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = Probe(ctx, "https://"+listener.Addr().String(), straight)
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrSilent) {
		t.Errorf("%v, want that it did not answer in time", err)
	}
}

func FuzzRoot(f *testing.F) {
	f.Add([]byte(`{"RedfishVersion":"1.4.0","Oem":{"Dell":{"ServiceTag":"ABC1234"}}}`))
	f.Add([]byte(`{"RedfishVersion":1,"Oem":[]}`))
	f.Add([]byte(`<html>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		resp := func(*http.Request) (*http.Response, error) {
			recorder := httptest.NewRecorder()
			_, _ = recorder.Write(body)
			return recorder.Result(), nil
		}
		if root, err := readRoot(t.Context(), roundTrip(resp), "https://bmc"); err == nil {
			t.Errorf("%+v without a certificate", root)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (r roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }
