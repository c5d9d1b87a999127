package sim

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	// deliveryFailures in a row disable a subscription.
	deliveryFailures = 3
	deliveryTimeout  = 10 * time.Second
	// eventBacklog is how many events wait for their delivery; the oldest go first.
	eventBacklog = 256
)

// subscription is one who wants to be told.
type subscription struct {
	id          string
	destination string // an HTTPS URL
	context     string // what the subscriber gave, for finding its way back
	failures    int    // deliveries that failed in a row
	disabled    bool
}

// events holds subscriptions and what is still to be sent. It has a lock of its own,
// since events happen with and without the server's.
type events struct {
	mu       sync.Mutex
	subs     []*subscription
	last     int
	backlog  []logEntry
	wake     chan struct{} // one token: there is something in the backlog
	carriers sync.Once
}

func newEvents() *events { return &events{wake: make(chan struct{}, 1)} }

// add returns the new subscription's id, or "" at the limit.
func (v *events) add(sub subscription) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.subs) >= maxSubscriptions {
		return ""
	}
	v.last++
	sub.id = strconv.Itoa(v.last)
	v.subs = append(v.subs, &sub)
	return sub.id
}

func (v *events) remove(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.subs = slices.DeleteFunc(v.subs, func(sub *subscription) bool { return sub.id == id })
}

// list returns copies, oldest first.
func (v *events) list() []subscription {
	v.mu.Lock()
	defer v.mu.Unlock()
	subs := make([]subscription, 0, len(v.subs))
	for _, sub := range v.subs {
		subs = append(subs, *sub)
	}
	return subs
}

func (v *events) find(id string) (subscription, bool) {
	for _, sub := range v.list() {
		if sub.id == id {
			return sub, true
		}
	}
	return subscription{}, false
}

// publish hands an event to the carrier, if anybody wants it.
func (v *events) publish(e logEntry) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.subs) == 0 {
		return
	}
	if len(v.backlog) == eventBacklog {
		v.backlog = slices.Delete(v.backlog, 0, 1)
	}
	v.backlog = append(v.backlog, e)
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

func (v *events) take() []logEntry {
	v.mu.Lock()
	defer v.mu.Unlock()
	taken := v.backlog
	v.backlog = nil
	return taken
}

// settle notes how a delivery went, and reports whether it disabled the subscription.
func (v *events) settle(id string, delivered bool) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	i := slices.IndexFunc(v.subs, func(sub *subscription) bool { return sub.id == id })
	if i < 0 {
		return false
	}
	sub := v.subs[i]
	if delivered {
		sub.failures = 0
		return false
	}
	sub.failures++
	sub.disabled = sub.failures >= deliveryFailures
	return sub.disabled
}

// startDelivery starts the carrier with the first subscription: most servers never need one.
func (s *Server) startDelivery() {
	s.events.carriers.Do(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.closed {
			s.running.Go(s.carryEvents)
		}
	})
}

// carryEvents sends events in their order until the server stops.
func (s *Server) carryEvents() {
	// As an iDRAC does unless told otherwise, it takes the certificate of any subscriber.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // see above
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: deliveryTimeout}
	for {
		select {
		case <-s.events.wake:
		case <-s.alive.Done():
			return
		}
		for _, e := range s.events.take() {
			s.deliver(s.alive, client, e)
		}
	}
}

// deliver sends an event to everybody whose subscription is enabled.
func (s *Server) deliver(ctx context.Context, client *http.Client, e logEntry) {
	for _, sub := range s.events.list() {
		if sub.disabled {
			continue
		}
		_, broken := s.takeFault(EventDeliveryFails, subscriptionsURI+"/"+sub.id)
		delivered := !broken && s.post(ctx, client, sub, e)
		if s.events.settle(sub.id, delivered) {
			s.record(SubscriptionDisabled, "id", sub.id, "destination", sub.destination)
		}
	}
}

func (s *Server) post(ctx context.Context, client *http.Client, sub subscription, e logEntry) bool {
	encoded, err := json.Marshal(s.eventDoc(sub, e))
	if err != nil {
		return false
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, sub.destination, bytes.NewReader(encoded))
	if err != nil {
		return false
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode < http.StatusMultipleChoices
}
