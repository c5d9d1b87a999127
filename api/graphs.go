package api

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/store"
)

// allGraphs is the name that stands for all of them.
const allGraphs = "*"

// WorkflowsGetGraphs answers GET /workflows/graphs.
func (h *handlers) WorkflowsGetGraphs(c echo.Context) error {
	return h.listDefinitions(c, store.Graph, graphView)
}

// WorkflowsGetGraphsByName answers GET /workflows/graphs/{injectableName}.
func (h *handlers) WorkflowsGetGraphsByName(c echo.Context, name v2.InjectableName) error {
	if name == allGraphs {
		return h.WorkflowsGetGraphs(c)
	}
	definition, err := h.Definitions.Get(c.Request().Context(), store.Graph, name)
	if starter.KindOf(err) == starter.NotFound {
		return c.JSON(http.StatusOK, []json.RawMessage{})
	}
	if err != nil {
		return err
	}
	view, err := graphView(definition)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, []any{view})
}

// WorkflowsPutGraphs answers PUT /workflows/graphs.
func (h *handlers) WorkflowsPutGraphs(c echo.Context) error {
	body, err := readBody(c)
	if err != nil {
		return err
	}
	definition, problems, err := h.Definitions.PutGraph(c.Request().Context(), body)
	if err != nil {
		return err
	}
	setWarnings(c, problems)
	return c.String(http.StatusCreated, definition.Name)
}

// WorkflowsDeleteGraphsByName answers DELETE /workflows/graphs/{injectableName}.
// That there is none is no error, so that scripts can clean up twice.
func (h *handlers) WorkflowsDeleteGraphsByName(c echo.Context, name v2.InjectableName) error {
	err := h.Definitions.Delete(c.Request().Context(), store.Graph, name)
	if err != nil && starter.KindOf(err) != starter.NotFound {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (h *handlers) listDefinitions(c echo.Context, kind store.DefinitionKind, view func(starter.Definition) (map[string]any, error)) error {
	definitions, err := h.Definitions.List(c.Request().Context(), kind)
	if err != nil {
		return err
	}
	views := make([]any, len(definitions))
	for i, definition := range definitions {
		if views[i], err = view(definition); err != nil {
			return err
		}
	}
	return c.JSON(http.StatusOK, views)
}
