package bmc

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stmcginnis/gofish/schemas"
)

// errNotJSON is a success without a usable document: an iDRAC that is starting
// serves HTML pages with status 200.
var errNotJSON = errors.New("the answer is not the expected JSON document")

// failure makes an [Error] of what went wrong in one operation.
type failure struct {
	server, op string
	// write tells that the operation changes something, so that a lost answer
	// leaves the outcome unknown.
	write bool
	seen  *exchange
	// timeout bounds the request and its answer instead of [Config.Timeout].
	timeout time.Duration
	// secrets are cut out of whatever the BMC answers.
	secrets []string
}

// of classifies err. ctx is the caller's: when it has ended, that is the error.
func (f failure) of(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %s: %w", f.server, f.op, ctx.Err())
	}
	if known, ok := errors.AsType[*Error](err); ok {
		return known
	}
	if answer, ok := errors.AsType[*schemas.Error](err); ok && answer.HTTPReturnedStatusCode != 0 {
		return f.answered(answer)
	}
	return f.unanswered(err)
}

// answered classifies a Redfish error: by its message id where that is telling,
// else by the HTTP status.
func (f failure) answered(answer *schemas.Error) *Error {
	status := answer.HTTPReturnedStatusCode
	e := &Error{Op: f.op, Server: f.server, Status: status, RetryAfter: f.seen.asked()}
	e.Outcome, e.Hint = f.byStatus(status)
	id, text := explanation(answer)
	if m, known := meanings[id]; known {
		e.Outcome, e.Hint = m.outcome, m.hint
	}
	e.Hint = cmp.Or(e.Hint, nextSteps[e.Outcome])
	e.MessageID = f.redact(id)
	e.Message = fmt.Sprintf("HTTP %d %s", status, http.StatusText(status))
	if text != "" {
		e.Message = clean(f.redact(text))
	}
	return e
}

// nextSteps are the hints where nothing more is known than the outcome.
//
//nolint:gochecknoglobals // a constant table
var nextSteps = map[Outcome]string{
	Transient: "wait and try again; if it stays so, restart the BMC",
	Busy:      "wait until the BMC has ended what it is doing, and try again",
	Permanent: "correct what it says; the BMC's Lifecycle log may say more",
	Unknown:   "read the state again before acting",
}

// explanation returns the most telling message id and text. Bodies that are not
// Redfish errors, such as HTML pages, explain nothing.
func explanation(answer *schemas.Error) (id, text string) {
	if len(answer.ExtendedInfos) > 0 {
		return telling(answer.ExtendedInfos)
	}
	if answer.Code != "" {
		return messageKey(answer.Code), answer.Message
	}
	// gofish keeps the whole body as Message when one property of it has an
	// unexpected type.
	var body struct {
		Error struct {
			Code, Message string
			Infos         []struct {
				MessageID string `json:"MessageId"`
				Message   string
			} `json:"@Message.ExtendedInfo"`
		}
	}
	if err := lenient(json.Unmarshal([]byte(answer.Message), &body)); err != nil {
		return "", ""
	}
	infos := []schemas.ErrExtendedInfo{{MessageID: body.Error.Code, Message: body.Error.Message}}
	for _, info := range body.Error.Infos {
		infos = append(infos, schemas.ErrExtendedInfo{MessageID: info.MessageID, Message: info.Message})
	}
	return telling(infos)
}

func (f failure) byStatus(status int) (Outcome, string) {
	switch status {
	case http.StatusUnauthorized:
		return Permanent, "check the BMC's user name and password; more wrong attempts may lock the account"
	case http.StatusForbidden:
		return Permanent, "give the BMC account the Administrator role"
	case http.StatusConflict, http.StatusLocked:
		return Busy, ""
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return Transient, ""
	}
	if status >= http.StatusInternalServerError && status != http.StatusNotImplemented {
		return f.lost(), ""
	}
	return Permanent, ""
}

// lost is the outcome of a request whose effect was not reported.
func (f failure) lost() Outcome {
	if f.write {
		return Unknown
	}
	return Transient
}

// unanswered classifies a failure to get an answer at all.
func (f failure) unanswered(err error) *Error {
	e := &Error{Op: f.op, Server: f.server, Outcome: Transient, RetryAfter: f.seen.asked(), Hint: "check that the BMC is reachable"}
	if f.seen.reached() {
		e.Outcome = f.lost()
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the URL adds nothing to server and operation
	}
	e.Err, e.Message = err, clean(f.redact(err.Error()))
	f.refine(e, err)
	return e
}

// refine knows the causes that a repetition cannot cure or that need other words.
func (f failure) refine(e *Error, err error) {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		// Such errors match context.DeadlineExceeded although the caller's context is fine.
		e.Message, e.Err = "the BMC did not answer in time", nil
		return
	}
	if _, ok := errors.AsType[*pinMismatchError](err); ok {
		e.Outcome = Permanent
		e.Hint = "if the BMC got a new certificate on purpose, read its fingerprint again and save it; otherwise something else answers at its address"
		return
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		e.Outcome = Permanent
		e.Hint = "pin the BMC's fingerprint, or install a certificate that the configured CAs have signed"
		return
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok || errors.Is(err, errOtherHost) {
		e.Outcome = Permanent
		e.Hint = "check that the endpoint is a BMC"
		return
	}
	if errors.Is(err, errNotJSON) {
		e.Hint = "the BMC may still be starting"
	}
}

func (f failure) redact(text string) string {
	for _, secret := range f.secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return text
}
