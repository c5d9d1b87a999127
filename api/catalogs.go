package api

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/store"
)

func catalogView(c store.Catalog) v2.Catalog {
	return v2.Catalog{
		ID: c.ID, Node: nodePath(c.ServerID), Source: c.Source, CreatedAt: c.Created, UpdatedAt: c.Updated, Data: c.Data,
	}
}

// listCatalogs answers with the catalogs of one server, or of all.
func (h *handlers) listCatalogs(c echo.Context, serverID string) error {
	catalogs, err := h.Servers.Catalogs(c.Request().Context(), serverID)
	if err != nil {
		return err
	}
	views := []v2.Catalog{}
	for _, one := range catalogs {
		views = append(views, catalogView(one))
	}
	return c.JSON(http.StatusOK, views)
}

// CatalogsGet answers GET /catalogs.
func (h *handlers) CatalogsGet(c echo.Context) error { return h.listCatalogs(c, "") }

// CatalogsIDGet answers GET /catalogs/{id}.
func (h *handlers) CatalogsIDGet(c echo.Context, id string) error {
	catalog, err := h.Servers.CatalogByID(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, catalogView(catalog))
}

// NodesGetCatalogByID answers GET /nodes/{id}/catalogs.
func (h *handlers) NodesGetCatalogByID(c echo.Context, id v2.NodeID) error {
	server, err := h.server(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return h.listCatalogs(c, server.ID)
}

// NodesGetCatalogSourceByID answers GET /nodes/{id}/catalogs/{source}, with RackHD's
// words where there is none.
func (h *handlers) NodesGetCatalogSourceByID(c echo.Context, id v2.NodeID, source string) error {
	server, err := h.server(c.Request().Context(), id)
	if err != nil {
		return err
	}
	catalog, err := h.Servers.Catalog(c.Request().Context(), server.ID, source)
	if errors.Is(err, store.ErrNotFound) {
		return refuse(http.StatusNotFound, "No Catalogs Found for Source (%s).", source)
	}
	if err != nil {
		return fmt.Errorf("read catalog %s: %w", source, err)
	}
	return c.JSON(http.StatusOK, catalogView(catalog))
}
