package bmc

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkReads reads from a BMC whose answers take longer the more it is asked at once,
// from 16 goroutines: through the limiter, and all at once.
func BenchmarkReads(b *testing.B) {
	b.Run("limited", func(b *testing.B) {
		bmc := slowing(b).connect(b)
		benchmarkReads(b, func(ctx context.Context) error {
			_, err := bmc.PowerState(ctx)
			return err
		})
	})
	b.Run("unlimited", func(b *testing.B) {
		f := slowing(b)
		client := f.Client()
		benchmarkReads(b, func(ctx context.Context) error {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL+systemURI+"?$select=PowerState", http.NoBody)
			if err != nil {
				return err
			}
			req.SetBasicAuth(user, secret)
			resp, err := client.Do(req)
			if err != nil {
				return err
			}
			defer func() { _ = resp.Body.Close() }()
			_, err = io.Copy(io.Discard, resp.Body)
			return err
		})
	})
}

func benchmarkReads(b *testing.B, read func(context.Context) error) {
	b.Helper()
	b.SetParallelism(8)
	var slowest atomic.Int64
	started := time.Now()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			asked := time.Now()
			if err := read(b.Context()); err != nil {
				b.Error(err)
				return
			}
			slowest.Store(max(slowest.Load(), int64(time.Since(asked))))
		}
	})
	b.ReportMetric(float64(b.N)/time.Since(started).Seconds(), "requests/s")
	b.ReportMetric(time.Duration(slowest.Load()).Seconds(), "slowest-s")
}

// slowing is a fake that serves two requests at once in 4 ms each, and loses time with the
// square of what comes on top: a BMC's one core that switches between them.
func slowing(b *testing.B) *fake {
	b.Helper()
	f := newFake(b)
	handler := f.Config.Handler
	var now atomic.Int64
	f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		load := max(now.Add(1), 2)
		defer now.Add(-1)
		_ = sleep(r.Context(), time.Millisecond*time.Duration(load*load))
		handler.ServeHTTP(w, r)
	})
	return f
}
