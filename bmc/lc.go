package bmc

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/stmcginnis/gofish"
	"github.com/stmcginnis/gofish/schemas"
)

const (
	opReady = "read Lifecycle Controller status"

	lcReady   = "Ready"
	serverOff = "PoweredOff"
)

// Readiness is what an iDRAC says about its parts, by
// DellLCService.GetRemoteServicesAPIStatus. After a restart of the BMC the API answers
// long before they are ready.
type Readiness struct {
	// LC is the Lifecycle Controller: Ready, or why not, such as NotInitialized, InUse or
	// Reloading.
	LC string `json:"LCStatus"`
	// RealTime is Ready when changes to storage need no restart of the server.
	RealTime string `json:"RTStatus"`
	// Server is where the server is: PoweredOff, InPOST, OutOfPOST, ...
	Server string `json:"ServerStatus"`
}

// Ready tells whether jobs can be given to the BMC. Storage is not watched while the server
// is off, and need not be.
func (r Readiness) Ready() bool {
	return r.LC == lcReady && (r.RealTime == lcReady || r.RealTime == "" || r.Server == serverOff)
}

func (r Readiness) String() string {
	return fmt.Sprintf("Lifecycle Controller %s, real-time storage %s, server %s", r.LC, r.RealTime, r.Server)
}

// Readiness asks once. A BMC that cannot tell, for want of the service, is Permanent.
func (b *BMC) Readiness(ctx context.Context) (Readiness, error) {
	var is Readiness
	target, err := b.dellAction(ctx, opReady, "DellLCService", "GetRemoteServicesAPIStatus")
	if err == nil {
		err = b.ask(ctx, opReady, target, &is)
	}
	return is, err
}

// WaitReady waits, up to 16 minutes, until the BMC takes jobs. One that cannot tell is
// taken to be ready. When it is not ready by then, the outcome is Transient.
func (b *BMC) WaitReady(ctx context.Context) error {
	var is Readiness
	w := wait{op: opReady, what: "the Lifecycle Controller is ready", every: b.pace.ready, limit: b.pace.readyLimit}
	err := b.until(ctx, w, func(ctx context.Context) (bool, error) {
		now, err := b.Readiness(ctx)
		if errors.Is(err, errNotOffered) {
			return true, nil
		}
		if err == nil {
			is = now
		}
		return err == nil && is.Ready(), err
	})
	if e, ok := errors.AsType[*Error](err); ok && e.Outcome == Unknown {
		return &Error{
			Outcome: Transient, Op: opReady, Server: b.cfg.Server, Err: e.Err,
			Message: fmt.Sprintf("not ready within %s: %s", w.limit, is), Hint: "if it stays so, restart the BMC",
		}
	}
	return err
}

// ask runs an action that only tells something.
func (b *BMC) ask(ctx context.Context, op, uri string, out any) error {
	if err := b.checkURI(op, uri); err != nil {
		return err
	}
	return b.call(ctx, b.failure(op), func(c *gofish.APIClient) error {
		resp, err := c.Post(uri, struct{}{}) //nolint:bodyclose // closed by gofish's own clean-up
		if err != nil {
			return err
		}
		defer schemas.DeferredCleanupHTTPResponse(resp)
		if resp.StatusCode == http.StatusNoContent {
			return errNotJSON
		}
		return decode(resp.Body, out)
	})
}
