package activities_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/sim"
)

// done is the end of a trial whose job has succeeded; the others are types of failures.
const done = "Done"

// quirk is one of the ways in which iDRACs differ from what a client may expect, with what
// the jobs make of it. The table of them is also the one in docs/idrac.md.
type quirk struct {
	number   int // of sim.Quirks
	handling string
	source   string
	trials   []trial
}

// trial is one job that meets a quirk.
type trial struct {
	// faults show it; without any, or beside them, circumstances do.
	faults        []sim.Fault
	circumstances string
	// generation is sim.IDRAC9v7 when empty.
	generation string
	do         step
	// tries is the attempt that is the last; 1 when zero. Those before it fail for now.
	tries int32
	// ends is how that attempt does: done when empty.
	ends string
	// says are words of its failure: the operation, the BMC's own words and what to do next.
	says []string
	// holds looks at the server afterwards.
	holds func(t *testing.T, d *device)
}

// step is a job and what it is done with.
type step struct {
	job string
	// prepare readies the server, while it is still sound, and returns the options.
	prepare func(t *testing.T, d *device) map[string]any
}

// newDeviceOf is newDevice for a generation, with a vendor image to insert.
func newDeviceOf(t *testing.T, generation string) *device {
	t.Helper()
	b := newBench(t)
	const moment = 20 * time.Millisecond
	fleet, err := sim.Start(sim.Config{Username: "root", Password: password, Generation: generation, Timing: sim.Timing{
		PowerOn: moment, PowerOff: moment, POST: moment, InstallStep: moment, MediaSettle: moment, Job: moment,
		ManagerRestart: 5 * moment, ManagerReady: moment,
	}})
	check(t, err)
	b.closeAfter(t, fleet)
	b.addImage(t, "disc.iso")
	simulated := fleet.Servers()[0]
	return &device{bench: b, Server: simulated, stored: b.addServer(t, simulated.Tag(), b.settings(t, simulated))}
}

func TestQuirks(t *testing.T) {
	t.Parallel()
	for _, q := range quirks() {
		for i, c := range q.trials {
			t.Run(fmt.Sprintf("%d/%d", q.number, i+1), func(t *testing.T) {
				t.Parallel()
				c.run(t)
			})
		}
	}
}

func (c trial) run(t *testing.T) {
	t.Helper()
	if c.generation == "" {
		c.generation = sim.IDRAC9v7
	}
	d := newDeviceOf(t, c.generation)
	options := c.do.prepare(t, d)
	check(t, d.SetFaults(c.faults...))
	err := d.persist(t, c.do.job, options, max(c.tries, 1))
	if c.ends == "" {
		check(t, err)
	} else {
		c.checkFailure(t, d, err)
	}
	if c.holds != nil {
		c.holds(t, d)
	}
}

// persist does a job as Temporal would, without its pauses, up to an attempt that is the
// last. All before it have to fail for now.
func (d *device) persist(t *testing.T, job string, options map[string]any, tries int32) error {
	t.Helper()
	a := attempt{job: job, server: d.stored.ID, options: options}
	for a.number = 1; ; a.number++ {
		_, side, err := d.do(t, a)
		if a.number == tries {
			return err
		}
		if failure := failureOf(err); failure == nil || failure.NonRetryable() {
			t.Fatalf("attempt %d ended with %v; want one that fails for now, and %d attempts", a.number, err, tries)
		}
		if recorded := side.intents(); len(recorded) > 0 {
			a.recorded = recorded[len(recorded)-1]
		}
	}
}

func failureOf(err error) *temporal.ApplicationError {
	failure, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok {
		return nil
	}
	return failure
}

// message is how failures of a BMC read: server, operation, what the BMC says, with its own
// id in brackets where it gives one, and what to do next.
var message = regexp.MustCompile(`^[A-Z0-9]{7}: [a-zA-Z][^:]+: .+; .+`)

func (c trial) checkFailure(t *testing.T, d *device, err error) {
	t.Helper()
	retryable := c.ends == activities.TypeBusy || c.ends == activities.TypeTransient
	failure := wantFailure(t, err, c.ends, retryable, append(slices.Clone(c.says), d.Tag()+": ")...)
	if len(c.says) == 0 || !message.MatchString(failure.Message()) {
		t.Errorf("message %q does not name server, operation, reason and next step", failure.Message())
	}
}

// TestQuirksAreComplete holds the table against the simulator's: each quirk is there, and
// each of the faults that show it is met by a job.
func TestQuirksAreComplete(t *testing.T) {
	t.Parallel()
	table := quirks()
	for i, known := range sim.Quirks() {
		if i >= len(table) || table[i].number != known.Number {
			t.Fatalf("quirk %d (%s) is not in the table", known.Number, known.Symptom)
		}
		q := table[i]
		if q.handling == "" || q.source == "" || len(q.trials) == 0 {
			t.Errorf("quirk %d lacks handling, source or trials", q.number)
		}
		for _, kind := range known.Faults {
			met := slices.ContainsFunc(q.trials, func(c trial) bool {
				return slices.ContainsFunc(c.faults, func(f sim.Fault) bool { return f.Kind == kind })
			})
			if !met {
				t.Errorf("quirk %d: no job meets the fault %s", q.number, kind)
			}
		}
	}
	if len(table) != len(sim.Quirks()) {
		t.Errorf("%d quirks in the table, %d in the simulator", len(table), len(sim.Quirks()))
	}
}

// with gives options that need no preparation.
func with(options map[string]any) func(*testing.T, *device) map[string]any {
	return func(*testing.T, *device) map[string]any { return options }
}

// turnedOn is with for a server that is on.
func turnedOn(options map[string]any) func(*testing.T, *device) map[string]any {
	return func(t *testing.T, d *device) map[string]any {
		t.Helper()
		check(t, d.power(t, d.stored.ID, action("powerOn")))
		return options
	}
}

// inserted puts an image into the first slot before, at another URL than the job's.
func inserted(options map[string]any) func(*testing.T, *device) map[string]any {
	return func(t *testing.T, d *device) map[string]any {
		t.Helper()
		_, _, err := d.do(t, attempt{job: "Job.Media.Insert", label: "before", server: d.stored.ID, options: fromDisc()})
		check(t, err)
		return options
	}
}

func fromDisc() map[string]any { return map[string]any{"source": "image:disc.iso"} }

// once is a fault that shows a number of times.
func once(kind string, times int) []sim.Fault { return []sim.Fault{{Kind: kind, Count: times}} }

// always is a fault that goes on.
func always(kind string) []sim.Fault { return []sim.Fault{{Kind: kind}} }

// lasting is a fault whose effect takes a while.
func lasting(kind string) []sim.Fault {
	return []sim.Fault{{Kind: kind, Count: 1, Delay: sim.Duration(200 * time.Millisecond)}}
}

// hasMedia expects as many images.
func hasMedia(want int) func(*testing.T, *device) {
	return func(t *testing.T, d *device) {
		t.Helper()
		d.eventually(t, fmt.Sprintf("%d images are inserted", want), func() bool { return len(d.Media()) == want })
	}
}

// happened expects an event so many times.
func happened(kind string, want int) func(*testing.T, *device) {
	return func(t *testing.T, d *device) {
		t.Helper()
		if got := d.count(kind); got != want {
			t.Errorf("%s happened %d times, want %d", kind, got, want)
		}
	}
}

// powered expects a power state.
func powered(want string) func(*testing.T, *device) {
	return func(t *testing.T, d *device) {
		t.Helper()
		d.eventually(t, "power state "+want, func() bool { return d.PowerState() == want })
	}
}

func (d *device) eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not so: %s; the server's journal is %v", what, d.Journal())
		}
	}
}
