package media_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/rackflow/rackflow/media"
)

// What an overlay may cost.
const (
	maxHeap   = 200 << 20 // bytes, of a thousand servers' images
	maxStored = 1 << 20   // bytes of one image
)

// BenchmarkThousandServers makes the images of a thousand servers of one base, as a
// process does that is asked for all of them after a start.
func BenchmarkThousandServers(b *testing.B) {
	s := newSite(b)
	const servers = 1000
	var stored int64
	for i := range servers {
		made, err := s.PutOverlay(b.Context(), fmt.Sprintf("runs/%d/build", i), vendorName, custom(fmt.Sprintf("web-%d", i)))
		check(b, err)
		stored = max(stored, made.Stored)
	}
	var heap uint64
	for b.Loop() {
		b.StopTimer()
		s.open(b)
		before := heapInUse()
		b.StartTimer()
		for i := range servers {
			check(b, openOnce(b.Context(), s.Library, fmt.Sprintf("overlay:runs/%d/build", i)))
		}
		b.StopTimer()
		heap = max(heap, heapInUse()-min(before, heapInUse()))
		runtime.KeepAlive(s.Library)
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*servers), "ns/image")
	b.ReportMetric(float64(heap), "heap-bytes")
	b.ReportMetric(float64(stored), "bytes/image")
	if heap > maxHeap || stored > maxStored {
		b.Errorf("%d bytes of heap, %d bytes an image: want at most %d and %d", heap, stored, maxHeap, maxStored)
	}
}

// BenchmarkOpen opens an overlay that is in memory, as every request of a BMC does.
func BenchmarkOpen(b *testing.B) {
	s := newSite(b)
	made, err := s.PutOverlay(b.Context(), "runs/1/build", vendorName, custom("web-1"))
	check(b, err)
	b.ReportAllocs()
	for b.Loop() {
		check(b, openOnce(b.Context(), s.Library, made.Source))
	}
}

func openOnce(ctx context.Context, l *media.Library, source string) error {
	f, err := l.Open(ctx, source)
	if err != nil {
		return err
	}
	_, err = f.ReadAt(make([]byte, 2048), 16*2048)
	return errors.Join(err, f.Close())
}

func heapInUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
