package bmc_test

import (
	"context"
	"testing"
	"time"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/sim"
)

// TestFaults has simulated servers misbehave as real ones do.
func TestFaults(t *testing.T) {
	t.Parallel()
	short := sim.Duration(200 * time.Millisecond)
	cases := []struct {
		name    string
		fault   sim.Fault
		do      func(context.Context, *testing.T, *bmc.BMC) error
		outcome bmc.Outcome
	}{
		{"media detached for a while", sim.Fault{Kind: sim.MediaDetached, Count: 2}, insertImage, bmc.Done},
		{"media detached for good", sim.Fault{Kind: sim.MediaDetached}, insertImage, bmc.Busy},
		{"an image that is not shown", sim.Fault{Kind: sim.MediaServerConnected, Count: 1}, insertImage, bmc.Done},
		{"an insert that fails and happens", sim.Fault{Kind: sim.InsertReportsError, Delay: short}, insertImage, bmc.Done},
		{"an insert that wants the image alone", sim.Fault{Kind: sim.ExtraParametersRefused}, insertImage, bmc.Done},
		{"an insert that wants the protocol", sim.Fault{Kind: sim.ProtocolRequired}, insertImage, bmc.Done},
		{"no licence for media", sim.Fault{Kind: sim.LicenseMissing}, insertImage, bmc.Permanent},
		{"a boot override in the settings", sim.Fault{Kind: sim.BootNotWritable}, bootMedia, bmc.Done},
		{"an ETag that does not match itself", sim.Fault{Kind: sim.ETagRefused, Count: 2}, bootMedia, bmc.Done},
		{"a session that ends", sim.Fault{Kind: sim.SessionLost, Count: 1}, bootMedia, bmc.Done},
		{"a change that is pending", sim.Fault{Kind: sim.ConfigurationPending}, importProfile, bmc.Busy},
		{"another job that is running", sim.Fault{Kind: sim.ConfigurationRunning}, importProfile, bmc.Busy},
		{"a job that is not there yet", sim.Fault{Kind: sim.JobMissing, Count: 2}, importProfile, bmc.Done},
		{"a task that is gone", sim.Fault{Kind: sim.TaskPurged}, importProfile, bmc.Done},
		{"a job that half worked", sim.Fault{Kind: sim.JobCompletedPartly}, importProfile, bmc.Permanent},
		{"a job that fails", sim.Fault{Kind: sim.JobFails, Reason: "for a reason"}, importProfile, bmc.Permanent},
		{"a job that vanishes", sim.Fault{Kind: sim.JobVanishes}, importProfile, bmc.Unknown},
		{"a BMC that restarts during a job", sim.Fault{Kind: sim.RestartBMC, Path: "*/JID_*", Count: 1}, importProfile, bmc.Done},
		{"HTML instead of a job", sim.Fault{Kind: sim.HTMLStatus503, Path: "*/JID_*", Count: 3}, importProfile, bmc.Done},
		{"a result that is gone", sim.Fault{Kind: sim.TaskPurged}, exportProfile, bmc.Transient},
		{"half of a profile action's answer", sim.Fault{Kind: sim.Unreachable, Path: "*.ExportSystemConfiguration", Count: 1}, exportProfile, bmc.Unknown},
		{"a power conflict", sim.Fault{Kind: sim.PowerOnConflict, Count: 4}, powerOn, bmc.Done},
		{"a power state that lags", sim.Fault{Kind: sim.PowerStateStale, Delay: short}, powerOn, bmc.Done},
		{"no power state", sim.Fault{Kind: sim.PowerStateMissing, Count: 4}, powerOn, bmc.Done},
		{"a Lifecycle Controller that is starting", sim.Fault{Kind: sim.LifecycleNotReady, Count: 3}, waitReady, bmc.Done},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			server, b := simulatedAs(t, sim.IDRAC9v7)
			if err := server.SetFaults(c.fault); err != nil {
				t.Fatal(err)
			}
			if err := c.do(ctx, t, b); bmc.OutcomeOf(err) != c.outcome {
				t.Errorf("outcome %s, want %s: %v", bmc.OutcomeOf(err), c.outcome, err)
			}
		})
	}
}

func insertImage(ctx context.Context, t *testing.T, b *bmc.BMC) error {
	t.Helper()
	return b.InsertMedia(ctx, 0, serveISO(t))
}

func bootMedia(ctx context.Context, _ *testing.T, b *bmc.BMC) error { return b.BootMediaOnce(ctx) }

func powerOn(ctx context.Context, _ *testing.T, b *bmc.BMC) error { return b.PowerOn(ctx) }

func waitReady(ctx context.Context, _ *testing.T, b *bmc.BMC) error { return b.WaitReady(ctx) }

func exportProfile(ctx context.Context, _ *testing.T, b *bmc.BMC) error {
	_, err := b.ExportProfile(ctx, bmc.ProfileExport{})
	return err
}

func importProfile(ctx context.Context, _ *testing.T, b *bmc.BMC) error {
	const profile = `<SystemConfiguration><Component FQDD="iDRAC.Embedded.1">` +
		`<Attribute Name="NTPConfigGroup.1#NTPEnable">Enabled</Attribute></Component></SystemConfiguration>`
	job, err := b.StartImportProfile(ctx, bmc.ProfileImport{Profile: []byte(profile)})
	if err != nil {
		return err
	}
	_, err = b.WaitProfile(ctx, job)
	return err
}
