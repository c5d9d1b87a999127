package bmc

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	opReset   = "reset"
	opRestart = "restart"
	opResetAt = "read last reset time"
)

// ResetType is a kind of reset in Redfish's words. A BMC offers only some.
type ResetType string

// The reset types that iDRACs offer.
const (
	ResetOn               ResetType = "On"
	ResetForceOff         ResetType = "ForceOff"
	ResetForceRestart     ResetType = "ForceRestart"
	ResetGracefulRestart  ResetType = "GracefulRestart"
	ResetGracefulShutdown ResetType = "GracefulShutdown"
	ResetPushPowerButton  ResetType = "PushPowerButton"
	ResetNmi              ResetType = "Nmi"
	ResetPowerCycle       ResetType = "PowerCycle"
)

// Reset asks for one reset and returns when the BMC has accepted it; nothing is
// confirmed. It is not idempotent: after an Unknown outcome, look before repeating
// it. Prefer PowerOn, PowerOff and Restart.
func (b *BMC) Reset(ctx context.Context, kind ResetType) error {
	return b.reset(ctx, opReset, kind)
}

// reset asks for the first of the kinds that the BMC offers.
func (b *BMC) reset(ctx context.Context, op string, kinds ...ResetType) error {
	system, err := b.system(ctx, op)
	if err != nil {
		return err
	}
	action, i := system.Actions.Reset, system.offered(kinds)
	if i < 0 {
		return b.refuse(op, fmt.Sprintf("the BMC does not offer reset type %s", kinds[0]), fmt.Sprintf("it offers %v", action.Allowed))
	}
	return b.post(ctx, op, action.Target, map[string]ResetType{"ResetType": kinds[i]})
}

// offered returns the index of the first of the kinds that the BMC offers, or -1.
func (s *systemDoc) offered(kinds []ResetType) int {
	allowed := s.Actions.Reset.Allowed
	return slices.IndexFunc(kinds, func(kind ResetType) bool { return len(allowed) == 0 || slices.Contains(allowed, kind) })
}

// LastResetTime returns when the server was last reset, by the BMC's clock, and
// whether the BMC reports it.
func (b *BMC) LastResetTime(ctx context.Context) (time.Time, bool, error) {
	system, err := b.system(ctx, opResetAt)
	if err != nil {
		return time.Time{}, false, err
	}
	at, reported := system.lastReset()
	return at, reported, nil
}

func (s *systemDoc) lastReset() (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, s.LastResetTime)
	return at, err == nil && at.Unix() > 0
}

// Restart restarts a server that is on and starts one that is off. It returns once
// the restart has begun and the server reports to be on. When graceful, the
// operating system is asked to restart.
//
// Restart is not idempotent. A BMC that shows no sign of a forced restart but
// accepted it is believed.
func (b *BMC) Restart(ctx context.Context, graceful bool) error {
	state, err := b.settledPower(ctx, opRestart, On)
	if err != nil {
		return err
	}
	if state == Off {
		return b.PowerOn(ctx)
	}
	before, err := b.system(ctx, opRestart)
	if err != nil {
		return err
	}
	kinds, limit := []ResetType{ResetForceRestart, ResetPowerCycle}, b.pace.restartForced
	if graceful {
		kinds, limit = []ResetType{ResetGracefulRestart}, b.pace.restartAsked
	}
	if before.offered(kinds) < 0 && !graceful {
		return b.offAndOn(ctx) // some iDRAC8 know neither
	}
	asked := b.reset(ctx, opRestart, kinds...)
	if asked != nil && (OutcomeOf(asked) != Unknown || ctx.Err() != nil) {
		return asked
	}
	if err := b.awaitRestart(ctx, before, limit); err != nil {
		if asked != nil {
			return asked
		}
		if graceful || ctx.Err() != nil {
			return err
		}
	}
	return b.awaitPower(ctx, opRestart, On, before)
}

func (b *BMC) offAndOn(ctx context.Context) error {
	if err := b.PowerOff(ctx, false); err != nil {
		return err
	}
	return b.PowerOn(ctx)
}

// awaitRestart looks for a sign of the restart: another reset time or a state other
// than On.
func (b *BMC) awaitRestart(ctx context.Context, before *systemDoc, limit time.Duration) error {
	was, _ := before.lastReset()
	w := wait{op: opRestart, what: "the restart has begun", every: b.pace.poll, limit: limit}
	return b.until(ctx, w, func(ctx context.Context) (bool, error) {
		now, err := b.system(ctx, opRestart)
		if err != nil {
			return false, err
		}
		state := powerState(now.PowerState)
		return now.resetSince(was) || state != On && state != PowerUnknown, nil
	})
}

// resetSince tells whether the BMC reports another last reset than this.
func (s *systemDoc) resetSince(was time.Time) bool {
	at, reported := s.lastReset()
	return reported && !at.Equal(was)
}
