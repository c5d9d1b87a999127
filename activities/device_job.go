package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rackflow/rackflow/bmc"
)

// deviceWork is something that a BMC does in the background.
type deviceWork struct {
	// what completes "an earlier attempt may or may not have asked … to".
	what string
	// kind is the type of the BMC's own job, such as FirmwareUpdate; empty where that differs
	// between controllers.
	kind string
	// start asks for it and returns the id of the BMC's job; empty when it is done already.
	start func(ctx context.Context) (string, error)
	// once says that doing it twice does harm: when it is not known whether it was
	// asked for, a person has to look.
	once bool
	// staged says that the BMC carries it out at the server's next restart, which is not
	// waited for.
	staged bool
	// limit is how long it may take.
	limit time.Duration
}

// asked is what is recorded of a deviceWork before it is asked for, and after.
type asked struct {
	// Before are the ids of the jobs that were there already.
	Before []string `json:"before,omitempty"`
	// Asked: it is about to be asked for, or has been.
	Asked bool `json:"asked,omitempty"`
	// Job is the id that the BMC gave it.
	Job string `json:"job,omitempty"`
}

// follow asks for the work unless an earlier attempt has, and waits for its end. The
// job is zero when there was nothing to wait for.
func (c *call) follow(ctx context.Context, b bmc.JobFollower, w deviceWork) (bmc.Job, error) {
	id, err := c.ask(ctx, b, w)
	if err != nil || id == "" {
		return bmc.Job{}, err
	}
	job, err := awaited(ctx, w.limit, func(ctx context.Context) (bmc.Job, error) {
		if w.staged {
			return b.WaitStaged(ctx, id)
		}
		return b.WaitJob(ctx, id, nil)
	})
	if job.State == bmc.JobFailed && !w.once {
		// A task whose policy retries failed work wants a new job then, not another look at this one.
		return job, errors.Join(err, c.checkpoint(ctx, asked{}))
	}
	return job, err
}

// ask returns the id of the BMC's job for the work: of the one that an earlier attempt
// started, else of a new one.
func (c *call) ask(ctx context.Context, b bmc.JobFollower, w deviceWork) (string, error) {
	var earlier asked
	if _, err := c.resumed(&earlier); err != nil {
		return "", err
	}
	if earlier.Job != "" {
		return earlier.Job, nil
	}
	jobs, err := b.Jobs(ctx)
	if err != nil {
		return "", err
	}
	if earlier.Asked {
		if job, ok := bmc.NewJob(earlier.Before, jobs, w.kind); ok {
			return job.ID, c.checkpoint(ctx, asked{Job: job.ID})
		}
		if w.once {
			return "", uncertain(fmt.Errorf("%s: an earlier attempt may or may not have asked it to %s, and it has no job for that; check the server, then run the graph again", b, w.what))
		}
	}
	return c.askAnew(ctx, w, ids(jobs))
}

func (c *call) askAnew(ctx context.Context, w deviceWork, before []string) (string, error) {
	if err := c.checkpoint(ctx, asked{Before: before, Asked: true}); err != nil {
		return "", err
	}
	id, err := w.start(ctx)
	if err != nil {
		return "", c.notAsked(ctx, w, err)
	}
	if id == "" {
		return "", nil
	}
	return id, c.checkpoint(ctx, asked{Job: id})
}

// notAsked takes the record back when the BMC has refused, so that the next attempt
// may ask again.
func (c *call) notAsked(ctx context.Context, w deviceWork, refused error) error {
	if bmc.OutcomeOf(refused) == bmc.Unknown || ctx.Err() != nil {
		return refused
	}
	if err := c.checkpoint(ctx, asked{}); err != nil && w.once {
		return uncertain(fmt.Errorf("%w (and it could not be recorded that the server did not %s: %w)", refused, w.what, err))
	}
	return refused
}

func ids(jobs []bmc.Job) []string {
	out := make([]string, 0, len(jobs))
	for _, job := range jobs {
		out = append(out, job.ID)
	}
	slices.Sort(out)
	return out
}

// staged is the result of work that waits for a restart of the server, for the task
// that waits for the job after it.
func staged(job bmc.Job) any { return map[string]any{"jobId": job.ID} }
