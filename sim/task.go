package sim

import (
	"net/http"
	"time"
)

const (
	taskServiceURI  = rootURI + "/TaskService"
	tasksURI        = taskServiceURI + "/Tasks"
	taskMonitorsURI = taskServiceURI + "/TaskMonitors"
)

func (t table) addTasks(g *generation) {
	t[taskServiceURI] = resource{get: (*Server).taskService}
	t[tasksURI] = resource{get: (*Server).tasks, below: (*Server).taskResource}
	if g.taskMonitors {
		t[taskMonitorsURI] = resource{below: (*Server).taskMonitor}
	}
}

// monitorURI is where a client follows a job: older firmware has no monitors, and its
// task takes on that role.
func (g *generation) monitorURI(id string) string {
	if g.taskMonitors {
		return taskMonitorsURI + "/" + id
	}
	return tasksURI + "/" + id
}

// writeAccepted answers a request that is carried out by a job.
func (s *Server) writeAccepted(w http.ResponseWriter, j *job) {
	w.Header().Set("Location", s.gen.monitorURI(j.ID))
	writeJSON(w, http.StatusAccepted, doc{"@Message.ExtendedInfo": []doc{
		extendedInfo(s.gen.messageID(messageKey{dellRegistry, "SYS413"}), "The operation successfully completed.", "OK", "No response action is required.", nil),
		extendedInfo(s.gen.messageID(messageKey{baseRegistry, "Accepted"}), "The request was accepted and is carried out by "+j.ID+".", "OK", "Follow the job.", nil),
	}})
}

func (s *Server) taskService() doc {
	body := described(taskServiceURI, "TaskService", "v1_2_0", "TaskService", "Task Service")
	body["Description"] = "Represents the properties for the Task Service"
	body["ServiceEnabled"] = true
	body["DateTime"] = time.Now().Format(time.RFC3339)
	body["CompletedTaskOverWritePolicy"] = "Oldest"
	body["LifeCycleEventOnTaskStateChange"] = true
	body["Tasks"] = ref(tasksURI)
	body["Status"] = healthy()
	return body
}

// findTask is findJob, but for tasks that are purged.
func (s *Server) findTask(id string) (job, bool) {
	j, ok := s.findJob(id)
	purged := s.gen.purgesTasks && j.ended() && time.Since(j.Ended) > s.fleet.cfg.Timing.TaskPurge
	return j, ok && !purged
}

func (s *Server) tasks() doc {
	var uris []string
	for _, j := range s.Jobs() {
		if _, ok := s.findTask(j.ID); ok {
			uris = append(uris, tasksURI+"/"+j.ID)
		}
	}
	return collection(tasksURI, "Task", "Task Collection", uris...)
}

func (s *Server) taskResource(id string) (resource, bool) {
	j, ok := s.findTask(id)
	if !ok {
		return resource{}, false
	}
	if !s.gen.taskMonitors && j.result.body != nil {
		return resource{raw: func(_ *Server, w http.ResponseWriter) { j.writeResult(w) }}, true
	}
	return resource{get: func(s *Server) doc { return s.task(j) }}, true
}

// taskMonitor answers 202 until the job has ended, and then what it resulted in.
func (s *Server) taskMonitor(id string) (resource, bool) {
	j, ok := s.findTask(id)
	if !ok {
		return resource{}, false
	}
	return resource{raw: func(s *Server, w http.ResponseWriter) {
		switch {
		case !j.ended():
			w.Header().Set("Retry-After", "1")
			w.Header().Set("Location", taskMonitorsURI+"/"+id)
			writeJSON(w, http.StatusAccepted, s.task(j))
		case j.result.body != nil:
			j.writeResult(w)
		default:
			writeJSON(w, http.StatusOK, s.task(j))
		}
	}}, true
}

func (j *job) writeResult(w http.ResponseWriter) {
	w.Header().Set("Content-Type", j.result.contentType)
	// A client that has gone away is no concern of the service.
	_, _ = w.Write(j.result.body) //nolint:gosec // it is XML or JSON, and the header says so
}

// taskStates are the values of TaskState in the DMTF's schema.
var taskStates = map[string]string{
	jobScheduled: "Starting", jobRunning: "Running", jobCompleted: "Completed", jobCompletedWithErrors: "Completed", jobFailed: "Exception",
}

func (s *Server) task(j job) doc {
	body := described(tasksURI+"/"+j.ID, "Task", "v1_4_3", j.ID, j.Name)
	body["Description"] = "Server Configuration and other Tasks running on iDRAC are listed here"
	body["TaskState"] = taskStates[j.State]
	body["TaskStatus"] = jobHealth(j.State)
	s.describeProgress(body, j)
	detail := s.dellJob(s.gen.jobsURI(), j)
	delete(detail, "@odata.id")
	delete(detail, "@odata.context")
	body["Oem"] = doc{"Dell": detail}
	return body
}
