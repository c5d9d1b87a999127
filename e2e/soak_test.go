package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rackflow/rackflow/sim"
)

var (
	soakServers = flag.Int("soak.servers", 12, "how many servers TestSoak simulates")
	soakFor     = flag.Duration("soak.for", 0, "how long TestSoak begins new rounds; 0 is one round of half the graphs for each server")
)

// everywhere are faults that all servers have, each on one occasion in ten. None of them
// may fail a run by itself: those that give up after some tries in a row have a count.
var everywhere = []sim.Fault{
	{Kind: sim.PowerOnConflict}, {Kind: sim.PowerStateMissing}, {Kind: sim.PowerStateStale, Delay: brief},
	{Kind: sim.MediaServerConnected, Count: 1}, {Kind: sim.MediaDetached, Count: 1},
	{Kind: sim.InsertReportsError, Delay: brief}, {Kind: sim.EjectShownLate, Delay: brief}, {Kind: sim.EjectReportsError},
	{Kind: sim.JobMissing}, {Kind: sim.TaskPurged}, {Kind: sim.ETagRefused}, {Kind: sim.SessionsFull}, {Kind: sim.LifecycleNotReady},
}

// tedious are faults that are answered by a wait of 10 to 30 s, so they are for long soaks.
var tedious = []sim.Fault{{Kind: sim.ConfigurationPending}, {Kind: sim.ConfigurationRunning}}

// rotating are faults that any request can meet. A server has one of them.
var rotating = []sim.Fault{
	{Kind: sim.SlowAnswer, Delay: brief}, {Kind: sim.SessionLost, Count: 1}, {Kind: sim.TruncatedJSON, Method: http.MethodGet},
	{Kind: sim.ConnectionReset}, {Kind: sim.Unreachable}, {Kind: sim.InternalError}, {Kind: sim.NotReady},
	{Kind: sim.TooManyRequests}, {Kind: sim.HTMLStatus503}, {Kind: sim.EmptyStatus503},
}

const brief = sim.Duration(300 * time.Millisecond)

// mayBeLost is what a task says that must not be done twice, when the BMC's answer to it
// was lost and no job of the BMC tells that it was heard. It ends a run in good order.
const mayBeLost = "may or may not"

// chore is a graph that every server runs, and what holds after it.
type chore struct {
	graph   string
	options func(s *soaked, round int) map[string]any
	// once are events that a run causes exactly one time, and one that fails at most.
	once []string
	// mayFail is the text of the one error that a fault may bring about; empty: none.
	mayFail string
	// leaves names a generation that cannot do it.
	leaves string
}

var chores = []chore{
	{graph: "Graph.PowerOn", options: withDefaults(nil)},
	{graph: "Graph.Reboot", options: withDefaults(nil), once: []string{sim.PowerOff, sim.PowerOn}},
	{graph: "Graph.Profile.Apply", options: func(_ *soaked, round int) map[string]any {
		value := []string{"Enabled", "Disabled"}[round%2]
		return defaults(map[string]any{"attributes": map[string]any{"iDRAC.Embedded.1": map[string]any{"NTPConfigGroup.1#NTPEnable": value}}})
	}, mayFail: mayBeLost},
	{graph: "Graph.Firmware.Update", options: func(_ *soaked, round int) map[string]any {
		return defaults(map[string]any{"source": "image:" + biosPackage(round), "component": "BIOS", "version": biosVersion(round)})
	}, once: []string{sim.FirmwareUpdated}},
	{graph: "Graph.Deploy.VirtualMedia", options: func(s *soaked, _ int) map[string]any {
		options, _ := deployOptions(s.Tag())["defaults"].(map[string]any)
		return defaults(options)
	}, once: []string{sim.InstallStarted, sim.InstallDone}},
	{graph: eraseGraph, options: func(s *soaked, _ int) map[string]any {
		return defaults(map[string]any{"drive": s.drive, "confirm": []any{s.drive}})
	}, once: []string{sim.DriveErased}, mayFail: mayBeLost, leaves: sim.IDRAC8},
}

// eraseGraph has no approval, which the stock graph wants of a person.
const eraseGraph = "Graph.Soak.Erase"

// soakRetries are enough for a tenth of all requests to fail.
const soakRetries = 20

func defaults(options map[string]any) map[string]any {
	all := map[string]any{"retries": soakRetries, "delay": 20}
	maps.Copy(all, options)
	return map[string]any{"defaults": all}
}

func withDefaults(options map[string]any) func(*soaked, int) map[string]any {
	return func(*soaked, int) map[string]any { return defaults(options) }
}

func biosVersion(round int) string { return "9.0." + strconv.Itoa(round) }

func biosPackage(round int) string { return "bios-" + strconv.Itoa(round) + ".exe" }

// soaked is one server.
type soaked struct {
	*sim.Server

	index int
	node  string
	drive string // serial number of one that nothing uses
}

// tally counts the events of all servers. A journal forgets its oldest.
type tally struct {
	mu     sync.Mutex
	counts map[string]int // by tag and kind
}

// Write takes one event.
func (y *tally) Write(line []byte) (int, error) {
	var e sim.Event
	if err := json.Unmarshal(line, &e); err != nil {
		return 0, err
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	y.counts[e.Server+e.Kind]++
	return len(line), nil
}

func (y *tally) count(s *soaked, kind string) int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.counts[s.Tag()+kind]
}

// TestSoak has servers of all generations run graphs for a while, with a tenth of what they
// do going wrong, and looks that nothing is lost, left or done twice.
func TestSoak(t *testing.T) {
	t.Parallel()
	events := &tally{counts: map[string]int{}}
	const moment = 100 * time.Millisecond
	fleet := startFleet(t, sim.Config{
		Servers: *soakServers, Generation: strings.Join([]string{sim.IDRAC8, sim.IDRAC9v5, sim.IDRAC9v7, sim.IDRAC10}, ","), Seed: 1, Journal: events,
		Timing: sim.Timing{PowerOn: moment, PowerOff: moment, POST: moment, InstallStep: moment, MediaSettle: moment, Job: moment},
	})
	e := startEngine(t)
	e.putImage("boot.iso")
	servers := e.enlist(fleet)
	faults := everywhere
	if *soakFor > 0 {
		faults = slices.Concat(everywhere, tedious)
	}
	if _, err := fleet.BreakAll(oneInTen(faults)); err != nil {
		t.Fatal(err)
	}
	for _, s := range servers {
		if err := s.Break(oneInTen(rotating)[s.index%len(rotating)]); err != nil {
			t.Fatal(err)
		}
	}
	var sizes []int
	deadline := time.Now().Add(*soakFor)
	for round := 0; round == 0 || time.Now().Before(deadline); round++ {
		e.putBIOS(round)
		began := time.Now()
		runs := e.soak(servers, events, round)
		sizes = append(sizes, e.resident())
		t.Logf("round %d: %d runs in %s, %d MiB", round, runs, time.Since(began).Round(time.Second), sizes[round]>>20)
	}
	checkFlat(t, sizes)
	fleet.MendAll()
	e.stop()
	for _, s := range servers {
		if s.Sessions() > 0 || len(s.Media()) > 0 {
			t.Errorf("%s (%s) is left with %d sessions and media %v", s.Tag(), s.Generation(), s.Sessions(), s.Media())
		}
	}
}

func oneInTen(faults []sim.Fault) []sim.Fault {
	faults = slices.Clone(faults)
	for i := range faults {
		faults[i].Probability = 0.1
	}
	return faults
}

// enlist registers the servers and catalogs them while they are sound.
func (e *engine) enlist(fleet *sim.Fleet) []*soaked {
	e.t.Helper()
	e.must(http.StatusCreated, http.MethodPut, "/workflows/graphs", map[string]any{
		"friendlyName": "Erase", "injectableName": eraseGraph, "tasks": []any{map[string]any{"label": "erase", "taskName": "Task.Drive.Erase"}},
	}, nil)
	servers := make([]*soaked, 0, len(fleet.Servers()))
	for i, s := range fleet.Servers() {
		servers = append(servers, &soaked{Server: s, index: i, node: e.addServer(s)})
	}
	each(servers, func(s *soaked) {
		if err := e.findDrive(s); err != nil {
			e.t.Errorf("%s: %v", s.Tag(), err)
		}
	})
	return servers
}

func each(servers []*soaked, do func(*soaked)) {
	var all sync.WaitGroup
	for _, s := range servers {
		all.Go(func() { do(s) })
	}
	all.Wait()
}

// findDrive takes a drive of a controller that has no volume.
func (e *engine) findDrive(s *soaked) error {
	r, err := e.complete(s, "Graph.Server.Catalog", nil)
	if err != nil || r.Status != "succeeded" {
		return fmt.Errorf("catalog: %+v, %w", r, err)
	}
	var kept struct {
		Data struct {
			Summary struct {
				Drives []struct{ Controller, SerialNumber string }
			}
		}
	}
	if _, err := e.call(http.MethodGet, "/nodes/"+s.node+"/catalogs/redfish", nil, &kept); err != nil {
		return err
	}
	used := map[string]bool{}
	for _, v := range s.Volumes() {
		used[v.Controller] = true
	}
	for _, d := range kept.Data.Summary.Drives {
		if !used[d.Controller] {
			s.drive = d.SerialNumber
		}
	}
	if s.drive == "" && s.Generation() != sim.IDRAC8 {
		return fmt.Errorf("no drive is free: %+v", kept)
	}
	return nil
}

func (e *engine) putBIOS(round int) {
	e.t.Helper()
	path := filepath.Join(e.dir, "images", biosPackage(round))
	if err := os.WriteFile(path, sim.FirmwareImage("BIOS.Setup.1-1", biosVersion(round)), 0o600); err != nil {
		e.t.Fatal(err)
	}
}

// soak runs the chores on all servers at once, one after the other on each.
func (e *engine) soak(servers []*soaked, events *tally, round int) (runs int) {
	e.t.Helper()
	var mu sync.Mutex
	each(servers, func(s *soaked) {
		for i, c := range chores {
			short := *soakFor == 0 && i > 0 && i%2 != s.index/4%2
			if short || c.leaves == s.Generation() {
				continue
			}
			if err := e.do(s, c, events, round); err != nil {
				e.t.Errorf("round %d, %s (%s), %s: %v", round, s.Tag(), s.Generation(), c.graph, err)
			}
			mu.Lock()
			runs++
			mu.Unlock()
		}
	})
	return runs
}

// do runs a chore and holds what has happened against it.
func (e *engine) do(s *soaked, c chore, events *tally, round int) error {
	before := map[string]int{}
	for _, kind := range c.once {
		before[kind] = events.count(s, kind)
	}
	r, err := e.complete(s, c.graph, c.options(s, round))
	if err != nil {
		return err
	}
	failure := r.failure()
	if r.Status != "succeeded" && (c.mayFail == "" || !strings.Contains(failure, c.mayFail)) {
		return fmt.Errorf("it %s: %s", r.Status, failure)
	}
	for _, kind := range c.once {
		switch got := events.count(s, kind) - before[kind]; {
		case got > 1, got == 0 && r.Status == "succeeded":
			return fmt.Errorf("it %s, and %s happened %d times", r.Status, kind, got)
		}
	}
	if len(s.Media()) > 0 {
		return fmt.Errorf("media is left inserted: %v", s.Media())
	}
	return nil
}

// failure joins the errors of all tasks.
func (r run) failure() string {
	var all []string
	for _, task := range r.Tasks {
		if task.Error != "" {
			all = append(all, task.Label+": "+task.Error)
		}
	}
	return strings.Join(all, "\n")
}

// soakLimit is ample for one graph on a machine with much else to do.
const soakLimit = 5 * time.Minute

// complete starts a graph and waits for its end. Unlike the helpers of other tests it may
// be called from any goroutine.
func (e *engine) complete(s *soaked, graph string, options map[string]any) (run, error) {
	var created struct {
		InstanceID string `json:"instanceId"`
	}
	status, err := e.call(http.MethodPost, "/nodes/"+s.node+"/workflows", map[string]any{"name": graph, "options": options}, &created)
	if err != nil || status != http.StatusCreated {
		return run{}, errors.Join(fmt.Errorf("start: status %d", status), err)
	}
	deadline := time.After(soakLimit)
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		r, err := e.get(created.InstanceID)
		if err == nil && r.ended() {
			return r, nil
		}
		select {
		case <-tick.C:
		case <-deadline:
			return r, fmt.Errorf("run %s has not ended in %s: %+v, %w", created.InstanceID, soakLimit, r, err)
		}
	}
}

// stop ends the process as an operator would, which logs out of the BMCs.
func (e *engine) stop() {
	e.t.Helper()
	if err := e.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		e.t.Fatal(err)
	}
	if err := e.cmd.Wait(); err != nil {
		e.t.Errorf("rackflow up ended with %v", err)
	}
	e.cmd = nil
}

// resident is the process's memory in bytes; 0 where the system does not tell.
func (e *engine) resident() int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(data, []byte("VmRSS:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, err := strconv.Atoi(string(fields[0]))
	if err != nil {
		return 0
	}
	return kib << 10
}

// checkFlat compares the memory after the last round with that after the second: by then
// all that is kept for each server is there.
func checkFlat(t *testing.T, sizes []int) {
	t.Helper()
	const settled, growth = 1, 1.25
	if last := len(sizes) - 1; last > settled+1 && float64(sizes[last]) > growth*float64(sizes[settled]) {
		t.Errorf("memory has grown from %d MiB to %d MiB: %v", sizes[settled]>>20, sizes[last]>>20, sizes)
	}
}
