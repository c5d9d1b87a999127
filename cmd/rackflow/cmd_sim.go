package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/rackflow/rackflow/sim"
)

func newSim(a *app) *cobra.Command {
	var cfg sim.Config
	var control, password string
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Simulate a fleet of servers with iDRACs",
		Long: `Simulate a fleet of servers with iDRACs, for trying rackflow and for tests.

Each server has a Redfish service of its own. A server that boots from an inserted
image reads it over HTTP as an iDRAC does, looks for an answer file and does what
that says. The control API tells what each server was told (GET /sim/servers,
GET /sim/servers/TAG/journal) and lets it misbehave (PUT /sim/servers/TAG/faults).`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cfg.Servers < 1 {
				return usagef("--servers should be 1 or more")
			}
			cfg.Password, cfg.Timing = password, demoTiming
			cfg.Log = newLog(a.p.Stderr, false)
			return simulate(cmd.Context(), a.p.Stdout, cfg, control)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&cfg.Servers, "servers", 3, "how many")
	flags.StringVar(&cfg.Listen, "listen", "127.0.0.1:9443", "`address` of the first server; the others take the ports after it")
	flags.StringVar(&cfg.Username, "user", "root", "user `name` of every iDRAC")
	flags.StringVar(&password, "password", "calvin", "password of every simulated iDRAC")
	flags.StringVar(&control, "control", "127.0.0.1:9080", "loopback `address` of the control API")
	return cmd
}

// simulate runs a fleet until the context ends.
func simulate(ctx context.Context, out io.Writer, cfg sim.Config, control string) error {
	fleet, err := sim.Start(cfg)
	if err != nil {
		return err
	}
	defer func() { _ = fleet.Close() }()
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", control)
	if err != nil {
		return fmt.Errorf("listen for the control API: %w", err)
	}
	server := &http.Server{Handler: fleet.Handler(), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if err := printFleet(out, fleet, "http://"+listener.Addr().String()+"/sim/servers"); err != nil {
		return errors.Join(err, server.Close())
	}
	select {
	case <-ctx.Done():
		return server.Close()
	case err := <-failed:
		return err
	}
}

func printFleet(out io.Writer, fleet *sim.Fleet, control string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERVER\tBMC\tMAC\tFINGERPRINT")
	for _, s := range fleet.Servers() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Tag(), s.URL(), s.MAC(), s.Fingerprint())
	}
	fmt.Fprintf(w, "\ncontrol API\t%s\n", control)
	return w.Flush()
}
