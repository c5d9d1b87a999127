package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/store"
)

// server finds a node by id, name or identifier.
func (h *handlers) server(ctx context.Context, ref string) (store.Server, error) {
	server, err := h.Servers.Server(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return store.Server{}, refuse(http.StatusNotFound, "Could not find node with identifier %s", ref)
	}
	return server, err
}

// NodesGet answers GET /nodes.
func (h *handlers) NodesGet(c echo.Context, params v2.NodesGetParams) error {
	p, err := pageOf(params.Skip, params.Top)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	servers, err := h.Servers.Servers(ctx)
	if err != nil {
		return err
	}
	servers = slices.DeleteFunc(servers, func(s store.Server) bool { return !selected(s, params) })
	setLinks(c, p, len(servers))
	views, err := h.nodeViews(ctx, cut(servers, p))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, views)
}

// nodeViews are views of several nodes, with their controllers read at once.
func (h *handlers) nodeViews(ctx context.Context, servers []store.Server) ([]v2.Node, error) {
	obms, err := h.Servers.OBMs(ctx, "")
	if err != nil {
		return nil, err
	}
	byServer := make(map[string][]store.OBM, len(obms))
	for _, o := range obms {
		byServer[o.ServerID] = append(byServer[o.ServerID], o)
	}
	views := []v2.Node{}
	for _, s := range servers {
		views = append(views, nodeView(s, byServer[s.ID]))
	}
	return views, nil
}

func selected(s store.Server, params v2.NodesGetParams) bool {
	if params.Type != nil && s.Type != *params.Type {
		return false
	}
	if params.Name != nil && !strings.EqualFold(s.Name, *params.Name) {
		return false
	}
	return params.Identifiers == nil || slices.ContainsFunc(s.Identifiers, func(identifier string) bool {
		return strings.EqualFold(identifier, *params.Identifiers)
	})
}

// NodesPost answers POST /nodes: the node is there with all its controllers, or not at all.
func (h *handlers) NodesPost(c echo.Context) error {
	var body v2.NodeCreate
	if err := h.decode(c, "NodeCreate", &body); err != nil {
		return err
	}
	ctx := c.Request().Context()
	obms := make([]store.OBM, 0, len(body.Obms))
	for _, settings := range body.Obms {
		o, err := h.sealed(ctx, settings)
		if err != nil {
			return err
		}
		obms = append(obms, o)
	}
	server, err := h.Servers.CreateServer(ctx, store.Server{
		Name: body.Name, Type: string(body.Type), AutoDiscover: body.AutoDiscover,
		Identifiers: body.Identifiers, Tags: body.Tags, Relations: relationsOf(body.Relations),
	})
	if err != nil {
		return err
	}
	if err := h.putAll(ctx, server.ID, obms); err != nil {
		return errors.Join(err, h.Servers.DeleteServer(context.WithoutCancel(ctx), server.ID))
	}
	return c.JSON(http.StatusCreated, nodeDocument(server))
}

func (h *handlers) putAll(ctx context.Context, serverID string, obms []store.OBM) error {
	for _, o := range obms {
		o.ServerID = serverID
		if _, err := h.Servers.PutOBM(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// NodesGetByID answers GET /nodes/{id}.
func (h *handlers) NodesGetByID(c echo.Context, id v2.NodeID) error {
	ctx := c.Request().Context()
	server, err := h.server(ctx, id)
	if err != nil {
		return err
	}
	obms, err := h.Servers.OBMs(ctx, server.ID)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, nodeView(server, obms))
}

// NodesPatchByID answers PATCH /nodes/{id}. Of two patches at once one may be
// told to try again, rather than undo the other.
func (h *handlers) NodesPatchByID(c echo.Context, id v2.NodeID) error {
	var patch v2.NodePatch
	if err := h.decode(c, "NodePatch", &patch); err != nil {
		return err
	}
	ctx := c.Request().Context()
	server, err := h.server(ctx, id)
	if err != nil {
		return err
	}
	server, err = h.Servers.UpdateServer(ctx, patched(server, patch))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, nodeDocument(server))
}

func patched(s store.Server, patch v2.NodePatch) store.Server {
	if patch.Type != nil {
		s.Type = string(*patch.Type)
	}
	if patch.Relations != nil {
		s.Relations = relationsOf(*patch.Relations)
	}
	replace(&s.Name, patch.Name)
	replace(&s.AutoDiscover, patch.AutoDiscover)
	replace(&s.Identifiers, patch.Identifiers)
	replace(&s.Tags, patch.Tags)
	return s
}

func replace[T any](into, value *T) {
	if value != nil {
		*into = *value
	}
}

// NodesDelByID answers DELETE /nodes/{id}.
func (h *handlers) NodesDelByID(c echo.Context, id v2.NodeID) error {
	ctx := c.Request().Context()
	server, err := h.server(ctx, id)
	if err != nil {
		return err
	}
	run, err := h.Runs.ActiveOn(ctx, server.ID)
	if err != nil {
		return err
	}
	if run != nil {
		return refuse(http.StatusBadRequest, "Could not remove node %s, active workflow is running", server.ID)
	}
	if err := h.Servers.DeleteServer(ctx, server.ID); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
