package bmc_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/sim"
)

// generations calls a test with a simulated server of each generation.
func generations(t *testing.T, test func(ctx context.Context, t *testing.T, generation string, server *sim.Server, b *bmc.BMC)) {
	t.Helper()
	for _, generation := range []string{sim.IDRAC8, sim.IDRAC9v5, sim.IDRAC9v7, sim.IDRAC10} {
		t.Run(generation, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			server, b := simulatedAs(t, generation)
			test(ctx, t, generation, server, b)
		})
	}
}

func simulatedAs(t *testing.T, generation string) (*sim.Server, *bmc.BMC) {
	t.Helper()
	const step = 30 * time.Millisecond
	fleet, err := sim.Start(sim.Config{Generation: generation, Timing: sim.Timing{
		PowerOn: step, PowerOff: step, POST: step, InstallStep: step, MediaSettle: step,
		Job: 2 * step, ManagerRestart: 4 * step, ManagerReady: 2 * step,
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fleet.Close(); err != nil {
			t.Error(err)
		}
	})
	server := fleet.Servers()[0]
	b, err := bmc.Connect(t.Context(), bmc.Config{
		Server: server.Tag(), Endpoint: server.URL(), Username: "root", Password: "calvin", Fingerprint: server.Fingerprint(),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Hurry()
	return server, b
}

func TestCapabilitiesOfGenerations(t *testing.T) {
	t.Parallel()
	type record struct {
		Generation string
		Media      bmc.MediaPlace
		Import     string
		Settings   bool
		BootMode   bool
	}
	const manager = "/redfish/v1/Managers/iDRAC.Embedded.1/Actions/Oem/"
	want := map[string]record{
		sim.IDRAC8:   {"iDRAC8", bmc.MediaOfManager, manager + "EID_674_Manager.ImportSystemConfiguration", false, true},
		sim.IDRAC9v5: {"iDRAC9", bmc.MediaOfManager, manager + "EID_674_Manager.ImportSystemConfiguration", true, true},
		sim.IDRAC9v7: {"iDRAC9", bmc.MediaOfSystem, manager + "EID_674_Manager.ImportSystemConfiguration", true, true},
		sim.IDRAC10:  {"iDRAC10", bmc.MediaOfSystem, manager + "OemManager.ImportSystemConfiguration", true, false},
	}
	generations(t, func(ctx context.Context, t *testing.T, generation string, _ *sim.Server, b *bmc.BMC) {
		is, err := b.Capabilities(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got := record{is.Generation, is.Media, is.ProfileImport, is.BootSettings != "", is.BootModeWritable}
		if diff := cmp.Diff(want[generation], got); diff != "" {
			t.Error(diff)
		}
		if is.Jobs == "" || len(is.ResetTypes) == 0 || is.Firmware == "" || is.PowerCap == "" {
			t.Errorf("%+v", is)
		}
	})
}

// TestProfileOnGenerations: what was exported can be imported again.
func TestProfileOnGenerations(t *testing.T) {
	t.Parallel()
	generations(t, func(ctx context.Context, t *testing.T, _ string, _ *sim.Server, b *bmc.BMC) {
		profile, err := b.ExportProfile(ctx, bmc.ProfileExport{Targets: []string{"IDRAC"}})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(profile, []byte("<SystemConfiguration")) {
			t.Errorf("no profile: %.200s", profile)
		}
		job, err := b.StartImportProfile(ctx, bmc.ProfileImport{Profile: profile, Targets: []string{"IDRAC"}})
		if err != nil {
			t.Fatal(err)
		}
		result, err := b.WaitProfile(ctx, job)
		if err != nil || result.Job.State != bmc.JobCompleted {
			t.Errorf("%+v, %v", result, err)
		}
		jobs, err := b.Jobs(ctx)
		if found, ok := bmc.NewJob(nil, jobs, "ImportConfiguration"); err != nil || !ok || found.ID != job {
			t.Errorf("%s is not found among %+v, %v", job, jobs, err)
		}
	})
}

func TestBIOSOnGenerations(t *testing.T) {
	t.Parallel()
	generations(t, func(ctx context.Context, t *testing.T, _ string, _ *sim.Server, b *bmc.BMC) {
		before, err := b.BIOS(ctx)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"ProcVirtualization": "Disabled"}
		if before.Attributes["ProcVirtualization"] == "Disabled" {
			want["ProcVirtualization"] = "Enabled"
		}
		change, err := b.StartSetBIOS(ctx, want)
		if err != nil || change.JobID == "" {
			t.Fatalf("%s, %v", change, err)
		}
		again, err := b.StartSetBIOS(ctx, want)
		if err != nil || again.JobID != change.JobID {
			t.Errorf("again: %s, %v", again, err)
		}
		do(t, "restart", func() error { return b.Restart(ctx, false) })
		if _, err := b.WaitJob(ctx, change.JobID, nil); err != nil {
			t.Fatal(err)
		}
		after, err := b.BIOS(ctx)
		if wrong := after.Differing(want); err != nil || len(wrong) > 0 || len(after.Pending) > 0 {
			t.Errorf("not applied: %v, pending %v, %v", wrong, after.Pending, err)
		}
		_, err = b.StartSetBIOS(ctx, map[string]any{"Nonsense": "1"})
		if bmc.OutcomeOf(err) != bmc.Permanent || !strings.Contains(err.Error(), "Nonsense") {
			t.Errorf("%v", err)
		}
	})
}

func TestBootMediaOnGenerations(t *testing.T) {
	t.Parallel()
	generations(t, func(ctx context.Context, t *testing.T, _ string, server *sim.Server, b *bmc.BMC) {
		image := serveISO(t)
		do(t, "insert", func() error { return b.InsertMedia(ctx, 0, image) })
		do(t, "boot from it", func() error { return b.BootMediaOnce(ctx) })
		do(t, "power on", func() error { return b.PowerOn(ctx) })
		if _, err := server.Await(ctx, booted); err != nil {
			t.Fatalf("it did not boot from the image: %v", err)
		}
		do(t, "power off", func() error { return b.PowerOff(ctx, false) })
		do(t, "eject", func() error { return b.EjectAll(ctx) })
	})
}

func TestResetBMCOnGenerations(t *testing.T) {
	t.Parallel()
	generations(t, func(ctx context.Context, t *testing.T, _ string, server *sim.Server, b *bmc.BMC) {
		do(t, "reset", func() error { return b.ResetBMC(ctx) })
		do(t, "read", func() error {
			_, err := b.PowerState(ctx)
			return err
		})
		if got := server.Sessions(); got != 1 {
			t.Errorf("%d sessions, want 1", got)
		}
	})
}
