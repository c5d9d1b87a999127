package bmc

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const resetBMCURI = managerURI + "/Actions/Manager.Reset"

// addBMCReset lets the fake restart: its sessions end, it is down for some requests, and
// what it was up for is reset.
func (f *fake) addBMCReset(down int) {
	f.docs[managerURI]["LastResetTime"] = "2026-11-01T10:00:00+00:00"
	f.docs[managerURI]["Actions"] = object{"#Manager.Reset": object{"target": resetBMCURI}}
	f.actions["POST "+resetBMCURI] = func(object) answer {
		clear(f.sessions)
		f.docs[managerURI]["LastResetTime"] = "2026-11-22T10:00:00+00:00"
		for range down {
			f.script["GET "+managerURI] = append(f.script["GET "+managerURI], answer{status: 503, body: "<html>"})
		}
		return answer{status: http.StatusNoContent}
	}
}

func TestResetBMC(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		down    int
		answer  answer
		outcome Outcome
		logins  int
	}{
		{name: "down and up", down: 5, logins: 2},
		{name: "too quick to be seen down", logins: 2},
		{name: "the answer is lost", down: 2, answer: answer{drop: true}, logins: 2},
		{name: "refused", answer: redfishError(403, "Base.1.12.InsufficientPrivilege"), outcome: Permanent, logins: 1},
		{name: "accepted without effect", answer: answer{status: 204}, outcome: Unknown, logins: 1},
		{name: "an error without effect", answer: redfishError(500, "Base.1.12.InternalError"), outcome: Unknown, logins: 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.addLC()
			f.addBMCReset(c.down)
			f.scripted("POST "+resetBMCURI, c.answer)
			b := f.connect(t)
			if c.outcome == Unknown {
				b.pace.bmcDown = 20 * time.Millisecond
			}
			wantError(t, b.ResetBMC(t.Context()), c.outcome)
			asked := f.seen("POST " + resetBMCURI)
			if len(asked) != 1 || asked[0].body["ResetType"] != "GracefulRestart" {
				t.Errorf("asked for %v", asked)
			}
			if got := f.loginCount(); got != c.logins {
				t.Errorf("%d logins, want %d", got, c.logins)
			}
			if ready := len(f.seen("POST "+lcStatusURI)) > 0; ready != (c.outcome == Done) {
				t.Errorf("waited for the Lifecycle Controller: %t", ready)
			}
			if _, err := b.PowerState(t.Context()); err != nil {
				t.Errorf("other work after it: %v", err)
			}
		})
	}
}

// TestResetBMCHoldsOtherWorkBack: it waits instead of failing.
func TestResetBMCHoldsOtherWorkBack(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addLC()
	f.addBMCReset(20)
	b := f.connect(t)
	if _, err := b.PowerState(t.Context()); err != nil {
		t.Fatal(err)
	}
	read := make(chan error, 1)
	reset := f.actions["POST "+resetBMCURI]
	f.on("POST "+resetBMCURI, func(body object) answer {
		go func() {
			_, err := b.PowerState(t.Context())
			read <- err
		}()
		return reset(body)
	})
	if err := b.ResetBMC(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-read; err != nil {
		t.Error(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var kinds []string
	for _, r := range f.log {
		kinds = append(kinds, r.String())
	}
	ready := slices.Index(kinds, "POST "+lcStatusURI)
	if last := len(kinds) - 1 - slices.Index(reversed(kinds), selectPower); last < ready {
		t.Error("the other read was not held back")
	}
}

func reversed(in []string) []string {
	out := slices.Clone(in)
	slices.Reverse(out)
	return out
}

func TestResetBMCEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addBMCReset(1 << 10)
	b := f.connect(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := b.ResetBMC(ctx); !isContextEnd(err) {
		t.Errorf("not the context's error: %v", err)
	}
	if _, err := b.PowerState(t.Context()); err != nil {
		t.Errorf("the fence was left behind: %v", err)
	}
}

func TestLastBMCReset(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	b := f.connect(t)
	if at, reported, err := b.LastBMCReset(t.Context()); err != nil || reported {
		t.Errorf("%s, %t, %v", at, reported, err)
	}
	f.edit(managerURI, object{"LastResetTime": "2026-11-01T10:00:00-06:00"})
	at, reported, err := b.LastBMCReset(t.Context())
	if err != nil || !reported {
		t.Fatal(reported, err)
	}
	if diff := cmp.Diff(time.Date(2026, 11, 1, 16, 0, 0, 0, time.UTC), at.UTC()); diff != "" {
		t.Error(diff)
	}
}
