package bmc

import "time"

// pace is how long to wait for what. The values come from the behaviour of real
// iDRACs.
type pace struct {
	poll            time.Duration // between two looks at a state that is waited for
	settle          time.Duration // between two reads that must agree
	conflict        time.Duration // between attempts while the BMC refuses a power change
	conflictRetries int
	restartForced   time.Duration // within which a forced restart shows, if it shows at all
	restartAsked    time.Duration // the same for one that the operating system carries out
	boot            time.Duration // until a boot override can be read back
	attribute       time.Duration // until an attribute can be read back
	insert          time.Duration // within which an image may still attach after an error
	eject           time.Duration // within which an image detaches
	reinsert        time.Duration // before an image that could not be reached is tried again
	job             time.Duration // between the first looks at a job
	jobMax          time.Duration // what that grows to
	jobRetry        time.Duration // between looks for a job that is not there yet
	jobRetries      int
	clearJobs       time.Duration // within which the job queue empties
	firmware        time.Duration // between two looks at updated firmware
	network         time.Duration // within which a BMC answers after its own network was changed
	ready           time.Duration // between two looks at the Lifecycle Controller
	readyLimit      time.Duration // within which it gets ready after a restart
	bmcDown         time.Duration // within which a restarting BMC stops to answer
	bmcPoll         time.Duration // between two looks whether it is back
	bmcUp           time.Duration // within which it is back
	profile         time.Duration // within which an exported profile can be read
}

func realPace() pace {
	return pace{
		poll:            2 * time.Second,
		settle:          2 * time.Second,
		conflict:        10 * time.Second,
		conflictRetries: 6,
		restartForced:   15 * time.Second,
		restartAsked:    2 * time.Minute,
		boot:            30 * time.Second,
		attribute:       30 * time.Second,
		insert:          90 * time.Second,
		eject:           30 * time.Second,
		reinsert:        5 * time.Second,
		job:             2 * time.Second,
		jobMax:          time.Minute,
		jobRetry:        10 * time.Second,
		jobRetries:      3,
		clearJobs:       2 * time.Minute,
		firmware:        30 * time.Second,
		network:         3 * time.Minute,
		ready:           10 * time.Second,
		readyLimit:      16 * time.Minute,
		bmcDown:         2 * time.Minute,
		bmcPoll:         10 * time.Second,
		bmcUp:           10 * time.Minute,
		profile:         time.Minute,
	}
}

// briefest is how short the limits of waits may get: below it a machine that is busy
// otherwise would end them.
const briefest = 5 * time.Second

// times returns the waits multiplied by a factor. Limits shrink no further than to briefest.
func (p pace) times(factor float64) pace {
	for _, d := range []*time.Duration{
		&p.poll, &p.settle, &p.conflict, &p.reinsert, &p.job, &p.jobMax, &p.jobRetry, &p.firmware, &p.ready, &p.bmcPoll,
	} {
		*d = time.Duration(float64(*d) * factor)
	}
	for _, limit := range []*time.Duration{
		&p.restartForced, &p.restartAsked, &p.boot, &p.attribute, &p.insert, &p.eject, &p.clearJobs, &p.network,
		&p.readyLimit, &p.bmcDown, &p.bmcUp, &p.profile,
	} {
		*limit = max(time.Duration(float64(*limit)*factor), min(*limit, briefest))
	}
	return p
}
