package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
)

// NodesGetWorkflowByID answers GET /nodes/{id}/workflows.
func (h *handlers) NodesGetWorkflowByID(c echo.Context, id v2.NodeID, params v2.NodesGetWorkflowByIDParams) error {
	server, err := h.server(c.Request().Context(), id)
	if err != nil {
		return err
	}
	filter, err := h.filter(c, params.Active, params.Graph, params.State)
	if err != nil {
		return err
	}
	filter.Server = server.ID
	return listRuns(h, c, filter, params.Skip, params.Top, workflowDocument)
}

// NodesPostWorkflowByID answers POST /nodes/{id}/workflows.
func (h *handlers) NodesPostWorkflowByID(c echo.Context, id v2.NodeID, params v2.NodesPostWorkflowByIDParams) error {
	server, err := h.server(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return h.start(c, params.Name, server.ID)
}

// NodesWorkflowActionByID answers PUT /nodes/{id}/workflows/action, whose only command is cancel.
func (h *handlers) NodesWorkflowActionByID(c echo.Context, id v2.NodeID) error {
	var body v2.Action
	if err := h.decode(c, "Action", &body); err != nil {
		return err
	}
	ctx := c.Request().Context()
	server, err := h.server(ctx, id)
	if err != nil {
		return err
	}
	run, err := h.Runs.ActiveOn(ctx, server.ID)
	if err != nil {
		return err
	}
	if run == nil {
		return refuse(http.StatusNotFound, "No active workflow graph found for node %s", server.ID)
	}
	if err := h.Runs.Cancel(ctx, run.InstanceID); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, basePath+"/workflows/"+run.InstanceID)
	return c.JSON(http.StatusAccepted, workflowDocument(run))
}
