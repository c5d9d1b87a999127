package bmc_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/sim"
)

func TestInventoryOfGenerations(t *testing.T) {
	t.Parallel()
	generations(t, func(ctx context.Context, t *testing.T, _ string, server *sim.Server, b *bmc.BMC) {
		inv, err := b.Inventory(ctx)
		if err != nil || len(inv.Problems) > 0 {
			t.Fatalf("%v, %v", inv.Problems, err)
		}
		s := inv.Summary
		if s.ServiceTag != server.Tag() || s.CPUs == 0 || s.Cores == 0 || s.MemoryGiB == 0 || s.BIOSVersion == "" || s.BMCFirmware == "" {
			t.Errorf("%+v", s)
		}
		if len(s.NICs) != 1 || s.NICs[0].MAC != strings.ToLower(server.MAC()) || len(s.Volumes) != len(server.Volumes()) {
			t.Errorf("NICs %+v, volumes %+v", s.NICs, s.Volumes)
		}
		drives, err := b.Drives(ctx)
		if err != nil || !slices.Equal(drives, s.Drives) || len(drives) == 0 {
			t.Errorf("drives %+v, in the inventory %+v, %v", drives, s.Drives, err)
		}
		firmware, err := b.FirmwareInventory(ctx)
		if err != nil || !slices.Equal(firmware, s.Firmware) || len(firmware) < len(server.Firmware()) {
			t.Errorf("firmware %+v, in the inventory %+v, %v", firmware, s.Firmware, err)
		}
	})
}

func TestMeteringOfGenerations(t *testing.T) {
	t.Parallel()
	generations(t, func(ctx context.Context, t *testing.T, _ string, server *sim.Server, b *bmc.BMC) {
		if reading, err := b.PowerReading(ctx); err != nil || reading.Consumed <= 0 || reading.Time.IsZero() {
			t.Errorf("%+v, %v", reading, err)
		}
		if sensors, err := b.Sensors(ctx); err != nil || len(sensors) < 5 {
			t.Errorf("%+v, %v", sensors, err)
		}
		for _, watts := range []int{450, 500, 0} {
			if _, err := b.SetPowerCap(ctx, watts); err != nil {
				t.Fatal(err)
			}
			if got, capped := server.PowerCap(); capped != (watts > 0) || capped && got != watts {
				t.Errorf("capped to %d W (%v), want %d", got, capped, watts)
			}
		}
		if _, err := b.SetPowerCap(ctx, 5); bmc.OutcomeOf(err) != bmc.Permanent {
			t.Errorf("5 W: %v", err)
		}
		do(t, "light", func() error { return b.SetIdentifyLight(ctx, true) })
	})
}

func TestAdministrationOfGenerations(t *testing.T) {
	t.Parallel()
	generations(t, func(ctx context.Context, t *testing.T, _ string, server *sim.Server, b *bmc.BMC) {
		do(t, "create account", func() error {
			return b.EnsureAccount(ctx, bmc.AccountSpec{UserName: "ops", Password: "n3w-pass", Role: "Operator"})
		})
		if len(server.Accounts()) != 2 {
			t.Errorf("accounts %v", server.Accounts())
		}
		do(t, "delete account", func() error { return b.DeleteAccount(ctx, "ops") })
		if len(server.Accounts()) != 1 {
			t.Errorf("accounts %v", server.Accounts())
		}
		do(t, "subscribe", func() error { return b.EnsureSubscription(ctx, "https://192.0.2.1/events", "rackflow") })
		do(t, "subscribe again", func() error { return b.EnsureSubscription(ctx, "https://192.0.2.1/events", "rackflow") })
		if list, err := b.Subscriptions(ctx); err != nil || len(list) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		do(t, "unsubscribe", func() error { return b.DeleteSubscriptions(ctx, "rackflow") })
		interfaces, err := b.Interfaces(ctx)
		if err != nil || len(interfaces) != 1 {
			t.Fatalf("%+v, %v", interfaces, err)
		}
		vlan := bmc.VLAN{Enabled: true, ID: 120}
		do(t, "VLAN", func() error {
			return b.SetNetwork(ctx, bmc.NetworkChange{Interface: interfaces[0].ID, VLAN: &vlan})
		})
		if interfaces, err = b.Interfaces(ctx); err != nil || interfaces[0].VLAN != vlan {
			t.Errorf("%+v, %v", interfaces, err)
		}
		entries, cursor, err := b.LogEntries(ctx, bmc.LogLifecycle, bmc.Cursor{})
		if err != nil || len(entries) == 0 {
			t.Errorf("%+v, %v", entries, err)
		}
		if again, _, err := b.LogEntries(ctx, bmc.LogLifecycle, cursor); err != nil || len(again) >= len(entries) && len(entries) > 1 {
			t.Errorf("%+v, %v", again, err)
		}
		if used, limit, err := b.LogUsage(ctx, bmc.LogLifecycle); err != nil || used < len(entries) || limit < used {
			t.Errorf("%d of %d entries, %v; %d were read", used, limit, err, len(entries))
		}
		do(t, "clear SEL", func() error { return b.ClearLog(ctx, bmc.LogSEL) })
	})
}

// finish waits for the job, if there is one, while the server is restarted for it.
func finish(ctx context.Context, t *testing.T, b *bmc.BMC, what, job string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if job == "" {
		return
	}
	if _, err := b.WaitJob(ctx, job, nil); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func TestStorageOfGenerations(t *testing.T) {
	t.Parallel()
	generations(t, func(ctx context.Context, t *testing.T, generation string, server *sim.Server, b *bmc.BMC) {
		if generation == sim.IDRAC8 {
			return // it cannot change storage by Redfish
		}
		do(t, "power on", func() error { return b.PowerOn(ctx) })
		const controller = "RAID.Integrated.1-1"
		before := len(server.Volumes())
		spec := bmc.VolumeSpec{Name: "data", RAID: "RAID1"}
		drives, err := b.Drives(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, drive := range drives {
			if drive.Controller == controller && len(spec.Drives) < 2 {
				spec.Drives = append(spec.Drives, drive.SerialNumber)
			}
		}
		job, err := b.StartCreateVolume(ctx, controller, spec)
		finish(ctx, t, b, "create", job, err)
		if job, err := b.StartCreateVolume(ctx, controller, spec); err != nil || job != "" || len(server.Volumes()) != before+1 {
			t.Errorf("again: job %q, %v, volumes %+v", job, err, server.Volumes())
		}
		assignSpare(ctx, t, server, b, drives)
		job, err = b.StartDeleteVolume(ctx, controller, "data")
		finish(ctx, t, b, "delete", job, err)
		if len(server.Volumes()) != before {
			t.Errorf("volumes %+v", server.Volumes())
		}
		targets, err := b.EraseTargets(ctx, spec.Drives[:1])
		if err != nil {
			t.Fatal(err)
		}
		job, err = b.StartSecureErase(ctx, targets[0])
		finish(ctx, t, b, "erase", job, err)
	})
}

// assignSpare makes the controller's last two drives hot spares, of each kind.
func assignSpare(ctx context.Context, t *testing.T, server *sim.Server, b *bmc.BMC, drives []bmc.Drive) {
	t.Helper()
	drives = slices.DeleteFunc(drives, func(d bmc.Drive) bool { return d.Controller != drives[0].Controller })
	for i, volume := range []string{"", "data"} {
		drive := drives[len(drives)-1-i].ID
		job, err := b.StartAssignSpare(ctx, drive, volume)
		finish(ctx, t, b, "assign", job, err)
		if job, err := b.StartAssignSpare(ctx, drive, volume); err != nil || job != "" {
			t.Errorf("again: job %q, %v", job, err)
		}
	}
	if spares := server.Hotspares(); len(spares) != 2 {
		t.Errorf("hot spares %v", spares)
	}
}

func TestUpdateOfGenerations(t *testing.T) {
	t.Parallel()
	const content = "MZ a package"
	const name = "BIOS_TEST1_WN64_9.9.9.EXE"
	packages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, content)
	}))
	t.Cleanup(packages.Close)
	generations(t, func(ctx context.Context, t *testing.T, generation string, server *sim.Server, b *bmc.BMC) {
		do(t, "power on", func() error { return b.PowerOn(ctx) })
		job, err := b.StartSimpleUpdate(ctx, bmc.FirmwareUpdate{Image: packages.URL + "/" + name, Apply: bmc.ApplyImmediate})
		finish(ctx, t, b, "update", job, err)
		do(t, "await", func() error { return b.AwaitFirmware(ctx, "159", "9.9.9") })
		if generation == sim.IDRAC8 {
			return // it takes no uploads
		}
		file := bmc.FirmwareFile{Name: strings.Replace(name, "9.9.9", "9.9.10", 1), Size: int64(len(content)), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(content)), nil
		}}
		job, err = b.StartMultipartUpdate(ctx, file, nil, bmc.ApplyImmediate)
		finish(ctx, t, b, "upload", job, err)
		do(t, "await", func() error { return b.AwaitFirmware(ctx, "159", "9.9.10") })
	})
}
