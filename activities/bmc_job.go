package activities

import (
	"context"
	"errors"
	"time"

	"github.com/rackflow/rackflow/bmc"
)

// bmcJobLimit is how long the BMC's own job may take that a task waits for.
const bmcJobLimit = 2 * time.Hour

// bmcJobWait waits for the end of a job that an earlier task has staged and a restart
// of the server carries out. Without options.jobId there was nothing to do.
func bmcJobWait(ctx context.Context, _ *call, t machine, o struct {
	JobID *string `json:"jobId"`
},
) (any, error) {
	if o.JobID == nil {
		return nil, permanent(errors.New("option jobId is required: the result of the task that staged the work has it"))
	}
	if *o.JobID == "" {
		return nil, nil //nolint:nilnil // nothing is a result
	}
	job, err := awaited(ctx, bmcJobLimit, func(ctx context.Context) (bmc.Job, error) { return t.WaitJob(ctx, *o.JobID, nil) })
	return jobResult(job), err
}

// jobResult is what a graph is told of a job.
func jobResult(job bmc.Job) any {
	return map[string]any{"jobId": job.ID, "name": job.Name, "messageId": job.MessageID, "message": job.Message}
}

// bmcReset restarts the BMC, once: a second attempt waits for the one that was asked
// for to be over.
func bmcReset(ctx context.Context, c *call, t machine, _ struct{}) (any, error) {
	return nil, c.resetBMC(ctx, t.BMC)
}

func (c *call) resetBMC(ctx context.Context, b bmc.Restarter) error {
	var earlier cycle
	if _, err := c.resumed(&earlier); err != nil {
		return err
	}
	last, offered, err := b.LastBMCReset(ctx)
	if err != nil {
		return err
	}
	if earlier.Asked && offered && last.After(earlier.Before) {
		return within(ctx, bmcResetLimit, b.WaitReady)
	}
	if err := c.checkpoint(ctx, cycle{Asked: true, Before: last}); err != nil {
		return err
	}
	return within(ctx, bmcResetLimit, b.ResetBMC)
}

// bmcResetLimit: the Lifecycle Controller is ready up to 16 minutes after the BMC.
const bmcResetLimit = 35 * time.Minute

// bmcClearJobs empties the BMC's queue of jobs, which stops work that others have
// staged. Nothing does it by itself.
func bmcClearJobs(ctx context.Context, _ *call, t machine, _ struct{}) (any, error) {
	return nil, t.ClearJobs(ctx)
}
