package sim

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// outcome is how a request ended, whatever went wrong with it.
type outcome struct {
	err     error
	status  int
	header  http.Header
	body    string
	message string // id of the first message, without its registry
	took    time.Duration
}

func (o outcome) document() doc {
	var body doc
	_ = json.Unmarshal([]byte(o.body), &body)
	return body
}

// attempt sends one request over a new connection; header is alternating names and values.
func attempt(t *testing.T, s *Server, method, path, body string, header ...string) outcome {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("root", "calvin")
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	start := time.Now()
	response, err := insecureClient(t).Do(request)
	result := outcome{err: err, took: time.Since(start)}
	if err != nil {
		return result
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	result.err, result.status, result.header, result.body = err, response.StatusCode, response.Header, string(raw)
	id := answered{body: result.document()}.messageID()
	result.message = id[strings.LastIndexByte(id, '.')+1:]
	return result
}

// trial is an occasion for one kind of fault: it reports whether the fault showed.
type trial func(t *testing.T, s *Server) bool

// refused is an occasion whose request a fault answers with a message.
func refused(method, path, body, message string, status int) trial {
	return func(t *testing.T, s *Server) bool {
		t.Helper()
		got := attempt(t, s, method, path, body)
		return got.message == message && got.status == status
	}
}

// spoiled is an occasion whose answer tells by itself.
func spoiled(path string, shows func(outcome) bool) trial {
	return func(t *testing.T, s *Server) bool {
		t.Helper()
		return shows(attempt(t, s, http.MethodGet, path, ""))
	}
}

const (
	slotOne    = systemURI + "/VirtualMedia/1"
	insertOne  = slotOne + insertAt
	anyImage   = `{"Image":"http://127.0.0.1:1/a.iso"}`
	exportAll  = `{"ShareParameters":{"Target":"ALL"}}`
	importNone = `{"ShareParameters":{"Target":"ALL"},"ImportBuffer":"<SystemConfiguration></SystemConfiguration>"}`
)

// trials has one occasion a kind.
func trials() map[string]trial {
	insertRefused := func(message string, status int) trial {
		return refused(http.MethodPost, insertOne, anyImage, message, status)
	}
	all := map[string]trial{
		Unreachable:     spoiled(managerURI, func(o outcome) bool { return o.err != nil }),
		ConnectionReset: spoiled(managerURI, func(o outcome) bool { return o.err != nil && strings.Contains(o.err.Error(), "reset") }),
		SlowAnswer:      spoiled(managerURI, func(o outcome) bool { return o.status == http.StatusOK && o.took >= 2*time.Second }),
		EmptyStatus503:  spoiled(managerURI, func(o outcome) bool { return o.status == http.StatusServiceUnavailable && o.body == "" }),
		HTMLStatus503:   spoiled(managerURI, func(o outcome) bool { return o.status == 503 && strings.HasPrefix(o.body, "<!DOCTYPE html>") }),
		TooManyRequests: spoiled(managerURI, func(o outcome) bool { return o.status == 429 && o.header.Get("Retry-After") == "1" }),
		ServiceUnavailable: spoiled(managerURI, func(o outcome) bool {
			return o.message == "ServiceTemporarilyUnavailable" && o.header.Get("Retry-After") == "1"
		}),
		TruncatedJSON:    spoiled(managerURI, func(o outcome) bool { return o.status == http.StatusOK && !json.Valid([]byte(o.body)) }),
		WrongContentType: spoiled(managerURI, func(o outcome) bool { return o.header.Get("Content-Type") == "text/html" && json.Valid([]byte(o.body)) }),
		OddProperty:      oddProperty,
		PowerStateMissing: spoiled(systemURI, func(o outcome) bool {
			state, there := o.document()["PowerState"]
			return there && state == nil
		}),
		RefusePassword:       refused(http.MethodGet, managerURI, "", "AccessDenied", http.StatusUnauthorized),
		NotReady:             refused(http.MethodGet, managerURI, "", "SYS446", http.StatusServiceUnavailable),
		ProviderNotReady:     refused(http.MethodGet, managerURI, "", "RAC0508", http.StatusInternalServerError),
		InternalError:        refused(http.MethodGet, managerURI, "", "InternalError", http.StatusInternalServerError),
		InformationMissing:   refused(http.MethodGet, managerURI, "", "SYS518", http.StatusInternalServerError),
		TelemetryUnlicensed:  refused(http.MethodGet, telemetryURI, "", "LIC501", http.StatusForbidden),
		LicenseMissing:       insertRefused("LIC501", http.StatusForbidden),
		MediaServerConnected: insertRefused("VRM0012", http.StatusInternalServerError),
		MediaDetached:        insertRefused("VRM0021", http.StatusInternalServerError),
		ImageUnreachable:     insertRefused("RAC0904", http.StatusInternalServerError),
		HTTPSImageRefused:    httpsImage,
		ProtocolRequired:     insertRefused("ActionParameterMissing", http.StatusBadRequest),
		ExtraParametersRefused: refused(http.MethodPost, insertOne, `{"Image":"http://127.0.0.1:1/a.iso","WriteProtected":true}`,
			"ActionParameterNotSupported", http.StatusBadRequest),
		BootNotWritable:      refused(http.MethodPatch, systemURI, `{"Boot":{"BootSourceOverrideTarget":"Cd"}}`, "PropertyNotWritable", http.StatusBadRequest),
		BootTargetRefused:    refused(http.MethodPatch, systemURI+"/Settings", `{"Boot":{"BootSourceOverrideTarget":"Cd"}}`, "PropertyValueNotInList", http.StatusBadRequest),
		SessionsFull:         refused(http.MethodPost, sessionsURI, `{"UserName":"root","Password":"calvin"}`, "RAC0218", http.StatusServiceUnavailable),
		AccountCreateRefused: refused(http.MethodPost, accountsURI, `{}`, "OperationNotAllowed", http.StatusMethodNotAllowed),
		ConfigurationPending: importRefused("LC068"),
		ConfigurationRunning: importRefused("RAC0679"),
		StorageBusy:          refused(http.MethodPost, systemURI+"/Storage/RAID.SL.3-1/Volumes", `{}`, "SYS518", http.StatusInternalServerError),
	}
	maps.Copy(all, statefulTrials())
	return all
}

func importRefused(message string) trial {
	return func(t *testing.T, s *Server) bool {
		t.Helper()
		got := attempt(t, s, http.MethodPost, s.gen.profileAction("ImportSystemConfiguration"), importNone)
		return got.message == message
	}
}

func oddProperty(t *testing.T, s *Server) bool {
	t.Helper()
	list := must(t, s, http.StatusOK, http.MethodGet, systemURI+"/Processors", "")
	for _, uri := range links(list.body["Members"]) {
		body := must(t, s, http.StatusOK, http.MethodGet, uri, "").body
		_, set := body["InstructionSet"].([]any)
		return set || body["Status"] == "OK"
	}
	t.Fatal("no processors")
	return false
}

func httpsImage(t *testing.T, s *Server) bool {
	t.Helper()
	got := attempt(t, s, http.MethodPost, insertOne, `{"Image":"https://127.0.0.1:1/a.iso"}`)
	return strings.Contains(got.body, "unknown authority")
}

// TestEveryFaultKind shows each kind once, and that it ends with its count.
func TestEveryFaultKind(t *testing.T) {
	t.Parallel()
	rows := trials()
	for _, kind := range FaultKinds() {
		show, ok := rows[kind.Name]
		if !ok {
			t.Errorf("no test shows %s", kind.Name)
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			timing := quick
			timing.ManagerRestart = 30 * time.Millisecond
			s := startFleet(t, Config{Timing: timing}).Servers()[0]
			f := Fault{Kind: kind.Name, Count: 1}
			if kind.Delay > 0 && kind.Name != SlowAnswer && kind.Name != PollSensitive {
				f.Delay = Duration(300 * time.Millisecond)
			}
			if err := s.Break(f); err != nil {
				t.Fatal(err)
			}
			if !show(t, s) {
				t.Error("it does not show")
			}
			if left := s.Faults(); len(left) != 0 || !has(s, FaultShown) {
				t.Errorf("faults left: %v; journal: %v", left, kinds(s))
			}
			if show(t, s) {
				t.Error("it shows after its count")
			}
		})
	}
}

// dial connects and returns the certificate that is shown.
func dial(t *testing.T, s *Server) tls.ConnectionState {
	t.Helper()
	var dialer net.Dialer
	raw, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL(), "https://"))
	if err != nil {
		t.Fatal(err)
	}
	conn := tls.Client(raw, &tls.Config{InsecureSkipVerify: true})
	defer func() { _ = conn.Close() }()
	if err := conn.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return conn.ConnectionState()
}
