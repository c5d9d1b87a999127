package activities

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/rackflow/rackflow/graph"
)

// pollPort is how often a port is asked that does not answer yet.
const pollPort = 5 * time.Second

// portWait waits until options.host takes a TCP connection at options.port. How long
// that may take is the task's own limit.
func portWait(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o struct {
		Host     string `json:"host"`
		Port     int    `json:"port"`
		Interval int64  `json:"interval"`
	}
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	if o.Host == "" || o.Port < 1 || o.Port > 65535 {
		return graph.JobOutput{}, permanent(errors.New("options host and port (1 to 65535) are required"))
	}
	address := net.JoinHostPort(o.Host, strconv.Itoa(o.Port))
	err := until(ctx, interval(o.Interval, pollPort), func(ctx context.Context) (string, error) {
		conn, err := c.Connect.dial(ctx, "tcp", address)
		if refused, ok := errors.AsType[*refusedAddressError](err); ok {
			return "", permanent(refused)
		}
		if err != nil {
			return "last: " + err.Error(), nil //nolint:nilerr // that nobody answers is what is seen
		}
		return "", conn.Close()
	})
	if late, ok := errors.AsType[*lateError](err); ok {
		err = permanent(fmt.Errorf("%s did not answer in %s; %s: look at the server's console", address, late.after, late.last))
	}
	return graph.JobOutput{Result: map[string]any{"host": o.Host, "port": float64(o.Port)}}, err
}

// interval is a number of milliseconds, or the usual one.
func interval(ms int64, usual time.Duration) time.Duration {
	if ms <= 0 {
		return usual
	}
	return time.Duration(ms) * time.Millisecond
}

// beforeEnd is what a job leaves of its time to say why it has not been enough.
const beforeEnd = 2 * time.Second

// lateError ends a wait whose time is nearly up.
type lateError struct {
	after time.Duration
	last  string
}

func (e *lateError) Error() string { return fmt.Sprintf("not in %s; %s", e.after, e.last) }

// until looks again and again until a look has nothing to say. A task's time runs out
// without a word of its job's: so the wait ends a moment before, with what was seen last.
func until(ctx context.Context, every time.Duration, look func(context.Context) (seen string, err error)) error {
	began := time.Now()
	deadline, limited := ctx.Deadline()
	for {
		seen, err := look(ctx)
		if err != nil || seen == "" {
			return err
		}
		if limited && time.Until(deadline) < every+beforeEnd {
			return &lateError{after: time.Since(began).Round(time.Second), last: seen}
		}
		if err := pause(ctx, every); err != nil {
			return err
		}
	}
}
