package activities

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/store"
)

// Error types of a failed job, as Temporal's tools show them.
const (
	TypeTransient = "Transient"
	TypeBusy      = "Busy"
	TypePermanent = "Permanent"
	TypeUnknown   = "Unknown"
)

// failed is an error of a job with its outcome.
type failed struct {
	outcome string
	after   time.Duration
	err     error
}

func (f *failed) Error() string { return f.err.Error() }
func (f *failed) Unwrap() error { return f.err }

func permanent(err error) error { return &failed{outcome: TypePermanent, err: err} }
func transient(err error) error { return &failed{outcome: TypeTransient, err: err} }

// uncertain is an act that may or may not have happened and must not be repeated by itself.
func uncertain(err error) error { return &failed{outcome: TypeUnknown, err: err} }

const (
	defaultRetries = 6
	defaultDelay   = 500 * time.Millisecond
	maxDelay       = 30 * time.Second
	busyDelay      = 10 * time.Second
)

// failure turns an error into what Temporal's retry works by. Transient and busy
// outcomes are tried again, options.retries times (6) with options.delay
// milliseconds (500) between, doubled each time, as RackHD's BMC jobs did; or by
// the task's own policy.
func (c *call) failure(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return c.stopped(ctx)
	}
	outcome, after := classify(err)
	// A message that is no UTF-8 could not be sent, and the failure never be told.
	message := strings.ToValidUTF8(c.redact(err.Error()), "\uFFFD")
	pause, again := c.nextTry(outcome)
	if !again {
		return temporal.NewNonRetryableApplicationError(message, outcome, nil)
	}
	return temporal.NewApplicationErrorWithOptions(message, outcome, temporal.ApplicationErrorOptions{
		NextRetryDelay: max(after, pause),
	})
}

// nextTry says whether and after which pause the job is tried again.
func (c *call) nextTry(outcome string) (pause time.Duration, again bool) {
	attempt := int(c.info.Attempt)
	switch {
	case outcome == TypePermanent, outcome == TypeUnknown:
		return 0, false
	case c.retry != nil:
		return c.retry.Pause(attempt), c.retry.Tries(strings.ToLower(outcome), attempt)
	}
	return c.delay(outcome), attempt <= c.retries()
}

// stopped is the end of a call whose context has ended: the task was cancelled, or
// this worker goes down and another is to take over.
func (c *call) stopped(ctx context.Context) error {
	if cause := context.Cause(ctx); !temporal.IsCanceledError(cause) {
		return temporal.NewApplicationError("the worker stopped: "+cause.Error(), TypeTransient)
	}
	return temporal.NewCanceledError()
}

func classify(err error) (outcome string, after time.Duration) {
	if own, ok := errors.AsType[*failed](err); ok {
		return own.outcome, own.after
	}
	if device, ok := errors.AsType[*bmc.Error](err); ok {
		switch device.Outcome {
		case bmc.Transient, bmc.Unknown:
			// The jobs read before they act, so what is unknown is found out by trying again.
			return TypeTransient, device.RetryAfter
		case bmc.Busy:
			return TypeBusy, device.RetryAfter
		case bmc.Permanent, bmc.Done:
		}
		return TypePermanent, 0
	}
	if _, ok := errors.AsType[*store.Error](err); ok {
		return TypePermanent, 0
	}
	return TypeTransient, 0
}

func (c *call) retries() int {
	if n, ok := c.options["retries"].(float64); ok && n >= 0 {
		return int(n)
	}
	return defaultRetries
}

func (c *call) delay(outcome string) time.Duration {
	delay := defaultDelay
	if ms, ok := c.options["delay"].(float64); ok && ms > 0 {
		delay = time.Duration(ms) * time.Millisecond
	}
	if outcome == TypeBusy {
		delay = max(delay, busyDelay)
	}
	for range c.info.Attempt - 1 {
		delay = min(delay*2, maxDelay)
	}
	return delay
}
