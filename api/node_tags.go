package api

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/store"
)

// maxConflicts is how often a node is read again because somebody else was faster to change it.
const maxConflicts = 10

// NodesGetTagsByID answers GET /nodes/{id}/tags.
func (h *handlers) NodesGetTagsByID(c echo.Context, id v2.NodeID) error {
	server, err := h.server(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list(server.Tags))
}

// NodesPatchTagByID answers PATCH /nodes/{id}/tags with the tags that were sent.
func (h *handlers) NodesPatchTagByID(c echo.Context, id v2.NodeID) error {
	var body v2.NodeTags
	if err := h.decode(c, "NodeTags", &body); err != nil {
		return err
	}
	err := h.changeTags(c.Request().Context(), id, func(tags []string) []string { return append(tags, body.Tags...) })
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list(body.Tags))
}

// NodesDelTagByID answers DELETE /nodes/{id}/tags/{tagName}.
func (h *handlers) NodesDelTagByID(c echo.Context, id v2.NodeID, name v2.TagRef) error {
	err := h.changeTags(c.Request().Context(), id, func(tags []string) []string {
		return slices.DeleteFunc(tags, func(tag string) bool { return tag == name })
	})
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// changeTags changes the tags that a node has by then: changes of several clients at
// once are all made.
func (h *handlers) changeTags(ctx context.Context, ref string, change func(tags []string) []string) error {
	server, err := h.server(ctx, ref)
	if err != nil {
		return err
	}
	for range maxConflicts {
		server.Tags = change(server.Tags)
		if _, err = h.Servers.UpdateServer(ctx, server); !errors.Is(err, store.ErrConflict) {
			return err
		}
		if server, err = h.server(ctx, server.ID); err != nil {
			return err
		}
	}
	return refuse(http.StatusConflict, "Node %s is being changed by others all the time; try again", server.ID)
}
