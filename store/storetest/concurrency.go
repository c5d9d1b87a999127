package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rackflow/rackflow/store"
)

const workers = 20

// atOnce runs do in many goroutines and reports what fails.
func atOnce(t *testing.T, do func(n int) error) {
	t.Helper()
	var wg sync.WaitGroup
	for n := range workers {
		wg.Go(func() {
			if err := do(n); err != nil {
				t.Errorf("worker %d: %v", n, err)
			}
		})
	}
	wg.Wait()
}

// concurrentServers lets every worker write, read its own write back, and list.
func concurrentServers(t *testing.T, s store.Store) {
	atOnce(t, func(n int) error {
		name := fmt.Sprintf("server-%d", n)
		sv, err := s.CreateServer(t.Context(), compute(name))
		if err != nil {
			return err
		}
		if _, err := s.PutOBM(t.Context(), redfish(sv.ID)); err != nil {
			return err
		}
		found, err := s.Server(t.Context(), name)
		if err != nil {
			return err
		}
		if found.ID != sv.ID {
			return fmt.Errorf("%s is %s; want %s", name, found.ID, sv.ID)
		}
		_, err = s.Servers(t.Context())
		return err
	})
	equal(t, "servers", workers, len(must[[]store.Server](t)(s.Servers(t.Context()))))
	equal(t, "settings", workers, len(must[[]store.OBM](t)(s.OBMs(t.Context(), ""))))
}

func concurrentPutOBM(t *testing.T, s store.Store) {
	server := created(t, s, compute("web"))
	atOnce(t, func(int) error {
		_, err := s.PutOBM(t.Context(), redfish(server.ID))
		return err
	})
	equal(t, "settings", 1, len(must[[]store.OBM](t)(s.OBMs(t.Context(), server.ID))))
}

// concurrentUpdates writes from one version, where one worker may win, and then
// repeats each change until it gets through, where none may be lost.
func concurrentUpdates(t *testing.T, s store.Store) {
	server := created(t, s, compute("web"))
	stale := server
	stale.SKU = "first"
	var wins atomic.Int32
	atOnce(t, func(int) error {
		_, err := s.UpdateServer(t.Context(), stale)
		if errors.Is(err, store.ErrConflict) {
			return nil
		}
		wins.Add(1)
		return err
	})
	equal(t, "updates from one version", 1, wins.Load())

	atOnce(t, func(n int) error { return addTag(t, s, server.ID, fmt.Sprintf("tag-%d", n)) })
	equal(t, "tags", workers, len(must[store.Server](t)(s.Server(t.Context(), server.ID)).Tags))
}

func addTag(t *testing.T, s store.Store, id, tag string) error {
	t.Helper()
	for {
		sv, err := s.Server(t.Context(), id)
		if err != nil {
			return err
		}
		sv.Tags = append(sv.Tags, tag)
		if _, err = s.UpdateServer(t.Context(), sv); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}
