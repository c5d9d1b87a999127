package bmc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stmcginnis/gofish/schemas"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	cases := []struct {
		err  Error
		want string
	}{
		{Error{Server: "r1", Op: "eject media", Message: "refused"}, "r1: eject media: refused"},
		{Error{Server: "r1", Op: "eject media", Message: "refused", MessageID: "VRM0021", Hint: "wait"}, "r1: eject media: refused (VRM0021); wait"},
	}
	for _, c := range cases {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestOutcomeOf(t *testing.T) {
	t.Parallel()
	busy := &Error{Outcome: Busy}
	cases := []struct {
		err  error
		want string
	}{
		{nil, "done"},
		{busy, "busy"},
		{fmt.Errorf("while installing: %w", busy), "busy"},
		{errors.Join(nil, busy, &Error{Outcome: Permanent}), "busy"},
		{&Error{Outcome: Permanent}, "permanent"},
		{&Error{Outcome: Transient}, "transient"},
		{context.Canceled, "unknown"},
		{&Error{Outcome: 9}, "outcome(9)"},
	}
	for _, c := range cases {
		if got := OutcomeOf(c.err).String(); got != c.want {
			t.Errorf("%v is %s, want %s", c.err, got, c.want)
		}
	}
}

func TestPatienceHonoursRetryAfter(t *testing.T) {
	t.Parallel()
	b := &BMC{pace: pace{conflict: 10 * time.Second}}
	for asked, want := range map[time.Duration]time.Duration{0: 10 * time.Second, time.Second: 10 * time.Second, time.Minute: time.Minute} {
		if got := b.patience(&Error{RetryAfter: asked}); got != want {
			t.Errorf("asked for %s it waits %s, want %s", asked, got, want)
		}
	}
}

// TestNextSteps: whatever a BMC answers, the error says what to do.
func TestNextSteps(t *testing.T) {
	t.Parallel()
	for status, word := range map[int]string{
		http.StatusBadRequest: "correct", http.StatusUnauthorized: "password", http.StatusNotFound: "correct",
		http.StatusConflict: "has ended", http.StatusInternalServerError: "read the state", http.StatusServiceUnavailable: "try again",
	} {
		f := failure{server: "r1", op: "set it", write: true}
		err := f.answered(&schemas.Error{HTTPReturnedStatusCode: status})
		if !strings.Contains(err.Hint, word) {
			t.Errorf("HTTP %d: the hint of %q has no %q", status, err, word)
		}
	}
}
