package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/store"
)

// start runs the graph that the request names or holds, on a server or on none.
func (h *handlers) start(c echo.Context, name *string, server string) error {
	var body v2.WorkflowRequest
	if err := h.decode(c, "WorkflowRequest", &body); err != nil {
		return err
	}
	req := starter.Request{Graph: body.Name, Server: server, Options: body.Options, Context: body.Context}
	if name != nil {
		req.Graph = cmp.Or(*name, body.Name)
	}
	ctx := c.Request().Context()
	var warnings graph.Problems
	if body.Definition != nil {
		var err error
		if req.Definition, warnings, err = h.Definitions.CheckGraph(ctx, body.Definition); err != nil {
			return err
		}
	}
	run, err := h.Runs.Start(ctx, req)
	if err != nil {
		return err
	}
	doc := workflowDocument(run)
	doc.XWarnings = problemViews(append(warnings, run.Warnings...))
	return c.JSON(http.StatusCreated, doc)
}

// filter selects runs by what a client may ask of every list of them. A graph is
// found without regard to case; one that has been deleted since has its exact name.
func (h *handlers) filter(c echo.Context, active *bool, graphName *string, state *v2.WorkflowState) (starter.Filter, error) {
	f := starter.Filter{Active: active}
	if state != nil {
		if !slices.Contains(workflowStates, *state) {
			return f, refuse(http.StatusBadRequest, "state should be one of %s", joined(workflowStates))
		}
		f.State = string(*state)
	}
	if graphName == nil || *graphName == "" {
		return f, nil
	}
	f.Graph = *graphName
	def, err := h.Definitions.Get(c.Request().Context(), store.Graph, f.Graph)
	switch {
	case err == nil:
		f.Graph = def.Name
	case starter.KindOf(err) != starter.NotFound:
		return f, err
	}
	return f, nil
}

var workflowStates = []v2.WorkflowState{
	v2.WorkflowStateRunning, v2.WorkflowStateWaiting, v2.WorkflowStateSucceeded, v2.WorkflowStateFailed, v2.WorkflowStateCancelled,
}

func joined[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}

// listRuns answers with one page of runs, each in the form that view gives it.
func listRuns[T any](h *handlers, c echo.Context, f starter.Filter, skip, top *int, view func(*starter.Run) T) error {
	p, err := pageOf(skip, top)
	if err != nil {
		return err
	}
	f.Skip, f.Top = p.skip, p.top
	runs, total, err := h.Runs.List(c.Request().Context(), f)
	if err != nil {
		return err
	}
	setLinks(c, p, total)
	views := make([]T, len(runs))
	for i, run := range runs {
		views[i] = view(run)
	}
	return c.JSON(http.StatusOK, views)
}

// WorkflowsGet answers GET /workflows.
func (h *handlers) WorkflowsGet(c echo.Context, params v2.WorkflowsGetParams) error {
	filter, err := h.filter(c, params.Active, params.Graph, params.State)
	if err != nil {
		return err
	}
	return listRuns(h, c, filter, params.Skip, params.Top, workflowView)
}

// WorkflowsPost answers POST /workflows.
func (h *handlers) WorkflowsPost(c echo.Context, params v2.WorkflowsPostParams) error {
	return h.start(c, params.Name, "")
}

// WorkflowsGetByInstanceID answers GET /workflows/{instanceId}.
func (h *handlers) WorkflowsGetByInstanceID(c echo.Context, instanceID v2.InstanceID) error {
	run, err := h.Runs.Get(c.Request().Context(), instanceID)
	if err != nil {
		return err
	}
	view := workflowView(run)
	view.XMedia = fetchViews(h.Media.Progress.Run(run.InstanceID))
	return c.JSON(http.StatusOK, view)
}

// WorkflowsDeleteByInstanceID answers DELETE /workflows/{instanceId}.
func (h *handlers) WorkflowsDeleteByInstanceID(c echo.Context, instanceID v2.InstanceID) error {
	if err := h.Runs.Delete(c.Request().Context(), instanceID); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// WorkflowsAction answers PUT /workflows/{instanceId}/action.
func (h *handlers) WorkflowsAction(c echo.Context, instanceID v2.InstanceID) error {
	var body v2.WorkflowAction
	if err := h.decode(c, "WorkflowAction", &body); err != nil {
		return err
	}
	acted := instanceID
	var err error
	switch body.Command {
	case v2.WorkflowActionCommandCancel:
		err = h.Runs.Cancel(c.Request().Context(), instanceID)
	case v2.WorkflowActionCommandRetry:
		acted, err = h.retry(c.Request().Context(), instanceID)
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, basePath+"/workflows/"+acted)
	return c.String(http.StatusAccepted, acted)
}

// retry returns the instance id of the new run. As with cancel, a run that is in the
// wrong state for it makes a wrong request.
func (h *handlers) retry(ctx context.Context, instanceID string) (string, error) {
	run, err := h.Runs.Retry(ctx, instanceID)
	if starter.KindOf(err) == starter.Active {
		return "", refuse(http.StatusBadRequest, "%s", err)
	}
	if err != nil {
		return "", err
	}
	return run.InstanceID, nil
}
