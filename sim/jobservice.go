package sim

import (
	"net/http"
	"time"
)

const (
	jobServiceURI    = rootURI + "/JobService"
	deleteJobQueueAt = "/Actions/DellJobService.DeleteJobQueue"
)

// oldJobsURI is where the first firmware had Dell's own job resources. Later firmware has
// them there too, without a link.
const oldJobsURI = managerURI + "/Jobs"

// jobsURI is the collection of Dell's own job resources.
func (g *generation) jobsURI() string {
	if g.dellHome == "" {
		return oldJobsURI
	}
	return managerURI + "/Oem/Dell/Jobs"
}

func (t table) addJobs(g *generation) {
	for _, uri := range []string{oldJobsURI, g.jobsURI()} {
		t[uri] = resource{
			get:   func(s *Server) doc { return collection(uri, "DellJob", "JobQueue", s.jobURIs(uri)...) },
			post:  (*Server).postJob,
			below: func(s *Server, id string) (resource, bool) { return s.dellJobResource(uri, id) },
		}
	}
	if g.jobService {
		t[jobServiceURI] = resource{get: (*Server).jobService}
		t[jobServiceURI+"/Jobs"] = resource{get: (*Server).standardJobs, below: (*Server).standardJobResource}
	}
	if g.dellHome != "" {
		uri := g.dellHome + "/DellJobService"
		t[uri] = resource{get: (*Server).dellJobService}
		t[uri+deleteJobQueueAt] = action((*Server).deleteJobQueue)
	}
}

// jobURIs lists the URIs of the jobs below a collection.
func (s *Server) jobURIs(parent string) []string {
	var uris []string
	for _, j := range s.Jobs() {
		uris = append(uris, parent+"/"+j.ID)
	}
	return uris
}

func (s *Server) dellJobResource(parent, id string) (resource, bool) {
	j, ok := s.findJob(id)
	if !ok {
		return resource{}, false
	}
	return resource{
		get:    func(s *Server) doc { return s.dellJob(parent, j) },
		remove: func(s *Server) error { return s.removeJob(id) },
	}, true
}

func (s *Server) dellJob(parent string, j job) doc {
	body := described(parent+"/"+j.ID, "DellJob", "v1_4_0", j.ID, j.Name)
	body["Description"] = "Job Instance"
	body["JobState"] = j.State
	body["JobType"] = j.Type
	body["PercentComplete"] = j.percent(time.Now(), s.fleet.cfg.Timing.Job)
	body["Message"], body["MessageId"] = j.describe()
	body["MessageArgs"] = []string{}
	body["MessageArgs@odata.count"] = 0
	body["StartTime"] = "TIME_NOW"
	body["EndTime"] = "TIME_NA"
	body["TargetSettingsURI"] = nil
	if j.settings != "" {
		body["TargetSettingsURI"] = j.settings
	}
	body["ActualRunningStartTime"] = stamp(j.started)
	body["CompletionTime"] = stamp(j.Ended)
	body["ActualRunningStopTime"] = stamp(j.Ended)
	return body
}

// stamp is a time as Redfish writes it; null if it has not come.
func stamp(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.Format(time.RFC3339)
}

// describe returns the text and the key of the job's present message.
func (j *job) describe() (text, key string) {
	switch {
	case j.ended():
		return j.result.text, j.result.key
	case j.State == jobRunning:
		return "Job in progress.", "PR20"
	default:
		return "Task successfully scheduled.", "JCP001"
	}
}

func (s *Server) jobService() doc {
	body := described(jobServiceURI, "JobService", "v1_0_4", "JobService", "Job Service")
	body["Description"] = "Represents the properties for the Job Service"
	body["ServiceEnabled"] = true
	body["DateTime"] = time.Now().Format(time.RFC3339)
	body["Jobs"] = ref(jobServiceURI + "/Jobs")
	body["Status"] = healthy()
	return body
}

func (s *Server) standardJobs() doc {
	return collection(jobServiceURI+"/Jobs", "Job", "Job Collection", s.jobURIs(jobServiceURI+"/Jobs")...)
}

func (s *Server) standardJobResource(id string) (resource, bool) {
	j, ok := s.findJob(id)
	if !ok {
		return resource{}, false
	}
	return resource{
		get:    func(s *Server) doc { return s.standardJob(j) },
		remove: func(s *Server) error { return s.removeJob(id) },
	}, true
}

// standardStates are the values of JobState in the DMTF's schema.
var standardStates = map[string]string{
	jobScheduled: "Pending", jobRunning: "Running", jobCompleted: "Completed", jobCompletedWithErrors: "Exception", jobFailed: "Exception",
}

func (s *Server) standardJob(j job) doc {
	body := described(jobServiceURI+"/Jobs/"+j.ID, "Job", "v1_2_2", j.ID, j.Name)
	body["Description"] = "Job Instance"
	body["JobState"] = standardStates[j.State]
	body["JobStatus"] = jobHealth(j.State)
	s.describeProgress(body, j)
	return body
}

// describeProgress is what a job's DMTF forms have in common.
func (s *Server) describeProgress(body doc, j job) {
	body["PercentComplete"] = j.percent(time.Now(), s.fleet.cfg.Timing.Job)
	body["StartTime"] = stamp(j.Created)
	if j.ended() {
		body["EndTime"] = stamp(j.Ended)
	}
	body["Messages"] = s.jobMessages(j)
}

func jobHealth(state string) string {
	switch state {
	case jobFailed:
		return "Critical"
	case jobCompletedWithErrors:
		return "Warning"
	default:
		return "OK"
	}
}

// jobMessages are the job's message and the details of its result.
func (s *Server) jobMessages(j job) []doc {
	text, key := j.describe()
	first := doc{"Message": text, "MessageId": s.gen.messageID(messageKey{dellRegistry, key}), "MessageArgs": []string{}}
	return append([]doc{first}, j.result.details...)
}

// postJob commits what is pending in a settings resource.
func (s *Server) postJob(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	settings, err := text(body, "TargetSettingsURI")
	if err != nil {
		return err
	}
	if settings != biosSettingsURI {
		return refuseValue(settings, "TargetSettingsURI", []string{biosSettingsURI})
	}
	j, err := s.commitBIOS()
	if err != nil {
		return err
	}
	s.writeAccepted(w, j)
	return nil
}

func (s *Server) dellJobService() doc {
	uri := s.gen.dellHome + "/DellJobService"
	body := described(uri, "DellJobService", "v1_1_0", "DellJobService", "DellJobService")
	body["Description"] = "The DellJobService resource provides some actions to support Job management functionality."
	body["Actions"] = doc{"#DellJobService.DeleteJobQueue": doc{"target": uri + deleteJobQueueAt}}
	return body
}

func (s *Server) deleteJobQueue(_ *http.Request, body doc) error {
	id, err := text(body, "JobID")
	if err != nil {
		return err
	}
	switch id {
	case "":
		return refuseMissingProperty("JobID")
	case "JID_CLEARALL", "JID_CLEARALL_FORCE":
		s.clearJobs(id == "JID_CLEARALL_FORCE")
		return nil
	default:
		return s.removeJob(id)
	}
}
