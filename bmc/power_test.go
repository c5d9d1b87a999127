package bmc

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const selectPower = "GET " + systemURI + "?$select=PowerState"

// power scripts answers to the next reads of the power state. "" stands for null.
func (f *fake) power(states ...string) {
	for _, state := range states {
		doc := object{"PowerState": state}
		if state == "" {
			doc["PowerState"] = nil
		}
		f.scripted(selectPower, answer{status: http.StatusOK, body: doc})
	}
}

func TestPowerState(t *testing.T) {
	t.Parallel()
	cases := map[string]PowerState{
		"On": On, "Off": Off, "PoweringOn": PoweringOn, "PoweringOff": PoweringOff,
		"": PowerUnknown, "Paused": PowerUnknown, "on": PowerUnknown,
	}
	for reported, want := range cases {
		f := newFake(t)
		f.power(reported)
		if got, err := f.connect(t).PowerState(t.Context()); err != nil || got != want {
			t.Errorf("%q is %s, %v; want %s", reported, got, err, want)
		}
	}
}

func TestPowerStateSelectsOneProperty(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		offered  bool
		answer   answer
		selected int
		whole    int
	}{
		{"offered", true, answer{}, 2, 0},
		{"offered but refused", true, redfishError(http.StatusNotImplemented, "Base.1.12.QueryNotSupported"), 1, 2},
		{"not offered", false, answer{}, 0, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.edit("/redfish/v1/", object{"ProtocolFeaturesSupported": object{"SelectQuery": c.offered}})
			f.scripted(selectPower, c.answer)
			b := f.connect(t)
			for range 2 {
				if state, err := b.PowerState(t.Context()); err != nil || state != Off {
					t.Fatalf("%s, %v", state, err)
				}
			}
			selected, whole := len(f.seen(selectPower)), len(f.seen("GET "+systemURI))
			if selected != c.selected || whole != c.whole {
				t.Errorf("%d selected and %d whole reads, want %d and %d", selected, whole, c.selected, c.whole)
			}
		})
	}
}

func TestPower(t *testing.T) {
	t.Parallel()
	var (
		conflict = redfishError(http.StatusConflict, "IDRAC.2.8.ActionParameterValueConflict")
		already  = redfishError(http.StatusConflict, "IDRAC.2.8.PSU501")
		notReady = redfishError(http.StatusInternalServerError, "IDRAC.2.8.SYS446")
		lost     = answer{drop: true}
		on       = func(b *BMC, ctx context.Context) error { return b.PowerOn(ctx) }
		off      = func(b *BMC, ctx context.Context) error { return b.PowerOff(ctx, false) }
		shutdown = func(b *BMC, ctx context.Context) error { return b.PowerOff(ctx, true) }
	)
	cases := []struct {
		name    string
		do      func(*BMC, context.Context) error
		is      string
		reads   []string // before what is
		resets  []answer
		ends    string
		asked   int
		settles int // reads before the first reset
		outcome Outcome
	}{
		{name: "on", do: on, is: "Off", ends: "On", asked: 1},
		{name: "on already", do: on, is: "On", ends: "On"},
		{name: "off", do: off, is: "On", ends: "Off", asked: 1},
		{name: "off already", do: off, is: "Off", ends: "Off"},
		{name: "graceful off", do: shutdown, is: "On", ends: "Off", asked: 1},
		{name: "a stale read does not count", do: on, is: "Off", reads: []string{"On", "Off"}, ends: "On", asked: 1},
		{name: "null is not off", do: off, is: "On", reads: []string{"", "", ""}, ends: "Off", asked: 1, settles: 5},
		{name: "on its way already", do: on, is: "On", reads: []string{"PoweringOn", "PoweringOn", "PoweringOn"}, ends: "On"},
		{name: "the opposite way first", do: on, is: "Off", reads: []string{"PoweringOff", "PoweringOff"}, ends: "On", asked: 1, settles: 4},
		{name: "off while hung in powering on", do: off, is: "PoweringOn", ends: "Off", asked: 1, settles: 2},
		{name: "slow to show", do: on, is: "Off", reads: []string{"Off", "Off", "PoweringOn", "On", "Off", "On"}, ends: "On", asked: 1},
		{name: "there and gone on", do: on, is: "Off", reads: []string{"Off", "Off", "PoweringOn", "On", "Off", "Off"}, ends: "On", asked: 1},
		{name: "conflict for a while", do: on, is: "Off", resets: []answer{conflict, conflict, conflict, conflict, conflict, conflict}, ends: "On", asked: 7},
		{name: "conflict for ever", do: on, is: "Off", resets: []answer{conflict, conflict, conflict, conflict, conflict, conflict, conflict}, ends: "Off", asked: 7, outcome: Busy},
		{name: "there already after all", do: on, is: "On", reads: []string{"Off", "Off"}, resets: []answer{already}, ends: "On", asked: 1},
		{name: "not ready", do: on, is: "Off", resets: []answer{notReady}, ends: "On", asked: 2},
		{name: "the answer is lost", do: on, is: "Off", resets: []answer{lost}, ends: "On", asked: 1},
		{name: "no licence", do: on, is: "Off", resets: []answer{redfishError(http.StatusForbidden, "IDRAC.2.8.LIC501")}, ends: "Off", asked: 1, outcome: Permanent},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.edit(systemURI, object{"PowerState": c.is})
			f.power(c.reads...)
			f.scripted("POST "+resetURI, c.resets...)
			wantError(t, c.do(f.connect(t), t.Context()), c.outcome)
			if got := f.state(systemURI, "PowerState"); got != c.ends {
				t.Errorf("ends %v, want %s", got, c.ends)
			}
			if got := len(f.seen("POST " + resetURI)); got != c.asked {
				t.Errorf("asked for %d resets, want %d", got, c.asked)
			}
			if got := f.readsBefore("POST " + resetURI); c.settles > 0 && got != c.settles {
				t.Errorf("%d reads before the first reset, want %d", got, c.settles)
			}
			if left := f.script[selectPower]; len(left) > 0 {
				t.Errorf("it ended %d reads early", len(left))
			}
		})
	}
}

// readsBefore counts the reads of the power state before the first such request.
func (f *fake) readsBefore(kind string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	reads := 0
	for _, r := range f.log {
		switch r.String() {
		case selectPower:
			reads++
		case kind:
			return reads
		}
	}
	return reads
}

// TestPowerOnThatWasShort: the server was on between two reads only.
func TestPowerOnThatWasShort(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.edit(systemURI, object{"LastResetTime": "2026-11-20T10:00:00Z"})
	f.on("POST "+resetURI, func(object) answer {
		f.docs[systemURI]["LastResetTime"] = "2026-11-22T10:00:00Z"
		return answer{status: http.StatusNoContent}
	})
	if err := f.connect(t).PowerOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(f.seen("POST " + resetURI)); got != 1 {
		t.Errorf("asked for %d resets, want 1", got)
	}
}

// TestPowerByOtherTypes: some firmware lacks the type that says it best.
func TestPowerByOtherTypes(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.edit(systemURI, object{"PowerState": "On", "Actions": object{"#ComputerSystem.Reset": object{
		"target": resetURI, "ResetType@Redfish.AllowableValues": []string{"On", "ForceOff", "PushPowerButton", "PowerCycle"},
	}}})
	f.on("POST "+resetURI, func(body object) answer {
		if body["ResetType"] == "PushPowerButton" {
			f.docs[systemURI]["PowerState"] = "Off"
		}
		return answer{status: http.StatusNoContent}
	})
	b := f.connect(t)
	if err := b.Restart(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	wantError(t, b.Restart(t.Context(), true), Permanent, "does not offer reset type GracefulRestart")
	if err := b.PowerOff(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	var kinds []any
	for _, r := range f.seen("POST " + resetURI) {
		kinds = append(kinds, r.body["ResetType"])
	}
	if diff := cmp.Diff([]any{"PowerCycle", "PushPowerButton"}, kinds); diff != "" {
		t.Error(diff)
	}
}

func TestPowerOffTypes(t *testing.T) {
	t.Parallel()
	for graceful, want := range map[bool]string{true: "GracefulShutdown", false: "ForceOff"} {
		f := newFake(t)
		f.edit(systemURI, object{"PowerState": "On"})
		if err := f.connect(t).PowerOff(t.Context(), graceful); err != nil {
			t.Fatal(err)
		}
		asked := f.seen("POST " + resetURI)
		if diff := cmp.Diff(object{"ResetType": want}, asked[0].body); diff != "" {
			t.Error(diff)
		}
		if asked[0].header.Get("If-Match") != "" {
			t.Error("an action carries If-Match")
		}
	}
}

// TestPowerOffThatNeverEnds: the operating system ignores the request to shut down.
func TestPowerOffThatNeverEnds(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.edit(systemURI, object{"PowerState": "On"})
	f.on("POST "+resetURI, func(object) answer { return answer{status: http.StatusNoContent} })
	b := f.connect(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := b.PowerOff(ctx, true)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "r1: power off") {
		t.Errorf("not the context's error: %v", err)
	}
	if _, ok := errors.AsType[*Error](err); ok {
		t.Errorf("the end of the context has an outcome: %v", err)
	}
}

func TestResetIsRefusedWhenNotOffered(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	wantError(t, f.connect(t).Reset(t.Context(), "ForceOn"), Permanent, "does not offer reset type ForceOn", "GracefulShutdown")
	if got := f.writes(); got != nil {
		t.Errorf("it asked nevertheless: %v", got)
	}
}

func TestResetConfirmsNothing(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.scripted("POST "+resetURI, redfishError(http.StatusInternalServerError, "Base.1.12.InternalError"))
	b := f.connect(t)
	wantError(t, b.Reset(t.Context(), ResetNmi), Unknown, "r1: reset")
	if got := len(f.seen("POST " + resetURI)); got != 1 {
		t.Errorf("asked %d times, want 1", got)
	}
}

func TestLastResetTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC)
	cases := []struct {
		reported any
		want     time.Time
		ok       bool
	}{
		{"2026-11-20T02:30:00-06:00", at, true},
		{"1970-01-01T00:00:00Z", time.Time{}, false},
		{"yesterday", time.Time{}, false},
		{nil, time.Time{}, false},
	}
	for _, c := range cases {
		f := newFake(t)
		f.edit(systemURI, object{"LastResetTime": c.reported})
		got, ok, err := f.connect(t).LastResetTime(t.Context())
		if err != nil || ok != c.ok || ok && !got.Equal(c.want) {
			t.Errorf("%v gives %s, %t, %v", c.reported, got, ok, err)
		}
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	accept := func(*fake) answer { return answer{status: http.StatusNoContent} }
	stamp := func(f *fake) answer {
		f.docs[systemURI]["LastResetTime"] = "2026-11-22T10:00:00Z"
		return answer{status: http.StatusNoContent}
	}
	cases := []struct {
		name     string
		is       string
		graceful bool
		script   answer
		reset    func(*fake) answer
		kind     string
		outcome  Outcome
	}{
		{"reset time moves", "On", true, answer{}, stamp, "GracefulRestart", Done},
		{"forced", "On", false, answer{}, stamp, "ForceRestart", Done},
		{"forced without a sign is believed", "On", false, answer{}, accept, "ForceRestart", Done},
		{"graceful without a sign is not", "On", true, answer{}, accept, "GracefulRestart", Unknown},
		{"a lost answer with a sign", "On", false, answer{drop: true}, stamp, "ForceRestart", Done},
		{"a lost answer without a sign", "On", false, answer{drop: true}, accept, "ForceRestart", Unknown},
		{"a conflict is not repeated", "On", false, redfishError(http.StatusConflict, "Base.1.12.X"), accept, "ForceRestart", Busy},
		{"off is started", "Off", true, answer{}, func(f *fake) answer { return f.reset(object{"ResetType": "On"}) }, "On", Done},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.edit(systemURI, object{"PowerState": c.is, "LastResetTime": "2026-11-20T10:00:00Z"})
			f.scripted("POST "+resetURI, c.script)
			f.on("POST "+resetURI, func(object) answer { return c.reset(f) })
			wantError(t, f.connect(t).Restart(t.Context(), c.graceful), c.outcome)
			asked := f.seen("POST " + resetURI)
			if len(asked) != 1 || asked[0].body["ResetType"] != c.kind {
				t.Errorf("asked for %v, want one %s", asked, c.kind)
			}
		})
	}
}

// TestRestartWithoutForcedRestart: some iDRAC8 offer neither ForceRestart nor PowerCycle.
func TestRestartWithoutForcedRestart(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	action := object{"target": resetURI, "ResetType@Redfish.AllowableValues": []string{"On", "ForceOff", "GracefulRestart"}}
	f.edit(systemURI, object{"PowerState": "On", "Actions": object{"#ComputerSystem.Reset": action}})
	wantError(t, f.connect(t).Restart(t.Context(), false), Done)
	var asked []any
	for _, r := range f.seen("POST " + resetURI) {
		asked = append(asked, r.body["ResetType"])
	}
	if diff := cmp.Diff([]any{"ForceOff", "On"}, asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
}
