package activities

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/store"
)

// Sources of the catalogs that jobs keep.
const (
	sourceCapabilities = "bmc"
	sourceInventory    = "redfish"
	sourceResources    = "redfish-resources"
	sourceFirmware     = "firmware"
	sourceBIOS         = "bios"
	sourceProfile      = "profile"
	sourceSettings     = "bmc-settings"
)

// keep stores what has been learnt of the server as a catalog.
func (c *call) keep(ctx context.Context, t machine, source string, what any) (store.Catalog, error) {
	data, err := json.Marshal(what)
	if err != nil {
		return store.Catalog{}, permanent(err)
	}
	return c.Store.PutCatalog(ctx, store.Catalog{ServerID: t.server.ID, Source: source, Data: data})
}

// serverDiscover reads who the server is and what its BMC can do, and notes both in
// the inventory: the service tag and the MAC addresses become identifiers.
func serverDiscover(ctx context.Context, c *call, t machine, _ struct{}) (any, error) {
	identity, err := t.Identify(ctx)
	if err != nil {
		return nil, err
	}
	can, err := t.Capabilities(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.identify(ctx, t.server, identity); err != nil {
		return nil, err
	}
	found := map[string]any{"identity": identity, "capabilities": can}
	if _, err := c.keep(ctx, t, sourceCapabilities, found); err != nil {
		return nil, err
	}
	return found, nil
}

// identify adds to the server's identifiers; those it has stay.
func (c *call) identify(ctx context.Context, server store.Server, identity bmc.Identity) error {
	if identity.ServiceTag != "" {
		server.Identifiers = append(server.Identifiers, identity.ServiceTag)
	}
	server.Identifiers = append(server.Identifiers, identity.MACs...)
	// Of two who write at a time one fails, and tries again with what the other wrote.
	if _, err := c.Store.UpdateServer(ctx, server); err != nil {
		return transient(fmt.Errorf("note the identifiers of %s: %w", server.Name, err))
	}
	return nil
}

// serverCatalog reads the whole inventory. The raw documents are kept beside the
// summary, for what the summary leaves out.
func serverCatalog(ctx context.Context, c *call, t machine, _ struct{}) (any, error) {
	inventory, err := t.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	resources, err := c.keep(ctx, t, sourceResources, inventory.Resources)
	if err != nil {
		return nil, err
	}
	summary, err := c.keep(ctx, t, sourceInventory, map[string]any{"summary": inventory.Summary, "problems": inventory.Problems})
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"catalog": summary.ID, "resourcesCatalog": resources.ID,
		"summary": inventory.Summary, "resources": len(inventory.Resources), "problems": inventory.Problems,
	}, nil
}

// firmwareCatalog reads which firmware the components have.
func firmwareCatalog(ctx context.Context, c *call, t machine, _ struct{}) (any, error) {
	list, err := t.FirmwareInventory(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := c.keep(ctx, t, sourceFirmware, list); err != nil {
		return nil, err
	}
	return map[string]any{"firmware": list}, nil
}
