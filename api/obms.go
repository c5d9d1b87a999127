package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/store"
)

// sealed turns settings into what may be stored.
func (h *handlers) sealed(ctx context.Context, settings v2.ObmSettings) (store.OBM, error) {
	config, err := h.Keeper.SealSecrets(ctx, settings.Config)
	if err != nil {
		return store.OBM{}, fmt.Errorf("seal the settings of %s: %w", settings.Service, err)
	}
	object, ok := config.(map[string]any)
	if !ok {
		return store.OBM{}, fmt.Errorf("seal the settings of %s: got a %T", settings.Service, config)
	}
	return store.OBM{Service: settings.Service, Config: object}, nil
}

// putOBM stores the settings of a node's controller, replacing those of the same service.
func (h *handlers) putOBM(c echo.Context, node string, settings v2.ObmSettings) error {
	ctx := c.Request().Context()
	server, err := h.server(ctx, node)
	if err != nil {
		return err
	}
	obm, err := h.sealed(ctx, settings)
	if err != nil {
		return err
	}
	obm.ServerID = server.ID
	if obm, err = h.Servers.PutOBM(ctx, obm); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, obmView(obm))
}

// listOBMs answers with the controllers of one server, or of all.
func (h *handlers) listOBMs(c echo.Context, serverID string) error {
	obms, err := h.Servers.OBMs(c.Request().Context(), serverID)
	if err != nil {
		return err
	}
	views := []v2.Obm{}
	for _, o := range obms {
		views = append(views, obmView(o))
	}
	return c.JSON(http.StatusOK, views)
}

// NodesGetObmsByNodeID answers GET /nodes/{id}/obm.
func (h *handlers) NodesGetObmsByNodeID(c echo.Context, id v2.NodeID) error {
	server, err := h.server(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return h.listOBMs(c, server.ID)
}

// NodesPutObmsByNodeID answers PUT /nodes/{id}/obm.
func (h *handlers) NodesPutObmsByNodeID(c echo.Context, id v2.NodeID) error {
	var body v2.ObmSettings
	if err := h.decode(c, "ObmSettings", &body); err != nil {
		return err
	}
	return h.putOBM(c, id, body)
}

// ObmsGet answers GET /obms.
func (h *handlers) ObmsGet(c echo.Context) error { return h.listOBMs(c, "") }

// ObmsPut answers PUT /obms.
func (h *handlers) ObmsPut(c echo.Context) error {
	var body v2.ObmPut
	if err := h.decode(c, "ObmPut", &body); err != nil {
		return err
	}
	return h.putOBM(c, body.NodeID, v2.ObmSettings{Service: body.Service, Config: body.Config})
}

// ObmsGetByID answers GET /obms/{id}.
func (h *handlers) ObmsGetByID(c echo.Context, id string) error {
	obm, err := h.Servers.OBM(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, obmView(obm))
}

// ObmsDeleteByID answers DELETE /obms/{id}.
func (h *handlers) ObmsDeleteByID(c echo.Context, id string) error {
	if err := h.Servers.DeleteOBM(c.Request().Context(), id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
