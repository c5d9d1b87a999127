package bmc

import (
	"context"
	"time"
)

const (
	opResetBMC   = "restart the BMC"
	opBMCResetAt = "read the BMC's last restart"

	// upReads good reads in a row are a BMC that is up: while its services start, single
	// ones succeed.
	upReads = 3
)

// LastBMCReset returns when the BMC itself last restarted, by its clock, and whether it
// reports that.
func (b *BMC) LastBMCReset(ctx context.Context) (time.Time, bool, error) {
	manager, err := b.ownManager(ctx, opBMCResetAt)
	if err != nil {
		return time.Time{}, false, err
	}
	at := firstTime(manager.LastResetTime)
	return at, !at.IsZero(), nil
}

// ResetBMC restarts the BMC, which leaves the server running, and returns once the BMC is
// back and its Lifecycle Controller ready: usually after 5 minutes, at most after 30.
// Everything else that this process asks of it waits meanwhile. It is for a BMC that has
// hung; how often that is tried is the caller's to decide, by [BMC.LastBMCReset].
func (b *BMC) ResetBMC(ctx context.Context) error {
	ctx, lift, err := b.limit.fence(ctx)
	if err != nil {
		return b.failure(opResetBMC).of(ctx, err)
	}
	defer lift()
	before, err := b.ownManager(ctx, opResetBMC)
	if err != nil {
		return err
	}
	asked := b.post(ctx, opResetBMC, before.Actions.Reset.Target, map[string]string{"ResetType": "GracefulRestart"})
	if asked != nil && (OutcomeOf(asked) != Unknown || ctx.Err() != nil) {
		return asked
	}
	b.forget()
	if err := b.awaitDown(ctx, before); err != nil {
		if asked != nil && ctx.Err() == nil {
			return asked
		}
		return err
	}
	if err := b.awaitUp(ctx, before); err != nil {
		return err
	}
	return b.WaitReady(ctx)
}

// forget drops what was learnt about the BMC, which other firmware may come up with.
func (b *BMC) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.places, b.capabilities = nil, nil
	b.plainSystem, b.settingsOnly = false, false
}

// awaitDown waits until the BMC stops to answer, or has been down between two looks.
func (b *BMC) awaitDown(ctx context.Context, before *managerDoc) error {
	w := wait{op: opResetBMC, what: "the BMC goes down", every: b.pace.poll, limit: b.pace.bmcDown}
	return b.until(ctx, w, func(ctx context.Context) (bool, error) {
		var now managerDoc
		_, err := b.get(ctx, opResetBMC, before.URI, &now)
		if err != nil {
			return ctx.Err() == nil && OutcomeOf(err) != Permanent, err
		}
		return now.LastResetTime != before.LastResetTime, nil
	})
}

func (b *BMC) awaitUp(ctx context.Context, before *managerDoc) error {
	good := 0
	w := wait{op: opResetBMC, what: "the BMC is back", every: b.pace.bmcPoll, limit: b.pace.bmcUp}
	return b.until(ctx, w, func(ctx context.Context) (bool, error) {
		_, err := b.get(ctx, opResetBMC, before.URI, new(managerDoc))
		if err != nil {
			good = 0
			return false, err
		}
		good++
		return good == upReads, nil
	})
}
