package bmc

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func override(target, enabled string) object {
	return object{"Boot": object{
		"BootSourceOverrideTarget": target, "BootSourceOverrideEnabled": enabled, "BootSourceOverrideMode": "UEFI",
		"BootSourceOverrideTarget@Redfish.AllowableValues": []string{"None", "Pxe", "Cd", "Hdd"},
	}}
}

func TestBootOnce(t *testing.T) {
	t.Parallel()
	patch := "PATCH " + systemURI
	cases := []struct {
		name    string
		is      object
		answers []answer
		writes  []string
		outcome Outcome
		says    string
	}{
		{name: "none before", is: override("None", "Disabled"), writes: []string{patch}},
		{name: "set already", is: override("Cd", "Once")},
		{name: "another before", is: override("Pxe", "Once"), writes: []string{patch}},
		{name: "continuous is not once", is: override("Cd", "Continuous"), writes: []string{patch}},
		{name: "used up is not once", is: override("Cd", "Disabled"), writes: []string{patch}},
		{name: "the answer is lost", is: override("None", "Disabled"), answers: []answer{{drop: true}}, writes: []string{patch}},
		{
			name: "an error without effect", is: override("None", "Disabled"),
			answers: []answer{redfishError(500, "Base.1.12.InternalError")}, writes: []string{patch}, outcome: Transient,
		},
		{
			name: "accepted without effect", is: override("None", "Disabled"),
			answers: []answer{{status: 200, body: object{}}}, writes: []string{patch}, outcome: Unknown, says: "not confirmed",
		},
		{
			name: "pending configuration", is: override("None", "Disabled"),
			answers: []answer{redfishError(400, "IDRAC.2.8.LC068")}, writes: []string{patch}, outcome: Busy, says: "next restart",
		},
		{
			name: "read-only without a settings resource", is: override("None", "Disabled"),
			answers: []answer{redfishError(400, "Base.1.12.PropertyNotWritable")}, writes: []string{patch}, outcome: Permanent,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.edit(systemURI, c.is)
			f.scripted(patch, c.answers...)
			wantError(t, f.connect(t).BootOnce(t.Context(), BootCd), c.outcome, c.says)
			if diff := cmp.Diff(c.writes, f.writes()); diff != "" {
				t.Errorf("writes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBootOnceChangesTheOverrideOnly(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	b := f.connect(t)
	if err := b.BootOnce(t.Context(), BootPxe); err != nil {
		t.Fatal(err)
	}
	want := object{"Boot": object{"BootSourceOverrideTarget": "Pxe", "BootSourceOverrideEnabled": "Once"}}
	if diff := cmp.Diff(want, f.seen("PATCH " + systemURI)[0].body); diff != "" {
		t.Error(diff)
	}
	got, err := b.Boot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	is := BootOverride{Target: BootPxe, Enabled: "Once", Mode: "UEFI", Allowed: []BootDevice{BootNone, BootPxe, BootCd, BootHdd}}
	if diff := cmp.Diff(is, got); diff != "" {
		t.Error(diff)
	}
}

func TestBootOnceFromWhatIsNotOffered(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	wantError(t, f.connect(t).BootOnce(t.Context(), BootFloppy), Permanent, "does not offer to boot from Floppy", "Cd")
}

func TestBootAlways(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		is     object
		writes int
	}{
		{"none before", override("None", "Disabled"), 1},
		{"once is not always", override("Pxe", "Once"), 1},
		{"set already", override("Pxe", "Continuous"), 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.edit(systemURI, c.is)
			b := f.connect(t)
			if err := b.BootAlways(t.Context(), BootPxe); err != nil {
				t.Fatal(err)
			}
			if boot, err := b.Boot(t.Context()); err != nil || boot.Target != BootPxe || boot.Enabled != "Continuous" {
				t.Errorf("%+v, %v", boot, err)
			}
			if got := len(f.writes()); got != c.writes {
				t.Errorf("%d writes, want %d", got, c.writes)
			}
		})
	}
}

func TestBootOverrideIsRefused(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		boot   object
		device BootDevice
		says   []string
	}{
		{"a way that is not offered", object{"BootSourceOverrideEnabled@Redfish.AllowableValues": []string{"Once", "Disabled"}}, BootPxe, []string{"Continuous", "[Once Disabled]"}},
		{"HTTP in Legacy mode", object{"BootSourceOverrideMode": "Legacy"}, BootUefiHTTP, []string{"Legacy", "BootMode"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.edit(systemURI, object{"Boot": c.boot})
			wantError(t, f.connect(t).BootAlways(t.Context(), c.device), Permanent, c.says...)
			if got := f.writes(); got != nil {
				t.Errorf("it asked nevertheless: %v", got)
			}
		})
	}
}

// TestBootOnceInSettings is an iDRAC10: the system's own Boot is read-only.
func TestBootOnceInSettings(t *testing.T) {
	t.Parallel()
	for _, shows := range []string{systemURI, settingsURI} {
		f := newFake(t)
		f.edit(systemURI, object{"@Redfish.Settings": object{"SettingsObject": object{"@odata.id": settingsURI}}})
		f.docs[settingsURI] = override("None", "Disabled")
		f.on("PATCH "+systemURI, func(object) answer { return redfishError(400, "Base.1.18.PropertyNotWritable") })
		f.on("PATCH "+settingsURI, func(body object) answer {
			f.setBoot(f.docs[shows], body)
			return answer{status: http.StatusOK, body: object{}}
		})
		b := f.connect(t)
		for _, device := range []BootDevice{BootCd, BootHdd} {
			if err := b.BootOnce(t.Context(), device); err != nil {
				t.Fatalf("shown in %s: %v", shows, err)
			}
		}
		want := []string{"PATCH " + systemURI, "PATCH " + settingsURI, "PATCH " + settingsURI}
		if diff := cmp.Diff(want, f.writes()); diff != "" {
			t.Errorf("the BMC's way is not remembered (-want +got):\n%s", diff)
		}
	}
}

// TestPatchMatches: BMCs refuse their own ETags in some forms.
func TestPatchMatches(t *testing.T) {
	t.Parallel()
	cases := []struct {
		etag    string
		accepts string // "*" for none of them
		want    []string
		outcome Outcome
	}{
		{`W/"gen-2"`, `W/"gen-2"`, []string{`W/"gen-2"`}, Done},
		{`W/"gen-2"`, `"gen-2"`, []string{`W/"gen-2"`, `"gen-2"`}, Done},
		{`W/"gen-2-gzip"`, ``, []string{`W/"gen-2-gzip"`, `"gen-2"`, ``}, Done},
		{`"1a2b"`, ``, []string{`"1a2b"`, ``}, Done},
		{``, ``, []string{``}, Done},
		{`"1a2b"`, `*`, []string{`"1a2b"`, ``}, Permanent},
	}
	for _, c := range cases {
		f := newFake(t)
		f.scripted("GET "+systemURI, answer{status: 200, body: f.docs[systemURI], header: map[string]string{"ETag": c.etag}})
		var sent []string
		f.on("PATCH "+systemURI, func(body object) answer {
			tag := f.log[len(f.log)-1].header.Get("If-Match")
			sent = append(sent, tag)
			if tag != c.accepts {
				return redfishError(http.StatusPreconditionFailed, "Base.1.12.PreconditionFailed")
			}
			return f.patchBoot(body)
		})
		wantError(t, f.connect(t).BootOnce(t.Context(), BootCd), c.outcome)
		if diff := cmp.Diff(c.want, sent); diff != "" {
			t.Errorf("%s, BMC accepts %q (-want +got):\n%s", c.etag, c.accepts, diff)
		}
	}
}

func TestClearBootOverride(t *testing.T) {
	t.Parallel()
	bare := override("Pxe", "Continuous")
	delete(bare["Boot"].(object), "BootSourceOverrideTarget@Redfish.AllowableValues")
	cases := []struct {
		name string
		is   object
		want []object // bodies
	}{
		{"nothing to clear", override("None", "Disabled"), nil},
		{"used up", override("Cd", "Disabled"), nil},
		{"none at all", override("None", "Once"), nil},
		{"set", override("Cd", "Once"), []object{{"Boot": object{"BootSourceOverrideTarget": "None", "BootSourceOverrideEnabled": "Disabled"}}}},
		{"None is not offered", bare, []object{{"Boot": object{"BootSourceOverrideEnabled": "Disabled"}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.edit(systemURI, c.is)
			b := f.connect(t)
			if err := b.ClearBootOverride(t.Context()); err != nil {
				t.Fatal(err)
			}
			var sent []object
			for _, r := range f.seen("PATCH " + systemURI) {
				sent = append(sent, r.body)
			}
			if diff := cmp.Diff(c.want, sent); diff != "" {
				t.Error(diff)
			}
			if boot, err := b.Boot(t.Context()); err != nil || boot.Target != BootNone || boot.Enabled != "Disabled" {
				t.Errorf("%+v, %v", boot, err)
			}
		})
	}
}
