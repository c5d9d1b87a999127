package store

import (
	"encoding/json"
	"time"
)

// CatalogVersions is how many catalogs of one server and source are kept.
const CatalogVersions = 10

// Catalog is what a source has told about a server at one time, as RackHD calls
// it: an inventory, a list of BIOS settings, an answer of another service.
type Catalog struct {
	ID       string // a UUID
	ServerID string
	Source   string // such as "redfish-inventory"

	Data json.RawMessage // JSON, as the source gave it

	Created time.Time
	// Updated is when the source last said the same.
	Updated time.Time
}

func (c *Catalog) validate() error {
	switch {
	case c.ServerID == "":
		return invalid("catalog", c.Source, "a catalog needs the id of a server")
	case c.Source == "":
		return invalid("catalog", "", `a catalog of server %s needs a source, such as "redfish-inventory"`, c.ServerID)
	case !json.Valid(c.Data):
		return invalid("catalog", c.Source, "the data of server %s is not JSON", c.ServerID)
	}
	return nil
}
