package bmc_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/sim"
)

// benchFleet starts simulated servers and connects to each.
func benchFleet(b *testing.B, cfg sim.Config) (*sim.Fleet, []*bmc.BMC) {
	b.Helper()
	fleet, err := sim.Start(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := fleet.Close(); err != nil {
			b.Error(err)
		}
	})
	pool := &bmc.Pool{}
	b.Cleanup(func() {
		if err := pool.Close(context.WithoutCancel(b.Context())); err != nil {
			b.Error(err)
		}
	})
	bmcs := make([]*bmc.BMC, 0, len(fleet.Servers()))
	for _, server := range fleet.Servers() {
		connected, err := pool.Get(b.Context(), bmc.Config{
			Server: server.Tag(), Endpoint: server.URL(), Username: "root", Password: "calvin", Fingerprint: server.Fingerprint(),
		})
		if err != nil {
			b.Fatal(err)
		}
		bmcs = append(bmcs, connected)
	}
	return fleet, bmcs
}

// BenchmarkSimInventory reads the whole inventory of a simulated server of each generation.
func BenchmarkSimInventory(b *testing.B) {
	for _, generation := range []string{sim.IDRAC8, sim.IDRAC9v5, sim.IDRAC9v7, sim.IDRAC10} {
		b.Run(generation, func(b *testing.B) {
			_, bmcs := benchFleet(b, sim.Config{Generation: generation})
			requests := bmcs[0].CountRequests()
			resources := 0
			for b.Loop() {
				inventory, err := bmcs[0].Inventory(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				resources = len(inventory.Resources)
			}
			b.ReportMetric(float64(requests.Load())/float64(b.N), "requests/op")
			b.ReportMetric(float64(resources), "resources")
		})
	}
}

// pollers is how many BMCs are polled at once.
const pollers = 64

// BenchmarkSimPowerPolls reads the power state of 1,000 servers a cycle. CPU time and
// memory are those of both sides, which share the process.
func BenchmarkSimPowerPolls(b *testing.B) {
	const servers = 1000
	_, bmcs := benchFleet(b, sim.Config{Servers: servers})
	before := cpuTime(b)
	for b.Loop() {
		queue := make(chan *bmc.BMC)
		var all sync.WaitGroup
		for range pollers {
			all.Go(func() {
				for polled := range queue {
					if _, err := polled.PowerState(b.Context()); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for _, polled := range bmcs {
			queue <- polled
		}
		close(queue)
		all.Wait()
	}
	b.ReportMetric((cpuTime(b)-before).Seconds()/float64(b.N), "cpu-s/cycle")
	b.ReportMetric(float64(b.N*servers)/b.Elapsed().Seconds(), "polls/s")
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	b.ReportMetric(float64(memory.HeapInuse+memory.StackInuse)/(1<<20), "MiB")
}

// cpuTime is what this process has used so far.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkSimReads reads one property from 16 goroutines: through the limiter, and by a
// client without one. The simulator, unlike an iDRAC, does not get slower by that: what
// shows is what the limiter costs.
func BenchmarkSimReads(b *testing.B) {
	fleet, bmcs := benchFleet(b, sim.Config{})
	b.Run("limited", func(b *testing.B) {
		readSideBySide(b, func(ctx context.Context) error {
			_, err := bmcs[0].PowerState(ctx)
			return err
		})
	})
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true}, // a simulator of this process
		MaxIdleConnsPerHost: 2 * pollers,
	}}
	b.Cleanup(client.CloseIdleConnections)
	b.Run("unlimited", func(b *testing.B) {
		readSideBySide(b, func(ctx context.Context) error {
			return readPlainly(ctx, client, fleet.Servers()[0].URL()+"/redfish/v1/Systems/System.Embedded.1?$select=PowerState")
		})
	})
}

func readPlainly(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	req.SetBasicAuth("root", "calvin")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func readSideBySide(b *testing.B, read func(context.Context) error) {
	b.Helper()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := read(b.Context()); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}
