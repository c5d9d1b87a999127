package bmc

import (
	"net/http"
	"sync/atomic"
	"time"
)

// Hurry lets the BMC wait for a simulated server instead of a real one.
func (b *BMC) Hurry() {
	b.pace = pace{
		poll:            5 * time.Millisecond,
		settle:          5 * time.Millisecond,
		conflict:        20 * time.Millisecond,
		conflictRetries: 20,
		restartForced:   200 * time.Millisecond,
		restartAsked:    5 * time.Second,
		boot:            5 * time.Second,
		attribute:       5 * time.Second,
		insert:          5 * time.Second,
		eject:           5 * time.Second,
		reinsert:        20 * time.Millisecond,
		firmware:        20 * time.Millisecond,
		network:         5 * time.Second,
		job:             5 * time.Millisecond,
		jobMax:          50 * time.Millisecond,
		jobRetry:        20 * time.Millisecond,
		jobRetries:      3,
		clearJobs:       5 * time.Second,
		ready:           20 * time.Millisecond,
		readyLimit:      10 * time.Second,
		bmcDown:         5 * time.Second,
		bmcPoll:         20 * time.Millisecond,
		bmcUp:           10 * time.Second,
		profile:         5 * time.Second,
	}
}

// CountRequests counts what is sent from now on.
func (b *BMC) CountRequests() *atomic.Int64 {
	c := &counted{RoundTripper: b.http.Transport}
	b.http.Transport = c
	return &c.requests
}

type counted struct {
	http.RoundTripper

	requests atomic.Int64
}

func (c *counted) RoundTrip(req *http.Request) (*http.Response, error) {
	c.requests.Add(1)
	return c.RoundTripper.RoundTrip(req)
}
