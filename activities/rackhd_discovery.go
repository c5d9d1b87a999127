package activities

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/rackflow/rackflow/graph"
)

// rackhdEndpoint is a BMC as RackHD's discovery tasks name it.
type rackhdEndpoint struct {
	URI      string `json:"uri"`
	Username string `json:"username"`
	Password string `json:"password"`
}

// rackhdTrust says which certificates may be believed. RackHD believed all of them.
type rackhdTrust struct {
	// VerifySSL false believes a certificate that is seen for the first time, as Trust does.
	VerifySSL    *bool    `json:"verifySSL"`
	Trust        bool     `json:"trust"`
	Fingerprints []string `json:"fingerprints"`
}

func (o rackhdTrust) options() scanOptions {
	return scanOptions{Trust: o.Trust || o.VerifySSL != nil && !*o.VerifySSL, Fingerprints: o.Fingerprints}
}

// rackhdDiscover adds the server behind one BMC, or brings it up to date.
func rackhdDiscover(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o struct {
		rackhdEndpoint
		rackhdTrust
	}
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	return c.discoverOne(ctx, o.rackhdEndpoint, o.options())
}

// rackhdPostDiscovery does so with what RackHD's discovery service had found of a server.
func rackhdPostDiscovery(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o struct {
		rackhdTrust

		Credentials bmcCredentials `json:"credentials"`
		Data        struct {
			Status  string `json:"status"`
			Summary struct {
				// ID is the BMC's address.
				ID string `json:"id"`
			} `json:"summary"`
		} `json:"data"`
	}
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	if o.Data.Status != "SUCCESS" || o.Data.Summary.ID == "" {
		return graph.JobOutput{}, permanent(errors.New("option data should be what a discovery has found: status SUCCESS, and the BMC's address as summary.id"))
	}
	endpoint := rackhdEndpoint{
		URI: "https://" + net.JoinHostPort(o.Data.Summary.ID, strconv.Itoa(httpsPort)), Username: o.Credentials.name(), Password: o.Credentials.Password,
	}
	return c.discoverOne(ctx, endpoint, o.options())
}

// discoverOne fails where a scan only notes a reason.
func (c *call) discoverOne(ctx context.Context, at rackhdEndpoint, o scanOptions) (graph.JobOutput, error) {
	one, err := at.asRange()
	if err != nil {
		return graph.JobOutput{}, permanent(err)
	}
	o.Ranges = []scanRange{one}
	rows, err := c.scan(ctx, o)
	if err != nil {
		return graph.JobOutput{}, err
	}
	switch row := rows[0]; row.Outcome {
	case scanSilent:
		return graph.JobOutput{}, transient(fmt.Errorf("%s: %s", row.Address, row.Reason))
	case scanRefused:
		return graph.JobOutput{}, permanent(fmt.Errorf("%s: %s (fingerprint %s)", row.Address, row.Reason, row.Fingerprint))
	}
	return discovered(rows)
}

func (e rackhdEndpoint) asRange() (scanRange, error) {
	r, err := scanURI(e.URI)
	r.credentials = bmcCredentials{User: e.Username, Password: e.Password}
	return r, err
}

// rackhdRange scans ranges of addresses.
func rackhdRange(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o struct {
		rackhdTrust

		Ranges      []scanRange    `json:"ranges"`
		Credentials bmcCredentials `json:"credentials"`
		Inventory   flexibleBool   `json:"inventory"`
	}
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	options := o.options()
	options.Ranges, options.Credentials, options.Inventory = o.Ranges, o.Credentials, o.Inventory
	rows, err := c.scan(ctx, options)
	if err != nil {
		return graph.JobOutput{}, err
	}
	return discovered(rows)
}

// rackhdList adds the servers of a list of BMCs. After a scan in the same run they are in
// the inventory, and are looked up there.
func rackhdList(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o struct {
		rackhdTrust

		List []rackhdEndpoint `json:"discoverList"`
	}
	if _, ok := c.options["discoverList"].([]any); !ok {
		delete(c.options, "discoverList") // the run's context has none
		return onServers(func(context.Context, *call, machine) error { return nil })(ctx, c)
	}
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	options := o.options()
	for _, endpoint := range o.List {
		one, err := endpoint.asRange()
		if err != nil {
			return graph.JobOutput{}, permanent(err)
		}
		options.Ranges = append(options.Ranges, one)
	}
	rows, err := c.scan(ctx, options)
	if err != nil {
		return graph.JobOutput{}, err
	}
	return discovered(rows)
}

// discovered leaves the ids of the servers in the context under RackHD's name, for the
// tasks that come after.
func discovered(rows []scanRow) (graph.JobOutput, error) {
	out, err := scanOutput(rows)
	if result, ok := out.Result.(map[string]any); ok {
		out.Context = map[string]any{"systems": result["servers"]}
	}
	return out, err
}

// atOnce is how many servers a job for several of them works at side by side.
const atOnce = 8

// onServers makes a job out of what is done with one server's BMC. It is done with each
// of option servers, which a discovery in the same run has found, else with the run's own.
// What fails for one does not keep it from the others.
func onServers(do func(ctx context.Context, c *call, t machine) error) job {
	return func(ctx context.Context, c *call) (graph.JobOutput, error) {
		ids, err := c.servers()
		if err != nil {
			return graph.JobOutput{}, err
		}
		var (
			group  errgroup.Group
			mu     sync.Mutex
			failed []error
		)
		group.SetLimit(atOnce)
		before := *c
		for _, id := range ids {
			group.Go(func() error {
				each := before
				each.hidden = slices.Clone(before.hidden)
				each.options = map[string]any{"nodeId": id}
				err := each.with(ctx, do)
				mu.Lock()
				defer mu.Unlock()
				c.hidden = append(c.hidden, each.hidden...)
				failed = append(failed, err)
				return nil
			})
		}
		_ = group.Wait() // failed has them all
		return graph.JobOutput{Result: map[string]any{"servers": ids}}, errors.Join(failed...)
	}
}

func (c *call) with(ctx context.Context, do func(ctx context.Context, c *call, t machine) error) error {
	t, err := c.machine(ctx)
	if err != nil {
		return err
	}
	return do(ctx, c, t)
}

func (c *call) servers() ([]string, error) {
	list, _ := c.options["servers"].([]any)
	ids := make([]string, 0, len(list))
	for _, entry := range list {
		if id, ok := entry.(string); ok && id != "" {
			ids = append(ids, id)
		}
	}
	if _, scanned := c.options["servers"].([]any); scanned {
		return ids, nil
	}
	own, err := c.serverID()
	return []string{own}, err
}

func rackhdCatalog(ctx context.Context, c *call, t machine) error {
	_, err := serverCatalog(ctx, c, t, struct{}{})
	return err
}

// rackhdLookups sees to it that the server is found by its service tag and by each of its
// MAC addresses, which is what RackHD's lookups were for.
func rackhdLookups(ctx context.Context, c *call, t machine) error {
	identity, err := t.Identify(ctx)
	if err != nil {
		return err
	}
	if err := c.identify(ctx, t.server, identity); err != nil {
		return err
	}
	for _, ref := range references(identity) {
		found, err := c.Store.Server(ctx, ref)
		if err != nil {
			return permanent(fmt.Errorf("%s is not found by %s: %w", t.server.Name, ref, err))
		}
		if found.ID != t.server.ID {
			return permanent(fmt.Errorf("%s leads to %s, not to %s: correct the identifiers of one of the two", ref, found.Name, t.server.Name))
		}
	}
	return nil
}
