package e2e

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rackflow/rackflow/sim"
)

// cli runs the built program against an engine and returns what it printed and its exit code.
func (e *engine) cli(args ...string) (stdout, stderr string, code int) {
	e.t.Helper()
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(e.t.Context(), binary, append(args, "--server", strings.TrimSuffix(e.api, "/api/2.0"))...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Run returns it bare
		return out.String(), errOut.String(), exit.ExitCode()
	}
	if err != nil {
		e.t.Fatal(err)
	}
	return out.String(), errOut.String(), 0
}

// raw sends a body as it is.
func (e *engine) raw(method, path, body string) (int, string) {
	e.t.Helper()
	req, err := http.NewRequestWithContext(e.t.Context(), method, e.api+path, strings.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// openRuns counts runs that have not ended.
func (e *engine) openRuns() int {
	e.t.Helper()
	var runs []run
	e.must(http.StatusOK, http.MethodGet, "/workflows?active=true", nil, &runs)
	return len(runs)
}

const badGraph = `{"friendlyName":"T","injectableName":"Graph.T","tasks":[%]}`

// TestBadRequests holds that what is wrong with a request is said, and that nothing is left behind.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	e := startEngine(t)
	node := e.addServerAs("lonely", "https://127.0.0.1:1", strings.Repeat("0", 64), "x")
	before, _ := e.raw(http.MethodGet, "/workflows/graphs", "")
	graph := func(tasks string) string { return strings.Replace(badGraph, "%", tasks, 1) }
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"unknown graph", http.MethodPost, "/workflows", `{"name":"Graph.Nope"}`, 404, "Graph definition not found for Graph.Nope"},
		{"no graph", http.MethodPost, "/workflows", `{}`, 400, "Graph name is missing or in wrong format"},
		{"unknown node", http.MethodPost, "/nodes/nope/workflows", `{"name":"Graph.PowerOn"}`, 404, "Could not find node with identifier nope"},
		{"cyclic graph", http.MethodPut, "/workflows/graphs", graph(`{"label":"a","taskName":"Task.noop","waitOn":{"a":"failed"}}`), 400, "Detected a cyclic graph"},
		{"unknown waitOn label", http.MethodPut, "/workflows/graphs", graph(`{"label":"a","taskName":"Task.noop","waitOn":{"zz":"failed"}}`), 400, "Task to wait on does not exist: zz"},
		{"unknown task", http.MethodPut, "/workflows/graphs", graph(`{"label":"a","taskName":"Task.Nope"}`), 404, "Could not find task definition with injectableName Task.Nope"},
		{"malformed body", http.MethodPut, "/workflows/graphs", `{"friendlyName":`, 400, ""},
		{"malformed start", http.MethodPost, "/workflows", `{"name":`, 400, ""},
		{"missing option", http.MethodPost, "/nodes/" + node + "/workflows", `{"name":"Graph.Deploy.VirtualMedia","options":{"defaults":{"family":"rhel","answers":{"hostname":"a"}}}}`, 400, "image"},
		{"wrong option", http.MethodPost, "/workflows", `{"name":"Graph.noop-example","options":{"noop-1":{"delay":"soon"}}}`, 400, "got string, want integer"},
		{"unknown run", http.MethodGet, "/workflows/run-1.2", "", 404, "Graph instance not found"},
		{"unknown route", http.MethodGet, "/nothing", "", 404, ""},
	} {
		status, body := e.raw(c.method, c.path, c.body)
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s, want %d and %q", c.name, status, body, c.status, c.want)
		}
	}
	if n := e.openRuns(); n != 0 {
		t.Errorf("%d runs are open after requests that were all refused", n)
	}
	if after, _ := e.raw(http.MethodGet, "/workflows/graphs", ""); after != before {
		t.Error("a refused graph was stored")
	}
}

// TestBadServers runs graphs against BMCs that cannot do what is asked.
func TestBadServers(t *testing.T) {
	t.Parallel()
	fleet := startFleet(t, sim.Config{Servers: 1})
	s := fleet.Servers()[0]
	e := startEngine(t)
	for _, c := range []struct {
		name, url, fingerprint, password string
		want                             []string
	}{
		{"wrong-password", s.URL(), s.Fingerprint(), "hunter2hunter2", []string{"wrong-password", "password"}},
		{"unreachable", "https://127.0.0.1:1", s.Fingerprint(), "calvin", []string{"unreachable", "connection refused"}},
		{"wrong-certificate", s.URL(), strings.Repeat("0", 64), "calvin", []string{"wrong-certificate", "certificate"}},
	} {
		node := e.addServerAs(c.name, c.url, c.fingerprint, c.password)
		stdout, stderr, code := e.cli("run", "start", "Graph.PowerOn", "--node", node, "--option", "power-on.retries=1", "--wait", "--timeout", "60s")
		if code != 3 {
			t.Errorf("%s: exit code %d, want 3: %s %s", c.name, code, stdout, stderr)
		}
		for _, want := range c.want {
			if !strings.Contains(strings.ToLower(stderr), want) {
				t.Errorf("%s: %q is not in %s", c.name, want, stderr)
			}
		}
		if strings.Contains(stdout+stderr+e.stderr.String(), "hunter2hunter2") {
			t.Errorf("%s: the password shows", c.name)
		}
	}
}

// TestImageThatIsNone wants a clear reason, and a server that was not touched.
func TestImageThatIsNone(t *testing.T) {
	t.Parallel()
	e, s, id := newDeploy(t, sim.Timing{})
	if err := os.WriteFile(filepath.Join(e.dir, "images", "boot.iso"), bytes.Repeat([]byte("<html>no\n"), 10000), 0o600); err != nil {
		t.Fatal(err)
	}
	before := len(told(s, sim.Reset, "ResetType"))
	for image, want := range map[string]string{"boot.iso": "not an ISO", "absent.iso": "absent.iso", "../../etc/passwd": "images folder"} {
		options := deployOptions("web-1")
		options["defaults"].(map[string]any)["image"] = image
		got := e.awaitRun(e.startOn(id, "Graph.Deploy.VirtualMedia", options), deployLimit)
		if got.Status != "failed" || !strings.Contains(got.errorOf("check-image"), want) {
			t.Errorf("%s: %+v, want %q", image, got, want)
		}
	}
	if after := len(told(s, sim.Reset, "ResetType")); after != before || len(s.Media()) != 0 {
		t.Errorf("the server was touched: %s", journal(s))
	}
}

// TestBusyServer holds the lock of a server: one open run, and a free server after it.
func TestBusyServer(t *testing.T) {
	t.Parallel()
	e, s, id := newDeploy(t, slow)
	first := e.deploy(id, "web-1")
	status, body := e.raw(http.MethodPost, "/nodes/"+id+"/workflows", `{"name":"Graph.PowerOff"}`)
	if status != http.StatusConflict || !strings.Contains(body, "Unable to run multiple task graphs against a single target.") {
		t.Errorf("%d %s", status, body)
	}
	_, stderr, code := e.cli("run", "start", "Graph.PowerOff", "--node", s.Tag())
	if code != 7 || !strings.Contains(stderr, "multiple task graphs") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	e.must(http.StatusAccepted, http.MethodPut, "/workflows/"+first+"/action", map[string]any{"command": "cancel"}, nil)
	e.awaitRun(first, deployLimit)
	status, body = e.raw(http.MethodPut, "/workflows/"+first+"/action", `{"command":"cancel"}`)
	if status != http.StatusBadRequest || !strings.Contains(body, "is not an active workflow") {
		t.Errorf("%d %s", status, body)
	}
	if got := e.awaitRun(e.startOn(id, "Graph.PowerStatus", nil), deployLimit); got.Status != "succeeded" {
		t.Errorf("the server is not free after the run: %+v", got)
	}
}

// TestUnreachableEngine has exit codes of its own.
func TestUnreachableEngine(t *testing.T) {
	t.Parallel()
	e := &engine{t: t, api: "http://127.0.0.1:1/api/2.0"}
	if _, stderr, code := e.cli("run", "list"); code != 5 || !strings.Contains(stderr, "cannot reach rackflow") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if _, _, code := e.cli("run", "start"); code != 2 {
		t.Errorf("exit code %d, want 2 for wrong usage", code)
	}
	running := startEngine(t)
	if _, _, code := running.cli("run", "start", "Graph.noop-example", "--option", "noop-1.delay=60000", "--wait", "--timeout", "1s"); code != 6 {
		t.Errorf("exit code %d, want 6 when the time is over", code)
	}
	if _, _, code := running.cli("run", "show", "run-nope.nope"); code != 4 {
		t.Errorf("exit code %d, want 4 for what is not there", code)
	}
}

// TestUpIsQuickAndQuiet starts on an empty folder and logs nothing.
func TestUpIsQuickAndQuiet(t *testing.T) {
	t.Parallel()
	e := startEngine(t)
	t.Logf("ready in %s", time.Since(e.started).Round(time.Millisecond))
	if log := e.stderr.String(); log != "" {
		t.Errorf("log of a clean start:\n%s", log)
	}
}
