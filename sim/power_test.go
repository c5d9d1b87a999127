package sim

import (
	"math"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// states lists the power states that the journal shows after the one at the start.
func states(s *Server) []string {
	var list []string
	for _, e := range s.Journal() {
		if e.Kind == PowerState {
			list = append(list, e.Detail["to"])
		}
	}
	return list
}

func TestPowerTransitions(t *testing.T) {
	t.Parallel()
	on := []string{statePoweringOn, stateOn}
	off := []string{statePoweringOff, stateOff}
	tests := map[string]struct {
		fromOn bool
		want   []string
		boots  int
	}{
		"On":               {false, on, 1},
		"ForceOff":         {true, off, 1},
		"GracefulShutdown": {true, off, 1},
		"PowerCycle":       {true, append(append([]string{}, off...), on...), 2},
		"ForceRestart":     {true, nil, 2},
		"GracefulRestart":  {true, nil, 2},
		"PushPowerButton":  {false, on, 1},
		"Nmi":              {true, nil, 1},
	}
	for kind, test := range tests {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := startOne(t)
			before := 0
			if test.fromOn {
				reset(t, s, "On")
				await(t, s, BootFailed)
				before = len(states(s))
			}
			reset(t, s, kind)
			eventually(t, "all transitions", func() bool { return len(states(s)) >= before+len(test.want) })
			eventually(t, "all boots", func() bool { return count(s, BootFailed) == test.boots })
			got := states(s)[before:]
			if diff := cmp.Diff(test.want, append([]string(nil), got...)); diff != "" {
				t.Errorf("transitions (-want +got):\n%s", diff)
			}
			if !has(s, Reset) {
				t.Error("the reset is not in the journal")
			}
		})
	}
}

func count(s *Server, kind string) int {
	n := 0
	for _, k := range kinds(s) {
		if k == kind {
			n++
		}
	}
	return n
}

func TestTransitionIsVisibleAndRefusesResets(t *testing.T) {
	t.Parallel()
	timing := quick
	timing.PowerOn, timing.PowerOff = patience, patience
	s := startFleet(t, Config{Timing: timing}).Servers()[0]
	state := func() any {
		return must(t, s, http.StatusOK, http.MethodGet, systemURI+"?$select=PowerState", "").body["PowerState"]
	}
	reset(t, s, "On")
	if state() != statePoweringOn {
		t.Errorf("after On: %v", state())
	}
	must(t, s, http.StatusConflict, http.MethodPost, systemURI+resetAt, `{"ResetType":"On"}`)
	reset(t, s, "ForceOff")
	if state() != statePoweringOff {
		t.Errorf("after ForceOff: %v", state())
	}
	must(t, s, http.StatusConflict, http.MethodPost, systemURI+resetAt, `{"ResetType":"On"}`)
}

func TestOverrideIsConsumedByAnyBoot(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		patch string
		want  bootOverride
		after bootOverride
	}{
		"once": {
			`{"BootSourceOverrideTarget":"BiosSetup","BootSourceOverrideEnabled":"Once"}`,
			bootOverride{"BiosSetup", overrideOnce, modeUEFI}, noOverride(modeUEFI),
		},
		"target alone is once": {
			`{"BootSourceOverrideTarget":"Utilities"}`,
			bootOverride{"Utilities", overrideOnce, modeUEFI}, noOverride(modeUEFI),
		},
		"continuous": {
			`{"BootSourceOverrideTarget":"Pxe","BootSourceOverrideEnabled":"Continuous","BootSourceOverrideMode":"Legacy"}`,
			bootOverride{"Pxe", overrideContinuous, modeLegacy}, bootOverride{"Pxe", overrideContinuous, modeLegacy},
		},
		"disabled": {
			`{"BootSourceOverrideTarget":"Cd","BootSourceOverrideEnabled":"Disabled"}`,
			noOverride(modeUEFI), noOverride(modeUEFI),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startOne(t)
			must(t, s, http.StatusOK, http.MethodPatch, systemURI, `{"Boot":`+test.patch+`}`)
			if got := readOverride(t, s); got != test.want {
				t.Errorf("after the patch: %v, want %v", got, test.want)
			}
			reset(t, s, "On")
			eventually(t, "the boot", func() bool { return has(s, BootFailed) || has(s, Boot) })
			if got := readOverride(t, s); got != test.after {
				t.Errorf("after the boot: %v, want %v", got, test.after)
			}
		})
	}
}

func readOverride(t *testing.T, s *Server) bootOverride {
	t.Helper()
	boot, _ := must(t, s, http.StatusOK, http.MethodGet, systemURI, "").body["Boot"].(doc)
	value := func(name string) string {
		read, _ := boot["BootSourceOverride"+name].(string)
		return read
	}
	return bootOverride{value("Target"), value("Enabled"), value("Mode")}
}

func TestEmptyDiskDoesNotBoot(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	reset(t, s, "On")
	await(t, s, BootFailed, "device", targetHdd, "reason", "no bootable device")
	watts := func() float64 {
		control := must(t, s, http.StatusOK, http.MethodGet, powerURI, "").body["PowerControl"].([]any)
		reading, _ := control[0].(doc)["PowerConsumedWatts"].(float64)
		return reading
	}
	if math.Abs(watts()-wattsOn) > wattsSwing {
		t.Errorf("switched on it draws %v W", watts())
	}
	reset(t, s, "ForceOff")
	await(t, s, PowerState, "to", stateOff)
	if watts() != wattsOff {
		t.Errorf("switched off it draws %v W", watts())
	}
}
