package sim

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// TestThousandServers holds what a large fleet costs: servers that have been read keep no
// documents.
func TestThousandServers(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts 1,000 servers")
	}
	const (
		servers      = 1000
		bytesEach    = 512 << 10
		routinesEach = 5
	)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	started := time.Now()
	fleet := startFleet(t, Config{Servers: servers, Generation: "idrac8,idrac9v5,idrac9v7,idrac10"})
	if took := time.Since(started); took > patience {
		t.Errorf("the start took %s", took)
	}
	client := insecureClient(t)
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(16)
	for _, s := range fleet.Servers() {
		group.Go(func() error { return readSome(ctx, client, s) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	client.CloseIdleConnections()
	runtime.GC()
	runtime.ReadMemStats(&after)
	heap, routines := int64(after.HeapInuse+after.StackInuse)-int64(before.HeapInuse+before.StackInuse), runtime.NumGoroutine()
	t.Logf("%d servers: %d KiB and %.1f goroutines each, started in %s", servers, heap>>10/servers, float64(routines)/servers, time.Since(started))
	if heap > servers*bytesEach {
		t.Errorf("they take %d MiB", heap>>20)
	}
	if routines > servers*routinesEach {
		t.Errorf("there are %d goroutines", routines)
	}
}

func readSome(ctx context.Context, client *http.Client, s *Server) error {
	for _, uri := range []string{systemURI, managerURI, biosURI, storageURI + "?$expand=*($levels=1)"} {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+uri, http.NoBody)
		if err != nil {
			return err
		}
		request.SetBasicAuth("root", "calvin")
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, response.Body)
		if closed := response.Body.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	return nil
}
