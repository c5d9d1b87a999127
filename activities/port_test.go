package activities_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/rackflow/rackflow/activities"
)

// listen is a server of TCP that takes connections and says nothing.
func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", address)
	check(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func portOptions(l net.Listener) map[string]any {
	address := l.Addr().(*net.TCPAddr)
	return map[string]any{"host": address.IP.String(), "port": float64(address.Port), "interval": 10.0}
}

func TestPortWait(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	l := listen(t, "127.0.0.1:0")
	options := portOptions(l)
	_, _, err := b.do(t, attempt{job: "Job.Port.Wait", options: options})
	check(t, err)

	// Nobody listens for a while.
	check(t, l.Close())
	done := make(chan error)
	go func() {
		_, _, err := b.do(t, attempt{job: "Job.Port.Wait", options: options})
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	listen(t, l.Addr().String())
	check(t, <-done)
}

func TestPortWaitRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cfg.Connect = activities.ConnectPolicy{}
	for says, options := range map[string]map[string]any{
		"are required":             {"port": 22.0},
		"1 to 65535":               {"host": "web-1", "port": 70000.0},
		"--rest-allow 127.0.0.1":   {"host": "127.0.0.1", "port": 22.0},
		"--rest-allow 169.254.1.1": {"host": "169.254.1.1", "port": 22.0},
	} {
		_, _, err := b.do(t, attempt{job: "Job.Port.Wait", options: options})
		wantFailure(t, err, activities.TypePermanent, false, says)
	}
}

// TestPortWaitEnds says what was seen last before its time is up.
func TestPortWaitEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	l := listen(t, "127.0.0.1:0")
	options := portOptions(l)
	check(t, l.Close())
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, _, err := b.do(t, attempt{job: "Job.Port.Wait", options: options, ctx: ctx})
	failure := wantFailure(t, err, activities.TypePermanent, false, l.Addr().String(), "did not answer in", "console")
	if !strings.Contains(failure.Message(), "refused") {
		t.Errorf("%q does not say what was seen last", failure.Message())
	}
}
