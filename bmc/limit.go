package bmc

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

// An iDRAC serves about two requests at once before each gets slower, and some serve four
// as quickly.
const (
	startReads = 2
	mostReads  = 4
	// maxConcurrent is every read and one change.
	maxConcurrent = mostReads + 1
	// goodReads in a row allow one more read at once.
	goodReads = 8
	quickRead = 2 * time.Second
	slowRead  = 10 * time.Second
)

// limiter bounds what a BMC is asked at the same time: one change, beside a few reads, each
// kind in the order of asking. How many reads follows how the BMC copes: one more after a
// row of quick answers, half as many after a slow or failed one.
type limiter struct {
	mu      sync.Mutex
	reads   int // under way
	allowed int // reads at once
	most    int
	good    int // in a row
	writing bool
	fenced  bool
	waiting []waiter // in the order of coming
}

// waiter waits until take, which is called under the lock, succeeds.
type waiter struct {
	take  func() bool
	taken chan struct{} // closed then
}

func newLimiter(allowed, most int) *limiter { return &limiter{allowed: allowed, most: most} }

type fenceKey struct{}

// acquire waits until a request may be sent. Its result, nil for a success, has to be
// handed to done.
func (l *limiter) acquire(ctx context.Context, write bool) (done func(error), err error) {
	err = l.await(ctx, func() bool { return l.take(write, ctx.Value(fenceKey{}) == l) })
	if err != nil {
		return nil, err
	}
	started := time.Now()
	return func(result error) { l.release(write, result, time.Since(started)) }, nil
}

// await waits until take, which is called under the lock, succeeds.
func (l *limiter) await(ctx context.Context, take func() bool) error {
	w := waiter{take: take, taken: make(chan struct{})}
	l.mu.Lock()
	l.waiting = append(l.waiting, w)
	l.admit()
	l.mu.Unlock()
	select {
	case <-w.taken:
		return nil
	case <-ctx.Done():
		return l.leave(ctx, w)
	}
}

// leave gives up waiting, unless it is too late for that.
func (l *limiter) leave(ctx context.Context, w waiter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.waiting, func(other waiter) bool { return other.taken == w.taken })
	if i < 0 {
		return nil
	}
	l.waiting = slices.Delete(l.waiting, i, i+1)
	return ctx.Err()
}

func (l *limiter) admit() {
	l.waiting = slices.DeleteFunc(l.waiting, func(w waiter) bool {
		taken := w.take()
		if taken {
			close(w.taken)
		}
		return taken
	})
}

func (l *limiter) take(write, inside bool) bool {
	if l.fenced && !inside {
		return false
	}
	if write {
		free := !l.writing
		l.writing = true
		return free
	}
	if l.reads >= l.allowed {
		return false
	}
	l.reads++
	return true
}

func (l *limiter) release(write bool, result error, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if write {
		l.writing = false
	} else {
		l.reads--
		l.adapt(result, took)
	}
	l.admit()
}

func (l *limiter) adapt(result error, took time.Duration) {
	switch {
	case overloaded(result) || took >= slowRead:
		l.allowed, l.good = max(1, l.allowed/2), 0
	case result != nil || took >= quickRead:
		l.good = 0
	default:
		l.good++
	}
	if l.good >= goodReads && l.allowed < l.most {
		l.allowed, l.good = l.allowed+1, 0
	}
}

// overloaded tells a BMC that cannot cope, or did not answer, from one that refuses.
func overloaded(result error) bool {
	e, ok := errors.AsType[*Error](result)
	return ok && (e.Status == 0 || e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError)
}

// fence waits until nothing is under way and then holds everything back but requests with
// the context that it returns, until lift is called.
func (l *limiter) fence(ctx context.Context) (inside context.Context, lift func(), err error) {
	if err := l.await(ctx, l.takeFence); err != nil {
		return nil, nil, err
	}
	if err := l.await(ctx, func() bool { return l.reads == 0 && !l.writing }); err != nil {
		l.lift()
		return nil, nil, err
	}
	return context.WithValue(ctx, fenceKey{}, l), l.lift, nil
}

func (l *limiter) takeFence() bool {
	free := !l.fenced
	l.fenced = true
	return free
}

func (l *limiter) lift() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fenced = false
	l.admit()
}
