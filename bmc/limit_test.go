package bmc

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestLimiterBounds: ten of each kind at once.
func TestLimiterBounds(t *testing.T) {
	t.Parallel()
	for _, write := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var now, most atomic.Int32
			l := newLimiter(startReads, startReads)
			want, started := int32(startReads), time.Now()
			if write {
				want = 1
			}
			var running sync.WaitGroup
			for range 10 {
				running.Go(func() {
					done, err := l.acquire(t.Context(), write)
					if err != nil {
						t.Error(err)
						return
					}
					most.Store(max(most.Load(), now.Add(1)))
					_ = sleep(t.Context(), time.Second)
					now.Add(-1)
					done(nil)
				})
			}
			running.Wait()
			if most.Load() != want {
				t.Errorf("write %t: %d at once, want %d", write, most.Load(), want)
			}
			if took := time.Since(started); took != time.Duration(10/want)*time.Second {
				t.Errorf("write %t: took %s", write, took)
			}
		})
	}
}

func TestLimiterReadsBesideAWrite(t *testing.T) {
	t.Parallel()
	l := newLimiter(1, 1)
	for _, write := range []bool{true, false} {
		if _, err := l.acquire(t.Context(), write); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, write := range []bool{true, false} {
		if _, err := l.acquire(ctx, write); !errors.Is(err, context.Canceled) {
			t.Errorf("write %t: a second one: %v", write, err)
		}
	}
}

func TestLimiterAdapts(t *testing.T) {
	t.Parallel()
	failed := func(status int) error { return &Error{Outcome: Transient, Status: status} }
	cases := []struct {
		name   string
		result error
		took   time.Duration
		times  int
		from   int
		want   int
	}{
		{"quick answers", nil, time.Second, goodReads, 2, 3},
		{"a few quick answers", nil, time.Second, goodReads - 1, 2, 2},
		{"many quick answers", nil, time.Second, 100, 2, mostReads},
		{"answers of middling speed", nil, 5 * time.Second, 100, 2, 2},
		{"a slow answer", nil, 10 * time.Second, 1, 4, 2},
		{"a failure", failed(http.StatusServiceUnavailable), 0, 1, 4, 2},
		{"too many requests", failed(http.StatusTooManyRequests), 0, 1, 4, 2},
		{"no answer", failed(0), 0, 5, 4, 1},
		{"a refusal", failed(http.StatusNotFound), 0, 5, 4, 4},
		{"a caller that left", context.Canceled, 0, 5, 4, 4},
	}
	for _, c := range cases {
		l := newLimiter(c.from, mostReads)
		for range c.times {
			l.adapt(c.result, c.took)
		}
		if l.allowed != c.want {
			t.Errorf("%s: %d reads at once, want %d", c.name, l.allowed, c.want)
		}
	}
}

// TestLimiterFence: it waits for what is under way and holds back what comes then.
func TestLimiterFence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(2, 2)
		done, err := l.acquire(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		var order []string
		var running sync.WaitGroup
		running.Go(func() {
			ctx, lift, err := l.fence(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			order = append(order, "fenced")
			inside, err := l.acquire(ctx, false)
			if err != nil {
				t.Error(err)
				return
			}
			inside(nil)
			order = append(order, "lifted")
			lift()
		})
		synctest.Wait()
		running.Go(func() {
			after, err := l.acquire(t.Context(), false)
			if err != nil {
				t.Error(err)
				return
			}
			order = append(order, "read")
			after(nil)
		})
		synctest.Wait()
		order = append(order, "written")
		done(nil)
		running.Wait()
		want := []string{"written", "fenced", "lifted", "read"}
		for i := range want {
			if i >= len(order) || order[i] != want[i] {
				t.Fatalf("order %v, want %v", order, want)
			}
		}
	})
}

func TestLimiterFenceThatIsGivenUp(t *testing.T) {
	t.Parallel()
	l := newLimiter(1, 1)
	done, err := l.acquire(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := l.fence(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("fenced a BMC that is written to: %v", err)
	}
	done(nil)
	if _, err := l.acquire(t.Context(), false); err != nil {
		t.Errorf("the fence was left behind: %v", err)
	}
}

// TestRequestsPassTheLimiter: a BMC never sees two changes at once.
func TestRequestsPassTheLimiter(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int32
	f := newFake(t)
	handler := f.Config.Handler
	f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == resetURI {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
		}
		handler.ServeHTTP(w, r)
	})
	b := f.connect(t)
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			if err := b.Reset(t.Context(), ResetNmi); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if most.Load() != 1 {
		t.Errorf("%d changes at once", most.Load())
	}
}
