package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/sim"
)

const (
	demoGraph = "Graph.Deploy.VirtualMedia"
	demoImage = "demo.iso"
	// demoKey lets somebody in who has the private half, which nobody has.
	demoKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPhQ3Yvq0oZ1c9mZ0d7m2ZbJm8T0qv0yG4uQhQp1k2L demo"
)

// demoTiming is slow enough to be watched.
var demoTiming = sim.Timing{
	PowerOn: time.Second, PowerOff: time.Second, POST: time.Second, InstallStep: 1500 * time.Millisecond,
}

// demoPace keeps up with demoTiming.
const demoPace = 0.1

func newDemo(a *app) *cobra.Command {
	d := demo{a: a}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Install an operating system on a few simulated servers, and show how",
		Long: `Install an operating system on a few simulated servers, and show how.

It starts everything that "rackflow up" does and a simulated fleet, registers the
servers and runs ` + demoGraph + ` on each. The simulated servers fetch the
image over HTTP, look for its boot record and for the answer file, and report back
as a real installer does. What is left in the data folder can be looked at with
"rackflow up --data FOLDER". Ports in use are avoided.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context()) },
	}
	flags := cmd.Flags()
	flags.IntVar(&d.servers, "servers", 3, "how many")
	flags.StringVar(&d.iso, "iso", "", "`file` of a bootable ISO to install from (default: a small one made for the purpose)")
	flags.StringVar(&d.data, "data", "rackflow-demo", "`folder` of all data")
	flags.BoolVar(&d.keep, "keep", false, "stay up at the end, until interrupted")
	return cmd
}

type demo struct {
	a         *app
	servers   int
	iso, data string
	keep      bool

	engine *engine
	fleet  *sim.Fleet
	api    *v2.Client
	image  string
}

func (d *demo) run(ctx context.Context) error {
	if d.servers < 1 {
		return usagef("--servers should be 1 or more")
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	defer d.stop()
	runs, err := d.deploy(ctx)
	if err != nil {
		return err
	}
	states, err := watchRuns(ctx, d.a, runs)
	if err != nil {
		return err
	}
	if err := d.report(runs, states); err != nil {
		return err
	}
	if d.keep {
		<-ctx.Done()
	}
	return nil
}

func (d *demo) start(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			d.stop()
		}
	}()
	cfg := engineConfig{
		Data: d.data, API: freeAddress(ctx, "127.0.0.1:8080"), Media: freeAddress(ctx, "127.0.0.1:8081"),
		Temporal: freeAddress(ctx, "127.0.0.1:7233"), UI: freeAddress(ctx, "127.0.0.1:8233"),
		BMCPace: demoPace, Version: readBuildInfo().Version, Log: newLog(d.a.p.Stderr, false),
	}
	if d.iso != "" {
		cfg.Images, d.image = filepath.Split(filepath.Clean(d.iso))
		cfg.Images = filepath.Clean(cfg.Images)
	}
	if d.engine, err = startEngine(ctx, cfg); err != nil {
		return err
	}
	if d.iso == "" {
		if err := d.writeImage(); err != nil {
			return err
		}
	}
	if d.fleet, err = sim.Start(sim.Config{Servers: d.servers, Timing: demoTiming}); err != nil {
		return err
	}
	if err := d.engine.print(d.a.p.Stdout); err != nil {
		return err
	}
	d.a.server = "http://" + d.engine.apiAddr.String()
	d.api, err = d.a.client()
	return err
}

// freeAddress returns the address, or one with a free port when that is taken.
func freeAddress(ctx context.Context, address string) string {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return "127.0.0.1:0"
	}
	if l.Close() != nil {
		return "127.0.0.1:0"
	}
	return address
}

func (d *demo) writeImage() (err error) {
	d.image = demoImage
	f, err := os.Create(filepath.Join(d.engine.cfg.Images, demoImage))
	if err != nil {
		return fmt.Errorf("write the demo's image: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return sim.WriteBootISO(f, "RACKFLOW-DEMO")
}

// stop ends the engine first: it logs out of the BMCs.
func (d *demo) stop() {
	if d.engine != nil {
		d.engine.stop()
	}
	if d.fleet != nil {
		if err := d.fleet.Close(); err != nil {
			d.a.notef("stop the simulated fleet: %v", err)
		}
	}
}

// deploy registers the servers and starts the graph on each.
func (d *demo) deploy(ctx context.Context) ([]string, error) {
	var runs []string
	for i, s := range d.fleet.Servers() {
		node, err := d.register(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("register %s: %w", s.Tag(), err)
		}
		started, err := decode[startedRun](d.api.NodesPostWorkflowByIDWithBody(ctx, node, nil, "application/json",
			strings.NewReader(d.request(i))))
		if err != nil {
			return nil, fmt.Errorf("start %s on %s: %w", demoGraph, s.Tag(), err)
		}
		runs = append(runs, started.InstanceID)
	}
	return runs, nil
}

func (d *demo) request(i int) string {
	return fmt.Sprintf(`{"name": %q, "options": {"defaults": {"image": %q, "family": "rhel", "answers": {"hostname": "demo-%d", "sshKeys": [%q]}}}}`,
		demoGraph, d.image, i+1, demoKey)
}

// register adds the server, or when an earlier demo has, tells where its BMC is now.
func (d *demo) register(ctx context.Context, s *sim.Server) (id string, err error) {
	settings := v2.ObmSettings{Service: redfishService, Config: map[string]any{
		"host": s.URL(), "uri": s.URL() + "/redfish/v1", "root": "/redfish/v1/", "protocol": "https",
		"user": "root", "password": "calvin", "fingerprint": s.Fingerprint(),
	}}
	node, err := decode[v2.NodeDocument](d.api.NodesGetByID(ctx, s.Tag()))
	if asExit(ctx, err) == nil {
		return node.ID, done(d.api.ObmsPut(ctx, v2.ObmPut{NodeID: node.ID, Service: settings.Service, Config: settings.Config}))
	}
	if asExit(ctx, err).code != exitNotFound {
		return "", err
	}
	node, err = decode[v2.NodeDocument](d.api.NodesPost(ctx, v2.NodeCreate{
		Name: s.Tag(), Type: v2.NodeTypeCompute, Identifiers: []string{s.MAC()}, Obms: []v2.ObmSettings{settings},
	}))
	return node.ID, err
}

// report holds what the runs say against what the servers say, and shows where to look next.
func (d *demo) report(runs []string, states map[string]string) error {
	w := tabwriter.NewWriter(d.a.p.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w)
	failed := 0
	for i, s := range d.fleet.Servers() {
		installed, ok := s.Installed()
		if !ok || states[runs[i]] != "succeeded" {
			failed++
			fmt.Fprintf(w, "%s\tnot installed: the run %s\n", s.Tag(), states[runs[i]])
			continue
		}
		fmt.Fprintf(w, "%s\tinstalled %s (%s), power %s\n", s.Tag(), installed.Hostname, installed.Family, s.PowerState())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	d.next(runs[0])
	if failed > 0 {
		return &exitError{code: exitRunFailed, err: fmt.Errorf("%d of %d servers are not installed", failed, len(runs))}
	}
	return nil
}

// next prints a line for each thing to look at.
func (d *demo) next(run string) {
	_, ui := d.engine.temporal.addresses()
	workflowID, runID, _ := strings.Cut(run, ".")
	program := d.a.p.Program
	out := d.a.p.Stdout
	if !d.keep {
		ui = "127.0.0.1:8233"
		fmt.Fprintf(out, "\nTo look around, start it again on the demo's data: every run is still there.\n  %s up --data %s\n", program, d.data)
	}
	fmt.Fprintf(out, "Then, while it is up:\n")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "  Web UI\thttp://%s/namespaces/default/workflows/%s/%s/history\n", ui, workflowID, runID)
	fmt.Fprintf(w, "  the run\t%s run show %s\n", program, run)
	fmt.Fprintf(w, "  its history\ttemporal workflow show --workflow-id %s --run-id %s\n", workflowID, runID)
	_ = w.Flush() // stdout is gone: there is nowhere left to say so
}
