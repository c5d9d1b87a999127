package bmc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

const (
	opInventory = "read inventory"

	// readTries is how often one resource is asked for while the BMC cannot show it.
	readTries = 3
)

// Inventory is what a BMC tells about its server.
type Inventory struct {
	Summary Summary `json:"summary"`
	// Resources are the documents as the BMC wrote them, in the order they were read.
	Resources []Resource `json:"resources"`
	// Problems are the resources that could not be read; all the others are there.
	Problems []Problem `json:"problems,omitempty"`
}

// Resource is one document.
type Resource struct {
	URI string `json:"uri"`
	// Type is Redfish's, without its version: "Drive".
	Type string `json:"type"`
	// Hash is the hex SHA-256 of the content. It does not depend on the order of
	// properties or on the ETag, but changes with each reading that the document holds.
	Hash     string          `json:"hash"`
	Document json.RawMessage `json:"document"`
}

// Problem is a resource that could not be read, or was not what it should be.
type Problem struct {
	URI     string `json:"uri"`
	Message string `json:"message"`
}

// Inventory reads systems, processors, memory, storage, network, PCIe, firmware, BIOS,
// power and cooling. A resource that fails or is no JSON becomes a [Problem]. Only when
// the BMC stops answering, or before the system itself could be read, there is an
// error, beside what was read so far.
//
// With $expand it takes 20 to 30 requests, without it one for each resource.
func (b *BMC) Inventory(ctx context.Context) (Inventory, error) {
	c := &crawl{b: b, seen: make(map[string]bool)}
	system, err := b.findSystem(ctx, opInventory)
	if err != nil {
		return Inventory{}, err
	}
	c.server(ctx, system)
	if len(c.inv.Resources) == 0 && c.failed == nil {
		return c.inv, b.refuse(opInventory, "the BMC does not show its system: "+c.inv.Problems[0].Message, "restart the BMC if this stays")
	}
	c.inv.Summary = summarize(c.inv.Resources)
	return c.inv, c.failed
}

// crawl collects an inventory. Once the BMC has stopped answering, all its steps do
// nothing.
type crawl struct {
	b      *BMC
	inv    Inventory
	seen   map[string]bool
	failed error
	// plain tells that $expand does not reach the links of a single resource.
	plain bool
}

// found is a resource in a form to find links in.
type found map[string]json.RawMessage

func (c *crawl) server(ctx context.Context, uri string) {
	system := c.resource(ctx, uri)
	if system == nil {
		return
	}
	for _, name := range []string{"Processors", "Memory", "EthernetInterfaces"} {
		c.collection(ctx, linkIn(system, name))
	}
	for _, storage := range c.collection(ctx, linkIn(system, "Storage")) {
		c.storage(ctx, storage)
	}
	for _, name := range []string{"Bios", "SecureBoot"} {
		c.resource(ctx, linkIn(system, name))
	}
	c.chassis(ctx, ownChassis(linksIn(system, "Links", "Chassis")))
	for _, device := range linksIn(system, "PCIeDevices") {
		c.resource(ctx, device)
	}
	for _, manager := range linksIn(system, "Links", "ManagedBy") {
		c.resource(ctx, manager)
	}
	c.firmware(ctx)
}

// storage reads a controller's drives and volumes. One without drives has no volumes.
func (c *crawl) storage(ctx context.Context, storage found) {
	drives := linksIn(storage, "Drives")
	if len(drives) == 0 {
		return
	}
	c.drives(ctx, textIn(storage, "@odata.id"), drives)
	c.collection(ctx, linkIn(storage, "Volumes"))
}

// drives reads all drives of a controller with one request where the BMC can do that.
func (c *crawl) drives(ctx context.Context, controller string, uris []string) {
	if len(uris) > 1 && !c.plain && controller != "" && c.b.expands() {
		var doc struct{ Drives []json.RawMessage }
		_ = c.read(ctx, controller+expanded, &doc) // what it does not give is read below
		before := len(c.inv.Resources)
		for _, drive := range doc.Drives {
			c.inline(drive)
		}
		c.plain = len(c.inv.Resources) == before
	}
	for _, uri := range uris {
		c.resource(ctx, uri)
	}
}

func (c *crawl) chassis(ctx context.Context, uri string) {
	chassis := c.resource(ctx, uri)
	for _, name := range []string{"Power", "Thermal", "PowerSubsystem", "ThermalSubsystem", "EnvironmentMetrics"} {
		if superseded(chassis, name) {
			continue
		}
		c.resource(ctx, linkIn(chassis, name))
	}
	for _, adapter := range c.collection(ctx, linkIn(chassis, "NetworkAdapters")) {
		ports := linkIn(adapter, "Ports")
		if ports == "" {
			ports = linkIn(adapter, "NetworkPorts")
		}
		c.collection(ctx, ports)
		c.collection(ctx, linkIn(adapter, "NetworkDeviceFunctions"))
	}
	c.collection(ctx, linkIn(chassis, "PCIeDevices"))
}

// superseded: a BMC that has the older resource tells the same again in the newer.
func superseded(chassis found, name string) bool {
	older := map[string]string{"PowerSubsystem": "Power", "ThermalSubsystem": "Thermal", "EnvironmentMetrics": "Power"}[name]
	return older != "" && linkIn(chassis, older) != ""
}

func (c *crawl) firmware(ctx context.Context) {
	if c.failed != nil {
		return
	}
	uri, err := c.b.rooted(ctx, opInventory, updateService)
	if err != nil {
		c.problem(ctx, serviceRootURI, err)
		return
	}
	c.collection(ctx, linkIn(c.resource(ctx, uri), "FirmwareInventory"))
}

// resource reads one resource, unless it is not linked to or was read before.
func (c *crawl) resource(ctx context.Context, uri string) found {
	if uri == "" || c.seen[uri] || c.failed != nil {
		return nil
	}
	c.seen[uri] = true
	var doc json.RawMessage
	if err := c.read(ctx, uri, &doc); err != nil {
		c.problem(ctx, uri, err)
		return nil
	}
	return c.keep(uri, doc)
}

// collection reads all members of a collection. When the BMC cannot give them all in
// one, it reads one by one: one broken member breaks the document that holds them all.
func (c *crawl) collection(ctx context.Context, uri string) []found {
	if uri == "" || c.failed != nil {
		return nil
	}
	list, err := c.b.list(ctx, opInventory, uri)
	if err != nil && !c.gone(ctx, err) {
		err = c.again(ctx, func() error {
			var err error
			list, err = c.b.pages(ctx, opInventory, uri)
			return err
		})
	}
	if err != nil {
		c.problem(ctx, uri, err)
		return nil
	}
	members := make([]found, 0, len(list.Members))
	for _, member := range list.Members {
		if kept := c.member(ctx, uri, member); kept != nil {
			members = append(members, kept)
		}
	}
	return members
}

func (c *crawl) member(ctx context.Context, collection string, member json.RawMessage) found {
	if kept := c.inline(member); kept != nil {
		return kept
	}
	var to link
	if err := json.Unmarshal(member, &to); err != nil || to.URI == "" {
		c.inv.Problems = append(c.inv.Problems, Problem{URI: collection, Message: "a member is neither a resource nor a link"})
		return nil
	}
	return c.resource(ctx, to.URI)
}

// inline keeps a resource that came inside another, which a mere link did not.
func (c *crawl) inline(doc json.RawMessage) found {
	var head struct {
		link

		ID string `json:"Id"`
	}
	if decode(bytes.NewReader(doc), &head) != nil || head.ID == "" || head.URI == "" || c.seen[head.URI] {
		return nil
	}
	c.seen[head.URI] = true
	return c.keep(head.URI, doc)
}

func (c *crawl) keep(uri string, doc json.RawMessage) found {
	var props found
	if err := json.Unmarshal(doc, &props); err != nil || props == nil {
		c.inv.Problems = append(c.inv.Problems, Problem{URI: uri, Message: "the document is no JSON object"})
		return nil
	}
	c.inv.Resources = append(c.inv.Resources, Resource{URI: uri, Type: typeOf(props), Hash: contentHash(doc), Document: doc})
	return props
}

func (c *crawl) read(ctx context.Context, uri string, out any) error {
	return c.again(ctx, func() error {
		_, err := c.b.get(ctx, opInventory, uri, out)
		return err
	})
}

// again repeats a read while the BMC says that it cannot show the resource now.
func (c *crawl) again(ctx context.Context, read func() error) error {
	for try := 1; ; try++ {
		err := read()
		if err == nil || OutcomeOf(err) != Transient || c.gone(ctx, err) || try == readTries {
			return err
		}
		if ended := sleep(ctx, max(c.b.pace.poll, retryAfter(err))); ended != nil {
			return err
		}
	}
}

func (c *crawl) problem(ctx context.Context, uri string, err error) {
	if c.gone(ctx, err) {
		c.failed = err
		return
	}
	c.inv.Problems = append(c.inv.Problems, Problem{URI: uri, Message: err.Error()})
}

// gone tells a BMC that does not answer any more from a resource that fails.
func (c *crawl) gone(ctx context.Context, err error) bool {
	if ctx.Err() != nil || hasStatus(err, http.StatusUnauthorized) {
		return true
	}
	e, ok := errors.AsType[*Error](err)
	return !ok || e.Status == 0 && e.Outcome != Permanent && !errors.Is(err, errNotJSON)
}
