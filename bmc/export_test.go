package bmc

import "time"

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
		insert:          5 * time.Second,
		eject:           5 * time.Second,
	}
}
