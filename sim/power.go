package sim

import (
	"context"
	"net/http"
	"time"
)

// Values of the Redfish property PowerState.
const (
	stateOff         = "Off"
	statePoweringOn  = "PoweringOn"
	stateOn          = "On"
	statePoweringOff = "PoweringOff"
)

var allResetTypes = []string{
	"On", "ForceOff", "ForceRestart", "GracefulRestart", "GracefulShutdown", "PushPowerButton", "Nmi", "PowerCycle",
}

func (s *Server) resetAction(_ *http.Request, body doc) error {
	kind, err := oneOf(body, "ResetType", s.gen.resetTypes)
	if err != nil {
		return err
	}
	if kind == "" {
		return refuseMissingProperty("ResetType")
	}
	return s.reset(kind)
}

// life is what the host does after a reset: the state it enters at once, if any, and
// what happens from there.
type life struct {
	enters string
	runs   func(context.Context)
}

// reset starts what a ResetType asks for, or refuses it in the present power state. The
// state then changes over time.
func (s *Server) reset(kind string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, ok := s.lifeAfter(kind)
	if !ok || s.closed {
		return refuseState(s.power)
	}
	if err := s.refuseReset(kind, next); err != nil {
		return err
	}
	s.lastReset = time.Now()
	s.record(Reset, "ResetType", kind)
	if next.runs != nil {
		s.live(next)
	}
	return nil
}

// lifeAfter returns what a reset of this kind leads to; ok is false if the kind makes
// no sense in the present state. The caller holds s.mu.
func (s *Server) lifeAfter(kind string) (next life, ok bool) {
	isOn := s.power == stateOn
	if kind == "PushPowerButton" {
		kind = "GracefulShutdown"
		if s.power == stateOff {
			kind = "On"
		}
	}
	switch kind {
	case "On":
		return life{statePoweringOn, s.powerUp}, s.power == stateOff
	case "ForceOff":
		return life{statePoweringOff, s.powerDown}, isOn || s.power == statePoweringOn
	case "GracefulShutdown":
		if isOn && s.ignoresShutdown() {
			return life{}, true
		}
		return life{statePoweringOff, s.powerDown}, isOn
	case "PowerCycle":
		return life{statePoweringOff, s.powerCycle}, isOn
	case "Nmi":
		return life{}, isOn
	default: // the kinds of warm restart: the state stays On
		return life{"", s.boot}, isOn
	}
}

// live ends what the host is doing and begins the next. The caller holds s.mu.
func (s *Server) live(next life) {
	s.stopLife()
	// The host lives on after the request that started it.
	ctx, stop := context.WithCancel(context.Background())
	s.stopLife = stop
	s.osRunning = false
	if next.enters != "" {
		s.enter(next.enters)
	}
	s.running.Go(func() {
		defer stop()
		next.runs(ctx)
	})
}

// restartForJob boots the host, so that staged jobs are carried out.
func (s *Server) restartForJob() {
	kind := "PowerCycle"
	if s.PowerState() == stateOff {
		kind = "On"
	}
	// In between two states the host is on its way to a boot, or off for good reason.
	_ = s.reset(kind)
}

// powerUp goes on from PoweringOn.
func (s *Server) powerUp(ctx context.Context) {
	if pause(ctx, s.fleet.cfg.Timing.PowerOn) && s.setPower(ctx, stateOn) {
		s.boot(ctx)
	}
}

// powerDown goes on from PoweringOff.
func (s *Server) powerDown(ctx context.Context) {
	if pause(ctx, s.fleet.cfg.Timing.PowerOff) {
		s.setPower(ctx, stateOff)
	}
}

func (s *Server) powerCycle(ctx context.Context) {
	s.powerDown(ctx)
	if s.setPower(ctx, statePoweringOn) {
		s.powerUp(ctx)
	}
}

// shutDown is a power-off that the host decides on by itself.
func (s *Server) shutDown(ctx context.Context) {
	if s.setPower(ctx, statePoweringOff) {
		s.powerDown(ctx)
	}
}

// setPower changes the state unless ctx, the life it belongs to, has ended.
func (s *Server) setPower(ctx context.Context, to string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	s.enter(to)
	return true
}

// enter changes the state. The caller holds s.mu.
func (s *Server) enter(to string) {
	from := s.power
	s.power = to
	switch to {
	case statePoweringOn:
		s.record(PowerOn)
	case statePoweringOff:
		s.osRunning = false
		s.record(PowerOff)
	}
	s.record(PowerState, "from", from, "to", to)
}

// pause waits, and reports whether it was not interrupted.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
