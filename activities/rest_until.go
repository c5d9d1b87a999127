package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rackflow/rackflow/graph"
)

// untils are the conditions that end a poll.
var untils = graph.NewConditions("response")

// poll makes the call again and again until the condition holds. How long that may
// take is the task's own limit. A service that is away for a moment does not end it:
// as many failures in a row as a job has retries do.
func (r *restCall) poll(ctx context.Context) (map[string]any, error) {
	interval := restInterval
	if r.options.Interval > 0 {
		interval = time.Duration(r.options.Interval * float64(time.Millisecond))
	}
	for failures := 0; ; {
		data, err := r.once(ctx)
		switch {
		case err == nil:
			failures = 0
			if met, err := r.met(data); err != nil || met {
				return data, err
			}
		case ctx.Err() != nil || !isTransient(err) || failures == r.retries():
			return nil, err
		default:
			failures++
		}
		if err := pause(ctx, interval); err != nil {
			return nil, err
		}
	}
}

// met evaluates the condition. One that cannot be evaluated is a fault of the graph:
// has() is how it asks for what may be missing.
func (r *restCall) met(data map[string]any) (bool, error) {
	met, err := r.until.Met(map[string]any{"response": data})
	if err != nil {
		return false, permanent(fmt.Errorf("option until: %w; has(response.body.x) asks whether there is an x", err))
	}
	return met, nil
}

func isTransient(err error) bool {
	var f *failed
	return errors.As(err, &f) && f.outcome == TypeTransient
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
