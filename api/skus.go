package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/rule"
	"github.com/rackflow/rackflow/store"
)

func skuView(k store.SKU) v2.Sku {
	view := v2.Sku{
		ID: k.ID, Name: k.Name, Rules: k.Rules, DiscoveryGraphName: k.DiscoveryGraph, CreatedAt: k.Created, UpdatedAt: k.Updated,
	}
	if k.DiscoveryGraphOptions != nil {
		view.DiscoveryGraphOptions = &k.DiscoveryGraphOptions
	}
	if k.Config != nil {
		view.SkuConfig = &k.Config
	}
	return view
}

// sku finds a SKU by id or name.
func (h *handlers) sku(ctx context.Context, ref string) (store.SKU, error) {
	sku, err := h.Servers.SKU(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return store.SKU{}, refuse(http.StatusNotFound, "Could not find sku with identifier %s", ref)
	}
	return sku, err
}

// SkusGet answers GET /skus.
func (h *handlers) SkusGet(c echo.Context) error {
	skus, err := h.Servers.SKUs(c.Request().Context())
	if err != nil {
		return err
	}
	views := []v2.Sku{}
	for _, k := range skus {
		views = append(views, skuView(k))
	}
	return c.JSON(http.StatusOK, views)
}

// SkusPost answers POST /skus.
func (h *handlers) SkusPost(c echo.Context) error {
	var body v2.SkuCreate
	if err := h.decode(c, "SkuCreate", &body); err != nil {
		return err
	}
	return h.createSKU(c, body)
}

// SkusPut answers PUT /skus. As with RackHD, keys that are absent stay as they are.
func (h *handlers) SkusPut(c echo.Context) error {
	var body v2.SkuCreate
	if err := h.decode(c, "SkuCreate", &body); err != nil {
		return err
	}
	stored, err := h.Servers.SKU(c.Request().Context(), body.Name)
	if errors.Is(err, store.ErrNotFound) {
		return h.createSKU(c, body)
	}
	if err != nil {
		return err
	}
	return h.updateSKU(c, http.StatusCreated, stored, patchOf(body))
}

// SkusIDGet answers GET /skus/{identifier}.
func (h *handlers) SkusIDGet(c echo.Context, ref v2.SkuRef) error {
	sku, err := h.sku(c.Request().Context(), ref)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, skuView(sku))
}

// SkusPatch answers PATCH /skus/{identifier}.
func (h *handlers) SkusPatch(c echo.Context, ref v2.SkuRef) error {
	var patch v2.SkuPatch
	if err := h.decode(c, "SkuPatch", &patch); err != nil {
		return err
	}
	sku, err := h.sku(c.Request().Context(), ref)
	if err != nil {
		return err
	}
	return h.updateSKU(c, http.StatusOK, sku, patch)
}

// SkusIDDelete answers DELETE /skus/{identifier}.
func (h *handlers) SkusIDDelete(c echo.Context, ref v2.SkuRef) error {
	ctx := c.Request().Context()
	sku, err := h.sku(ctx, ref)
	if err != nil {
		return err
	}
	if err := h.Servers.DeleteSKU(ctx, sku.ID); err != nil {
		return err
	}
	h.classifyAll(c, skuGraph)
	return c.NoContent(http.StatusNoContent)
}

// SkusIDGetNodes answers GET /skus/{identifier}/nodes.
func (h *handlers) SkusIDGetNodes(c echo.Context, ref v2.SkuRef) error {
	sku, err := h.sku(c.Request().Context(), ref)
	if err != nil {
		return err
	}
	return h.listNodes(c, func(s store.Server) bool { return s.SKU == sku.ID })
}

func (h *handlers) createSKU(c echo.Context, body v2.SkuCreate) error {
	ctx := c.Request().Context()
	sku, err := h.patchedSKU(ctx, store.SKU{}, patchOf(body))
	if err != nil {
		return err
	}
	sku, err = h.Servers.CreateSKU(ctx, sku)
	if errors.Is(err, store.ErrConflict) {
		return refuse(http.StatusConflict, "duplicate name found")
	}
	if err != nil {
		return err
	}
	h.classifyAll(c, skuGraph)
	return c.JSON(http.StatusCreated, skuView(sku))
}

func (h *handlers) updateSKU(c echo.Context, status int, sku store.SKU, patch v2.SkuPatch) error {
	ctx := c.Request().Context()
	sku, err := h.patchedSKU(ctx, sku, patch)
	if err != nil {
		return err
	}
	if sku, err = h.Servers.UpdateSKU(ctx, sku); err != nil {
		return err
	}
	h.classifyAll(c, skuGraph)
	return c.JSON(status, skuView(sku))
}

// patchOf has the keys of a body that are there.
func patchOf(body v2.SkuCreate) v2.SkuPatch {
	patch := v2.SkuPatch{Name: &body.Name, Rules: &body.Rules}
	if body.DiscoveryGraphName != "" {
		patch.DiscoveryGraphName = &body.DiscoveryGraphName
	}
	if body.DiscoveryGraphOptions != nil {
		patch.DiscoveryGraphOptions = &body.DiscoveryGraphOptions
	}
	if body.SkuConfig != nil {
		patch.SkuConfig = &body.SkuConfig
	}
	return patch
}

func (h *handlers) patchedSKU(ctx context.Context, k store.SKU, patch v2.SkuPatch) (store.SKU, error) {
	if patch.Rules != nil {
		if err := checkRules(*patch.Rules); err != nil {
			return store.SKU{}, err
		}
		k.Rules = *patch.Rules
	}
	replace(&k.Name, patch.Name)
	replace(&k.DiscoveryGraph, patch.DiscoveryGraphName)
	var err error
	if patch.DiscoveryGraphOptions != nil {
		if k.DiscoveryGraphOptions, err = h.Definitions.SealOptions(ctx, *patch.DiscoveryGraphOptions); err != nil {
			return store.SKU{}, err
		}
	}
	if patch.SkuConfig != nil {
		k.Config, err = h.Definitions.SealOptions(ctx, *patch.SkuConfig)
	}
	return k, err
}

func checkRules(rules []byte) error {
	if _, problems := rule.Parse(rules); len(problems) > 0 {
		return &refusal{status: http.StatusBadRequest, message: "Validation errors", problems: problems}
	}
	return nil
}

// listNodes answers with the nodes that are wanted.
func (h *handlers) listNodes(c echo.Context, wanted func(store.Server) bool) error {
	ctx := c.Request().Context()
	servers, err := h.Servers.Servers(ctx)
	if err != nil {
		return err
	}
	var found []store.Server
	for _, s := range servers {
		if wanted(s) {
			found = append(found, s)
		}
	}
	views, err := h.nodeViews(ctx, found)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, views)
}
