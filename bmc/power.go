package bmc

import (
	"context"
	"net/http"
	"time"

	"github.com/stmcginnis/gofish"
)

const (
	opPowerState = "read power state"
	opPowerOn    = "power on"
	opPowerOff   = "power off"

	// staleReads are how many reads a power state may lag behind.
	staleReads = 5
)

// PowerState is a server's power state in Redfish's words.
type PowerState string

// The power states. PowerUnknown is what a BMC reports while it does not know, for
// example right after it has started. It does not mean Off.
const (
	On           PowerState = "On"
	Off          PowerState = "Off"
	PoweringOn   PowerState = "PoweringOn"
	PoweringOff  PowerState = "PoweringOff"
	PowerUnknown PowerState = "Unknown"
)

func powerState(reported string) PowerState {
	switch state := PowerState(reported); state {
	case On, Off, PoweringOn, PoweringOff:
		return state
	default:
		return PowerUnknown
	}
}

// PowerState reads the power state once. It can be stale for seconds after a change.
func (b *BMC) PowerState(ctx context.Context) (PowerState, error) {
	return b.readPower(ctx, opPowerState)
}

// readPower asks for the one property where the BMC can select it: composing the
// whole system takes an iDRAC much longer.
func (b *BMC) readPower(ctx context.Context, op string) (PowerState, error) {
	uri, err := b.findSystem(ctx, op)
	if err != nil {
		return PowerUnknown, err
	}
	var doc struct{ PowerState string }
	if b.selects() {
		_, err := b.get(ctx, op, uri+"?$select=PowerState", &doc)
		if err == nil || !selectRefused(err) {
			return powerState(doc.PowerState), err
		}
		b.note(&b.plainSystem)
	}
	_, err = b.get(ctx, op, uri, &doc)
	return powerState(doc.PowerState), err
}

func (b *BMC) selects() bool {
	return !b.noted(&b.plainSystem) &&
		b.offers(func(s *gofish.Service) bool { return s.ProtocolFeaturesSupported.SelectQuery })
}

func selectRefused(err error) bool {
	return hasStatus(err, http.StatusBadRequest) || hasStatus(err, http.StatusNotImplemented)
}

// PowerOn turns the server on unless it is on, and returns once it reports to be on.
func (b *BMC) PowerOn(ctx context.Context) error {
	return b.drive(ctx, opPowerOn, On, ResetOn)
}

// PowerOff turns the server off unless it is off, and returns once it reports to be
// off. When graceful, the operating system is asked to shut down, which it may take
// minutes to do or never do: bound the context, by 90 s or more, and then decide
// whether to force it.
func (b *BMC) PowerOff(ctx context.Context, graceful bool) error {
	if graceful {
		return b.drive(ctx, opPowerOff, Off, ResetGracefulShutdown, ResetPushPowerButton)
	}
	return b.drive(ctx, opPowerOff, Off, ResetForceOff)
}

func (b *BMC) drive(ctx context.Context, op string, want PowerState, by ...ResetType) error {
	state, err := b.settledPower(ctx, op, want)
	if err != nil || state == want {
		return err
	}
	before, err := b.system(ctx, op)
	if err != nil {
		return err
	}
	if err := b.push(ctx, op, want, by...); err != nil {
		return err
	}
	return b.awaitPower(ctx, op, want, before)
}

// settledPower reads until two reads in a row agree on a state to act upon. Single
// reads lie right after a change.
func (b *BMC) settledPower(ctx context.Context, op string, want PowerState) (PowerState, error) {
	previous, state := PowerUnknown, PowerUnknown
	w := wait{op: op, what: "a settled power state", every: b.pace.settle}
	err := b.until(ctx, w, func(ctx context.Context) (bool, error) {
		var err error
		previous = state
		state, err = b.readPower(ctx, op)
		return err == nil && state == previous && !passing(state, want), err
	})
	return state, err
}

// passing tells whether a state is better waited out than acted upon. A server that
// hangs while powering on can still be turned off.
func passing(state, want PowerState) bool {
	return state == PowerUnknown || state == PoweringOff || state == PoweringOn && want == On
}

// push asks for a power change until the BMC takes it. For up to a minute after the
// opposite change an iDRAC answers 409, and it answers the same when the state is
// reached already, so the state decides.
func (b *BMC) push(ctx context.Context, op string, want PowerState, by ...ResetType) error {
	for try := 1; ; try++ {
		err := b.reset(ctx, op, by...)
		if err == nil || ctx.Err() != nil || OutcomeOf(err) == Permanent {
			return err
		}
		state, readErr := b.readPower(ctx, op)
		if readErr == nil && (state == want || heading(state, want)) {
			return nil
		}
		if try > b.pace.conflictRetries {
			return err
		}
		if ended := sleep(ctx, b.patience(err)); ended != nil {
			return b.failure(op).of(ctx, ended)
		}
	}
}

// patience is how long to wait before a refused power change is tried again.
func (b *BMC) patience(err error) time.Duration {
	return max(b.pace.conflict, retryAfter(err))
}

func heading(state, want PowerState) bool {
	return state == PoweringOn && want == On || state == PoweringOff && want == Off
}

// awaitPower reads until two reads in a row are the wanted state, or, once that has
// been seen, the opposite: the server has been there and gone on by itself, as one
// whose installer turns it off. One that was on only between two reads shows that by its
// last reset, which is trusted once the state cannot be stale any more.
func (b *BMC) awaitPower(ctx context.Context, op string, want PowerState, before *systemDoc) error {
	agreed, away := 0, 0
	seen := false
	w := wait{op: op, what: "power state " + string(want), every: b.pace.poll}
	return b.until(ctx, w, func(ctx context.Context) (bool, error) {
		state, err := b.readPower(ctx, op)
		switch {
		case err == nil && state == want:
			agreed, away, seen = agreed+1, 0, true
		case err == nil && opposite(state, want):
			agreed, away = 0, away+1
		default:
			agreed, away = 0, 0
		}
		if agreed == 2 || away == 2 && seen {
			return true, nil
		}
		if want == On && away >= staleReads {
			return b.resetSince(ctx, op, before)
		}
		return false, err
	})
}

func (b *BMC) resetSince(ctx context.Context, op string, before *systemDoc) (bool, error) {
	was, _ := before.lastReset()
	now, err := b.system(ctx, op)
	return err == nil && now.resetSince(was), err
}

func opposite(state, want PowerState) bool {
	return state == Off && want == On || state == On && want == Off
}
