package sim

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// ActiveFault is a fault that a server has at present.
type ActiveFault struct {
	ID     int    `json:"id"`     // within the fleet; a fault of several servers has one
	Server string `json:"server"` // service tag
	Shown  int    `json:"shown"`  // how many times so far
	Fault  Fault  `json:"fault"`  // as it was given
}

// activeFault is a fault with its progress.
type activeFault struct {
	id          int
	kind        FaultKind
	given       Fault
	fault       Fault // with the defaults of its kind
	seen, shown int
	dice        *rand.Rand
	asked       time.Time // the last occasion, for kinds that it matters to
}

// newActive makes dice of the fleet's seed, the server and what the fault is, so that
// neither the order of faults nor other servers change how they fall.
func (s *Server) newActive(id int, f Fault) *activeFault {
	sum := fnv.New64a()
	_, _ = fmt.Fprintf(sum, "%s\x00%s\x00%s\x00%s", s.tag, f.Kind, f.Path, f.Method)
	// The dice decide what goes wrong in a simulation, and nothing that is secret.
	dice := rand.New(rand.NewPCG(s.fleet.cfg.Seed, sum.Sum64())) //nolint:gosec // see above
	kind := kindsByName[f.Kind]
	return &activeFault{id: id, kind: kind, given: f, fault: f.withDefaults(kind), dice: dice}
}

// hits reports whether the fault can show on a request such as r.
func (a *activeFault) hits(r *http.Request) bool {
	if a.kind.act == nil || (a.fault.Method != "" && a.fault.Method != r.Method) || !a.fault.covers(r.URL.EscapedPath()) {
		return false
	}
	return a.kind.when == nil || a.kind.when(a, r)
}

// take reports whether the fault shows on this occasion.
func (a *activeFault) take() bool {
	a.seen++
	if a.seen <= a.fault.After {
		return false
	}
	if a.fault.Probability > 0 && a.dice.Float64() >= a.fault.Probability {
		return false
	}
	a.shown++
	return true
}

func (a *activeFault) spent() bool { return a.fault.Count > 0 && a.shown >= a.fault.Count }

// Break adds a fault to this server. It fails if the fault makes no sense, such as one of
// an unknown kind or with a negative count.
func (s *Server) Break(f Fault) error {
	if err := s.validateOwn(f); err != nil {
		return err
	}
	s.addFaults(s.fleet.nextFaultID(), f)
	return nil
}

// SetFaults replaces all faults; none mends the server. On an error nothing changes.
func (s *Server) SetFaults(faults ...Fault) error {
	for _, f := range faults {
		if err := s.validateOwn(f); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.faults = nil
	s.mu.Unlock()
	for _, f := range faults {
		s.addFaults(s.fleet.nextFaultID(), f)
	}
	return nil
}

func (s *Server) validateOwn(f Fault) error {
	if err := f.validate(); err != nil {
		return fmt.Errorf("simulated server %s: %w", s.tag, err)
	}
	if len(f.Servers) > 0 {
		return fmt.Errorf("simulated server %s: fault %s: a fault of one server names no servers", s.tag, f.Kind)
	}
	return nil
}

func (s *Server) addFaults(id int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, s.newActive(id, f))
}

// Faults returns the faults the server has at present, in the order they were added.
func (s *Server) Faults() []ActiveFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]ActiveFault, 0, len(s.faults))
	for _, a := range s.faults {
		list = append(list, ActiveFault{ID: a.id, Server: s.tag, Shown: a.shown, Fault: a.given})
	}
	return list
}

// mend takes faults away and returns how many there were.
func (s *Server) mend(gone func(*activeFault) bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.faults)
	s.faults = slices.DeleteFunc(s.faults, gone)
	return before - len(s.faults)
}

// takeFault reports whether a fault of this kind shows at path, and uses up one of its
// counts. It is for what happens inside the server; see misbehave for requests.
func (s *Server) takeFault(kind, path string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.takeFaultLocked(kind, path)
}

// takeFaultLocked is takeFault for callers that hold s.mu.
func (s *Server) takeFaultLocked(kind, path string) (Fault, bool) {
	for _, a := range s.faults {
		if a.fault.Kind == kind && a.fault.covers(path) && s.use(a, path) {
			return a.fault, true
		}
	}
	return Fault{}, false
}

// use reports whether a fault shows now, and forgets one that is spent by it. The caller
// holds s.mu.
func (s *Server) use(a *activeFault, path string) bool {
	i := slices.Index(s.faults, a)
	if i < 0 || !a.take() {
		return false
	}
	if a.spent() {
		s.faults = slices.Delete(s.faults, i, i+1)
	}
	s.record(FaultShown, "fault", a.fault.Kind, "path", path, "id", strconv.Itoa(a.id))
	return true
}

// requestFaults returns the faults that a request may meet.
func (s *Server) requestFaults(r *http.Request) []*activeFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*activeFault
	for _, a := range s.faults {
		if a.hits(r) {
			found = append(found, a)
		}
	}
	return found
}

func (s *Server) useOnRequest(a *activeFault, r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.use(a, r.URL.EscapedPath())
}
