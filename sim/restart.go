package sim

import (
	"net/http"
	"time"
)

// restartGrace is how long the iDRAC takes to go down: enough to answer who asked for it.
const restartGrace = 50 * time.Millisecond

// restartManager takes the iDRAC down for a while: its sessions end and nobody is
// answered. The host is not affected. The Lifecycle Controller is ready some time after
// the iDRAC answers again. What is being answered now may still end within the grace.
func (s *Server) restartManager(grace time.Duration) {
	timing := s.fleet.cfg.Timing
	s.mu.Lock()
	clear(s.sessions)
	s.downUntil = time.Now().Add(grace + timing.ManagerRestart)
	s.readyAt = s.downUntil.Add(timing.ManagerReady)
	s.mu.Unlock()
	s.record(ManagerRestart)
	s.closeFor(grace, timing.ManagerRestart)
}

func (s *Server) managerDown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Before(s.downUntil) || s.door.current() == nil
}

// upSince is when the iDRAC last started.
func (s *Server) upSince() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.downUntil
}

// lifecycleReady reports whether the Lifecycle Controller accepts work.
func (s *Server) lifecycleReady() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !time.Now().Before(s.readyAt)
}

func refuseNotReady() *refusal {
	return dellRefusal(http.StatusServiceUnavailable, "RAC0508",
		"An unexpected error occurred: the provider is not ready.",
		"Wait until the Lifecycle Controller is ready, and retry the operation.")
}
