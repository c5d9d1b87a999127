package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// Kinds of Event.
const (
	PowerOn         = "PowerOn"         // the host was told to switch on
	PowerOff        = "PowerOff"        // the host was told to switch off, or does so itself
	Reset           = "Reset"           // a Reset action was accepted; Detail: ResetType
	PowerState      = "PowerState"      // a transition; Detail: from, to
	BootOverride    = "BootOverride"    // Detail: target, enabled, mode
	InsertMedia     = "InsertMedia"     // Detail: slot, image
	EjectMedia      = "EjectMedia"      // Detail: slot, image
	ImageRead       = "ImageRead"       // Detail: slot, image, label, bytes, requests
	Boot            = "Boot"            // a boot device was started; Detail: device
	BootFailed      = "BootFailed"      // Detail: device, reason
	BootedFromDisk  = "BootedFromDisk"  // the installed system is up; Detail: hostname
	InstallStarted  = "InstallStarted"  // Detail: family, hostname, answerFile, digest
	InstallProgress = "InstallProgress" // Detail: step
	InstallRequest  = "InstallRequest"  // a curl call of the answer file; Detail: method, host, status or error
	InstallWaiting  = "InstallWaiting"  // no answer file: stopped at the interactive prompt
	InstallDone     = "InstallDone"     // Detail: family, hostname
	InstallFailed   = "InstallFailed"   // Detail: reason
	ManagerRestart  = "ManagerRestart"  // the iDRAC restarts
	JobCreated      = "JobCreated"      // Detail: id, type, target
	JobEnded        = "JobEnded"        // Detail: id, type, target, state
	JobDeleted      = "JobDeleted"      // Detail: id
	JobsCleared     = "JobsCleared"     // the whole queue was emptied
	AttributesSet   = "AttributesSet"   // Detail: target, and each attribute with its new value
	FirmwareUpdated = "FirmwareUpdated" // Detail: component, from, to
	VolumeCreated   = "VolumeCreated"   // Detail: volume, name, controller
	VolumeDeleted   = "VolumeDeleted"   // Detail: volume, name, controller
	DriveErased     = "DriveErased"     // Detail: drive, serial
	// HotspareAssigned has made a drive a hot spare; Detail: drive, volume (empty for all).
	HotspareAssigned = "HotspareAssigned"
	SystemErased     = "SystemErased"   // Detail: components
	LogCleared       = "LogCleared"     // Detail: log
	AccountChanged   = "AccountChanged" // Detail: id, user, role
	ManagerNetwork   = "ManagerNetwork" // the iDRAC's interface was configured; Detail: address, vlan
	PowerCapSet      = "PowerCapSet"    // Detail: enabled, watts
	Subscribed       = "Subscribed"     // Detail: id, destination
	Unsubscribed     = "Unsubscribed"   // Detail: id
	// SubscriptionDisabled follows failed deliveries; Detail: id, destination.
	SubscriptionDisabled = "SubscriptionDisabled"
	FaultShown           = "FaultShown"     // Detail: fault, path, id
	SessionCreated       = "SessionCreated" // Detail: id
	SessionDeleted       = "SessionDeleted" // Detail: id
)

// journalLimit bounds the memory of a long-running fleet; the oldest events go first.
const journalLimit = 4096

// Event is one thing that happened to a simulated server.
type Event struct {
	Time   time.Time         `json:"time"`
	Server string            `json:"server"` // service tag
	Kind   string            `json:"kind"`
	Detail map[string]string `json:"detail,omitempty"` // read only
}

// journal keeps a server's events in order and wakes those who wait for one.
type journal struct {
	mu      sync.Mutex
	events  []Event
	dropped int           // how many were discarded to respect journalLimit
	added   chan struct{} // closed and replaced by each append
}

func newJournal() *journal { return &journal{added: make(chan struct{})} }

func (j *journal) append(e Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.events) == journalLimit {
		j.events = slices.Delete(j.events, 0, 1)
		j.dropped++
	}
	j.events = append(j.events, e)
	close(j.added)
	j.added = make(chan struct{})
}

// since returns the events from position pos (counted over the journal's whole life),
// the position after them, and a channel that closes when there are more.
func (j *journal) since(pos int) ([]Event, int, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	from := min(max(pos-j.dropped, 0), len(j.events))
	return slices.Clone(j.events[from:]), j.dropped + len(j.events), j.added
}

// Journal returns a copy of the server's latest events, oldest first.
func (s *Server) Journal() []Event {
	events, _, _ := s.journal.since(0)
	return events
}

// Await returns the first event, past or future, for which match is true. It fails
// only when ctx ends first.
func (s *Server) Await(ctx context.Context, match func(Event) bool) (Event, error) {
	for pos := 0; ; {
		events, next, more := s.journal.since(pos)
		if i := slices.IndexFunc(events, match); i >= 0 {
			return events[i], nil
		}
		pos = next
		select {
		case <-more:
		case <-ctx.Done():
			return Event{}, fmt.Errorf("simulated server %s: awaited event did not happen: %w", s.tag, ctx.Err())
		}
	}
}

// record adds an event; detail is alternating keys and values.
func (s *Server) record(kind string, detail ...string) {
	e := Event{Time: time.Now(), Server: s.tag, Kind: kind}
	if len(detail) > 0 {
		e.Detail = make(map[string]string, len(detail)/2)
	}
	for pair := range slices.Chunk(detail, 2) {
		e.Detail[pair[0]] = pair[1]
	}
	s.journal.append(e)
	s.fleet.sink.write(e)
	s.logEvent(e)
	s.log.Debug("simulated event", "kind", kind)
}

// sink serializes the events of all servers onto one writer.
type sink struct {
	mu sync.Mutex
	w  io.Writer
}

// write drops an event that cannot be written: the in-memory journal still has it, and
// a full disk must not stop the simulation.
func (k *sink) write(e Event) {
	if k.w == nil {
		return
	}
	line, err := json.Marshal(e)
	if err != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	_, _ = k.w.Write(append(line, '\n'))
}
