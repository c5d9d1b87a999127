package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/store"
)

// WorkflowsGetAllTasks answers GET /workflows/tasks.
func (h *handlers) WorkflowsGetAllTasks(c echo.Context) error {
	return h.listDefinitions(c, store.Task, definitionView)
}

// WorkflowsGetTasksByName answers GET /workflows/tasks/{injectableName}.
func (h *handlers) WorkflowsGetTasksByName(c echo.Context, name v2.InjectableName) error {
	definition, err := h.Definitions.Get(c.Request().Context(), store.Task, name)
	if err != nil {
		return err
	}
	view, err := definitionView(definition)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, view)
}

// WorkflowsPutTask answers PUT /workflows/tasks.
func (h *handlers) WorkflowsPutTask(c echo.Context) error {
	body, err := readBody(c)
	if err != nil {
		return err
	}
	definition, problems, err := h.Definitions.PutTask(c.Request().Context(), body)
	if err != nil {
		return err
	}
	view, err := taskDocument(definition)
	if err != nil {
		return err
	}
	setWarnings(c, problems)
	return c.JSON(http.StatusCreated, view)
}

// WorkflowsDeleteTasksByName answers DELETE /workflows/tasks/{injectableName}.
func (h *handlers) WorkflowsDeleteTasksByName(c echo.Context, name v2.InjectableName) error {
	if err := h.Definitions.Delete(c.Request().Context(), store.Task, name); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
