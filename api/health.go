package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

const healthPath = "/healthz"

// health says that the process answers. It asks nothing of the workflow engine
// or the store: restarting this process would mend neither.
func (h *handlers) health(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok", "version": h.Version})
}
