package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
)

const nodeDiscoverHelp = `Look for BMCs in ranges of addresses, and add the servers behind them.

A RANGE is 10.0.0.1-10.0.0.99, 10.0.0.0/24 or 10.0.0.7. Servers that are there
already are brought up to date: they are known by service tag and MAC addresses.

The BMCs' password is read from stdin with --password-stdin, else from the
environment variable RACKFLOW_BMC_PASSWORD, else asked for on a terminal. It is sent
only to BMCs whose certificate is pinned already or named by --fingerprint. Others
are listed with the fingerprint of theirs. --trust believes each certificate that is
seen for the first time, which is no safer than the network in between.

The server looks for the BMCs, not this command. A BMC that is refused does not make
the command fail.`

type nodeDiscover struct {
	a            *app
	user         string
	password     bmcPassword
	trust        bool
	fingerprints []string
	ports        []int
	inventory    bool
}

func newNodeDiscover(a *app) *cobra.Command {
	d := nodeDiscover{a: a, password: bmcPassword{a: a}}
	cmd := &cobra.Command{
		Use:     "discover RANGE... --user USER",
		Short:   "Look for BMCs, and add the servers behind them",
		Long:    nodeDiscoverHelp,
		Example: "  rackflow node discover 10.0.0.0/24 10.0.1.5-10.0.1.20 --user root --trust",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return d.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&d.user, "user", "", "`name` of the BMCs' user")
	flags.BoolVar(&d.password.stdin, "password-stdin", false, "read the BMCs' password from stdin")
	flags.BoolVar(&d.trust, "trust", false, "trust each certificate that is seen for the first time")
	flags.StringSliceVar(&d.fingerprints, "fingerprint", nil, "fingerprint of a certificate to trust, in `hex`; may be repeated")
	flags.IntSliceVar(&d.ports, "port", nil, "`port` of the BMCs, 443 when absent; may be repeated")
	flags.BoolVar(&d.inventory, "inventory", false, "keep a catalog of each server, too")
	_ = cmd.MarkFlagRequired("user") // fails only for a flag that is not defined
	return cmd
}

// discovery is the result of a scan.
type discovery struct {
	Addresses int             `json:"addresses"`
	Created   int             `json:"created"`
	Updated   int             `json:"updated"`
	Refused   int             `json:"refused"`
	Silent    int             `json:"silent"`
	Omitted   int             `json:"omitted"`
	Servers   []string        `json:"servers"`
	Found     []discoveredBMC `json:"found"`
}

type discoveredBMC struct {
	Address     string `json:"address"`
	Outcome     string `json:"outcome"`
	Server      string `json:"server,omitempty"`
	Name        string `json:"name,omitempty"`
	Model       string `json:"model,omitempty"`
	ServiceTag  string `json:"serviceTag,omitempty"`
	Firmware    string `json:"firmware,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
	Reason      string `json:"reason,omitempty"`
}

func (d nodeDiscover) run(ctx context.Context, ranges []string) error {
	if d.user == "" {
		return usagef("--user should not be empty")
	}
	for i, text := range d.fingerprints {
		fingerprint, err := parseFingerprint(text)
		if err != nil {
			return err
		}
		d.fingerprints[i] = fingerprint
	}
	password, err := d.password.read(ctx, d.user, "the BMCs")
	if err != nil {
		return err
	}
	options := map[string]any{
		"ranges": ranges, "credentials": map[string]any{"user": d.user, "password": password}, "trust": d.trust, "inventory": d.inventory,
	}
	if len(d.fingerprints) > 0 {
		options["fingerprints"] = d.fingerprints
	}
	if len(d.ports) > 0 {
		options["ports"] = d.ports
	}
	var found discovery
	if err := d.a.runTask(ctx, "", "Graph.Discover", "scan", options, &found); err != nil {
		return err
	}
	d.a.notef("Servers: %d added, %d updated; %d refused; nobody answers at %d of %d addresses",
		found.Created, found.Updated, found.Refused, found.Silent, found.Addresses)
	if found.Omitted > 0 {
		d.a.notef("%d are not listed here: see 'rackflow node list'", found.Omitted)
	}
	return d.a.print(found, func(b *strings.Builder) { writeDiscovery(b, found.Found) })
}

func writeDiscovery(b *strings.Builder, found []discoveredBMC) {
	if len(found) == 0 {
		return
	}
	t := newTable("ADDRESS", "OUTCOME", "NAME", "MODEL", "SERVICE TAG", "FIRMWARE", "FINGERPRINT", "REASON")
	for _, f := range found {
		t.add(f.Address, f.Outcome, f.Name, f.Model, f.ServiceTag, f.Firmware, f.Fingerprint, f.Reason)
	}
	t.write(b)
}
