package sim

import (
	"net/http"
	"time"
)

// Kinds of Fault of the host: its power, its boot and what it installs.
const (
	FailInstall     = "FailInstall"
	CdIsPhysical    = "CdIsPhysical"
	BootOnceLost    = "BootOnceLost"
	PowerOnConflict = "PowerOnConflict"
	PowerStateStale = "PowerStateStale"
	GracefulIgnored = "GracefulIgnored"
)

var hostKinds = []FaultKind{
	{Name: FailInstall, Description: "An installation fails with the reason after its early commands; the error commands run and the server stays on."},
	{
		Name: CdIsPhysical, Description: "A boot from Cd tries a physical drive, and finds nothing.",
		Source: "sushy-oem-idrac, OpenStack Ironic drac/boot.py",
	},
	{
		Name: BootOnceLost, Description: "An override for one boot is gone when the host boots, as after a restart that a job made.",
	},
	{
		Name: PowerOnConflict, Description: "Switching on is refused with 409 ActionParameterValueConflict, as shortly after a power-off.",
		Source: "OpenStack Ironic power_on_conflict: 6 times, every 10 seconds",
	},
	{
		Name: PowerStateStale, Delay: Duration(2 * time.Second), Description: "After a reset, PowerState stays as it was for the delay.",
		Source: "lisa",
	},
	{
		Name: GracefulIgnored, Description: "A graceful shutdown is accepted, and the host stays on.",
	},
}

// staleState is a power state that is shown longer than it lasts.
type staleState struct {
	power string
	until time.Time
}

// refuseReset acts out the faults of a reset that is about to be accepted. The caller
// holds s.mu.
func (s *Server) refuseReset(kind string, next life) error {
	if next.enters == statePoweringOn {
		if _, ok := s.takeFaultLocked(PowerOnConflict, systemURI+resetAt); ok {
			return refuseConflict(kind)
		}
	}
	if f, ok := s.takeFaultLocked(PowerStateStale, systemURI); ok {
		s.stale = staleState{power: s.power, until: time.Now().Add(time.Duration(f.Delay))}
	}
	return nil
}

func refuseConflict(kind string) *refusal {
	return baseRefusal(http.StatusConflict, "ActionParameterValueConflict",
		"The action ComputerSystem.Reset was submitted with the parameter ResetType of the value "+kind+", which conflicts with other property values.",
		"Wait until the last change of the power state has ended, and resubmit the request.", "ResetType", "ComputerSystem.Reset")
}

// shownPower is what clients read of the power state. The caller holds s.mu.
func (s *Server) shownPower() string {
	if time.Now().Before(s.stale.until) {
		return s.stale.power
	}
	return s.power
}

// ignoresShutdown reports whether the host lets a graceful shutdown pass. The caller
// holds s.mu.
func (s *Server) ignoresShutdown() bool {
	_, ok := s.takeFaultLocked(GracefulIgnored, systemURI+resetAt)
	return ok
}
