package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/media"
)

// pollPowerSlowly is how often the power state is read through hours of an installation.
const pollPowerSlowly = 10 * time.Second

// settledReads is how many reads in a row have to agree: a single one may lie while the
// state changes.
const settledReads = 2

// powerWait waits until the server has the power state options.state by itself: that
// is how an installer tells that it is done where the host cannot call. How long that
// may take is the task's own limit.
func powerWait(ctx context.Context, c *call, t machine, o struct {
	State    string `json:"state"`
	Interval int64  `json:"interval"`
},
) (any, error) {
	want := bmc.PowerState(o.State)
	if want != bmc.On && want != bmc.Off {
		return nil, permanent(errors.New("option state is required: On or Off"))
	}
	failures, seen := 0, 0
	err := until(ctx, interval(o.Interval, pollPowerSlowly), func(ctx context.Context) (string, error) {
		state, err := t.PowerState(ctx)
		if err != nil && (ctx.Err() != nil || failures == c.retries() || bmc.OutcomeOf(err) == bmc.Permanent) {
			return "", err
		}
		if err != nil {
			failures++
			return "its power state cannot be read: " + err.Error(), nil //nolint:nilerr // it is borne a few times
		}
		failures = 0
		if state == want {
			seen++
		} else {
			seen = 0
		}
		if seen == settledReads {
			return "", nil
		}
		return fmt.Sprintf("it is %s; %s", state, c.mediaLife(time.Now())), nil
	})
	if late, ok := errors.AsType[*lateError](err); ok {
		err = permanent(fmt.Errorf("%s did not turn %s in %s: %s; look at its console", t, want, late.after, late.last))
	}
	return map[string]any{"powerState": string(want), "media": c.fetches()}, err
}

func (c *call) fetches() []media.Fetch {
	if c.Progress == nil {
		return nil
	}
	run := c.info.WorkflowExecution
	return c.Progress.Run(run.ID + "." + run.RunID)
}

// mediaLife tells how far the BMC has read the images of this run, which is a sign of
// life of the installer.
func (c *call) mediaLife(now time.Time) string {
	fetches := c.fetches()
	if len(fetches) == 0 {
		return "nothing has been read of its media"
	}
	var bytes int64
	var last time.Time
	for _, f := range fetches {
		bytes += f.Bytes
		if f.Last.After(last) {
			last = f.Last
		}
	}
	const mib = 1 << 20
	return fmt.Sprintf("%d MiB have been read of its media, the last of it %s ago", bytes/mib, now.Sub(last).Round(time.Second))
}
