package api

import (
	"github.com/labstack/echo/v4"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/starter"
)

// The graphs that find out what nodes are.
const (
	skuGraph = "Graph.GenerateSku"
	tagGraph = "Graph.GenerateTags"
)

// classifyAll has every node looked at anew, by one run. What was asked for is done
// already: that the run cannot be started is a warning.
func (h *handlers) classifyAll(c echo.Context, graphName string) {
	ctx := c.Request().Context()
	_, err := h.Runs.Start(ctx, starter.Request{
		Graph: graphName, Options: map[string]any{"defaults": map[string]any{"all": true}},
	})
	if err != nil {
		h.Log.ErrorContext(ctx, "cannot look at every node anew", "graph", graphName, "error", causeOf(err), "id", idOf(c))
		setWarnings(c, graph.Problems{{
			Message: "done, but nodes are not looked at anew", Hint: "start " + graphName + " with the option defaults.all: true", Warning: true,
		}})
	}
}
