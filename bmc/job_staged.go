package bmc

import "context"

// msgJobScheduled: "Task successfully scheduled."
const msgJobScheduled = "JCP001"

// WaitStaged waits until a job waits for the server's next restart or has ended. Before
// that a restart may come too early: the BMC is still fetching or checking what the job
// needs, and drops a job whose restart it has missed. It is otherwise as [BMC.WaitJob].
func (b *BMC) WaitStaged(ctx context.Context, id string) (Job, error) {
	ctx, staged := context.WithCancel(ctx)
	defer staged()
	var last Job
	job, err := b.WaitJob(ctx, id, func(j Job) {
		if last = j; j.Staged {
			staged()
		}
	})
	if last.Staged && err != nil {
		return last, nil
	}
	return job, err
}
