package bmc_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/sim"
)

// simulated returns a simulated server and a BMC connected to it.
func simulated(t *testing.T) (*sim.Server, *bmc.Pool, *bmc.BMC) {
	t.Helper()
	const step = 30 * time.Millisecond
	fleet, err := sim.Start(sim.Config{Timing: sim.Timing{
		PowerOn: step, PowerOff: step, POST: step, InstallStep: step, MediaSettle: step,
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
	pool := new(bmc.Pool)
	b, err := pool.Get(t.Context(), bmc.Config{
		Server: server.Tag(), Endpoint: server.URL(), Username: "root", Password: "calvin", Fingerprint: server.Fingerprint(),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Hurry()
	return server, pool, b
}

// serveISO returns the URL of a bootable image.
func serveISO(t *testing.T) string {
	t.Helper()
	var image bytes.Buffer
	if err := sim.WriteBootISO(&image, "RACKFLOW"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "boot.iso", time.Time{}, bytes.NewReader(image.Bytes()))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/boot.iso"
}

// TestBootFromMediaOnSimulatedServer takes the way of an installation, on a server
// that shares no code with this package.
func TestBootFromMediaOnSimulatedServer(t *testing.T) {
	t.Parallel()
	server, pool, b := simulated(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	image := serveISO(t)

	seen, err := bmc.Fingerprint(ctx, server.URL())
	if err != nil || seen != server.Fingerprint() {
		t.Errorf("fingerprint %s, %v; want %s", seen, err, server.Fingerprint())
	}
	identity, err := b.Identify(ctx)
	if err != nil || identity.ServiceTag != server.Tag() || len(identity.MACs) != 1 || identity.BMCFirmware == "" {
		t.Errorf("identity %+v, %v", identity, err)
	}
	slots, err := b.MediaSlots(ctx)
	if err != nil || len(slots) != 2 || slots[0].ID != "1" {
		t.Fatalf("slots %+v, %v", slots, err)
	}
	do(t, "insert", func() error { return b.InsertMedia(ctx, 0, image) })
	do(t, "insert again", func() error { return b.InsertMedia(ctx, 0, image) })
	do(t, "insert another", func() error { return b.InsertMedia(ctx, 0, image+"?attempt=2.iso") })
	do(t, "boot once", func() error { return b.BootOnce(ctx, bmc.BootCd) })
	do(t, "power on", func() error { return b.PowerOn(ctx) })
	if _, err := server.Await(ctx, booted); err != nil {
		t.Fatalf("it did not boot from the image: %v", err)
	}
	if boot, err := b.Boot(ctx); err != nil || boot.Target != bmc.BootNone {
		t.Errorf("the override was not used up: %+v, %v", boot, err)
	}
	before, reported, err := b.LastResetTime(ctx)
	if err != nil {
		t.Fatal(err)
	}
	do(t, "restart", func() error { return b.Restart(ctx, false) })
	if after, _, err := b.LastResetTime(ctx); err != nil || reported && after.Before(before) {
		t.Errorf("last reset %s, then %s, %v", before, after, err)
	}
	do(t, "power off", func() error { return b.PowerOff(ctx, true) })
	do(t, "eject all", func() error { return b.EjectAll(ctx) })
	do(t, "boot from disk once", func() error { return b.BootOnce(ctx, bmc.BootHdd) })
	do(t, "clear the override", func() error { return b.ClearBootOverride(ctx) })

	if media := server.Media(); len(media) != 0 {
		t.Errorf("media left: %v", media)
	}
	if got := server.PowerState(); got != "Off" {
		t.Errorf("power state %s", got)
	}
	if got := server.Sessions(); got != 1 {
		t.Errorf("%d sessions while in use, want 1", got)
	}
	do(t, "close", func() error { return pool.Close(ctx) })
	if got := server.Sessions(); got != 0 {
		t.Errorf("%d sessions left", got)
	}
}

func booted(e sim.Event) bool { return e.Kind == sim.Boot && e.Detail["device"] == "Cd" }

func do(t *testing.T, what string, step func() error) {
	t.Helper()
	if err := step(); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func TestSimulatedServerThatStarts(t *testing.T) {
	t.Parallel()
	server, _, b := simulated(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := server.SetFaults(sim.Fault{Kind: sim.EmptyStatus503, Count: 5}, sim.Fault{Kind: sim.Unreachable, Count: 4}); err != nil {
		t.Fatal(err)
	}
	_, err := b.PowerState(ctx)
	if got := bmc.OutcomeOf(err); got != bmc.Transient {
		t.Fatalf("outcome %s: %v", got, err)
	}
	do(t, "power on", func() error { return b.PowerOn(ctx) })
	if got := server.PowerState(); got != "On" {
		t.Errorf("power state %s", got)
	}
}
