package bmc

import (
	"net/http"
	"testing"
	"time"
)

const (
	lcServiceDoc = managerURI + "/Oem/Dell/DellLCService"
	lcStatusURI  = lcServiceDoc + "/Actions/DellLCService.GetRemoteServicesAPIStatus"
)

func lcStatus(lc, rt, server string) answer {
	return answer{status: http.StatusOK, body: object{"LCStatus": lc, "RTStatus": rt, "ServerStatus": server, "Status": lc}}
}

// addLC gives the fake a Lifecycle Controller that is ready.
func (f *fake) addLC() {
	f.addService("DellLCService", lcServiceDoc, "GetRemoteServicesAPIStatus", func(object) answer {
		return lcStatus("Ready", "Ready", "OutOfPOST")
	})
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	cases := []struct {
		is   Readiness
		want bool
	}{
		{Readiness{"Ready", "Ready", "OutOfPOST"}, true},
		{Readiness{"Ready", "NotReady", "OutOfPOST"}, false},
		{Readiness{"Ready", "NotReady", "PoweredOff"}, true},
		{Readiness{"Ready", "", "InPOST"}, true},
		{Readiness{"Reloading", "Ready", "OutOfPOST"}, false},
		{Readiness{}, false},
	}
	for _, c := range cases {
		if got := c.is.Ready(); got != c.want {
			t.Errorf("%s: ready %t", c.is, got)
		}
	}
}

func TestWaitReady(t *testing.T) {
	t.Parallel()
	var (
		notYet = lcStatus("NotInitialized", "NotReady", "InPOST")
		html   = answer{status: 503, body: "<html>"}
	)
	cases := []struct {
		name    string
		service bool
		answers []answer
		asked   int
		outcome Outcome
		says    []string
	}{
		{name: "ready", service: true, asked: 1},
		{name: "ready after a while", service: true, answers: []answer{notYet, html, {drop: true}, {status: 204}, notYet}, asked: 6},
		{name: "an iDRAC that cannot tell"},
		{name: "not allowed", service: true, answers: []answer{redfishError(403, "Base.1.12.InsufficientPrivilege")}, asked: 1, outcome: Permanent},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			if c.service {
				f.addLC()
			}
			f.scripted("POST "+lcStatusURI, c.answers...)
			wantError(t, f.connect(t).WaitReady(t.Context()), c.outcome, c.says...)
			if got := len(f.seen("POST " + lcStatusURI)); got != c.asked {
				t.Errorf("asked %d times, want %d", got, c.asked)
			}
		})
	}
}

func TestWaitReadyThatNeverComes(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addLC()
	f.on("POST "+lcStatusURI, func(object) answer { return lcStatus("Recovery", "Ready", "OutOfPOST") })
	b := f.connect(t)
	b.pace.readyLimit = 20 * time.Millisecond
	wantError(t, b.WaitReady(t.Context()), Transient, "Lifecycle Controller Recovery", "restart the BMC")
}
