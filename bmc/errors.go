package bmc

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Outcome says what is known after an operation and what may be done next.
type Outcome uint8

// The outcomes.
const (
	// Done: the operation was confirmed. It is the outcome of a nil error.
	Done Outcome = iota
	// Transient: the BMC did not do it now; the same call may be repeated after
	// a while.
	Transient
	// Busy: something else holds what is needed, such as a job, a session or
	// other media. The same call may be repeated once that has ended.
	Busy
	// Permanent: repeating the call cannot help; someone must change something.
	Permanent
	// Unknown: it may or may not have happened. Read the state before acting
	// again; the idempotent operations of this package do that by themselves.
	Unknown
)

// String returns the outcome's name in lower case.
func (o Outcome) String() string {
	switch o {
	case Done:
		return "done"
	case Transient:
		return "transient"
	case Busy:
		return "busy"
	case Permanent:
		return "permanent"
	case Unknown:
		return "unknown"
	default:
		return fmt.Sprintf("outcome(%d)", uint8(o))
	}
}

// Error is a failed operation. It never contains a password or session token.
type Error struct {
	Outcome Outcome
	// Op is what was tried, such as "insert media".
	Op string
	// Server is [Config.Server].
	Server string
	// Status is the HTTP status, or 0 when the BMC gave no answer.
	Status int
	// MessageID is the last part of the Redfish MessageId: "VRM0012" for
	// "IDRAC.2.8.VRM0012". The rest depends on the firmware. Empty when the BMC
	// sent none.
	MessageID string
	// Message says what failed.
	Message string
	// Hint says what to do next. It may be empty.
	Hint string
	// RetryAfter is how long the BMC asked to be left alone, or 0.
	RetryAfter time.Duration
	// Err is the cause where there is one besides the BMC's answer. It is never
	// a context's error.
	Err error
}

// Error returns server, operation, message and hint in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s", e.Server, e.Op, e.Message)
	if e.MessageID != "" {
		fmt.Fprintf(&b, " (%s)", e.MessageID)
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "; %s", e.Hint)
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// OutcomeOf returns the outcome an error carries: Done for nil, and Unknown for
// errors that carry none, such as the end of a context.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return Done
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Outcome
	}
	return Unknown
}

// hasMessage tells whether the BMC answered with one of these message ids.
func hasMessage(err error, ids ...string) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	return slices.Contains(ids, e.MessageID)
}

// hasStatus tells whether the BMC answered with this HTTP status.
func hasStatus(err error, status int) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == status
}

// retryAfter returns how long the BMC asked to be left alone, or 0.
func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}
	return 0
}

// hideText keeps a secret that the BMC repeats out of an error.
func hideText(err error, secret string) error {
	if e, ok := errors.AsType[*Error](err); ok && secret != "" {
		e.Message = strings.ReplaceAll(e.Message, secret, "[redacted]")
	}
	return err
}
