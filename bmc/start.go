package bmc

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/stmcginnis/gofish"
)

// start sends a request that may start a job and returns the job's id, or "" when the BMC
// had done it at once. A body of nil sends none. When the answer is lost, the outcome is
// Unknown: [NewJob] finds what was started.
func (b *BMC) start(ctx context.Context, op, method, uri string, body any) (jobID string, err error) {
	return b.startWith(ctx, op, method, uri, body, nil)
}

// startPatch changes a resource that was read with this ETag, as patch does, where the
// change may be carried out by a job.
func (b *BMC) startPatch(ctx context.Context, op, uri, etag string, body any) (jobID string, err error) {
	err = matching(etag, func(headers map[string]string) error {
		jobID, err = b.startWith(ctx, op, http.MethodPatch, uri, body, headers)
		return err
	})
	return jobID, err
}

func (b *BMC) startWith(ctx context.Context, op, method, uri string, body any, headers map[string]string) (jobID string, err error) {
	accepted := false
	err = b.write(ctx, op, uri, func(c *gofish.APIClient) (*http.Response, error) {
		resp, err := send(c, method, uri, body, headers)
		if err == nil {
			accepted = resp.StatusCode == http.StatusAccepted
			jobID = startedJob(resp)
		}
		return resp, err
	})
	if err == nil && accepted && jobID == "" {
		return "", &Error{
			Outcome: Unknown, Op: op, Server: b.cfg.Server, Status: http.StatusAccepted,
			Message: "the BMC does it in the background but names no job", Hint: "look for it in the job queue",
		}
	}
	return jobID, err
}

func send(c *gofish.APIClient, method, uri string, body any, headers map[string]string) (*http.Response, error) {
	if body == nil {
		return c.RunRawRequestWithHeaders(method, uri, nil, "", headers)
	}
	payload, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return c.RunRawRequestWithHeaders(method, uri, bytes.NewReader(payload), "application/json", headers)
}

// startedJob reads the id off the Location, which is a task monitor, a task or a job, and
// of other resources on an answer that is not 202. Without a Location, the body of a 202
// is the task.
func startedJob(resp *http.Response) string {
	accepted := resp.StatusCode == http.StatusAccepted
	if location, err := url.Parse(resp.Header.Get("Location")); err == nil && location.Path != "" {
		return jobInPath(location.Path, accepted)
	}
	var task link
	if !accepted || decode(resp.Body, &task) != nil {
		return ""
	}
	return jobInPath(task.URI, true)
}

// jobInPath returns the id at the end of a job's URI. Unless it is known to be a job, only
// the members of the collections that hold jobs are.
func jobInPath(path string, known bool) string {
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	if last := len(parts) - 1; parts[last] == "Monitor" {
		parts = parts[:last]
	}
	if len(parts) < 2 {
		return ""
	}
	id, parent := parts[len(parts)-1], parts[len(parts)-2]
	if known || slices.Contains([]string{"Jobs", "Tasks", "TaskMonitors"}, parent) {
		return id
	}
	return ""
}
