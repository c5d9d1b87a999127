package api

import (
	"cmp"
	"net/http"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/starter"
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
	return listRuns(h, c, starter.Filter{Active: params.Active}, params.Skip, params.Top, workflowView)
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
	return c.JSON(http.StatusOK, workflowView(run))
}

// WorkflowsDeleteByInstanceID answers DELETE /workflows/{instanceId}.
func (h *handlers) WorkflowsDeleteByInstanceID(c echo.Context, instanceID v2.InstanceID) error {
	if err := h.Runs.Delete(c.Request().Context(), instanceID); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// WorkflowsAction answers PUT /workflows/{instanceId}/action, whose only command is cancel.
func (h *handlers) WorkflowsAction(c echo.Context, instanceID v2.InstanceID) error {
	var body v2.Action
	if err := h.decode(c, "Action", &body); err != nil {
		return err
	}
	if err := h.Runs.Cancel(c.Request().Context(), instanceID); err != nil {
		return err
	}
	return c.String(http.StatusAccepted, instanceID)
}
