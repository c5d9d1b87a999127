package activities_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/media"
	"github.com/rackflow/rackflow/sim"
)

// fetched is what BMCs have read of the images of one run.
type fetched struct {
	run     string
	fetches []media.Fetch
}

// Run implements [activities.Progress].
func (f fetched) Run(instanceID string) []media.Fetch {
	if instanceID != f.run {
		return nil
	}
	return f.fetches
}

func waitOff() map[string]any { return map[string]any{"state": "Off", "interval": 10.0} }

func TestPowerWait(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	d.cfg.Progress = fetched{run.ID + "." + run.RunID, []media.Fetch{{Task: "insert", Source: "image:rhel.iso", Size: 9, Bytes: 5}}}
	check(t, d.power(t, d.stored.ID, action("powerOn")))
	done := make(chan any)
	go func() {
		out, _, err := d.do(t, attempt{job: "Job.Power.Wait", server: d.stored.ID, options: waitOff()})
		if err != nil {
			out.Result = err
		}
		done <- out.Result
	}()
	select {
	case got := <-done:
		t.Fatalf("it did not wait: %v", got)
	case <-time.After(100 * time.Millisecond):
	}
	check(t, d.power(t, d.stored.ID, action("powerOff")))
	got, _ := (<-done).(map[string]any)
	list, _ := got["media"].([]any)
	if got["powerState"] != "Off" || len(list) != 1 {
		t.Errorf("result %v", got)
	}
	if asked := resets(d.Server); !slices.Equal(asked, []string{"On", "ForceOff"}) {
		t.Errorf("it asked for %v: it should only look", asked)
	}
}

// TestPowerWaitEnds tells how the installer fared before the time is up.
func TestPowerWaitEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fetches []media.Fetch
		says    string
	}{
		"nothing is read": {nil, "nothing has been read of its media"},
		"something was": {
			[]media.Fetch{{Bytes: 3 << 20, Last: time.Now().Add(-time.Hour)}, {Bytes: 2 << 20, Last: time.Now().Add(-2 * time.Hour)}},
			"5 MiB have been read of its media, the last of it 1h0m",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDevice(t)
			d.cfg.Progress = fetched{run.ID + "." + run.RunID, c.fetches}
			check(t, d.power(t, d.stored.ID, action("powerOn")))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, _, err := d.do(t, attempt{job: "Job.Power.Wait", server: d.stored.ID, options: waitOff(), ctx: ctx})
			wantFailure(t, err, activities.TypePermanent, false, d.Tag(), "did not turn Off", "it is On", c.says)
		})
	}
}

// TestPowerWaitBearsFailures reads on when the BMC is away for a moment.
func TestPowerWaitBearsFailures(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	d.run(t, "Job.Power.Wait", waitOff())
	check(t, d.Break(sim.Fault{Kind: sim.InternalError, Count: 2}))
	got := d.run(t, "Job.Power.Wait", waitOff())
	if diff := cmp.Diff(map[string]any{"powerState": "Off", "media": nil}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d.refuse(t, "Job.Power.Wait", map[string]any{"state": "Sleeping"}, "On or Off")
}
