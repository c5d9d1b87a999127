package bmc

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wait is a state that is waited for.
type wait struct {
	op    string
	what  string        // completes "not confirmed: "
	every time.Duration // between two looks
	limit time.Duration // 0 means until the context ends
}

// until looks until the state is there. A look that fails for now is repeated,
// because BMCs drop out for moments, above all after a change. After the limit the
// error is Unknown.
func (b *BMC) until(ctx context.Context, w wait, look func(context.Context) (bool, error)) error {
	started := time.Now()
	for {
		there, err := look(ctx)
		if there {
			return nil
		}
		if err != nil && (ctx.Err() != nil || OutcomeOf(err) == Permanent) {
			return err
		}
		if w.limit > 0 && time.Since(started) >= w.limit {
			return b.unconfirmed(w, err)
		}
		if ended := sleep(ctx, w.every); ended != nil {
			return b.interrupted(w, ended, err)
		}
	}
}

// confirm looks whether a change happened that was asked for with this result. A
// refusal stands. When the answer was lost, the state decides.
func (b *BMC) confirm(ctx context.Context, asked error, w wait, look func(context.Context) (bool, error)) error {
	if asked != nil && (OutcomeOf(asked) != Unknown || ctx.Err() != nil) {
		return asked
	}
	err := b.until(ctx, w, look)
	if err == nil || asked == nil || ctx.Err() != nil {
		return err
	}
	return notDone(asked, err)
}

// notDone returns the error of a change that has not shown. If the last look
// succeeded, it is known not to have happened and may be tried again.
func notDone(asked, unconfirmed error) error {
	e, ok := errors.AsType[*Error](asked)
	if !ok || errors.Unwrap(unconfirmed) != nil {
		return asked
	}
	known := *e
	known.Outcome = Transient
	return &known
}

func (b *BMC) unconfirmed(w wait, last error) error {
	return &Error{
		Outcome: Unknown, Op: w.op, Server: b.cfg.Server, Err: last,
		Message: fmt.Sprintf("not confirmed within %s: %s", w.limit, w.what),
		Hint:    "read the state again before acting",
	}
}

// interrupted keeps the last failed look in the message but not in the chain: the
// end of the context is what the caller must act upon.
func (b *BMC) interrupted(w wait, ended, last error) error {
	if last != nil {
		return fmt.Errorf("%s: %s: %w before it was confirmed: %s (last: %s)", b.cfg.Server, w.op, ended, w.what, last.Error())
	}
	return fmt.Errorf("%s: %s: %w before it was confirmed: %s", b.cfg.Server, w.op, ended, w.what)
}
