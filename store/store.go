package store

import "context"

// Store keeps inventory and documents. All methods are safe for concurrent
// use, by several processes too. A write has reached the disk when its method
// returns, and no method leaves part of its work behind.
//
// Expected failures are [*Error] values of kind [NotFound], [Conflict] or
// [Invalid]; every other error is a failure of the storage beneath. Times come
// back in UTC, to the microsecond. Values that come back share no memory with
// the store.
type Store interface { //nolint:interfacebloat // the whole contract, which every store keeps
	// CreateServer adds a server and returns it as stored. Its ID is made when
	// empty; Created and Updated are set here. An ID already in use is a
	// Conflict. Names and identifiers may repeat across servers, but a reference
	// that fits several is refused when looked up.
	CreateServer(ctx context.Context, s Server) (Server, error)

	// Server returns the server that ref means: its id, its name or one of its
	// identifiers, all without regard to case. An id wins over names and
	// identifiers. A ref that fits several servers is a Conflict whose message
	// names them.
	Server(ctx context.Context, ref string) (Server, error)

	// Servers returns every server, the oldest first.
	Servers(ctx context.Context) ([]Server, error)

	// UpdateServer replaces the server of the same ID and returns it as stored.
	// Created is kept. When s.Updated is set and is not the stored time, someone
	// else was faster: that is a Conflict, and the caller should read again. A
	// zero s.Updated overwrites whatever is there.
	UpdateServer(ctx context.Context, s Server) (Server, error)

	// DeleteServer removes the server of that id with its BMC settings, catalogs and links.
	DeleteServer(ctx context.Context, id string) error

	// PutOBM adds or replaces BMC settings and returns them as stored. With an
	// empty ID the settings of the same server and service are replaced, keeping
	// their ID. With an ID, those of that ID are; a Conflict says that the server
	// already has other settings for the service. An unknown server is NotFound.
	PutOBM(ctx context.Context, o OBM) (OBM, error)

	// OBM returns the BMC settings of that id.
	OBM(ctx context.Context, id string) (OBM, error)

	// OBMs returns the BMC settings of one server, or of all when serverID is
	// empty, ordered by server and service. A server without any, or an unknown
	// one, has none.
	OBMs(ctx context.Context, serverID string) ([]OBM, error)

	// DeleteOBM removes the BMC settings of that id.
	DeleteOBM(ctx context.Context, id string) error

	// PutDefinition adds the definition or replaces the one of exactly that kind
	// and name, and returns it as stored. A stored name that differs only in case
	// is a Conflict, because lookups could not tell the two apart.
	PutDefinition(ctx context.Context, d Definition) (Definition, error)

	// Definition returns the definition of that kind and name, without regard to
	// the case of the name.
	Definition(ctx context.Context, kind DefinitionKind, name string) (Definition, error)

	// Definitions returns all definitions of a kind, ordered by name without
	// regard to case.
	Definitions(ctx context.Context, kind DefinitionKind) ([]Definition, error)

	// DeleteDefinition removes the definition of that kind and name, without
	// regard to the case of the name.
	DeleteDefinition(ctx context.Context, kind DefinitionKind, name string) error

	// PutCatalog adds a catalog and returns it as stored, with an ID of its own. When
	// the data is that of the latest of the same server and source, no other is
	// added: that one is returned with a new Updated. Of one server and source the
	// latest CatalogVersions are kept. An unknown server is NotFound.
	PutCatalog(ctx context.Context, c Catalog) (Catalog, error)

	// Catalog returns the latest catalog of that server and source.
	Catalog(ctx context.Context, serverID, source string) (Catalog, error)

	// CatalogByID returns the catalog of that id.
	CatalogByID(ctx context.Context, id string) (Catalog, error)

	// Catalogs returns the catalogs of one server, or of all when serverID is
	// empty, ordered by server and source, the oldest first.
	Catalogs(ctx context.Context, serverID string) ([]Catalog, error)

	// CreateSKU adds a SKU and returns it as stored, with an ID of its own. A name that
	// another SKU has, without regard to case, is a Conflict.
	CreateSKU(ctx context.Context, k SKU) (SKU, error)

	// SKU returns the SKU that ref means: its id or its name, both without regard to case.
	SKU(ctx context.Context, ref string) (SKU, error)

	// SKUs returns every SKU, ordered by name without regard to case.
	SKUs(ctx context.Context) ([]SKU, error)

	// UpdateSKU replaces the SKU of the same ID and returns it as stored. Created is kept.
	// Updated is compared as UpdateServer does. A name that another has is a Conflict.
	UpdateSKU(ctx context.Context, k SKU) (SKU, error)

	// DeleteSKU removes the SKU of that id. The servers that had it have none then.
	DeleteSKU(ctx context.Context, id string) error

	// CreateTag adds a tag with its rules and returns it as stored, with an ID of its
	// own. A name that another has, without regard to case, is a Conflict.
	CreateTag(ctx context.Context, t Tag) (Tag, error)

	// Tag returns the tag of that name, without regard to case.
	Tag(ctx context.Context, name string) (Tag, error)

	// Tags returns every tag that has rules, ordered by name without regard to case.
	Tags(ctx context.Context) ([]Tag, error)

	// DeleteTag removes the tag of that name, without regard to case. Servers keep it.
	DeleteTag(ctx context.Context, name string) error

	// PutLink adds the link or replaces the one of the same hash, keeping its
	// Created, so that a retried step may put it again. Links that expired before
	// are removed on the way. A ServerID that is set but unknown is NotFound.
	PutLink(ctx context.Context, l Link) error

	// Link returns the link of that hash. An expired one is NotFound.
	Link(ctx context.Context, tokenHash [32]byte) (Link, error)

	// MediaLinks returns every link to an image that has not expired, the oldest
	// first.
	MediaLinks(ctx context.Context) ([]Link, error)

	// DeleteLinks removes all links of one run. That there are none is no error.
	DeleteLinks(ctx context.Context, workflowID, runID string) error

	// Close releases the storage. The store is of no use afterwards.
	Close() error
}
