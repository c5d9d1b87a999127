package bmc

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	opJob       = "read job"
	opJobs      = "list jobs"
	opClearJobs = "clear job queue"

	tasksURI      = "/redfish/v1/TaskService/Tasks"
	jobServiceURI = "/redfish/v1/JobService/Jobs"
	placeJobs     = "jobs"
	// allJobs asks for every job. Its sibling JID_CLEARALL_FORCE also restarts the
	// Lifecycle Controller and is never sent.
	allJobs = "JID_CLEARALL"
)

// Job is work that the BMC carries out in the background. An iDRAC shows it as a job
// and, until about a minute after its end, as a task of the same id.
type Job struct {
	// ID names it on the BMC, such as JID_471269252011.
	ID string
	// Name is for people, Type is Dell's JobType such as ImportConfiguration. Type is
	// empty for a task.
	Name, Type string
	State      JobState
	// Staged tells that it waits for the server's next restart.
	Staged bool
	// Percent is how much is done, 0 to 100. Many jobs jump from 0 to 100.
	Percent int
	// MessageID and Message are the last thing the BMC said about it.
	MessageID, Message string
	// Started and Ended are by the BMC's clock, and zero until they are known.
	Started, Ended time.Time
}

// JobState is how far a job is. The states of the firmware generations are mapped to
// these four.
type JobState string

// The job states. A scheduled job may wait for the server's next restart. A job that
// completed with errors has failed.
const (
	JobScheduled JobState = "Scheduled"
	JobRunning   JobState = "Running"
	JobCompleted JobState = "Completed"
	JobFailed    JobState = "Failed"
)

// Ended tells whether the job will not change any more.
func (s JobState) Ended() bool { return s == JobCompleted || s == JobFailed }

// jobState maps a JobState or TaskState, and the health that goes with it. A state that is
// not known counts as running: waiting on is safer than acting.
func jobState(state, health string) JobState {
	switch state {
	case "New", "Scheduled", "Scheduling", "Starting", "Pending", "PendingActivation", "Waiting",
		"ReadyForExecution", "Downloaded", "RebootPending":
		return JobScheduled
	case "Completed", "RebootCompleted":
		if health == "Critical" || health == "Warning" {
			return JobFailed
		}
		return JobCompleted
	case "CompletedWithErrors", "Failed", "Cancelled", "Exception", "Killed", "RebootFailed":
		return JobFailed
	default:
		return JobRunning
	}
}

// jobDoc is a Dell job, a DMTF job or a task.
type jobDoc struct {
	ID                     string `json:"Id"`
	Name                   string
	JobType                string
	JobState               string
	TaskState              string
	JobStatus              string
	TaskStatus             string
	PercentComplete        int
	MessageID              string `json:"MessageId"`
	Message                string
	Messages               []jobMessage
	StartTime              string
	EndTime                string
	CompletionTime         string
	ActualRunningStartTime string
	ActualRunningStopTime  string
}

type jobMessage struct {
	MessageID string `json:"MessageId"`
	Message   string
}

func (b *BMC) job(d *jobDoc) Job {
	said := jobMessage{MessageID: d.MessageID, Message: d.Message}
	if said == (jobMessage{}) && len(d.Messages) > 0 {
		said = d.Messages[0]
	}
	f := b.failure(opJob)
	job := Job{
		ID: d.ID, Name: d.Name, Type: d.JobType,
		State:     jobState(cmp.Or(d.JobState, d.TaskState), cmp.Or(d.JobStatus, d.TaskStatus)),
		Staged:    d.JobState == "Scheduled" || messageKey(said.MessageID) == msgJobScheduled,
		Percent:   min(max(d.PercentComplete, 0), 100),
		MessageID: f.redact(messageKey(said.MessageID)),
		Message:   clean(f.redact(said.Message)),
		Started:   firstTime(d.ActualRunningStartTime, d.StartTime),
	}
	if job.State.Ended() {
		// A Dell job's EndTime is when its window closes, so it comes last.
		job.Ended = firstTime(d.CompletionTime, d.ActualRunningStopTime, d.EndTime)
	}
	return job
}

// firstTime reads the first that is a time: iDRACs write TIME_NOW, TIME_NA and
// 00000101000000 where there is none, and times with and without a zone.
func firstTime(texts ...string) time.Time {
	for _, text := range texts {
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
			if at, err := time.Parse(layout, text); err == nil && at.Unix() > 0 {
				return at
			}
		}
	}
	return time.Time{}
}

// Job reads a job. A BMC may not know a new job at once, so one that is not found is
// looked for again for half a minute; after that the outcome is Unknown: it may have
// ended and been removed.
func (b *BMC) Job(ctx context.Context, id string) (Job, error) {
	if id == "" || strings.ContainsAny(id, "/?#%") {
		return Job{}, b.refuse(opJob, fmt.Sprintf("%q is not the id of a job", id), "use the id that starting the job returned")
	}
	for try := 1; ; try++ {
		doc, err := b.findJob(ctx, id)
		if err == nil {
			doc.ID = id
			return b.job(doc), nil
		}
		if !hasStatus(err, http.StatusNotFound) {
			return Job{}, err
		}
		if try > b.pace.jobRetries {
			return Job{}, b.lostJob(id)
		}
		b.misplaced(placeJobs) // an update of the BMC's firmware can move the queue
		if ended := sleep(ctx, b.pace.jobRetry); ended != nil {
			return Job{}, b.failure(opJob).of(ctx, ended)
		}
	}
}

func (b *BMC) lostJob(id string) error {
	return &Error{
		Outcome: Unknown, Op: opJob, Server: b.cfg.Server, Status: http.StatusNotFound,
		Message: "the BMC does not know job " + id,
		Hint:    "it may have ended and been removed: read what it was to change",
	}
}

// findJob looks into the job queue and then among the tasks, which some BMCs have alone
// and others know sooner.
func (b *BMC) findJob(ctx context.Context, id string) (*jobDoc, error) {
	queue, err := b.jobQueue(ctx, opJob)
	if err != nil {
		return nil, err
	}
	doc := new(jobDoc)
	_, err = b.get(ctx, opJob, queue+"/"+id, doc)
	if hasStatus(err, http.StatusNotFound) && queue != tasksURI {
		_, err = b.get(ctx, opJob, tasksURI+"/"+id, doc)
	}
	return doc, err
}

// jobQueue finds the collection of jobs: where the manager links to it, else at one of the
// places where firmware had it, else the tasks.
func (b *BMC) jobQueue(ctx context.Context, op string) (string, error) {
	queue, err := b.place(placeJobs, func() (string, error) {
		manager, err := b.ownManager(ctx, op)
		if err != nil {
			return "", err
		}
		for _, queue := range []string{manager.dell("Jobs"), manager.URI + "/Oem/Dell/Jobs", manager.URI + "/Jobs", jobServiceURI} {
			if queue == "" {
				continue
			}
			_, err := b.get(ctx, op, queue, new(collection))
			if !hasStatus(err, http.StatusNotFound) {
				return queue, err
			}
		}
		return "", nil
	})
	return cmp.Or(queue, tasksURI), err
}

// Jobs lists the jobs that the BMC still knows, the newest last.
func (b *BMC) Jobs(ctx context.Context) ([]Job, error) {
	queue, err := b.jobQueue(ctx, opJobs)
	if err != nil {
		return nil, err
	}
	docs, err := readMembers[jobDoc](ctx, b, opJobs, queue)
	if err != nil {
		return nil, err
	}
	jobs := make([]Job, 0, len(docs))
	for i := range docs {
		jobs = append(jobs, b.job(&docs[i]))
	}
	slices.SortStableFunc(jobs, func(a, b Job) int { return compareJobIDs(a.ID, b.ID) })
	return jobs, nil
}

// compareJobIDs goes by the digits, which an iDRAC makes from its clock. Configuration
// jobs (JID_) and restarts (RID_) share them.
func compareJobIDs(a, b string) int {
	_, n, _ := strings.Cut(a, "_")
	_, m, _ := strings.Cut(b, "_")
	return cmp.Or(cmp.Compare(len(n), len(m)), cmp.Compare(n, m), cmp.Compare(a, b))
}

// NewJob finds the job that a request has started whose answer was lost: the first of the
// jobs that was not there before it and is of this type. An empty type matches any.
func NewJob(before []string, after []Job, kind string) (Job, bool) {
	i := slices.IndexFunc(after, func(job Job) bool {
		return !slices.Contains(before, job.ID) && (kind == "" || strings.EqualFold(job.Type, kind))
	})
	if i < 0 {
		return Job{}, false
	}
	return after[i], true
}

// WaitJob waits until a job has ended and calls seen, unless it is nil, with each reading
// before that. It goes on through restarts of the BMC. A failed job is a Permanent error
// with the job's own message. Without a deadline on its context it may wait for ever: a
// scheduled job may need a restart of the server.
func (b *BMC) WaitJob(ctx context.Context, id string, seen func(Job)) (Job, error) {
	next := b.pace.jobPolls()
	for {
		job, err := b.Job(ctx, id)
		switch {
		case err == nil && job.State.Ended():
			return job, b.jobResult(job)
		case err == nil && seen != nil:
			seen(job)
		case err != nil && (ctx.Err() != nil || OutcomeOf(err) == Permanent || hasStatus(err, http.StatusNotFound)):
			return job, err
		}
		if ended := sleep(ctx, next(err)); ended != nil {
			return job, b.interrupted(wait{op: opJob, what: "job " + id + " has ended"}, ended, err)
		}
	}
}

// jobPolls returns how long to wait after each look at a job: longer each time, and no
// shorter than the BMC asked for.
func (p pace) jobPolls() func(last error) time.Duration {
	every := p.job
	return func(last error) time.Duration {
		now := every
		every = min(every*3/2, p.jobMax)
		return max(now, retryAfter(last))
	}
}

func (b *BMC) jobResult(job Job) error {
	if job.State != JobFailed {
		return nil
	}
	return &Error{
		Outcome: Permanent, Op: opJob, Server: b.cfg.Server, MessageID: job.MessageID,
		Message: fmt.Sprintf("%s (%s) failed: %s", job.ID, cmp.Or(job.Name, "no name"), cmp.Or(job.Message, "the BMC gives no reason")),
		Hint:    "the BMC's Lifecycle log may say more",
	}
}

// ClearJobs removes every job that is not running from the queue, whoever made it, so it
// is for people and graphs that ask for it. Changes that were waiting for a restart are
// lost with their jobs.
func (b *BMC) ClearJobs(ctx context.Context) error {
	target, err := b.dellAction(ctx, opClearJobs, "DellJobService", "DeleteJobQueue")
	if err != nil {
		return err
	}
	asked := b.post(ctx, opClearJobs, target, map[string]string{"JobID": allJobs})
	w := wait{op: opClearJobs, what: "no job is scheduled", every: b.pace.poll, limit: b.pace.clearJobs}
	return b.confirm(ctx, asked, w, func(ctx context.Context) (bool, error) {
		jobs, err := b.Jobs(ctx)
		scheduled := slices.ContainsFunc(jobs, func(job Job) bool { return job.State == JobScheduled })
		return err == nil && !scheduled, err
	})
}
