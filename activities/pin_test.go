package activities_test

import (
	"strings"
	"testing"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/sim"
)

func TestPin(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	old := strings.Repeat("ab", 32)
	settings := d.settings(t, d.Server)
	settings["fingerprint"] = old
	server := d.addServer(t, "web-01", settings)
	pin := func(options map[string]any) (map[string]any, error) {
		out, _, err := d.do(t, attempt{job: "Job.Bmc.Pin", server: server.ID, options: options})
		result, _ := out.Result.(map[string]any)
		return result, err
	}
	pinned := func() any {
		obms, err := d.db.OBMs(t.Context(), server.ID)
		check(t, err)
		return obms[0].Config["fingerprint"]
	}
	wantFailure(t, d.power(t, server.ID, action("powerOn")), activities.TypePermanent, false, "not the pinned one")

	result, err := pin(nil)
	check(t, err)
	if result["previous"] != old || result["fingerprint"] != d.Fingerprint() || result["pinned"] != false || pinned() != old {
		t.Errorf("a look has %v, pinned is %v", result, pinned())
	}
	_, err = pin(map[string]any{"fingerprint": strings.Repeat("cd", 32)})
	wantFailure(t, err, activities.TypePermanent, false, d.Fingerprint(), "nothing was pinned")
	if pinned() != old {
		t.Errorf("%v is pinned", pinned())
	}
	result, err = pin(map[string]any{"fingerprint": strings.ToUpper(d.Fingerprint())})
	check(t, err)
	if result["pinned"] != true || pinned() != d.Fingerprint() {
		t.Errorf("%v, pinned is %v", result, pinned())
	}
	check(t, d.power(t, server.ID, action("powerOn")))
	if n := d.count(sim.SessionCreated); n != 1 {
		t.Errorf("%d logins, want that of the power job", n)
	}
	_, err = pin(map[string]any{"trust": true})
	check(t, err)
}
