package sim

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Values of the property JobState.
const (
	jobScheduled           = "Scheduled"
	jobRunning             = "Running"
	jobCompleted           = "Completed"
	jobCompletedWithErrors = "CompletedWithErrors"
	jobFailed              = "Failed"
)

// Values of the property JobType.
const (
	jobBIOS     = "BIOSConfiguration"
	jobRAID     = "RAIDConfiguration"
	jobRealTime = "RealTimeNoRebootConfiguration"
	jobExport   = "ExportConfiguration"
	jobImport   = "ImportConfiguration"
	jobFirmware = "FirmwareUpdate"
	jobErase    = "SystemErase"
)

// jobLimit is how many jobs the queue keeps; the oldest that have ended go first.
const jobLimit = 256

// Job is work that a simulated iDRAC carries out in the background.
type Job struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Type    string    `json:"type"`   // Redfish JobType
	Target  string    `json:"target"` // the device it changes, by FQDD; "" for none
	State   string    `json:"state"`  // Scheduled, Running, Completed, CompletedWithErrors, Failed
	Message string    `json:"message"`
	Created time.Time `json:"created"`
	Ended   time.Time `json:"ended"` // zero: not yet
}

// job is a Job with what it does. The fields of Job change under Server.mu only.
type job struct {
	Job

	staged   bool   // it waits for the host to boot
	settings string // URI of the settings resource that it applies, if any
	do       func() jobResult
	started  time.Time
	result   jobResult
}

// jobResult is how a job ended.
type jobResult struct {
	state       string           // "" is Completed
	key, text   string           // of the message; "" is that of success
	details     []doc            // further messages of the task
	body        []byte           // what the task's monitor answers at the end, if anything
	contentType string           // of body
	next        func() jobResult // what is left to do when the host boots
}

func failJob(key, format string, args ...any) jobResult {
	return jobResult{state: jobFailed, key: key, text: fmt.Sprintf(format, args...)}
}

func (j *job) ended() bool { return !j.Ended.IsZero() }

// Jobs returns the job queue, oldest first.
func (s *Server) Jobs() []Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	jobs := make([]Job, 0, len(s.jobs))
	for _, j := range s.jobs {
		jobs = append(jobs, j.Job)
	}
	return jobs
}

// addJob queues a job and, unless it is staged, sets it to work. Only one job at a time
// can change a target.
func (s *Server) addJob(j *job) error {
	if !s.lifecycleReady() {
		return refuseNotReady()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if j.Target != "" && slices.ContainsFunc(s.jobs, func(other *job) bool { return other.Target == j.Target && !other.ended() }) {
		return refuseCommitted(j.Target)
	}
	if s.closed {
		return refuseNotReady()
	}
	s.jobSerial++
	j.ID = fmt.Sprintf("JID_%012d", 700_000_000_000+s.jobSerial)
	j.State, j.Created = jobScheduled, time.Now()
	if s.losesJob(j) {
		return nil
	}
	s.jobs = append(s.jobs, j)
	s.trimJobs()
	s.record(JobCreated, "id", j.ID, "type", j.Type, "target", j.Target)
	if !j.staged {
		s.running.Go(func() { s.work(s.alive, j) })
	}
	return nil
}

// trimJobs respects jobLimit. The caller holds s.mu.
func (s *Server) trimJobs() {
	if len(s.jobs) <= jobLimit {
		return
	}
	if i := slices.IndexFunc(s.jobs, (*job).ended); i >= 0 {
		s.jobs = slices.Delete(s.jobs, i, i+1)
	}
}

// work carries a job out. If ctx ends first, the job waits for the next boot.
func (s *Server) work(ctx context.Context, j *job) {
	if s.sticks(j) || !s.moveJob(j, jobRunning) {
		return
	}
	if !pause(ctx, s.fleet.cfg.Timing.Job) {
		s.moveJob(j, jobScheduled)
		return
	}
	if !s.queued(j) {
		return
	}
	result := s.carryOut(j)
	if result.next == nil {
		s.endJob(j, result)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j.do, j.staged, j.State = result.next, true, jobScheduled
}

// moveJob changes the state of a job that is still in the queue.
func (s *Server) moveJob(j *job, state string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.jobs, j) {
		return false
	}
	j.State = state
	if state == jobRunning {
		j.started = time.Now()
	}
	return true
}

func (s *Server) queued(j *job) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.jobs, j)
}

func (s *Server) endJob(j *job, result jobResult) {
	if result.state == "" {
		result.state = jobCompleted
	}
	if result.key == "" {
		result.key, result.text = "PR19", "Job completed successfully."
	}
	s.mu.Lock()
	j.State, j.Message, j.Ended, j.result = result.state, result.text, time.Now(), result
	s.mu.Unlock()
	s.record(JobEnded, "id", j.ID, "type", j.Type, "target", j.Target, "state", j.State)
}

// applyStaged carries out, while the host boots, the jobs that wait for that. It reports
// whether there were any: the host then boots once more.
func (s *Server) applyStaged(ctx context.Context) bool {
	s.mu.Lock()
	var staged []*job
	for _, j := range s.jobs {
		if j.staged && !j.ended() {
			staged = append(staged, j)
		}
	}
	s.mu.Unlock()
	for _, j := range staged {
		s.work(ctx, j)
	}
	return len(staged) > 0 && ctx.Err() == nil
}

// findJob returns a copy, which the caller may read without s.mu.
func (s *Server) findJob(id string) (job, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.jobs, func(j *job) bool { return j.ID == id })
	if i < 0 {
		return job{}, false
	}
	return *s.jobs[i], true
}

// busy reports whether a job of one of the types is queued or at work.
func (s *Server) busy(types ...string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.jobs, func(j *job) bool { return !j.ended() && slices.Contains(types, j.Type) })
}

// removeJob takes a job that is not at work out of the queue.
func (s *Server) removeJob(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.jobs, func(j *job) bool { return j.ID == id })
	switch {
	case i < 0:
		return refuseMissing(s.gen.jobsURI() + "/" + id)
	case s.jobs[i].State == jobRunning:
		return dellRefusal(http.StatusBadRequest, "SUP022", "The specified job cannot be deleted, because it is running.",
			"Wait until the job has ended, and retry the operation.", id)
	}
	s.jobs = slices.Delete(s.jobs, i, i+1)
	s.record(JobDeleted, "id", id)
	return nil
}

// clearJobs empties the queue but for what is at work; force takes that too, and
// restarts the Lifecycle Controller.
func (s *Server) clearJobs(force bool) {
	s.mu.Lock()
	s.jobs = slices.DeleteFunc(s.jobs, func(j *job) bool { return force || j.State != jobRunning })
	clear(s.pendingBIOS)
	if force {
		s.readyAt = time.Now().Add(s.fleet.cfg.Timing.ManagerReady)
	}
	s.mu.Unlock()
	s.record(JobsCleared)
}

// percent is how much of a job is done.
func (j *job) percent(now time.Time, takes time.Duration) int {
	switch {
	case j.ended():
		return 100
	case j.State == jobRunning:
		return int(min(99, now.Sub(j.started)*100/takes))
	default:
		return 0
	}
}
