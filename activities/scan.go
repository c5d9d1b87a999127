package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rackflow/rackflow/graph"
)

const (
	// scanners is how many addresses a scan looks at side by side.
	scanners = 64
	// probeLimit is how long an address may take to show that a BMC is there.
	probeLimit = 5 * time.Second
	// loginLimit is how long a BMC may take to log in and say who it is.
	loginLimit = 2 * time.Minute
	// maxRows bounds the list in a scan's result, in bytes of JSON.
	maxRows = 128 << 10
)

// What has become of an address.
const (
	scanCreated = "created"
	scanUpdated = "updated"
	scanRefused = "refused"
	// scanSilent is not listed, unless the address was given by itself.
	scanSilent = "silent"
)

type scanOptions struct {
	Ranges []scanRange `json:"ranges"`
	// Ports are those to look at; 443 when empty.
	Ports []int `json:"ports"`
	// Credentials are of ranges that have none.
	Credentials bmcCredentials `json:"credentials"`
	// Trust believes each certificate that is seen for the first time.
	Trust bool `json:"trust"`
	// Fingerprints are of certificates that are believed.
	Fingerprints []string `json:"fingerprints"`
	// Inventory keeps a catalog of each server, too.
	Inventory flexibleBool `json:"inventory"`
}

// flexibleBool is an option that RackHD's users write as true or as "true".
type flexibleBool bool

// UnmarshalJSON reads both.
func (b *flexibleBool) UnmarshalJSON(data []byte) error {
	switch strings.Trim(string(data), `"`) {
	case "true":
		*b = true
	case "false", "null", "":
		*b = false
	default:
		return errors.New("should be true or false")
	}
	return nil
}

// scanRow is what a scan has found at one address.
type scanRow struct {
	Address string `json:"address"`
	Outcome string `json:"outcome"`
	// Server is the id of the server that the address is now a way to.
	Server      string `json:"server,omitempty"`
	Name        string `json:"name,omitempty"`
	Model       string `json:"model,omitempty"`
	ServiceTag  string `json:"serviceTag,omitempty"`
	Firmware    string `json:"firmware,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
	Reason      string `json:"reason,omitempty"`
}

// serverScan looks for BMCs in ranges of addresses, and adds the servers behind them to
// the inventory or brings them up to date there. What is wrong with one address is said
// in its row and touches no other.
func serverScan(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o scanOptions
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	rows, err := c.scan(ctx, o)
	if err != nil {
		return graph.JobOutput{}, err
	}
	return scanOutput(rows)
}

// scan returns a row for each address, in their order.
func (c *call) scan(ctx context.Context, o scanOptions) ([]scanRow, error) {
	if len(o.Ranges) == 0 {
		return nil, permanent(errors.New("option ranges is required: addresses such as 10.0.0.1-10.0.0.99 or 10.0.0.0/24"))
	}
	targets, err := scanTargets(o.Ranges, o.Ports, o.Credentials)
	if err != nil {
		return nil, permanent(err)
	}
	s, err := c.newScan(ctx, o)
	if err != nil {
		return nil, err
	}
	for _, target := range targets {
		if !slices.Contains(c.hidden, target.credentials.Password) {
			c.hide(target.credentials.Password)
		}
	}
	return s.all(ctx, targets)
}

// scan is what the looks at all addresses share.
type scan struct {
	*call

	options scanOptions
	// trusted are fingerprints that the options name.
	trusted map[string]bool
	// pinned are the fingerprints that the inventory has, by endpoint.
	pinned map[string]string
	// writing is held while a server is looked for and written, so that two ways to one
	// server do not make two of it.
	writing sync.Mutex
}

func (c *call) newScan(ctx context.Context, o scanOptions) (*scan, error) {
	s := &scan{call: c, options: o, trusted: map[string]bool{}, pinned: map[string]string{}}
	for _, fingerprint := range o.Fingerprints {
		s.trusted[plainFingerprint(fingerprint)] = true
	}
	known, err := c.Store.OBMs(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, o := range known {
		fingerprint, _ := o.Config["fingerprint"].(string)
		endpoint, err := Endpoint(o.Config)
		if o.Service == RedfishService && err == nil && fingerprint != "" {
			s.pinned[withoutPort(endpoint)] = plainFingerprint(fingerprint)
		}
	}
	return s, nil
}

func plainFingerprint(text string) string {
	return strings.ToLower(strings.ReplaceAll(text, ":", ""))
}

// withoutPort makes one endpoint of the two ways to write the port that every BMC has.
func withoutPort(endpoint string) string { return strings.TrimSuffix(endpoint, ":443") }

func (s *scan) all(ctx context.Context, targets []scanTarget) ([]scanRow, error) {
	rows := make([]scanRow, len(targets))
	var group errgroup.Group
	group.SetLimit(scanners)
	for i, target := range targets {
		group.Go(func() error {
			if ctx.Err() == nil {
				rows[i] = s.look(ctx, target)
			}
			return nil
		})
	}
	_ = group.Wait() // a row tells what is wrong
	return rows, ctx.Err()
}

// scanOutput counts the rows and lists those of BMCs, as many as a result can hold:
// refused ones first, for the others are in the inventory.
func scanOutput(rows []scanRow) (graph.JobOutput, error) {
	counts := map[string]int{}
	servers := []string{}
	for _, row := range rows {
		counts[row.Outcome]++
		if row.Server != "" && !slices.Contains(servers, row.Server) {
			servers = append(servers, row.Server)
		}
	}
	listed, omitted := fit(rows)
	result, err := plainJSON(map[string]any{
		"addresses": len(rows), "created": counts[scanCreated], "updated": counts[scanUpdated],
		"refused": counts[scanRefused], "silent": counts[scanSilent],
		"servers": servers, "found": listed, "omitted": omitted,
	})
	return graph.JobOutput{Result: result}, err
}

func fit(rows []scanRow) (listed []scanRow, omitted int) {
	order := make([]int, 0, len(rows))
	for i, row := range rows {
		if row.Outcome != scanSilent || row.Reason != "" {
			order = append(order, i)
		}
	}
	rank := func(i int) int {
		if rows[i].Outcome == scanRefused {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rank(a), rank(b)) })
	size := 0
	for n, i := range order {
		data, _ := json.Marshal(rows[i]) //nolint:errchkjson // texts always have a JSON form
		if size += len(data); size > maxRows {
			order, omitted = order[:n], len(order)-n
			break
		}
	}
	slices.Sort(order)
	listed = make([]scanRow, 0, len(order))
	for _, i := range order {
		listed = append(listed, rows[i])
	}
	return listed, omitted
}
