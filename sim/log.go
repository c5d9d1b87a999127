package sim

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Names of the logs.
const (
	selLog   = "Sel"       // what the hardware reports
	lcLog    = "Lclog"     // the Lifecycle log: everything
	faultLog = "FaultList" // what is wrong at present
)

const (
	logServicesURI = managerURI + "/LogServices"
	clearLogAt     = "/Actions/LogService.ClearLog"
)

// logLimit is how many entries a log keeps; the oldest go first.
const logLimit = 1000

// logEntry is one line of a log.
type logEntry struct {
	id       int
	at       time.Time
	key      string // of the message
	message  string
	severity string // OK, Warning or Critical
}

// logBook is one log. Its entries have ids that grow, also after it was cleared.
type logBook struct {
	mu      sync.Mutex
	entries []logEntry
	last    int
}

func (b *logBook) add(e logEntry) logEntry {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	e.id = b.last
	if len(b.entries) == logLimit {
		b.entries = slices.Delete(b.entries, 0, 1)
	}
	b.entries = append(b.entries, e)
	return e
}

func (b *logBook) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = nil
}

// newestFirst returns a copy, in the order an iDRAC shows them.
func (b *logBook) newestFirst() []logEntry {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := slices.Clone(b.entries)
	slices.Reverse(list)
	return list
}

func (b *logBook) entry(id string) (logEntry, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.entries, func(e logEntry) bool { return strconv.Itoa(e.id) == id })
	if i < 0 {
		return logEntry{}, false
	}
	return b.entries[i], true
}

// logs are those of a server. They have a lock of their own, since events are recorded
// with and without the server's.
type logs struct{ sel, lifecycle, faults logBook }

func (l *logs) book(name string) *logBook {
	switch name {
	case selLog:
		return &l.sel
	case lcLog:
		return &l.lifecycle
	default:
		return &l.faults
	}
}

func (g *generation) logNames() []string {
	if g.sensors {
		return []string{faultLog, lcLog, selLog}
	}
	return []string{lcLog, selLog}
}

func logURI(name string) string     { return logServicesURI + "/" + name }
func entriesURI(name string) string { return logURI(name) + "/Entries" }

func (t table) addLogs(g *generation) {
	t[logServicesURI] = resource{get: func(s *Server) doc {
		uris := make([]string, 0, len(s.gen.logNames()))
		for _, name := range s.gen.logNames() {
			uris = append(uris, logURI(name))
		}
		return collection(logServicesURI, "LogService", "Log Service Collection", uris...)
	}}
	for _, name := range g.logNames() {
		t[logURI(name)] = resource{get: func(s *Server) doc { return s.logService(name) }}
		t[entriesURI(name)] = resource{
			get:   func(s *Server) doc { return s.logEntries(name) },
			below: func(s *Server, id string) (resource, bool) { return s.logEntryResource(name, id) },
		}
		if name != faultLog {
			t[logURI(name)+clearLogAt] = action(func(s *Server, _ *http.Request, _ doc) error {
				s.logs.book(name).clear()
				s.record(LogCleared, "log", name)
				return nil
			})
		}
	}
}

var logTitles = map[string]string{selLog: "SEL Log Service", lcLog: "LifeCycle Controller Log Service", faultLog: "FaultList Log Service"}

func (s *Server) logService(name string) doc {
	body := described(logURI(name), "LogService", "v1_1_3", name, logTitles[name])
	body["Description"] = logTitles[name]
	body["ServiceEnabled"] = true
	body["MaxNumberOfRecords"] = logLimit
	body["OverWritePolicy"] = "WrapsWhenFull"
	body["LogEntryType"] = "Multiple"
	body["DateTime"] = time.Now().Format(time.RFC3339)
	body["DateTimeLocalOffset"] = time.Now().Format("-07:00")
	body["Entries"] = ref(entriesURI(name))
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	if name != faultLog {
		body["Actions"] = doc{"#LogService.ClearLog": doc{"target": logURI(name) + clearLogAt}}
	}
	return body
}

// logEntries holds the entries themselves, not links to them.
func (s *Server) logEntries(name string) doc {
	entries := s.logs.book(name).newestFirst()
	members := make([]doc, 0, len(entries))
	for _, e := range entries {
		members = append(members, s.logEntry(name, e))
	}
	body := collection(entriesURI(name), "LogEntry", "Log Entry Collection")
	body["Members"], body["Members@odata.count"] = members, len(members)
	return body
}

func (s *Server) logEntryResource(name, id string) (resource, bool) {
	e, ok := s.logs.book(name).entry(id)
	return resource{get: func(s *Server) doc { return s.logEntry(name, e) }}, ok
}

func (s *Server) logEntry(name string, e logEntry) doc {
	id := strconv.Itoa(e.id)
	body := described(entriesURI(name)+"/"+id, "LogEntry", "v1_16_1", id, "Log Entry "+id)
	body["Description"] = "Log Entry " + id
	body["Created"] = e.at.Format(time.RFC3339)
	body["Message"] = e.message
	body["MessageId"] = s.gen.messageID(messageKey{dellRegistry, e.key})
	body["MessageArgs"] = []string{}
	body["MessageArgs@odata.count"] = 0
	body["Severity"] = e.severity
	body["Links"] = doc{}
	body["EntryType"] = "Oem"
	body["OemRecordFormat"] = "Dell"
	if name == selLog {
		body["EntryType"] = "SEL"
		delete(body, "OemRecordFormat")
	}
	return body
}
