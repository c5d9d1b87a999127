package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rackflow/rackflow/sim"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

// atOnce is how many tests run side by side: they mostly wait for simulated servers.
const atOnce = "6"

// bmcPace suits the timing of simulated servers.
const bmcPace = "0.05"

func testMain(m *testing.M) int {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	dir, err := os.MkdirTemp("", "rackflow-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "rackflow")
	build := exec.Command("go", "build", "-o", binary, "../cmd/rackflow")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build rackflow:", err)
		return 1
	}
	return m.Run()
}

// engine is a `rackflow up` process that can be killed and started again on the same data and ports.
type engine struct {
	t    *testing.T
	dir  string
	args []string
	// api is the base URL of the REST API.
	api     string
	cmd     *exec.Cmd
	stderr  *syncBuffer
	started time.Time
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// freePorts finds ports that nobody listens on now.
func freePorts(t *testing.T, n int) []string {
	t.Helper()
	var lc net.ListenConfig
	ports := make([]string, n)
	for i := range ports {
		l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().String()
	}
	return ports
}

// startEngine starts the program with a fresh data folder and stops it with the test.
func startEngine(t *testing.T, more ...string) *engine {
	t.Helper()
	ports := freePorts(t, 4)
	dir := t.TempDir()
	e := &engine{t: t, dir: dir, api: "http://" + ports[0] + "/api/2.0", stderr: &syncBuffer{}}
	e.args = append([]string{
		"up", "--data", dir, "--listen", ports[0], "--media-listen", ports[1], "--temporal-listen", ports[2], "--ui-listen", ports[3],
		"--bmc-pace", bmcPace,
	}, more...)
	e.start()
	t.Cleanup(func() {
		e.kill()
		if t.Failed() {
			t.Logf("log of rackflow up:\n%s", e.stderr)
		}
	})
	return e
}

func (e *engine) start() {
	e.t.Helper()
	e.cmd = exec.Command(binary, e.args...)
	e.cmd.Stderr = e.stderr
	e.started = time.Now()
	if err := e.cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	health := strings.TrimSuffix(e.api, "/api/2.0") + "/healthz"
	e.await(30*time.Second, "the engine answers", func() bool {
		res, err := http.Get(health)
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// kill ends the process as a power cut would.
func (e *engine) kill() {
	if e.cmd == nil {
		return
	}
	_ = e.cmd.Process.Signal(syscall.SIGKILL)
	_ = e.cmd.Wait()
	e.cmd = nil
}

// await polls until done or fails the test.
func (e *engine) await(limit time.Duration, what string, done func() bool) {
	e.t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline:
			e.t.Fatalf("not in %s: %s\nlog of rackflow up:\n%s", limit, what, e.stderr)
		case <-tick.C:
		}
	}
}

// call makes one request; a nil answer is not read.
func (e *engine) call(method, path string, body, answer any) (int, error) {
	var reader io.Reader = http.NoBody
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		reader = bytes.NewReader(data)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, e.api+path, reader)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil || answer == nil {
		return res.StatusCode, err
	}
	if err := json.Unmarshal(data, answer); err != nil {
		return res.StatusCode, fmt.Errorf("%s %s: %s: %w", method, path, data, err)
	}
	return res.StatusCode, nil
}

// must makes a request that has to end with the status.
func (e *engine) must(status int, method, path string, body, answer any) {
	e.t.Helper()
	var raw json.RawMessage
	got, err := e.call(method, path, body, &raw)
	if err != nil && len(raw) > 0 {
		e.t.Fatal(err)
	}
	if got != status {
		e.t.Fatalf("%s %s: status %d, want %d: %s", method, path, got, status, raw)
	}
	if answer == nil {
		return
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		e.t.Fatal(err)
	}
}

// run is what the tests read of a run.
type run struct {
	InstanceID string `json:"instanceId"`
	Status     string `json:"status"`
	Tasks      []struct {
		Label string `json:"label"`
		State string `json:"x-state"`
		Error string `json:"error"`
	} `json:"tasks"`
	Context map[string]any `json:"context"`
}

func (r run) state(label string) string {
	for _, t := range r.Tasks {
		if t.Label == label {
			return t.State
		}
	}
	return ""
}

func (r run) ended() bool { return r.Status != "running" && r.Status != "pending" && r.Status != "" }

func (e *engine) get(id string) (run, error) {
	var r run
	status, err := e.call(http.MethodGet, "/workflows/"+id, nil, &r)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d", status)
	}
	return r, err
}

// awaitRun waits for a run's end and returns it.
func (e *engine) awaitRun(id string, limit time.Duration) run {
	e.t.Helper()
	var last run
	e.await(limit, "run "+id+" ends", func() bool {
		r, err := e.get(id)
		if err == nil {
			last = r
		}
		return err == nil && r.ended()
	})
	return last
}

// awaitTask waits until a task has begun; it reports false when the run ended first.
func (e *engine) awaitTask(id, label string) bool {
	e.t.Helper()
	begun := false
	e.await(deployLimit, "task "+label+" begins", func() bool {
		r, err := e.get(id)
		if err != nil {
			return false
		}
		begun = r.state(label) != "pending" && r.state(label) != ""
		return begun || r.ended()
	})
	return begun
}

// addServer registers a simulated server and returns its id.
func (e *engine) addServer(s *sim.Server) string {
	e.t.Helper()
	return e.addServerAs(s.Tag(), s.URL(), s.Fingerprint(), "calvin")
}

func (e *engine) addServerAs(name, url, fingerprint, password string) string {
	e.t.Helper()
	var node struct {
		ID string `json:"id"`
	}
	e.must(http.StatusCreated, http.MethodPost, "/nodes", map[string]any{
		"name": name, "type": "compute",
		"obms": []any{map[string]any{"service": "redfish-obm-service", "config": map[string]any{
			"host": url, "user": "root", "password": password, "fingerprint": fingerprint, "protocol": "https", "root": "/redfish/v1/", "uri": url + "/redfish/v1",
		}}},
	}, &node)
	return node.ID
}

// putImage writes the simulator's boot image into the images folder.
func (e *engine) putImage(name string) {
	e.t.Helper()
	var image bytes.Buffer
	if err := sim.WriteBootISO(&image, "RACKFLOW-TEST"); err != nil {
		e.t.Fatal(err)
	}
	e.putFile(name, image.Bytes())
}

// putFile writes a file into the images folder.
func (e *engine) putFile(name string, data []byte) {
	e.t.Helper()
	if err := os.WriteFile(filepath.Join(e.dir, "images", name), data, 0o600); err != nil {
		e.t.Fatal(err)
	}
}

// deployOptions are what Graph.Deploy.VirtualMedia wants.
func deployOptions(hostname string) map[string]any {
	return map[string]any{"defaults": map[string]any{
		"image": "boot.iso", "family": "rhel",
		"answers": map[string]any{"hostname": hostname, "rootPasswordHash": "$6$saltsalt$" + strings.Repeat("a", 86)},
	}}
}

// deploy starts the deploy graph on a server.
func (e *engine) deploy(nodeID, hostname string) string {
	e.t.Helper()
	return e.startOn(nodeID, "Graph.Deploy.VirtualMedia", deployOptions(hostname))
}

// startOn starts a graph on a server and returns the run's id.
func (e *engine) startOn(nodeID, graph string, options map[string]any) string {
	e.t.Helper()
	var created struct {
		InstanceID string `json:"instanceId"`
	}
	e.must(http.StatusCreated, http.MethodPost, "/nodes/"+nodeID+"/workflows", map[string]any{"name": graph, "options": options}, &created)
	return created.InstanceID
}

func startFleet(t *testing.T, cfg sim.Config) *sim.Fleet {
	t.Helper()
	fleet, err := sim.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fleet.Close(); err != nil {
			t.Error(err)
		}
	})
	return fleet
}

// told counts the events of a kind in a server's journal, by one detail.
func told(s *sim.Server, kind, detail string) map[string]int {
	out := map[string]int{}
	for _, e := range s.Journal() {
		if e.Kind == kind {
			out[e.Detail[detail]]++
		}
	}
	return out
}
