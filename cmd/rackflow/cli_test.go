package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/cobra"
	"golang.org/x/tools/txtar"
)

// runCase runs a command line without a server and returns its exit code.
func runCase(t *testing.T, c *testCase) exitCode {
	t.Helper()
	return run(t.Context(), c.process())
}

// paths lists all commands below one, as the words that call them.
func paths(cmd *cobra.Command, above []string) [][]string {
	var out [][]string
	for _, sub := range cmd.Commands() {
		path := append(slices.Clone(above), sub.Name())
		out = append(append(out, path), paths(sub, path)...)
	}
	return out
}

func TestHelp(t *testing.T) {
	t.Parallel()
	all := paths(newRoot(newCase().process()), nil)
	if len(all) < 20 {
		t.Fatalf("found only %d commands", len(all))
	}
	for _, path := range all {
		t.Run(strings.Join(path, " "), func(t *testing.T) {
			t.Parallel()
			c := newCase(append(slices.Clone(path), "--help")...)
			if code := runCase(t, c); code != exitOK {
				t.Errorf("exit code %d: %s", code, &c.stderr)
			}
			out := c.stdout.String()
			if !strings.Contains(out, exitHelp) {
				t.Error("the exit codes are missing")
			}
			if !strings.Contains(out, "Usage:\n  rackflow "+strings.Join(path, " ")) {
				t.Errorf("the usage is missing:\n%s", out)
			}
		})
	}
}

func TestWithoutVerb(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"node"}, {"help", "node"}} {
		c := newCase(args...)
		if code := runCase(t, c); code != exitOK || !strings.Contains(c.stdout.String(), "Available Commands:") {
			t.Errorf("%v: exit code %d, stdout %q", args, code, &c.stdout)
		}
	}
}

// TestExitCodes holds the codes of the help against those of the golden files: each is documented, and seen.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{"130": true} // TestInterrupted
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if f.Name == "exit" {
				seen[strings.TrimSpace(string(f.Data))] = true
			}
		}
	}
	documented := map[string]bool{}
	for line := range strings.Lines(exitHelp) {
		if word, _, ok := strings.Cut(strings.TrimSpace(line), " "); ok && word != "Exit" {
			documented[word] = true
		}
	}
	if diff := gocmp.Diff(documented, seen); diff != "" {
		t.Errorf("documented and seen differ (-documented +seen):\n%s", diff)
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c := newCase("node", "list", "-o", format)
		c.api.answers["GET /api/2.0/nodes"] = []answer{{status: "silent"}}
		if code := run(ctx, c.process()); code != exitInterrupted {
			t.Errorf("%s: exit code %d, want %d", format, code, exitInterrupted)
		}
		if !strings.Contains(c.stderr.String(), "interrupted") {
			t.Errorf("%s: stderr is %q", format, &c.stderr)
		}
	}
}

func TestInterruptedWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		c := newCase("run", "watch", runA)
		c.api.answers["GET /api/2.0/workflows/"+runA] = []answer{{body: []byte(`{"instanceId": "` + runA + `", "status": "running"}`)}}
		if code := run(ctx, c.process()); code != exitInterrupted {
			t.Errorf("exit code %d, want %d", code, exitInterrupted)
		}
		if want := "Error: interrupted\nRuns go on when nobody watches them. See 'rackflow run watch " + runA + "'.\n"; c.stderr.String() != want {
			t.Errorf("stderr is %q, want %q", &c.stderr, want)
		}
	})
}

const (
	runA = "server-a.019ab2f0-7c1e-7d6a-8a53-2f1b0c9d8e7f"
	runB = "server-b.019ab2f0-7c1e-7d6a-8a53-2f1b0c9d8e70"
)

func TestWatchRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCase()
		c.api.answers["GET /api/2.0/workflows/"+runA] = []answer{
			{body: []byte(`{"instanceId": "` + runA + `", "status": "running"}`)},
			{body: []byte(`{"instanceId": "` + runA + `", "status": "succeeded"}`)},
		}
		c.api.answers["GET /api/2.0/workflows/"+runB] = []answer{
			{body: []byte(`{"instanceId": "` + runB + `", "status": "failed"}`)},
		}
		a := &app{p: c.process(), server: defaultServer, output: outputText}
		got, err := watchRuns(t.Context(), a, []string{runA, runB})
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(map[string]string{runA: "succeeded", runB: "failed"}, got); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
	})
}

// TestNodeAddTrust reads the fingerprint from a real TLS server.
func TestNodeAddTrust(t *testing.T) {
	t.Parallel()
	device := httptest.NewUnstartedServer(http.NotFoundHandler())
	device.Config.ErrorLog = log.New(io.Discard, "", 0) // it misses the request after the handshake
	device.StartTLS()
	defer device.Close()
	sum := sha256.Sum256(device.Certificate().RawSubjectPublicKeyInfo)
	fingerprint := hex.EncodeToString(sum[:])

	c := newCase("node", "add", "web-01", "--bmc", device.URL, "--user", "root", "--trust")
	c.env["RACKFLOW_BMC_PASSWORD"] = "trusted-secret"
	c.api.answers["POST /api/2.0/nodes"] = []answer{{status: "201", body: []byte(`{"id": "n1"}`)}}
	if code := runCase(t, c); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &c.stderr)
	}
	if !strings.Contains(c.stderr.String(), fingerprint) {
		t.Errorf("stderr %q does not show %s", &c.stderr, fingerprint)
	}
	if !strings.Contains(c.api.log.String(), `"fingerprint":"`+fingerprint+`"`) {
		t.Errorf("request without %s: %s", fingerprint, &c.api.log)
	}
}

func TestNodeAddTrustUnreachable(t *testing.T) {
	t.Parallel()
	device := httptest.NewTLSServer(http.NotFoundHandler())
	device.Close()
	c := newCase("node", "add", "web-01", "--bmc", device.URL, "--user", "root", "--trust")
	c.env["RACKFLOW_BMC_PASSWORD"] = "trusted-secret"
	if code := runCase(t, c); code != exitFailure {
		t.Errorf("exit code %d, want %d", code, exitFailure)
	}
	if want := strings.TrimPrefix(device.URL, "https://"); !strings.Contains(c.stderr.String(), want) {
		t.Errorf("stderr %q does not name the BMC %s", &c.stderr, want)
	}
}

// TestRealConnection goes over TCP, with the transport of the real process.
func TestRealConnection(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "[]")
	}))
	c := newCase("graph", "list", "--server", server.URL+"/")
	p := c.process()
	p.HTTP = osProcess().HTTP
	if code := run(t.Context(), p); code != exitOK || c.stdout.String() != "NAME  TASKS  FRIENDLY NAME\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, &c.stdout, &c.stderr)
	}
	server.Close()
	if code := run(t.Context(), p); code != exitUnreachable {
		t.Errorf("exit code %d of a closed server, want %d: %s", code, exitUnreachable, &c.stderr)
	}
	if !strings.Contains(c.stderr.String(), "Is 'rackflow up' running?") {
		t.Errorf("stderr is %q", &c.stderr)
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"graph", []string{"graph", "show", ""}, []string{"Graph.A", "Graph.B"}},
		{"graph to run", []string{"run", "start", ""}, []string{"Graph.A", "Graph.B"}},
		{"node flag behind the graph", []string{"run", "start", "Graph.A", "--node", ""}, []string{"web-01"}},
		{"node", []string{"node", "show", ""}, []string{"web-01"}},
		{"one node is enough", []string{"node", "show", "web-01", ""}, nil},
		{"task", []string{"task", "delete", ""}, []string{"Task.A"}},
		{"run", []string{"run", "watch", ""}, []string{"last", runA}},
		{"run that waits", []string{"run", "answer", ""}, []string{runA}},
		{"prompt of it", []string{"run", "answer", runA, ""}, []string{"ask-disk", "approve"}},
		{"one prompt is enough", []string{"run", "answer", runA, "approve", ""}, nil},
		{"no server", []string{"node", "show", "--server", "x", ""}, nil},
		{"graph flag", []string{"run", "list", "--graph", ""}, []string{"Graph.A", "Graph.B"}},
		{"state", []string{"run", "list", "--state", ""}, []string{"running", "waiting", "succeeded", "failed", "cancelled"}},
		{"type", []string{"node", "add", "--type", ""}, []string{"compute", "switch", "enclosure", "rack", "storage"}},
		{"output", []string{"node", "list", "-o", ""}, []string{"text", "json", "yaml"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCase(append([]string{cobra.ShellCompNoDescRequestCmd}, test.args...)...)
			for uri, body := range map[string]string{
				"/api/2.0/workflows/graphs":  `[{"injectableName": "Graph.A"}, {"injectableName": "Graph.B"}]`,
				"/api/2.0/workflows/tasks":   `[{"injectableName": "Task.A"}]`,
				"/api/2.0/nodes":             `[{"name": "web-01"}]`,
				"/api/2.0/prompts":           `[{"instanceId": "` + runA + `", "id": "ask-disk"}, {"instanceId": "` + runA + `", "id": "approve"}]`,
				"/api/2.0/workflows/" + runA: `{"x-prompts": [{"id": "ask-disk"}, {"id": "approve"}]}`,
				"/api/2.0/workflows?%24skip=0&%24top=" + strconv.Itoa(defaultRuns): `[{"instanceId": "` + runA + `"}]`,
			} {
				c.api.answers["GET "+uri] = []answer{{body: []byte(body)}}
			}
			if code := runCase(t, c); code != exitOK {
				t.Fatalf("exit code %d: %s", code, &c.stderr)
			}
			lines := strings.Fields(c.stdout.String())
			got := lines[:len(lines)-1] // the last is cobra's directive
			if diff := gocmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		c := newCase("completion", shell)
		if code := runCase(t, c); code != exitOK || !strings.Contains(c.stdout.String(), "rackflow") {
			t.Errorf("%s: exit code %d, %d bytes of script, stderr %q", shell, code, c.stdout.Len(), &c.stderr)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	c := newCase("version", "-o", "json")
	if code := runCase(t, c); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &c.stderr)
	}
	var got buildInfo
	if err := json.Unmarshal(c.stdout.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Version == "" || got.GoVersion == "" || got.Platform == "" {
		t.Errorf("incomplete: %+v", got)
	}
	text := newCase("version")
	if code := runCase(t, text); code != exitOK || !strings.HasPrefix(text.stdout.String(), "rackflow "+got.Version+" (") {
		t.Errorf("exit code %d, stdout %q", code, &text.stdout)
	}
}

func TestBuildInfoString(t *testing.T) {
	t.Parallel()
	info := buildInfo{Version: "v1.2.0", Commit: "abc", Modified: true, GoVersion: "go1.26", Platform: "linux/amd64"}
	if got, want := info.String(), "rackflow v1.2.0 (commit abc, modified, go1.26, linux/amd64)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestOutputGone is a pipe that nobody reads any more.
func TestOutputGone(t *testing.T) {
	t.Parallel()
	c := newCase("version")
	p := c.process()
	p.Stdout = goneWriter{}
	if code := run(t.Context(), p); code != exitFailure || !strings.Contains(c.stderr.String(), "write output") {
		t.Errorf("exit code %d, stderr %q", code, &c.stderr)
	}
}

type goneWriter struct{}

func (goneWriter) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestPasswordPromptFails(t *testing.T) {
	t.Parallel()
	c := newCase("node", "add", "web-01", "--bmc", "https://10.0.0.5", "--user", "root")
	c.terminal = "stdin"
	p := c.process()
	p.Terminal.ReadPassword = func(context.Context) (string, error) { return "", io.ErrUnexpectedEOF }
	if code := run(t.Context(), p); code != exitFailure || !strings.Contains(c.stderr.String(), "read the BMC's password") {
		t.Errorf("exit code %d, stderr %q", code, &c.stderr)
	}
}
