package graphcase

import (
	"cmp"
	"container/heap"
	"time"
)

// clock is virtual time: it jumps to the next thing that is due.
type clock struct {
	now time.Duration
	due agenda
	set int
}

// alarm is something due at a time; a dropped one does nothing.
type alarm struct {
	at    time.Duration
	order int
	ring  func()
}

func (a *alarm) drop() {
	if a != nil {
		a.ring = nil
	}
}

func (c *clock) after(d time.Duration, ring func()) *alarm { return c.at(c.now+d, ring) }

func (c *clock) at(t time.Duration, ring func()) *alarm {
	c.set++
	a := &alarm{at: max(t, c.now), order: c.set, ring: ring}
	heap.Push(&c.due, a)
	return a
}

// step does everything that is due at the next moment, and reports whether there was anything.
// What is set meanwhile for this very moment is left for the next step.
func (c *clock) step() bool {
	for len(c.due) > 0 && c.due[0].ring == nil {
		heap.Pop(&c.due)
	}
	if len(c.due) == 0 {
		return false
	}
	c.now = c.due[0].at
	var batch []*alarm
	for len(c.due) > 0 && c.due[0].at == c.now {
		batch = append(batch, heap.Pop(&c.due).(*alarm)) //nolint:forcetypeassert // the agenda holds nothing else
	}
	for _, a := range batch {
		if a.ring != nil {
			a.ring()
		}
	}
	return true
}

// agenda is a heap of alarms, the next one first.
type agenda []*alarm

// Len is for container/heap.
func (a *agenda) Len() int { return len(*a) }

// Less is for container/heap.
func (a *agenda) Less(i, j int) bool {
	one, other := (*a)[i], (*a)[j]
	return cmp.Or(cmp.Compare(one.at, other.at), cmp.Compare(one.order, other.order)) < 0
}

// Swap is for container/heap.
func (a *agenda) Swap(i, j int) { (*a)[i], (*a)[j] = (*a)[j], (*a)[i] }

// Push is for container/heap.
func (a *agenda) Push(x any) { *a = append(*a, x.(*alarm)) } //nolint:forcetypeassert // the agenda holds nothing else

// Pop is for container/heap.
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}
