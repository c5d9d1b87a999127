package sim

import "cmp"

// Kinds of Fault of jobs.
const (
	JobsStuck          = "JobsStuck"
	JobCompletedPartly = "JobCompletedPartly"
	JobFails           = "JobFails"
	JobVanishes        = "JobVanishes"
)

var jobKinds = []FaultKind{
	{
		Name: JobsStuck, Description: "A job stays scheduled, and blocks others of its target until the queue is cleared.",
		Source: "Dell's job queue, and its JID_CLEARALL",
	},
	{
		Name: JobCompletedPartly, Description: "A job ends as CompletedWithErrors.",
		Source: "OpenStack Ironic",
	},
	{Name: JobFails, Description: "A job ends as Failed with the reason."},
	{
		Name: JobVanishes, Description: "A job is accepted, and neither it nor its task is ever seen again.",
		Source: "OpenStack Ironic drac/firmware.py",
	},
}

// The faults of jobs are limited by the job's type: the path of one is / and its type,
// such as /FirmwareUpdate.
func (j *job) faultPath() string { return "/" + j.Type }

// losesJob reports whether a job that is accepted is forgotten at once. The caller holds
// s.mu.
func (s *Server) losesJob(j *job) bool {
	_, lost := s.takeFaultLocked(JobVanishes, j.faultPath())
	return lost
}

// sticks reports whether a job is never carried out; it then stays in the queue.
func (s *Server) sticks(j *job) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, stuck := s.takeFaultLocked(JobsStuck, j.faultPath())
	if stuck {
		j.staged = false // nor does a boot carry it out
	}
	return stuck
}

// carryOut does what the job is for, unless it fails before.
func (s *Server) carryOut(j *job) jobResult {
	if f, ok := s.takeFault(JobFails, j.faultPath()); ok {
		return failJob("JCP038", "%s", cmp.Or(f.Reason, "The job could not be completed."))
	}
	result := j.do()
	if result.state != "" || result.next != nil {
		return result
	}
	if _, ok := s.takeFault(JobCompletedPartly, j.faultPath()); ok {
		result.state, result.key, result.text = jobCompletedWithErrors, "SYS055", "Job completed with errors."
	}
	return result
}
