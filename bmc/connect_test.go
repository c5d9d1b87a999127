package bmc

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestConnectLogsInAndOut(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	b := f.connect(t)
	if _, err := b.PowerState(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := f.sessionCount(); got != 1 {
		t.Fatalf("%d sessions, want 1", got)
	}
	for range 2 { // the second Close does nothing
		if err := b.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.sessionCount(); got != 0 {
		t.Errorf("%d sessions after Close", got)
	}
	eventually(t, "all connections are closed", func() bool { return f.openConns() == 0 })
	_, err := b.PowerState(t.Context())
	wantError(t, err, Transient, "r1: read power state", "closed")
}

func TestConnectRefusals(t *testing.T) {
	t.Parallel()
	other := strings.Repeat("ab", 32)
	cases := []struct {
		name    string
		change  func(*Config)
		outcome Outcome
		says    []string
	}{
		{"wrong password", func(c *Config) { c.Password = "wrong" }, Permanent, []string{"r1: connect", "user name and password"}},
		{"another certificate", func(c *Config) { c.Fingerprint = other }, Permanent, []string{other, "seen ", "fingerprint again"}},
		{"unknown issuer", func(c *Config) { c.Fingerprint = "" }, Permanent, []string{"pin the BMC's fingerprint"}},
		{"no fingerprint", func(c *Config) { c.Fingerprint = "abc" }, Permanent, []string{"not a SHA-256"}},
		{"plain http", func(c *Config) { c.Endpoint = "http://10.0.0.1" }, Permanent, []string{"https://host"}},
		{"credentials in the endpoint", func(c *Config) { c.Endpoint = "https://root:" + secret + "@10.0.0.1" }, Permanent, []string{"carries credentials"}},
		{"an endpoint that is no URL", func(c *Config) { c.Endpoint = "https://" + secret + "\x00" }, Permanent, []string{"not a URL"}},
		{"a path in the endpoint", func(c *Config) { c.Endpoint += "/redfish/v1" }, Permanent, []string{"more than a host"}},
		{"no password", func(c *Config) { c.Password = "" }, Permanent, []string{"is empty"}},
		{"nothing there", func(c *Config) { c.Endpoint = "https://" + freeAddress(t) }, Transient, []string{"reachable"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			cfg := f.config()
			c.change(&cfg)
			_, err := Connect(t.Context(), cfg)
			wantError(t, err, c.outcome, c.says...)
			if got := f.sessionCount(); got != 0 {
				t.Errorf("%d sessions left", got)
			}
			eventually(t, "all connections are closed", func() bool { return f.openConns() == 0 })
		})
	}
}

// freeAddress returns an address that nothing listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestConnectVerifiesByCAs(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	cfg := f.config()
	cfg.Fingerprint = ""
	cfg.CAs = x509.NewCertPool()
	cfg.CAs.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw}))
	b, err := Connect(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestPinningOneBMCLeavesOthersVerified(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.connect(t)
	resp, err := (&http.Client{}).Get(f.URL + "/redfish/v1/")
	if err == nil {
		resp.Body.Close()
		t.Fatal("a client of its own accepts the self-signed certificate")
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	seen, err := Fingerprint(t.Context(), f.URL)
	if err != nil {
		t.Fatal(err)
	}
	cfg := f.config()
	var colons []string // the form that openssl and browsers print
	for i := 0; i < len(seen); i += 2 {
		colons = append(colons, strings.ToUpper(seen[i:i+2]))
	}
	for _, form := range []string{seen, strings.Join(colons, ":")} {
		cfg.Fingerprint = form
		if _, err := Connect(t.Context(), cfg); err != nil {
			t.Errorf("pinned to %s: %v", form, err)
		}
	}
	_, err = Fingerprint(t.Context(), "https://"+freeAddress(t))
	wantError(t, err, Transient, "read fingerprint")
	_, err = Fingerprint(t.Context(), "ldap://x")
	wantError(t, err, Permanent, "https://host")
}

func TestSessionLimitFallsBackToBasic(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.scripted("POST "+sessionsURI, redfishError(http.StatusServiceUnavailable, "IDRAC.1.6.RAC0218"))
	b := f.connect(t)
	if state, err := b.PowerState(t.Context()); err != nil || state != Off {
		t.Fatalf("power state %s, %v", state, err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f.loginCount() != 0 || len(f.seen("POST "+sessionsURI)) != 1 {
		t.Error("it asked for another session")
	}
}

func TestEndedSessionLogsInOnce(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	b := f.connect(t)
	if _, err := b.PowerState(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.dropSessions()
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			if _, err := b.PowerState(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if got := f.loginCount(); got != 2 {
		t.Errorf("%d logins, want 2", got)
	}
}

func TestEndedSessionAndChangedPassword(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	b := f.connect(t)
	f.dropSessions()
	f.scripted("POST "+sessionsURI, redfishError(http.StatusUnauthorized, "Base.1.12.ResourceAtUriUnauthorized"))
	_, err := b.PowerState(t.Context())
	wantError(t, err, Permanent, "r1: connect", "user name and password")
}

// TestEndedSessionSharesAWrongPassword: all operations that wait for one login get its
// refusal.
func TestEndedSessionSharesAWrongPassword(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	b := f.connect(t)
	stale, err := b.current(opConnect)
	if err != nil {
		t.Fatal(err)
	}
	b.loggingIn <- struct{}{} // a login is under way
	results := make(chan error, 2)
	for range cap(results) {
		ctx := &watchedContext{Context: t.Context(), waiting: make(chan struct{})}
		go func() {
			_, err := b.renew(ctx, stale)
			results <- err
		}()
		<-ctx.waiting
	}
	b.adopt(nil, &Error{Outcome: Permanent, Server: "r1", Op: opConnect, Message: "refused"})
	<-b.loggingIn
	for range cap(results) {
		wantError(t, <-results, Permanent, "refused")
	}
	if got := f.loginCount(); got != 1 {
		t.Errorf("%d logins, want 1", got)
	}
}

// TestCloseDuringLogin: a login that ends after Close leaves no session.
func TestCloseDuringLogin(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	b := f.connect(t)
	f.dropSessions()
	f.onLogin = func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.client = nil
	}
	_, err := b.PowerState(t.Context())
	wantError(t, err, Transient, "closed")
	if f.loginCount() != 2 || f.sessionCount() != 0 {
		t.Errorf("%d logins, %d sessions left", f.loginCount(), f.sessionCount())
	}
}

func TestCloseOfAnEndedSession(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	b := f.connect(t)
	f.dropSessions()
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got := f.loginCount(); got != 1 {
		t.Errorf("%d logins, want 1: logging out must not log in", got)
	}
}

func TestAnswersThatAreNoRedfish(t *testing.T) {
	t.Parallel()
	get := "GET " + systemURI + "?$select=PowerState"
	cases := []struct {
		name    string
		answer  answer
		outcome Outcome
		says    string
	}{
		{"HTML with 503", answer{status: 503, body: "<html>starting " + secret}, Transient, "HTTP 503"},
		{"HTML with 200", answer{status: 200, body: "<html>"}, Transient, "may still be starting"},
		{"an empty body", answer{status: 200, body: ""}, Transient, "may still be starting"},
		{"a list", answer{status: 200, body: "[]"}, Transient, "may still be starting"},
		{"half an answer", answer{status: 200, body: `{"PowerState":"O`, header: map[string]string{"Content-Length": "500"}}, Transient, "EOF"},
		{"no answer", answer{drop: true}, Transient, "reachable"},
		{"too much", answer{status: 200, body: strings.Repeat(" ", maxBody+1)}, Permanent, "endpoint is a BMC"},
		{"not ready", redfishError(500, "IDRAC.2.8.RAC0508", "Base.1.12.InternalError"), Transient, "still starting"},
		{"an odd error", answer{status: 500, body: `{"error":{"code":"X","@Message.ExtendedInfo":[{"MessageId":"IDRAC.2.8.SYS446","Message":"busy","MessageArgs":7}]}}`}, Transient, "(SYS446)"},
		{"the password repeated", answer{status: 422, body: object{"error": object{"code": "B.1.X", "message": "bad " + secret}}}, Permanent, "[redacted]"},
		{"another host", answer{status: 302, header: map[string]string{"Location": "https://example.test/"}}, Permanent, "another host"},
		{"a plain port", answer{status: 307, header: map[string]string{"Location": "http://127.0.0.1/"}}, Permanent, "another host"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			b := f.connect(t)
			f.scripted(get, c.answer, c.answer) // twice: a read over a dead connection is repeated
			_, err := b.PowerState(t.Context())
			wantError(t, err, c.outcome, "r1: read power state", c.says)
		})
	}
}

func TestOnePropertyOfAnOddTypeLosesNothingElse(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.edit(systemURI, object{"SerialNumber": []string{"odd"}, "LastResetTime": 7})
	got, err := f.connect(t).Identify(t.Context())
	if err != nil || got.ServiceTag != "ABC1234" || len(got.MACs) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	b := f.connect(t)
	for header, want := range map[string]time.Duration{"30": 30 * time.Second, "-5": 0, "soon": 0, "999999999": maxRetryAfter} {
		a := redfishError(503, "Base.1.12.ServiceTemporarilyUnavailable")
		a.header = map[string]string{"Retry-After": header}
		f.scripted("GET "+systemURI+"?$select=PowerState", a)
		_, err := b.PowerState(t.Context())
		wantError(t, err, Transient)
		if got := retryAfter(err); got != want {
			t.Errorf("Retry-After %s gives %s, want %s", header, got, want)
		}
	}
}

// TestTimeouts tells the end of a request's time from the end of the caller's.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	stuck := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(stuck.Close)
	t.Cleanup(func() { close(release) })
	cfg := Config{
		Server: "r1", Endpoint: stuck.URL, Username: user, Password: secret,
		Fingerprint: pinOf(stuck.Certificate()).String(), Timeout: 50 * time.Millisecond,
	}
	_, err := Connect(t.Context(), cfg)
	wantError(t, err, Transient, "did not answer in time")
	if isContextEnd(err) {
		t.Errorf("looks like the end of the caller's context: %v", err)
	}

	cfg.Timeout = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = Connect(ctx, cfg)
	if _, ok := errors.AsType[*Error](err); ok || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("not the context's error: %v", err)
	}
	if !strings.Contains(err.Error(), "r1: connect") {
		t.Errorf("does not say what was interrupted: %v", err)
	}
}

func TestNothingPrintsThePassword(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	cfg := f.config()
	b := f.connect(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{cfg, &cfg, b} {
			if printed := fmt.Sprintf(verb, value); strings.Contains(printed, secret) {
				t.Errorf("%s of %T: %s", verb, value, printed)
			}
		}
	}
}
