package api

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/store"
)

func tagView(t store.Tag) v2.Tag {
	return v2.Tag{ID: t.ID, Name: t.Name, Rules: t.Rules, CreatedAt: t.Created, UpdatedAt: t.Updated}
}

// GetAllTags answers GET /tags.
func (h *handlers) GetAllTags(c echo.Context) error {
	tags, err := h.Servers.Tags(c.Request().Context())
	if err != nil {
		return err
	}
	views := []v2.Tag{}
	for _, t := range tags {
		views = append(views, tagView(t))
	}
	return c.JSON(http.StatusOK, views)
}

// CreateTag answers POST /tags.
func (h *handlers) CreateTag(c echo.Context) error {
	var body v2.TagCreate
	if err := h.decode(c, "TagCreate", &body); err != nil {
		return err
	}
	if err := checkRules(body.Rules); err != nil {
		return err
	}
	tag, err := h.Servers.CreateTag(c.Request().Context(), store.Tag{Name: body.Name, Rules: body.Rules})
	if errors.Is(err, store.ErrConflict) {
		return refuse(http.StatusConflict, "tag name already exists")
	}
	if err != nil {
		return err
	}
	h.classifyAll(c, tagGraph)
	return c.JSON(http.StatusCreated, tagView(tag))
}

// GetTag answers GET /tags/{tagName}.
func (h *handlers) GetTag(c echo.Context, name v2.TagRef) error {
	tag, err := h.Servers.Tag(c.Request().Context(), name)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, tagView(tag))
}

// DeleteTag answers DELETE /tags/{tagName}. That there is none is no error, as with RackHD.
func (h *handlers) DeleteTag(c echo.Context, name v2.TagRef) error {
	if err := h.Servers.DeleteTag(c.Request().Context(), name); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// GetNodesByTag answers GET /tags/{tagName}/nodes.
func (h *handlers) GetNodesByTag(c echo.Context, name v2.TagRef) error {
	return h.listNodes(c, func(s store.Server) bool { return hasTag(s, name) })
}

// hasTag finds a tag without regard to case, as RackHD does.
func hasTag(s store.Server, name string) bool {
	return slices.ContainsFunc(s.Tags, func(tag string) bool { return strings.EqualFold(tag, name) })
}
