package bmc

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	systemURI   = "/redfish/v1/Systems/System.Embedded.1"
	settingsURI = systemURI + "/Settings"
	resetURI    = systemURI + "/Actions/ComputerSystem.Reset"
	managerURI  = "/redfish/v1/Managers/iDRAC.Embedded.1"
	sessionsURI = "/redfish/v1/SessionService/Sessions"
	slot1URI    = systemURI + "/VirtualMedia/1"
	insert1URI  = slot1URI + "/Actions/VirtualMedia.InsertMedia"
	eject1URI   = slot1URI + "/Actions/VirtualMedia.EjectMedia"

	user   = "root"
	secret = "s3cret-calvin"
)

type object = map[string]any

// answer is one scripted response. The zero status means: behave as usual.
type answer struct {
	status int
	body   any // a string is sent as it is
	header map[string]string
	drop   bool // carry the request out but close the connection instead of answering
}

// redfishError answers with these message ids, the way an iDRAC words them.
func redfishError(status int, ids ...string) answer {
	infos := make([]object, 0, len(ids))
	for _, id := range ids {
		infos = append(infos, object{"MessageId": id, "Message": "text of " + id, "MessageArgs": []string{}})
	}
	return answer{status: status, body: object{"error": object{
		"code": "Base.1.12.GeneralError", "message": "A general error has occurred.", "@Message.ExtendedInfo": infos,
	}}}
}

type request struct {
	method, uri string // uri as it came over the wire
	header      http.Header
	body        object
}

func (r request) String() string { return r.method + " " + r.uri }

// fake is a small iDRAC: documents by URI, actions as functions, and a script of
// answers that come before them.
type fake struct {
	*httptest.Server

	mu       sync.Mutex
	docs     map[string]object
	actions  map[string]func(object) answer
	script   map[string][]answer
	log      []request
	sessions map[string]bool // by token
	logins   int
	onLogin  func()
	open     map[net.Conn]bool
}

func newFake(t testing.TB) *fake {
	t.Helper()
	f := &fake{
		docs:     documents(),
		script:   map[string][]answer{},
		sessions: map[string]bool{},
		open:     map[net.Conn]bool{},
	}
	f.actions = map[string]func(object) answer{
		"POST " + resetURI:   f.reset,
		"PATCH " + systemURI: f.patchBoot,
	}
	f.addSlot(systemURI + "/VirtualMedia/1")
	f.addSlot(systemURI + "/VirtualMedia/2")
	f.Server = httptest.NewUnstartedServer(f)
	f.Config.ConnState = f.connState
	f.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.StartTLS()
	t.Cleanup(f.Close)
	return f
}

func documents() map[string]object {
	return map[string]object{
		"/redfish/v1/": {
			"@odata.id": "/redfish/v1", "Id": "RootService", "Name": "Root Service", "RedfishVersion": "1.17.0",
			"Links":                     object{"Sessions": object{"@odata.id": sessionsURI}},
			"ProtocolFeaturesSupported": object{"SelectQuery": true, "ExpandQuery": object{"ExpandAll": false}},
		},
		systemsURI:  members(systemURI),
		managersURI: members(managerURI),
		systemURI: {
			"@odata.id": systemURI, "Id": "System.Embedded.1", "Manufacturer": "Dell Inc.", "Model": "PowerEdge R660",
			"SKU": "ABC1234", "SerialNumber": "CNFCP0011223344", "UUID": "4c4c4544-0042-4310-8031-b1c04f313233",
			"PowerState": "Off",
			"Boot": object{
				"BootSourceOverrideTarget": "None", "BootSourceOverrideEnabled": "Disabled", "BootSourceOverrideMode": "UEFI",
				"BootSourceOverrideTarget@Redfish.AllowableValues": []string{"None", "Pxe", "Cd", "Hdd"},
			},
			"EthernetInterfaces": object{"@odata.id": systemURI + "/EthernetInterfaces"},
			"VirtualMedia":       object{"@odata.id": systemURI + "/VirtualMedia"},
			"Links":              object{"ManagedBy": []object{{"@odata.id": managerURI}}},
			"Actions": object{"#ComputerSystem.Reset": object{
				"target": resetURI,
				"ResetType@Redfish.AllowableValues": []string{
					"On", "ForceOff", "ForceRestart", "GracefulRestart", "GracefulShutdown", "PushPowerButton", "Nmi", "PowerCycle",
				},
			}},
		},
		managerURI: {
			"@odata.id": managerURI, "Id": "iDRAC.Embedded.1", "Model": "16G Monolithic", "FirmwareVersion": "7.10.30.00",
		},
		systemURI + "/EthernetInterfaces": members(
			systemURI+"/EthernetInterfaces/NIC.Integrated.1-1-1",
			systemURI+"/EthernetInterfaces/NIC.Integrated.1-2-1",
		),
		systemURI + "/EthernetInterfaces/NIC.Integrated.1-1-1": {"Id": "NIC.Integrated.1-1-1", "MACAddress": "B0:7B:25:00:00:01"},
		systemURI + "/EthernetInterfaces/NIC.Integrated.1-2-1": {"Id": "NIC.Integrated.1-2-1", "MACAddress": "00:00:00:00:00:00", "PermanentMACAddress": "B0:7B:25:00:00:02"},
		systemURI + "/VirtualMedia":                            members(),
	}
}

func members(uris ...string) object {
	links := make([]object, 0, len(uris))
	for _, uri := range uris {
		links = append(links, object{"@odata.id": uri})
	}
	return object{"Members": links}
}

// addSlot adds a working virtual drive to the collection that it is a member of.
func (f *fake) addSlot(uri string) {
	parent, id := uri[:strings.LastIndex(uri, "/")], uri[strings.LastIndex(uri, "/")+1:]
	if f.docs[parent] == nil {
		f.docs[parent] = members()
	}
	list, _ := f.docs[parent]["Members"].([]object)
	f.docs[parent]["Members"] = append(list, object{"@odata.id": uri})
	doc := object{
		"@odata.id": uri, "Id": id, "Inserted": false, "Image": nil, "MediaTypes": []string{"CD", "DVD", "USBStick"},
		"Actions": object{
			"#VirtualMedia.InsertMedia": object{"target": uri + "/Actions/VirtualMedia.InsertMedia"},
			"#VirtualMedia.EjectMedia":  object{"target": uri + "/Actions/VirtualMedia.EjectMedia"},
		},
	}
	f.docs[uri] = doc
	f.actions["POST "+uri+"/Actions/VirtualMedia.InsertMedia"] = func(body object) answer {
		if doc["Inserted"] == true {
			return redfishError(http.StatusInternalServerError, "IDRAC.2.8.VRM0012", "Base.1.12.InternalError")
		}
		doc["Inserted"], doc["Image"] = true, body["Image"]
		return answer{status: http.StatusNoContent}
	}
	f.actions["POST "+uri+"/Actions/VirtualMedia.EjectMedia"] = func(object) answer {
		if doc["Inserted"] != true {
			return redfishError(http.StatusInternalServerError, "IDRAC.2.8.VRM0009", "Base.1.12.InternalError")
		}
		doc["Inserted"], doc["Image"] = false, nil
		return answer{status: http.StatusNoContent}
	}
}

func (f *fake) reset(body object) answer {
	switch body["ResetType"] {
	case "On", "ForceRestart", "GracefulRestart":
		f.docs[systemURI]["PowerState"] = "On"
	default:
		f.docs[systemURI]["PowerState"] = "Off"
	}
	return answer{status: http.StatusNoContent}
}

func (f *fake) patchBoot(body object) answer {
	f.setBoot(f.docs[systemURI], body)
	return answer{status: http.StatusOK, body: object{}}
}

func (f *fake) setBoot(doc, body object) {
	boot, _ := doc["Boot"].(object)
	change, _ := body["Boot"].(object)
	maps.Copy(boot, change)
}

// edit changes a document.
func (f *fake) edit(uri string, change object) {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.Copy(f.docs[uri], change)
}

// scripted makes the next requests of this kind get these answers.
func (f *fake) scripted(request string, answers ...answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script[request] = append(f.script[request], answers...)
}

// on replaces what a request does. The function runs under the fake's lock.
func (f *fake) on(request string, action func(object) answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.actions[request] = action
}

// state returns a property of a document.
func (f *fake) state(uri, property string) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.docs[uri][property]
}

// seen returns the requests of this kind, "POST /…".
func (f *fake) seen(kind string) []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	var seen []request
	for _, r := range f.log {
		if r.String() == kind {
			seen = append(seen, r)
		}
	}
	return seen
}

// writes returns every change that was asked for besides sessions.
func (f *fake) writes() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var writes []string
	for _, r := range f.log {
		if r.method != http.MethodGet && !strings.HasPrefix(r.uri, sessionsURI) {
			writes = append(writes, r.String())
		}
	}
	return writes
}

func (f *fake) sessionCount() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.sessions)
}

func (f *fake) loginCount() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.logins
}

// dropSessions ends every session, as a BMC does with idle ones.
func (f *fake) dropSessions() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.sessions)
}

func (f *fake) openConns() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.open)
}

func (f *fake) connState(conn net.Conn, state http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if state == http.StateClosed {
		delete(f.open, conn)
		return
	}
	f.open[conn] = true
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req := request{method: r.Method, uri: r.RequestURI, header: r.Header}
	_ = json.NewDecoder(r.Body).Decode(&req.body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, req)
	a := f.respond(req)
	if a.drop {
		panic(http.ErrAbortHandler)
	}
	for key, value := range a.header {
		w.Header().Set(key, value)
	}
	w.WriteHeader(a.status)
	switch body := a.body.(type) {
	case nil:
	case string:
		_, _ = io.WriteString(w, body)
	default:
		_ = json.NewEncoder(w).Encode(body)
	}
}

func (f *fake) respond(r request) answer {
	kind := r.String()
	dropped := false
	if queue := f.script[kind]; len(queue) > 0 {
		f.script[kind] = queue[1:]
		if queue[0].status != 0 {
			return queue[0]
		}
		dropped = queue[0].drop
	}
	a := f.usual(r)
	a.drop = dropped
	return a
}

func (f *fake) usual(r request) answer {
	path, _, _ := strings.Cut(r.uri, "?")
	switch {
	case r.method == http.MethodPost && path == sessionsURI:
		return f.createSession(r.body)
	case path != "/redfish/v1/" && !f.authenticated(r.header):
		return redfishError(http.StatusUnauthorized, "Base.1.12.NoValidSession")
	case r.method == http.MethodDelete && strings.HasPrefix(path, sessionsURI+"/"):
		delete(f.sessions, strings.TrimPrefix(path, sessionsURI+"/"))
		return answer{status: http.StatusOK, body: object{}}
	}
	if action := f.actions[r.method+" "+path]; action != nil {
		return action(r.body)
	}
	if doc, ok := f.docs[path]; ok && r.method == http.MethodGet {
		return answer{status: http.StatusOK, body: f.expand(r.uri, doc)}
	}
	return redfishError(http.StatusNotFound, "Base.1.12.ResourceMissingAtURI")
}

func (f *fake) createSession(body object) answer {
	f.logins++
	if f.onLogin != nil {
		f.onLogin()
	}
	if body["UserName"] != user || body["Password"] != secret {
		return redfishError(http.StatusUnauthorized, "Base.1.12.ResourceAtUriUnauthorized")
	}
	token := fmt.Sprintf("token-%d", f.logins)
	f.sessions[token] = true
	return answer{status: http.StatusCreated, body: object{}, header: map[string]string{
		"X-Auth-Token": token, "Location": sessionsURI + "/" + token,
	}}
}

func (f *fake) authenticated(header http.Header) bool {
	r := http.Request{Header: header}
	name, password, basic := r.BasicAuth()
	return f.sessions[header.Get("X-Auth-Token")] || basic && name == user && password == secret
}

func (f *fake) config() Config {
	return Config{
		Server: "r1", Endpoint: f.URL, Username: user, Password: secret,
		Fingerprint: pinOf(f.Certificate()).String(), Timeout: time.Minute,
	}
}

// connect returns a BMC on the fake that waits a thousandth of what it would.
func (f *fake) connect(t testing.TB) *BMC {
	t.Helper()
	b, err := Connect(t.Context(), f.config())
	if err != nil {
		t.Fatal(err)
	}
	b.pace = quickPace()
	return b
}

// patient is the limit of waits that end well. A test of one that does not sets its own.
const patient = 10 * time.Second

func quickPace() pace {
	return pace{
		poll:            time.Millisecond,
		settle:          time.Millisecond,
		conflict:        time.Millisecond,
		conflictRetries: 6,
		restartForced:   20 * time.Millisecond,
		restartAsked:    50 * time.Millisecond,
		boot:            50 * time.Millisecond,
		attribute:       patient,
		insert:          500 * time.Millisecond,
		eject:           50 * time.Millisecond,
		reinsert:        time.Millisecond,
		firmware:        time.Millisecond,
		network:         50 * time.Millisecond,
		job:             time.Millisecond,
		jobMax:          2 * time.Millisecond,
		jobRetry:        time.Millisecond,
		jobRetries:      3,
		clearJobs:       patient,
		ready:           time.Millisecond,
		readyLimit:      patient,
		bmcDown:         patient,
		bmcPoll:         time.Millisecond,
		bmcUp:           patient,
		profile:         patient,
	}
}

// wantError checks an error's outcome and text, and that no secret is in it.
func wantError(t *testing.T, err error, outcome Outcome, texts ...string) {
	t.Helper()
	if got := OutcomeOf(err); got != outcome {
		t.Fatalf("outcome %s, want %s: %v", got, outcome, err)
	}
	if err == nil {
		return
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
	for _, verb := range []string{"%v", "%+v"} {
		if printed := fmt.Sprintf(verb, err); strings.Contains(printed, secret) {
			t.Errorf("the password is in %s: %s", verb, printed)
		}
	}
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(5 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within 5 s: %s", what)
		}
	}
}
