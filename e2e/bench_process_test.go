package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// measured is a `rackflow up` process under measurement: an engine without a test
// around it, polled more often.
type measured struct {
	*engine

	b *testing.B
}

// measureEngine starts the program with a fresh data folder and stops it with the benchmark.
func measureEngine(b *testing.B) *measured {
	b.Helper()
	var lc net.ListenConfig
	addresses := make([]string, 4)
	for i := range addresses {
		l, err := lc.Listen(b.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		defer l.Close()
		addresses[i] = l.Addr().String()
	}
	m := &measured{b: b, engine: &engine{
		args: []string{
			"up", "--rest-allow", "127.0.0.0/8", "--listen", addresses[0], "--media-listen", addresses[1],
			"--temporal-listen", addresses[2], "--ui-listen", addresses[3], "--data", b.TempDir(),
		},
		api: fmt.Sprintf("http://%s/api/2.0", addresses[0]), stderr: &syncBuffer{},
	}}
	b.Cleanup(m.kill)
	return m
}

// up starts the process and returns how long it took until the API answered.
func (m *measured) up() time.Duration {
	m.b.Helper()
	m.cmd = exec.Command(binary, m.args...)
	m.cmd.Stderr = m.stderr
	began := time.Now()
	if err := m.cmd.Start(); err != nil {
		m.b.Fatal(err)
	}
	m.poll("the engine answers", func() bool {
		status, err := m.call(http.MethodGet, "/workflows/graphs", nil, nil)
		return err == nil && status == http.StatusOK
	})
	return time.Since(began)
}

func (m *measured) poll(what string, done func() bool) {
	m.b.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline:
			m.b.Fatalf("not in a minute: %s\nlog of rackflow up:\n%s", what, m.stderr)
		case <-tick.C:
		}
	}
}

// ask makes a request that has to end with the status.
func (m *measured) ask(status int, method, path string, body, answer any) {
	m.b.Helper()
	if got, err := m.call(method, path, body, answer); err != nil || got != status {
		m.b.Fatalf("%s %s: status %d, want %d: %v", method, path, got, status, err)
	}
}

// begin starts a graph and waits until one of its tasks runs.
func (m *measured) begin(graph, label string) (instanceID string) {
	m.b.Helper()
	var created struct {
		InstanceID string `json:"instanceId"`
	}
	m.ask(http.StatusCreated, http.MethodPost, "/workflows", map[string]any{"name": graph}, &created)
	m.pollState(created.InstanceID, label, "running")
	return created.InstanceID
}

func (m *measured) pollState(instanceID, label string, states ...string) {
	m.b.Helper()
	m.poll(label+" is "+strings.Join(states, " or "), func() bool {
		r, err := m.get(instanceID)
		if err != nil {
			return false
		}
		for _, state := range states {
			if r.state(label) == state {
				return true
			}
		}
		return false
	})
}

// BenchmarkStart measures the first start on an empty data folder, a later one on
// the same data, and what the process then holds in memory.
func BenchmarkStart(b *testing.B) {
	var first, again, memory []float64
	for b.Loop() {
		m := measureEngine(b)
		first = append(first, m.up().Seconds()*1000)
		memory = append(memory, residentMiB(b, m.cmd.Process.Pid))
		m.kill()
		again = append(again, m.up().Seconds()*1000)
		m.kill()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(first), "ms-to-ready")
	b.ReportMetric(median(again), "ms-to-ready-again")
	b.ReportMetric(median(memory), "idle-MiB")
}

// residentMiB reads a process's resident set once it has come to rest.
func residentMiB(b *testing.B, pid int) float64 {
	b.Helper()
	// What a start leaves behind is given back in a second or so, and nothing tells of it.
	<-time.After(2 * time.Second)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("memory is read from /proc: ", err)
	}
	var kib float64
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	if _, err := fmt.Sscanf(rest, "%f kB", &kib); err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}

// killed is a graph that is killed while its task busy is under way; next starts when that has ended.
func killed(name string, busy map[string]any) map[string]any {
	busy["label"] = "busy"
	next := map[string]any{"label": "next", "taskName": "Task.Wait", "waitOn": map[string]any{"busy": "succeeded"}}
	return map[string]any{"friendlyName": name, "injectableName": name, "tasks": []any{busy, next}}
}

// BenchmarkResume measures from kill -9 to the start of the next task: the process
// is started again at once, on the same data. At a boundary nothing but a timer is
// open, which has run out when the process is back; in an activity there is a call
// that answers at once when it is made again.
func BenchmarkResume(b *testing.B) {
	b.Run("boundary", func(b *testing.B) {
		m := measureEngine(b)
		m.up()
		m.ask(http.StatusCreated, http.MethodPut, "/workflows/graphs", killed("Graph.Boundary", map[string]any{
			"taskName": "Task.Wait", "optionOverrides": map[string]any{"delay": 400},
		}), nil)
		benchmarkResume(b, m, func() string { return m.begin("Graph.Boundary", "busy") })
	})
	b.Run("activity", func(b *testing.B) {
		m := measureEngine(b)
		m.up()
		service, called := startStuck(b)
		m.ask(http.StatusCreated, http.MethodPut, "/workflows/graphs", killed("Graph.Activity", map[string]any{
			"taskName": "Task.Run.Rest.Command", "optionOverrides": map[string]any{"url": service, "method": "GET"},
		}), nil)
		benchmarkResume(b, m, func() string {
			id := m.begin("Graph.Activity", "busy")
			<-called
			return id
		})
	})
}

// startStuck starts a service that leaves every second call without an answer,
// the first among them, and tells of it.
func startStuck(b *testing.B) (url string, called <-chan struct{}) {
	b.Helper()
	var calls atomic.Int64
	stuck := make(chan struct{})
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1)%2 == 0 {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		select {
		case stuck <- struct{}{}:
			<-r.Context().Done()
		case <-r.Context().Done():
		}
	}))
	b.Cleanup(service.Close)
	return service.URL, stuck
}

func benchmarkResume(b *testing.B, m *measured, begin func() (instanceID string)) {
	var resumed []float64
	for b.Loop() {
		id := begin()
		killed := time.Now()
		m.kill()
		m.up()
		m.pollState(id, "next", "running", "succeeded")
		resumed = append(resumed, time.Since(killed).Seconds()*1000)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(resumed), "ms-to-next-task")
}
