package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/sim"
)

// deployLimit is ample for an install that the simulator does in seconds.
const deployLimit = 90 * time.Second

// slow gives every phase of a simulated install some length, so that there is a middle to hit.
var slow = sim.Timing{
	PowerOn: 500 * time.Millisecond, PowerOff: 500 * time.Millisecond, POST: 500 * time.Millisecond,
	InstallStep: 1500 * time.Millisecond, MediaSettle: 300 * time.Millisecond,
}

// checkInstalled holds a server's journal against one install: everything done, and done once.
func checkInstalled(t *testing.T, s *sim.Server, hostname string) {
	t.Helper()
	installed, ok := s.Installed()
	if !ok || installed.Hostname != hostname {
		t.Errorf("installed %+v, %v; want %s", installed, ok, hostname)
	}
	if len(s.Media()) != 0 {
		t.Errorf("media left inserted: %v", s.Media())
	}
	inserts := told(s, sim.InsertMedia, "slot")
	if diff := cmp.Diff(map[string]int{"1": 1, "2": 1}, inserts); diff != "" {
		t.Errorf("inserts by slot (-want +got):\n%s", diff)
	}
	ejects := told(s, sim.EjectMedia, "slot")
	if diff := cmp.Diff(map[string]int{"1": 1, "2": 1}, ejects); diff != "" {
		t.Errorf("ejects by slot (-want +got):\n%s", diff)
	}
	resets := told(s, sim.Reset, "ResetType")
	if diff := cmp.Diff(map[string]int{"ForceOff": 1, "On": 3}, resets); diff != "" {
		t.Errorf("resets (-want +got):\n%s", diff)
	}
	if told(s, sim.InstallDone, "hostname")[hostname] != 1 || told(s, sim.BootedFromDisk, "hostname")[hostname] != 1 {
		t.Errorf("not installed and booted exactly once: %v", kinds(s))
	}
}

func journal(s *sim.Server) string {
	var b strings.Builder
	for _, e := range s.Journal() {
		if e.Kind != sim.ImageRead {
			fmt.Fprintf(&b, "%s %s %v\n", e.Time.Format("05.000"), e.Kind, e.Detail)
		}
	}
	return b.String()
}

func kinds(s *sim.Server) []string {
	var out []string
	for _, e := range s.Journal() {
		out = append(out, e.Kind)
	}
	return out
}

// newDeploy starts an engine and a server that is on and has nothing installed.
func newDeploy(t *testing.T, timing sim.Timing) (*engine, *sim.Server, string) {
	t.Helper()
	fleet := startFleet(t, sim.Config{Timing: timing})
	s := fleet.Servers()[0]
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("journal of the server:\n%s", journal(s))
		}
	})
	e := startEngine(t)
	e.putImage("boot.iso")
	id := e.addServer(s)
	if got := e.awaitRun(e.startOn(id, "Graph.PowerOn", nil), deployLimit); got.Status != "succeeded" {
		t.Fatalf("power on: %+v", got)
	}
	if told(s, sim.Reset, "ResetType")["On"] != 1 {
		t.Fatalf("the server was not turned on once: %v", kinds(s))
	}
	return e, s, id
}

// killPoints are tasks of the deploy graph, and how long after their start to kill.
var killPoints = []struct {
	task  string
	after time.Duration
}{
	{"check-image", 0},
	{"power-off", 0},
	{"power-off", 250 * time.Millisecond},
	{"insert-image", 0},
	{"insert-image", 150 * time.Millisecond},
	{"insert-seed", 100 * time.Millisecond},
	{"boot-from-cd", 0},
	{"power-on", 0},
	{"power-on", 300 * time.Millisecond},
	{"wait-installer-started", 300 * time.Millisecond},
	{"wait-installer-done", 0},
	{"wait-installer-done", 700 * time.Millisecond},
	{"settle", 100 * time.Millisecond},
	{"eject", 50 * time.Millisecond},
	{"boot-installed", 100 * time.Millisecond},
	{"clean-eject", 0},
}

func TestDeploySurvivesKill(t *testing.T) {
	t.Parallel()
	for _, point := range killPoints {
		t.Run(point.task+" +"+point.after.String(), func(t *testing.T) {
			t.Parallel()
			e, s, id := newDeploy(t, slow)
			runID := e.deploy(id, "web-1")
			e.awaitTask(runID, point.task)
			pause(t, point.after)
			e.kill()
			e.start()
			if got := e.awaitRun(runID, deployLimit); got.Status != "succeeded" {
				t.Fatalf("run %+v", got)
			}
			await(t, "the installed system is up", func() bool { return told(s, sim.BootedFromDisk, "hostname")["web-1"] == 1 })
			checkInstalled(t, s, "web-1")
		})
	}
}

// TestDeploySurvivesKillAtEveryTask kills one run again and again: whenever another task has begun.
func TestDeploySurvivesKillAtEveryTask(t *testing.T) {
	t.Parallel()
	e, s, id := newDeploy(t, slow)
	runID := e.deploy(id, "web-1")
	kills := 0
	for _, label := range []string{
		"build-seed", "power-off", "insert-image", "insert-seed", "boot-from-cd", "power-on", "wait-installer-started",
		"wait-installer-done", "settle", "eject", "boot-installed", "clean-eject",
	} {
		if !e.awaitTask(runID, label) {
			break
		}
		e.kill()
		e.start()
		kills++
	}
	got := e.awaitRun(runID, deployLimit)
	if got.Status != "succeeded" || kills < 8 {
		t.Fatalf("%d kills, run %+v", kills, got)
	}
	await(t, "the installed system is up", func() bool { return told(s, sim.BootedFromDisk, "hostname")["web-1"] == 1 })
	checkInstalled(t, s, "web-1")
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	(&engine{t: t, stderr: &syncBuffer{}}).await(deployLimit, what, done)
}

// pause lets time pass in the process under test; nothing here could wait for an event inside it.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	if d == 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}

func TestCancelInMidInstall(t *testing.T) {
	t.Parallel()
	e, s, id := newDeploy(t, slow)
	runID := e.deploy(id, "web-1")
	e.awaitTask(runID, "wait-installer-done")
	e.must(http.StatusAccepted, http.MethodPut, "/workflows/"+runID+"/action", map[string]any{"command": "cancel"}, nil)
	got := e.awaitRun(runID, deployLimit)
	if got.Status != "cancelled" || got.state("wait-installer-done") != "cancelled" || got.state("clean-eject") != "succeeded" {
		t.Fatalf("run %+v", got)
	}
	if len(s.Media()) != 0 {
		t.Errorf("media left inserted: %v", s.Media())
	}
	if _, ok := s.Installed(); ok {
		t.Error("a cancelled install counts as installed")
	}
	again := e.deploy(id, "web-2")
	if got := e.awaitRun(again, deployLimit); got.Status != "succeeded" {
		t.Fatalf("the server cannot be installed after a cancel: %+v", got)
	}
}

func TestFailedInstallHasItsReason(t *testing.T) {
	t.Parallel()
	e, s, id := newDeploy(t, slow)
	if err := s.Break(sim.Fault{Kind: sim.FailInstall, Reason: "no space left on device"}); err != nil {
		t.Fatal(err)
	}
	got := e.awaitRun(e.deploy(id, "web-1"), deployLimit)
	if got.Status != "failed" || !strings.Contains(got.errorOf("wait-installer-done")+got.errorOf("wait-installer-started"), "installer failed") {
		t.Fatalf("run %+v", got)
	}
	if len(s.Media()) != 0 || got.state("clean-eject") != "succeeded" {
		t.Errorf("clean-up has not run: media %v, %+v", s.Media(), got)
	}
}

func (r run) errorOf(label string) string {
	for _, t := range r.Tasks {
		if t.Label == label {
			return t.Error
		}
	}
	return ""
}
