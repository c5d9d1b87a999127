package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
)

const (
	// runPage is how many runs are asked for at once at most.
	runPage = 100
	// searchedRuns is how many of the newest runs a prefix is looked for in.
	searchedRuns = 1000
	// defaultRuns is how many runs a list shows.
	defaultRuns = 25
	// newestRun stands for the id of the newest run.
	newestRun = "last"
	// runIDLength is the length of a Temporal run id, which ends a complete instance id.
	runIDLength = 36
)

// runSummary is a run as lists show it, with the API's names.
type runSummary struct {
	InstanceID     string            `json:"instanceId"`
	InjectableName string            `json:"injectableName"`
	Name           string            `json:"name"`
	Node           string            `json:"node,omitempty"`
	NodeName       string            `json:"x-nodeName,omitempty"`
	Status         v2.WorkflowStatus `json:"status"`
	Error          string            `json:"x-error,omitempty"`
	CreatedAt      time.Time         `json:"createdAt"`
	UpdatedAt      time.Time         `json:"updatedAt"`
}

// storedRun is a run in the form that the lists of a node's runs have.
type storedRun struct {
	runSummary

	StoredStatus v2.WorkflowStatus `json:"_status"`
}

// runFilter chooses runs; what is empty does not matter.
type runFilter struct {
	node   string
	graph  string
	state  v2.WorkflowState
	active bool
}

// listRuns returns the newest runs that match, at most limit of them.
func listRuns(ctx context.Context, api *v2.Client, filter runFilter, limit int) ([]runSummary, error) {
	out := []runSummary{}
	top := min(limit, runPage)
	for skip := 0; len(out) < limit; skip += top {
		page, err := decode[[]storedRun](runPageOf(ctx, api, filter, skip, top))
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			if r.Status == "" {
				r.Status = r.StoredStatus
			}
			if len(out) < limit {
				out = append(out, r.runSummary)
			}
		}
		if len(page) < top {
			break
		}
	}
	return out, nil
}

func runPageOf(ctx context.Context, api *v2.Client, filter runFilter, skip, top int) (*http.Response, error) {
	params := v2.WorkflowsGetParams{Active: given(filter.active), Graph: given(filter.graph), State: given(filter.state), Skip: &skip, Top: &top}
	if filter.node != "" {
		ofNode := v2.NodesGetWorkflowByIDParams(params)
		return api.NodesGetWorkflowByID(ctx, filter.node, &ofNode)
	}
	return api.WorkflowsGet(ctx, &params)
}

// given makes what is empty absent.
func given[T comparable](v T) *T {
	var empty T
	if v == empty {
		return nil
	}
	return &v
}

// resolveRun makes an instance id of what the user gave: one, "last", or the
// beginning of one or of its run id.
func resolveRun(ctx context.Context, api *v2.Client, ref string) (string, error) {
	if _, runID := cutInstanceID(ref); len(runID) == runIDLength {
		return ref, nil
	}
	limit := searchedRuns
	if ref == newestRun {
		limit = 1
	}
	runs, err := listRuns(ctx, api, runFilter{}, limit)
	if err != nil {
		return "", err
	}
	return pickRun(runs, ref)
}

func pickRun(runs []runSummary, ref string) (string, error) {
	if ref == newestRun && len(runs) > 0 {
		return runs[0].InstanceID, nil
	}
	var found []string
	for _, r := range runs {
		_, runID := cutInstanceID(r.InstanceID)
		if strings.HasPrefix(r.InstanceID, ref) || strings.HasPrefix(runID, ref) {
			found = append(found, r.InstanceID)
		}
	}
	switch {
	case len(found) == 1 && ref != "":
		return found[0], nil
	case len(found) > 1:
		return "", usagef("%d runs begin with %s, among them %s", len(found), ref, strings.Join(found[:2], " and "))
	}
	return "", &exitError{
		code: exitNotFound, err: fmt.Errorf("there is no run %s", ref), hint: "'rackflow run list' shows the newest.",
	}
}

// cutInstanceID cuts an instance id into Temporal's workflow id and run id.
func cutInstanceID(id string) (workflowID, runID string) {
	if i := strings.LastIndexByte(id, '.'); i >= 0 {
		return id[:i], id[i+1:]
	}
	return id, ""
}

// ended reports whether a run is over.
func ended(status v2.WorkflowStatus) bool {
	return status != "" && graph.State(status).Ended()
}

// target says where a run runs.
func target(nodeName, node string) string {
	if nodeName != "" {
		return nodeName
	}
	return node
}

// runTable lists runs.
func (a *app) runTable(runs []runSummary) *table {
	t := newTable("RUN", "GRAPH", "NODE", "STATE", "STARTED", "TOOK")
	for _, r := range runs {
		end := r.UpdatedAt
		if !ended(r.Status) {
			end = a.p.Now()
		}
		t.add(r.InstanceID, r.InjectableName, target(r.NodeName, r.Node), string(r.Status), a.stamp(r.CreatedAt), span(end.Sub(r.CreatedAt)))
	}
	return t
}

// taskLabels names tasks by their instance ids.
func taskLabels(tasks []v2.WorkflowTask) map[string]string {
	labels := make(map[string]string, len(tasks))
	for _, t := range tasks {
		labels[t.InstanceID] = t.Label
	}
	return labels
}

// waitingFor names the tasks that a task waits for.
func waitingFor(t v2.WorkflowTask, labels map[string]string) string {
	var out []string
	for id, states := range t.WaitingOn {
		if nested, ok := states.(map[string]any); ok {
			for id := range nested {
				out = append(out, labels[id])
			}
			continue
		}
		out = append(out, labels[id])
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// took is how long a task has run up to now or ran; empty when it has not started.
func took(t v2.WorkflowTask, now time.Time) string {
	if t.TaskStartTime == nil {
		return ""
	}
	if t.TaskEndTime != nil {
		now = *t.TaskEndTime
	}
	return span(now.Sub(*t.TaskStartTime))
}
