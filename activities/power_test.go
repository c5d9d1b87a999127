package activities_test

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/sim"
)

func (b *bench) power(t *testing.T, server string, options map[string]any) error {
	t.Helper()
	_, _, err := b.do(t, attempt{job: "Job.Obm.Node", server: server, options: options})
	return err
}

func action(name string) map[string]any { return map[string]any{"action": name} }

// resets are what a simulated server was asked for, oldest first.
func resets(device *sim.Server) []string {
	out := []string{}
	for _, e := range device.Journal() {
		if e.Kind == sim.Reset {
			out = append(out, e.Detail["ResetType"])
		}
	}
	return out
}

func TestPowerActions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		on      bool
		options map[string]any
		state   string
		resets  []string
	}{
		"on":                  {false, action("powerOn"), "On", []string{"On"}},
		"on already":          {true, action("powerOn"), "On", []string{}},
		"off":                 {true, action("powerOff"), "Off", []string{"ForceOff"}},
		"off already":         {false, action("powerOff"), "Off", []string{}},
		"off gracefully":      {true, map[string]any{"action": "powerOff", "graceful": true}, "Off", []string{"GracefulShutdown"}},
		"off by itself":       {false, map[string]any{"action": "powerOff", "waitMs": 60000.0}, "Off", []string{}},
		"off by itself never": {true, map[string]any{"action": "powerOff", "waitMs": 10.0}, "Off", []string{"ForceOff"}},
		"reboot":              {true, action("reboot"), "On", []string{"ForceOff", "On"}},
		"reboot gracefully":   {true, map[string]any{"action": "reboot", "graceful": true}, "On", []string{"GracefulShutdown", "On"}},
		"reboot when off":     {false, action("reboot"), "On", []string{"On"}},
		"reset":               {true, action("reset"), "On", []string{"ForceRestart"}},
		"reset softly":        {true, action("softReset"), "On", []string{"GracefulRestart"}},
		"reset when off":      {false, action("reset"), "On", []string{"On"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			device, server := b.simulate(t)
			before := 0
			if c.on {
				check(t, b.power(t, server.ID, action("powerOn")))
				before = len(resets(device))
				awaitNextSecond(t)
			}
			check(t, b.power(t, server.ID, c.options))
			if got := device.PowerState(); got != c.state {
				t.Errorf("power state %s, want %s", got, c.state)
			}
			if diff := cmp.Diff(c.resets, resets(device)[before:]); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
		})
	}
}

// awaitNextSecond keeps two resets apart, whose times a BMC tells in whole seconds.
func awaitNextSecond(t *testing.T) {
	t.Helper()
	select {
	case <-time.After(time.Until(time.Now().Truncate(time.Second).Add(time.Second))):
	case <-t.Context().Done():
	}
}

func TestPowerStatus(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, server := b.simulate(t)
	out, _, err := b.do(t, attempt{job: "Job.Obm.Node", options: map[string]any{"action": "powerStatus", "nodeId": server.Name}})
	check(t, err)
	if diff := cmp.Diff(any(map[string]any{"powerState": "Off"}), out.Result); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func TestBootOverrides(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		job     string
		options map[string]any
		target  string
	}{
		{"Job.Obm.Node", action("setBootDisk"), "Hdd"},
		{"Job.Obm.Node", action("setBootPxe"), "Pxe"},
		{"Job.Obm.Node", action("forceBootPxe"), "Pxe"},
		{"Job.Boot.Device", map[string]any{"device": "Cd"}, "Cd"},
	} {
		t.Run(c.target+" by "+c.job, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			device, server := b.simulate(t)
			_, _, err := b.do(t, attempt{job: c.job, server: server.ID, options: c.options})
			check(t, err)
			if got := lastOverride(device); got != c.target {
				t.Errorf("boots next from %q, want %s", got, c.target)
			}
			_, _, err = b.do(t, attempt{job: "Job.Boot.Device", server: server.ID, options: map[string]any{"device": "None"}})
			check(t, err)
			if got := lastOverride(device); got != "None" {
				t.Errorf("after None it boots next from %q", got)
			}
		})
	}
}

func lastOverride(device *sim.Server) string {
	for _, e := range slices.Backward(device.Journal()) {
		if e.Kind == sim.BootOverride {
			if e.Detail["enabled"] == "Disabled" {
				return "None"
			}
			return e.Detail["target"]
		}
	}
	return ""
}

// TestOptionsAreRefusedBeforeTheBMC has no BMC at all.
func TestOptionsAreRefusedBeforeTheBMC(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	bare := b.addServer(t, "bare", nil)
	broken := b.addServer(t, "broken", map[string]any{"user": "root", "password": b.seal(t, password)})
	for name, c := range map[string]struct {
		a    attempt
		want string
	}{
		"unknown action":     {attempt{job: "Job.Obm.Node", server: bare.ID, options: action("explode")}, `action "explode" cannot be done`},
		"no action":          {attempt{job: "Job.Obm.Node", server: bare.ID}, `action ""`},
		"wrong type":         {attempt{job: "Job.Obm.Node", server: bare.ID, options: map[string]any{"action": 5.0}}, "option action should be string, not number"},
		"no device":          {attempt{job: "Job.Boot.Device", server: bare.ID}, "option device is required"},
		"no server":          {attempt{job: "Job.Obm.Node", options: action("powerOn")}, "needs a server"},
		"unknown server":     {attempt{job: "Job.Obm.Node", server: "5f", options: action("powerOn")}, `server "5f" not found`},
		"no BMC settings":    {attempt{job: "Job.Obm.Node", server: bare.ID, options: action("powerOn")}, "bare has no BMC settings"},
		"settings of no use": {attempt{job: "Job.Obm.Node", server: broken.ID, options: action("powerOn")}, "broken: BMC settings: host is missing"},
		"damaged secret":     {attempt{job: "Job.Obm.Node", server: bare.ID, options: map[string]any{"password": "sealed:v1:cut"}}, "cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := b.do(t, c.a)
			wantFailure(t, err, activities.TypePermanent, false, c.want)
		})
	}
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	device, server := b.simulate(t)
	check(t, device.SetFaults(sim.Fault{Kind: sim.RefusePassword}))
	wantFailure(t, b.power(t, server.ID, action("powerOn")), activities.TypePermanent, false, device.Tag())
}

// TestUnreachableBMC counts the attempts that options.retries allows.
func TestUnreachableBMC(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	device, server := b.simulate(t)
	check(t, device.SetFaults(sim.Fault{Kind: sim.Unreachable}))
	for _, c := range []struct {
		options   map[string]any
		number    int32
		retryable bool
		delay     time.Duration
	}{
		{map[string]any{}, 1, true, 500 * time.Millisecond},
		{map[string]any{}, 4, true, 4 * time.Second},
		{map[string]any{}, 6, true, 16 * time.Second},
		{map[string]any{}, 7, false, 0},
		{map[string]any{"retries": 0.0}, 1, false, 0},
		{map[string]any{"retries": 2.0, "delay": 100.0}, 2, true, 200 * time.Millisecond},
		{map[string]any{"retries": 2.0}, 3, false, 0},
		{map[string]any{"retries": 90.0}, 80, true, 30 * time.Second},
	} {
		t.Run(fmt.Sprint(c.options, c.number), func(t *testing.T) {
			t.Parallel()
			c.options["action"] = "powerStatus"
			_, _, err := b.do(t, attempt{job: "Job.Obm.Node", server: server.ID, options: c.options, number: c.number})
			failure := wantFailure(t, err, activities.TypeTransient, c.retryable, device.Tag())
			if got := failure.NextRetryDelay(); got != c.delay {
				t.Errorf("next try after %s, want %s", got, c.delay)
			}
		})
	}
}

func TestPasswordOfDigitsIsReadAsText(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	fleet, err := sim.Start(sim.Config{Username: "root", Password: "1234"})
	check(t, err)
	b.closeAfter(t, fleet)
	device := fleet.Servers()[0]
	settings := b.settings(t, device)
	settings["password"] = 1234.0
	sealed, err := b.keeper.SealSecrets(t.Context(), settings)
	check(t, err)
	if strings.Contains(fmt.Sprint(sealed), "1234") && !strings.Contains(device.URL(), "1234") {
		t.Errorf("settings %v", sealed)
	}
	server := b.addServer(t, "digits", sealed.(map[string]any))
	check(t, b.power(t, server.ID, action("powerStatus")))
}

func TestRebootRecordsThatTheServerWasOff(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	device, server := b.simulate(t)
	_, side, err := b.do(t, attempt{job: "Job.Obm.Node", server: server.ID, options: action("reboot")})
	check(t, err)
	if got := intents(t, side); got != `[{"wasOff":true}]` {
		t.Errorf("recorded %s", got)
	}
	before := len(resets(device))
	_, side, err = b.do(t, attempt{
		job: "Job.Obm.Node", server: server.ID, options: action("reboot"), number: 2, recorded: map[string]any{"wasOff": true},
	})
	check(t, err)
	if got := resets(device)[before:]; len(got) != 0 || device.PowerState() != "On" {
		t.Errorf("the resumed reboot asked for %v of a server that is on", got)
	}
	if got := side.intents(); len(got) != 0 {
		t.Errorf("recorded %v again", got)
	}
}

func intents(t *testing.T, side *temporalSide) string {
	t.Helper()
	text, err := json.Marshal(side.intents())
	check(t, err)
	return string(text)
}

func TestResetResumed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		recorded any
		resets   []string
	}{
		"done already":   {map[string]any{"asked": true, "before": "2001-01-01T00:00:00Z"}, []string{"On"}},
		"not done yet":   {map[string]any{"asked": true, "before": "2199-01-01T00:00:00Z"}, []string{"On", "ForceRestart"}},
		"nothing asked":  {map[string]any{}, []string{"On", "ForceRestart"}},
		"nothing at all": {nil, []string{"On", "ForceRestart"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			device, server := b.simulate(t)
			check(t, b.power(t, server.ID, action("powerOn")))
			_, side, err := b.do(t, attempt{job: "Job.Obm.Node", server: server.ID, options: action("reset"), number: 2, recorded: c.recorded})
			check(t, err)
			if diff := cmp.Diff(c.resets, resets(device)); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
			if recorded := len(side.intents()) == 1; recorded != (len(c.resets) == 2) {
				t.Errorf("recorded %s", intents(t, side))
			}
		})
	}
}

// TestResetResumedWithoutResetTime has a BMC that does not tell when the server was last reset.
func TestResetResumedWithoutResetTime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	device, _ := b.simulate(t)
	server := b.addServer(t, "silent", b.without(t, device, "LastResetTime"))
	_, _, err := b.do(t, attempt{
		job: "Job.Obm.Node", server: server.ID, options: action("reset"), number: 2, recorded: map[string]any{"asked": true},
	})
	wantFailure(t, err, activities.TypeUnknown, false, "silent", "may or may not have reset", "check it")
	if got := resets(device); len(got) != 0 {
		t.Errorf("it asked for %v all the same", got)
	}
}

// without returns settings that lead to the device by a proxy which leaves a property out.
func (b *bench) without(t *testing.T, device *sim.Server, property string) map[string]any {
	t.Helper()
	return b.rewritten(t, device, property, "Unknown"+property)
}

// rewritten returns settings that lead to the device by a proxy which puts one text in the
// place of another.
func (b *bench) rewritten(t *testing.T, device *sim.Server, old, now string) map[string]any {
	t.Helper()
	target, err := url.Parse(device.URL())
	check(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	proxy.ModifyResponse = func(res *http.Response) error {
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		changed := strings.ReplaceAll(string(body), old, now)
		res.Body, res.ContentLength = io.NopCloser(strings.NewReader(changed)), int64(len(changed))
		res.Header.Set("Content-Length", strconv.Itoa(len(changed)))
		return nil
	}
	front := httptest.NewTLSServer(proxy)
	t.Cleanup(func() {
		b.logOut(t)
		front.Close()
	})
	fingerprint, err := bmc.Fingerprint(t.Context(), front.URL)
	check(t, err)
	return map[string]any{"host": front.URL, "username": "root", "password": b.seal(t, password), "fingerprint": fingerprint}
}

func TestIntentThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	device, server := b.simulate(t)
	_, _, err := b.do(t, attempt{job: "Job.Obm.Node", server: server.ID, options: action("reset"), refuse: errors.New("server is away")})
	wantFailure(t, err, activities.TypeTransient, true, "record intent: server is away")
	if got := resets(device); len(got) != 0 {
		t.Errorf("it asked for %v before that was recorded", got)
	}
	_, _, err = b.do(t, attempt{job: "Job.Obm.Node", server: server.ID, options: action("reset"), recorded: "garbage"})
	wantFailure(t, err, activities.TypePermanent, false, "earlier attempt recorded cannot be read")
}

// TestEndpoint reads the spellings that RackHD's settings allow.
func TestEndpoint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config map[string]any
		want   string
	}{
		{map[string]any{"host": "10.0.0.1"}, "https://10.0.0.1"},
		{map[string]any{"host": "10.0.0.1", "port": 8443.0}, "https://10.0.0.1:8443"},
		{map[string]any{"host": "10.0.0.1", "port": "8443", "protocol": "http"}, "http://10.0.0.1:8443"},
		{map[string]any{"host": "10.0.0.1", "port": ""}, "https://10.0.0.1"},
		{map[string]any{"host": "10.0.0.1:444"}, "https://10.0.0.1:444"},
		{map[string]any{"host": "https://idrac.lab/"}, "https://idrac.lab"},
		{map[string]any{"host": "2001:db8::1"}, "https://[2001:db8::1]"},
		{map[string]any{"host": "[2001:db8::1]", "port": 443.0}, "https://[2001:db8::1]:443"},
		{map[string]any{"host": "2001:db8::1", "port": 443.0}, "https://[2001:db8::1]:443"},
	} {
		got, err := activities.Endpoint(c.config)
		if err != nil || got != c.want {
			t.Errorf("%v: %q, %v; want %q", c.config, got, err, c.want)
		}
		if _, err := url.Parse(got); err != nil {
			t.Error(err)
		}
	}
	if got, err := activities.Endpoint(map[string]any{"port": 1.0}); err == nil {
		t.Errorf("no host became %q", got)
	}
}
