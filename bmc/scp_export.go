package bmc

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
)

// taskMonitorsURI is where newer firmware has the results of tasks. Older firmware gives
// them in place of the task.
const taskMonitorsURI = "/redfish/v1/TaskService/TaskMonitors"

// ExportProfile exports the configuration, which takes an iDRAC about half a minute.
func (b *BMC) ExportProfile(ctx context.Context, export ProfileExport) ([]byte, error) {
	job, err := b.StartExportProfile(ctx, export)
	if err != nil {
		return nil, err
	}
	return b.FetchProfile(ctx, job)
}

// FetchProfile waits for an export and returns the profile. A BMC keeps it for about a
// minute; when it has gone, the outcome is Transient and it takes another export.
func (b *BMC) FetchProfile(ctx context.Context, jobID string) ([]byte, error) {
	if _, err := b.WaitJob(ctx, jobID, nil); err != nil && !hasStatus(err, http.StatusNotFound) {
		return nil, err
	}
	var profile []byte
	gone := false
	w := wait{op: opExport, what: "the profile is read", every: b.pace.poll, limit: b.pace.profile}
	err := b.until(ctx, w, func(ctx context.Context) (bool, error) {
		var err error
		profile, err = b.exported(ctx, jobID)
		gone = hasStatus(err, http.StatusNotFound)
		return profile != nil || gone, err
	})
	if err == nil && gone {
		return nil, &Error{
			Outcome: Transient, Op: opExport, Server: b.cfg.Server,
			Message: "the BMC no longer has the result of " + jobID, Hint: "export again",
		}
	}
	return profile, err
}

// exported returns nil while there is a task without its result, and the error that
// neither is found when both are gone.
func (b *BMC) exported(ctx context.Context, jobID string) (profile []byte, err error) {
	for _, uri := range []string{taskMonitorsURI, tasksURI} {
		var body []byte
		body, err = b.body(ctx, opExport, uri+"/"+jobID)
		if err == nil && isProfile(body) {
			return body, nil
		}
		if err != nil && !hasStatus(err, http.StatusNotFound) {
			return nil, err
		}
	}
	return nil, err
}

// isProfile tells a profile from a task, which may name the action that it is of.
func isProfile(body []byte) bool {
	body = bytes.TrimSpace(body)
	if bytes.HasPrefix(body, []byte("<")) {
		return bytes.Contains(body, []byte("<SystemConfiguration"))
	}
	var doc struct{ SystemConfiguration json.RawMessage }
	return json.Unmarshal(body, &doc) == nil && len(doc.SystemConfiguration) > 0
}
