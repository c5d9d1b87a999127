package sim

import (
	"fmt"
	"slices"
	"strings"
)

// Kinds of Fault.
const (
	// FailInstall makes the next installation fail with Reason after its early
	// commands; the error commands run and the server stays on.
	FailInstall = "FailInstall"
	// RefusePassword answers correct credentials with 401.
	RefusePassword = "RefusePassword"
	// Unreachable closes the connection instead of answering a request.
	Unreachable = "Unreachable"
	// EmptyStatus503 answers requests with 503 and no body, as an iDRAC does while
	// its services start.
	EmptyStatus503 = "EmptyStatus503"
)

var faultKinds = []string{FailInstall, RefusePassword, Unreachable, EmptyStatus503}

// Fault is one way in which a server misbehaves.
type Fault struct {
	Kind string `json:"kind"`
	// Count is how many times the fault shows; 0 means until it is taken away.
	Count int `json:"count,omitempty"`
	// Path limits a fault of the Redfish service to request paths with this prefix.
	Path string `json:"path,omitempty"`
	// Reason is what a failed installation reports.
	Reason string `json:"reason,omitempty"`
}

func (f Fault) validate() error {
	if !slices.Contains(faultKinds, f.Kind) {
		return fmt.Errorf("unknown fault kind %q: use one of %s", f.Kind, strings.Join(faultKinds, ", "))
	}
	if f.Count < 0 {
		return fmt.Errorf("fault %s: count %d is negative", f.Kind, f.Count)
	}
	return nil
}

// Break adds a fault. It fails if the kind is unknown or the count negative.
func (s *Server) Break(f Fault) error {
	if err := f.validate(); err != nil {
		return fmt.Errorf("simulated server %s: %w", s.tag, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
	return nil
}

// SetFaults replaces all faults; none mends the server. On an error nothing changes.
func (s *Server) SetFaults(faults ...Fault) error {
	for _, f := range faults {
		if err := f.validate(); err != nil {
			return fmt.Errorf("simulated server %s: %w", s.tag, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = slices.Clone(faults)
	return nil
}

// takeFault reports whether a fault of this kind applies to path, and uses up one of
// its counts.
func (s *Server) takeFault(kind, path string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.faults, func(f Fault) bool {
		return f.Kind == kind && strings.HasPrefix(path, f.Path)
	})
	if i < 0 {
		return Fault{}, false
	}
	f := s.faults[i]
	switch f.Count {
	case 0:
	case 1:
		s.faults = slices.Delete(s.faults, i, i+1)
	default:
		s.faults[i].Count--
	}
	return f, true
}
