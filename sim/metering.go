package sim

import (
	"hash/fnv"
	"time"
)

// Power drawn by a host, in watts.
const (
	wattsOff      = 14
	wattsStarting = 190
	wattsOn       = 286
	wattsCapacity = 1400 // of one power supply
	wattsSwing    = 8    // how far readings go up and down
)

// Limits of a power cap, in watts.
const (
	capLow  = 210
	capHigh = wattsCapacity
)

// powerCap is the limit that a client has set.
type powerCap struct {
	enabled bool
	watts   int
}

// draw is what the server consumes now, in watts. It follows the power state and keeps
// within the cap; the small swing follows from the server and the time.
func (s *Server) draw(now time.Time) int {
	s.mu.Lock()
	state, limit := s.power, s.cap
	s.mu.Unlock()
	watts := wattsOn + s.swing(now)
	switch state {
	case stateOff:
		return wattsOff
	case statePoweringOn, statePoweringOff:
		watts = wattsStarting
	}
	if limit.enabled {
		return min(watts, limit.watts)
	}
	return watts
}

func (s *Server) swing(now time.Time) int {
	sum := fnv.New32a()
	_, _ = sum.Write(now.Truncate(time.Minute).AppendFormat([]byte(s.tag), time.RFC3339))
	return int(sum.Sum32()%(2*wattsSwing+1)) - wattsSwing
}

// celsius is the temperature of a part that is warmer by some degrees than the inlet.
func (s *Server) celsius(now time.Time, above int) int {
	return inletCelsius + above*s.draw(now)/wattsOn
}

const inletCelsius = 22

// rpm is the speed of the fans.
func (s *Server) rpm(now time.Time) int {
	if s.draw(now) == wattsOff {
		return 0
	}
	return 4800 + 12*s.draw(now)
}

// powerLimit is the cap, or nil if there is none.
func (s *Server) powerLimit() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.cap.enabled {
		return nil
	}
	return s.cap.watts
}

// PowerCap returns the power cap in watts, if one is in force.
func (s *Server) PowerCap() (watts int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cap.watts, s.cap.enabled
}
