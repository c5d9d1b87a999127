package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/sim"
)

const (
	// fleetSize is how many servers TestDeployFleet installs at once, and fleetLimit ample for
	// them on two processors.
	fleetSize  = 100
	fleetLimit = 10 * time.Minute
)

const vendorImage = "rhel.iso"

// osOptions are what Graph.Deploy.OS wants, and what is laid over its defaults.
func osOptions(hostname string, more map[string]any) map[string]any {
	defaults := map[string]any{
		"image":   vendorImage,
		"answers": map[string]any{"hostname": hostname, "rootPasswordHash": "$6$saltsalt$" + strings.Repeat("a", 86)},
	}
	maps.Copy(defaults, more)
	return map[string]any{"defaults": defaults}
}

// TestDeployFleet installs many servers at once from one image, and kills rackflow while
// the installers run. The ports of so many servers would be taken from engines of other
// tests that are about to listen.
//
//nolint:paralleltest // for that reason
func TestDeployFleet(t *testing.T) {
	fleet := startFleet(t, sim.Config{Servers: fleetSize, Timing: slow})
	e := startEngine(t)
	e.putImage(vendorImage)
	servers := fleet.Servers()
	runs := make([]string, len(servers))
	for i, s := range servers {
		runs[i] = e.startOn(e.addServer(s), "Graph.Deploy.OS", osOptions(fmt.Sprintf("web-%d", i), nil))
	}
	installing := func() (n int) {
		for _, s := range servers {
			if told(s, sim.InstallStarted, "family")["rhel"] > 0 {
				n++
			}
		}
		return n
	}
	e.await(fleetLimit, "a third of the installers run", func() bool { return installing() >= len(servers)/3 })
	tokens := e.tokens(servers)
	e.checkOneBase(len(servers))
	e.kill()
	e.start()
	for i, s := range servers {
		tokens = append(tokens, e.tokens(servers[i:i+1])...)
		if got := e.awaitRun(runs[i], fleetLimit); got.Status != "succeeded" {
			t.Fatalf("%s: run %+v\n%s", s.Tag(), got, journal(s))
		}
		checkDeployed(t, s, fmt.Sprintf("web-%d", i))
	}
	if len(tokens) < 2 {
		t.Fatal("no server was seen with its media")
	}
	for _, token := range tokens {
		e.checkRevoked(token)
	}
}

// TestDeployOSSurvivesKillAtEveryTask kills one run again and again: whenever another task
// has begun.
func TestDeployOSSurvivesKillAtEveryTask(t *testing.T) {
	t.Parallel()
	e, s, id := newDeployOS(t)
	runID := e.startOn(id, "Graph.Deploy.OS", osOptions("web-1", nil))
	kills := 0
	for _, label := range []string{
		"check", "build-image", "power-off", "insert-image", "boot-media", "power-on", "installer-started", "installer-done",
		"settle", "eject", "boot-disk", "start-system", "system-booted", "inventory", "clean-eject",
	} {
		if !e.awaitTask(runID, label) {
			break
		}
		e.kill()
		e.start()
		kills++
	}
	if got := e.awaitRun(runID, deployLimit); got.Status != "succeeded" || kills < 10 {
		t.Fatalf("%d kills, run %+v", kills, got)
	}
	checkDeployed(t, s, "web-1")
}

// checkDeployed holds a server's journal against one install by Graph.Deploy.OS.
func checkDeployed(t *testing.T, s *sim.Server, hostname string) {
	t.Helper()
	checkDeployedFrom(t, s, hostname, "1")
}

func checkDeployedFrom(t *testing.T, s *sim.Server, hostname, slot string) {
	t.Helper()
	if installed, ok := s.Installed(); !ok || installed.Hostname != hostname {
		t.Errorf("%s: installed %+v, %v; want %s", s.Tag(), installed, ok, hostname)
	}
	if len(s.Media()) != 0 {
		t.Errorf("%s: media left inserted: %v", s.Tag(), s.Media())
	}
	got := []map[string]int{
		told(s, sim.InsertMedia, "slot"), told(s, sim.EjectMedia, "slot"), told(s, sim.InstallDone, "hostname"), told(s, sim.BootedFromDisk, "hostname"),
	}
	once := map[string]int{slot: 1}
	named := map[string]int{hostname: 1}
	if diff := cmp.Diff([]map[string]int{once, once, named, named}, got); diff != "" {
		t.Errorf("%s: inserts, ejects, installs, boots (-want +got):\n%s", s.Tag(), diff)
	}
}

var callbackURL = regexp.MustCompile(`http://[0-9.:]+/callback/[A-Za-z0-9_-]+/done`)

// tokens are the URLs that the servers have been given: of their media, and in it of the callbacks.
func (e *engine) tokens(servers []*sim.Server) []string {
	e.t.Helper()
	var urls []string
	for _, s := range servers {
		for _, url := range s.Media() {
			res, err := http.Get(url)
			if err != nil {
				continue // rackflow is down, or the image gone, by now
			}
			image, err := io.ReadAll(res.Body)
			res.Body.Close()
			if callback := callbackURL.Find(image); err == nil && callback != nil {
				urls = append(urls, url, string(callback))
			}
		}
	}
	return urls
}

// checkRevoked calls a URL that has to be good for nothing.
func (e *engine) checkRevoked(url string) {
	e.t.Helper()
	method := http.MethodGet
	if strings.Contains(url, "/callback/") {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(e.t.Context(), method, url, http.NoBody)
	if err != nil {
		e.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		e.t.Errorf("%s after the run: status %d, want 404", url[:strings.LastIndexByte(url, '/')], res.StatusCode)
	}
}

// maxStored is what may be stored for a server, in bytes.
const maxStored = 16 << 10

// checkOneBase finds out that all servers are served from one open file, and that next to
// nothing is stored for each.
func (e *engine) checkOneBase(servers int) {
	e.t.Helper()
	open := 0
	links, err := filepath.Glob("/proc/" + strconv.Itoa(e.cmd.Process.Pid) + "/fd/*")
	if err != nil {
		e.t.Fatal(err)
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && filepath.Base(target) == vendorImage {
			open++
		}
	}
	if open != 1 {
		e.t.Errorf("the vendor image is open %d times", open)
	}
	var stored int64
	if err := filepath.WalkDir(filepath.Join(e.dir, "blobs"), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			stored += info.Size()
		}
		return nil // it may have gone since
	}); err != nil {
		e.t.Fatal(err)
	}
	if stored == 0 || stored > int64(servers)*maxStored {
		e.t.Errorf("%d bytes are stored for %d servers", stored, servers)
	}
}

// TestDeployWithoutCallbacks installs a server whose host cannot reach rackflow.
func TestDeployWithoutCallbacks(t *testing.T) {
	t.Parallel()
	e, s, id := newDeployOS(t)
	options := osOptions("web-1", map[string]any{"callbacks": false})
	options["installer-off"] = map[string]any{"interval": 200}
	got := e.awaitRun(e.startOn(id, "Graph.Deploy.OS", options), deployLimit)
	if got.Status != "succeeded" || got.state("installer-off") != "succeeded" || got.state("installer-done") != "skipped" || got.state("system-booted") != "skipped" {
		t.Fatalf("run %+v", got)
	}
	if calls := told(s, sim.InstallRequest, "method"); len(calls) != 0 {
		t.Errorf("the installer has called: %v", calls)
	}
	await(t, "the installed system is up", func() bool { return told(s, sim.BootedFromDisk, "hostname")["web-1"] == 1 })
	checkDeployed(t, s, "web-1")
}

// TestDeployGenerations installs on BMCs that have their virtual drives elsewhere, or boot
// from them in another way.
func TestDeployGenerations(t *testing.T) {
	t.Parallel()
	e := startEngine(t)
	e.putImage(vendorImage)
	for generation, slot := range map[string]string{sim.IDRAC8: "CD", sim.IDRAC9v5: "CD", sim.IDRAC10: "1"} {
		t.Run(generation, func(t *testing.T) {
			t.Parallel()
			s := startFleet(t, sim.Config{Timing: slow, Generation: generation}).Servers()[0]
			got := e.awaitRun(e.startOn(e.addServerAs(generation, s.URL(), s.Fingerprint(), "calvin"), "Graph.Deploy.OS", osOptions("web-1", nil)), deployLimit)
			if got.Status != "succeeded" {
				t.Fatalf("run %+v\n%s", got, journal(s))
			}
			checkDeployedFrom(t, s, "web-1", slot)
		})
	}
}

// newDeployOS starts an engine that has a vendor image, and a server that is off.
func newDeployOS(t *testing.T, flags ...string) (*engine, *sim.Server, string) {
	t.Helper()
	s := startFleet(t, sim.Config{Timing: slow}).Servers()[0]
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("journal of the server:\n%s", journal(s))
		}
	})
	e := startEngine(t, flags...)
	e.putImage(vendorImage)
	return e, s, e.addServer(s)
}

// TestDeployAsks asks for the answers, and hands what came of them to a service.
func TestDeployAsks(t *testing.T) {
	t.Parallel()
	e, s, id := newDeployOS(t)
	const rootPassword = "correct-horse-battery"
	runID := e.startOn(id, "Graph.Deploy.OS", map[string]any{"defaults": map[string]any{"image": vendorImage}})
	prompt := "/workflows/" + runID + "/prompts/ask"
	e.await(deployLimit, "the question is asked", func() bool {
		status, _ := e.raw(http.MethodPost, prompt, `{"answer":{"hostname":"web-1","disc":"sda"}}`)
		return status == http.StatusBadRequest
	})
	if status, body := e.raw(http.MethodPost, prompt, `{"answer":{"hostname":"web-1","rootPassword":"`+rootPassword+`"}}`); status != http.StatusNoContent {
		t.Fatalf("%d %s", status, body)
	}
	got := e.awaitRun(runID, deployLimit)
	if got.Status != "succeeded" {
		t.Fatalf("run %+v", got)
	}
	checkDeployed(t, s, "web-1")
	if bytes.Contains(history(t, e, runID), []byte(rootPassword)) {
		t.Error("the root password stands in the history")
	}
	result := outputOf(got, "result")
	phases, _ := result["phases"].([]any)
	delete(result, "phases")
	want := map[string]any{
		"server": id, "serviceTag": s.Tag(), "hostname": "web-1", "addresses": []any{}, "image": vendorImage, "family": "rhel",
		"product": result["product"], "version": "9.4", "proof": "booted",
	}
	if diff := cmp.Diff(want, result); diff != "" || len(phases) < 10 {
		t.Errorf("%d phases, result (-want +got):\n%s", len(phases), diff)
	}
}

// TestDeployFailure says why, and leaves nothing behind.
func TestDeployFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault   *sim.Fault
		options map[string]any
		// task is where it ends, and says what is told.
		task, says string
	}{
		"the installer says failed": {
			&sim.Fault{Kind: sim.FailInstall, Reason: "no space left on device"}, nil, "installer-done", "the installer failed",
		},
		"the installer never calls": {
			nil, map[string]any{
				"defaults":          map[string]any{"templates": map[string]any{"ks.cfg": "poweroff\n"}},
				"installer-started": map[string]any{"_taskTimeout": 8000},
			}, "installer-started", "has not reported started, nothing has been heard of it",
		},
		"the template is wrong": {
			nil, map[string]any{"defaults": map[string]any{"templates": map[string]any{"ks.cfg": "<% .Nope %>"}}}, "build-image", "ks.cfg",
		},
		"the disk is not there": {
			nil, map[string]any{"defaults": map[string]any{"answers": map[string]any{
				"hostname": "web-1", "sshKeys": []any{}, "rootPasswordHash": "$6$saltsalt$" + strings.Repeat("a", 86), "disk": map[string]any{"serial": "NOSUCH"},
			}}}, "check", "no disk with serial NOSUCH",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, s, id := newDeployOS(t)
			if c.fault != nil {
				if err := s.Break(*c.fault); err != nil {
					t.Fatal(err)
				}
			}
			more, _ := c.options["defaults"].(map[string]any)
			options := osOptions("web-1", more)
			for label, own := range c.options {
				if label != "defaults" {
					options[label] = own
				}
			}
			got := e.awaitRun(e.startOn(id, "Graph.Deploy.OS", options), deployLimit)
			if got.Status != "failed" || !strings.Contains(got.errorOf(c.task), c.says) {
				t.Fatalf("run %+v", got)
			}
			if len(s.Media()) != 0 || got.state("clean-eject") != "succeeded" || got.state("clean-links") != "succeeded" {
				t.Errorf("clean-up has not run: media %v, %+v", s.Media(), got)
			}
		})
	}
}

// TestDeployRetry installs in a second run what the first could not, and asks nobody again.
func TestDeployRetry(t *testing.T) {
	t.Parallel()
	e, s, id := newDeployOS(t)
	if err := s.Break(sim.Fault{Kind: sim.FailInstall, Reason: "no space left on device", Count: 1}); err != nil {
		t.Fatal(err)
	}
	failed := e.startOn(id, "Graph.Deploy.OS", map[string]any{"defaults": map[string]any{"image": vendorImage}})
	answer := `{"answer":{"hostname":"web-1","rootPassword":"correct-horse-battery"}}`
	e.await(deployLimit, "the question is asked and answered", func() bool {
		status, _ := e.raw(http.MethodPost, "/workflows/"+failed+"/prompts/ask", answer)
		return status == http.StatusNoContent
	})
	if got := e.awaitRun(failed, deployLimit); got.Status != "failed" {
		t.Fatalf("run %+v", got)
	}
	status, again := e.raw(http.MethodPut, "/workflows/"+failed+"/action", `{"command":"retry"}`)
	if status != http.StatusAccepted {
		t.Fatalf("%d %s", status, again)
	}
	if got := e.awaitRun(again, deployLimit); got.Status != "succeeded" || got.state("check") != "succeeded" {
		t.Fatalf("run %+v", got)
	}
	if installed, ok := s.Installed(); !ok || installed.Hostname != "web-1" || len(s.Media()) != 0 {
		t.Errorf("installed %+v, %v; media %v", installed, ok, s.Media())
	}
}

// TestInstallGraph runs one of RackHD's installation graphs with RackHD's options.
func TestInstallGraph(t *testing.T) {
	t.Parallel()
	e, s, id := newDeployOS(t)
	got := e.awaitRun(e.startOn(id, "Graph.InstallRHEL", map[string]any{
		"defaults": map[string]any{"repo": "http://172.31.128.1:9090/" + vendorImage, "version": "9", "rootPassword": "RackHDRocks!"},
		"deploy":   map[string]any{"graphOptions": map[string]any{"installer-done": map[string]any{"_taskTimeout": 60000}}},
		"install-os": map[string]any{
			"hostname": "web-1", "dnsServers": []any{"192.0.2.53"},
			"users": []any{map[string]any{"name": "ops", "password": "Opssecret1", "uid": 1010}},
		},
	}), deployLimit)
	if got.Status != "succeeded" {
		t.Fatalf("run %+v", got)
	}
	checkDeployed(t, s, "web-1")
	deployed := outputOf(got, "deploy")
	child, _ := deployed["graphId"].(string)
	for _, id := range []string{got.InstanceID, child} {
		all := string(history(t, e, id))
		if strings.Contains(all, "RackHDRocks!") || strings.Contains(all, "Opssecret1") {
			t.Errorf("a password stands in the history of %s", id)
		}
	}
}

func outputOf(r run, label string) map[string]any {
	outputs, _ := r.Context["outputs"].(map[string]any)
	output, _ := outputs[label].(map[string]any)
	return output
}

// TestDeployNotify hands what came of a deployment to a service.
func TestDeployNotify(t *testing.T) {
	t.Parallel()
	told := make(chan map[string]any, 1)
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err == nil {
			told <- body
		}
	}))
	t.Cleanup(service.Close)
	e, s, id := newDeployOS(t, "--rest-allow", "127.0.0.1")
	got := e.awaitRun(e.startOn(id, "Graph.Deploy.OS.Notify", map[string]any{
		"deploy": map[string]any{"graphOptions": osOptions("web-1", nil)},
		"notify": map[string]any{"url": service.URL + "/servers"},
	}), deployLimit)
	if got.Status != "succeeded" {
		t.Fatalf("run %+v", got)
	}
	if body := <-told; body["hostname"] != "web-1" || body["serviceTag"] != s.Tag() || body["phases"] == nil {
		t.Errorf("the service was told %v", body)
	}
}
