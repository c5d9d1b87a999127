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
	faults := simFaults{read: a.p.ReadFile}
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Simulate a fleet of servers with iDRACs",
		Long: `Simulate a fleet of servers with iDRACs, for trying rackflow and for tests.

Each server has a Redfish service of its own. A server that boots from an inserted
image reads it over HTTP as an iDRAC does, looks for an answer file and does what
that says. The control API tells what each server was told (GET /sim/servers,
GET /sim/servers/TAG/journal).

Servers misbehave as real ones do when they are given faults: by --fault, by a file,
or while they run by the control API (POST, GET and DELETE /sim/faults, and
PUT /sim/servers/TAG/faults). GET /sim/faults/kinds lists the kinds. A file is a list
in YAML or JSON:

  - kind: SlowAnswer            # all servers, one request in ten takes 3 s
    probability: 0.1
    delay: 3s
  - kind: PowerOnConflict       # the first server, for two times
    servers: ["0"]
    count: 2
  - kind: NotReady              # a part of one server, after ten good answers
    servers: [SM00001]
    path: /redfish/v1/Systems/*/Storage*
    method: GET
    after: 10

The same --seed, faults and requests have the same outcome.`,
		Example: `  rackflow sim --servers 1000 --generation idrac8,idrac9v5,idrac9v7,idrac10
  rackflow sim --faults faults.yaml --seed 7
  rackflow sim --fault PowerStateStale,servers=0 --fault SlowAnswer,probability=0.1,delay=3s`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cfg.Servers < 1 {
				return usagef("--servers should be 1 or more")
			}
			var err error
			if cfg.Faults, err = faults.parse(); err != nil {
				return err
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
	flags.StringVar(&cfg.Generation, "generation", sim.IDRAC9v7,
		"what they are: "+sim.IDRAC8+", "+sim.IDRAC9v5+", "+sim.IDRAC9v7+" or "+sim.IDRAC10+"; several with commas between take turns")
	flags.StringVar(&faults.file, "faults", "", "`file` with a list of faults")
	flags.StringArrayVar(&faults.lines, "fault", nil, "a `fault`, as KIND or KIND,NAME=VALUE,…; may be repeated")
	flags.Uint64Var(&cfg.Seed, "seed", 1, "what chance follows from")
	flags.StringVar(&control, "control", "127.0.0.1:9080", "loopback `address` of the control API")
	return cmd
}

// simFaults are the faults that the command line asks for.
type simFaults struct {
	file  string
	lines []string
	read  func(name string) ([]byte, error)
}

func (f simFaults) parse() ([]sim.Fault, error) {
	var faults []sim.Fault
	if f.file != "" {
		data, err := f.read(f.file)
		if err != nil {
			return nil, fmt.Errorf("read --faults: %w", err)
		}
		if faults, err = sim.ParseFaults(data); err != nil {
			return nil, usagef("--faults %s: %v", f.file, err)
		}
	}
	for _, line := range f.lines {
		fault, err := sim.ParseFault(line)
		if err != nil {
			return nil, usagef("--fault: %v", err)
		}
		faults = append(faults, fault)
	}
	return faults, nil
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
