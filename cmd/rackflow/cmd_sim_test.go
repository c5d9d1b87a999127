package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/sim"
)

// TestSim runs a fleet of two generations with faults from a file and from flags, and
// asks its control API about them.
func TestSim(t *testing.T) {
	t.Parallel()
	c := newCase("sim", "--servers", "2", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--generation", "idrac8,idrac10",
		"--faults", "faults.yaml", "--fault", "PowerStateStale,servers=1,count=2", "--seed", "7")
	c.files["faults.yaml"] = []byte("- kind: SlowAnswer\n  servers: [\"0\"]\n  probability: 0.5\n  delay: 3s\n")
	out, stdout := io.Pipe()
	p := c.process()
	p.Stdout = stdout
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan exitCode, 1)
	go func() {
		ended <- run(ctx, p)
		_ = stdout.Close()
	}()
	url := controlURL(t, out)
	var got []sim.ActiveFault
	getJSON(t, strings.TrimSuffix(url, "servers")+"faults", &got)
	var servers []sim.ServerInfo
	getJSON(t, url, &servers)
	want := []sim.ActiveFault{
		{ID: 1, Server: servers[0].Tag, Fault: sim.Fault{Kind: sim.SlowAnswer, Servers: []string{"0"}, Probability: 0.5, Delay: 3_000_000_000}},
		{ID: 2, Server: servers[1].Tag, Fault: sim.Fault{Kind: sim.PowerStateStale, Servers: []string{"1"}, Count: 2}},
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	cancel()
	if code := <-ended; code != exitOK && code != exitInterrupted {
		t.Errorf("exit code %d: %s", code, &c.stderr)
	}
}

// controlURL reads what the command says until it names the control API.
func controlURL(t *testing.T, out io.Reader) string {
	t.Helper()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if words := strings.Fields(lines.Text()); len(words) == 3 && words[0] == "control" {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return words[2]
		}
	}
	t.Fatalf("no control API was named: %v", lines.Err())
	return ""
}

func getJSON(t *testing.T, url string, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
}
