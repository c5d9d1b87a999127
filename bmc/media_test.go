package bmc

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const image = "http://10.0.0.5:8081/iso/f00d/install.iso"

func TestMediaSlots(t *testing.T) {
	t.Parallel()
	managed := managerURI + "/VirtualMedia"
	cases := []struct {
		name   string
		change func(*fake)
		want   []MediaSlot
	}{
		{"below the system", func(*fake) {}, []MediaSlot{
			{ID: "1", Types: []string{"CD", "DVD", "USBStick"}}, {ID: "2", Types: []string{"CD", "DVD", "USBStick"}},
		}},
		{"numbers in their order", func(f *fake) {
			f.docs[systemURI+"/VirtualMedia"] = members()
			for _, id := range []string{"10", "Extra", "9", "Disc"} {
				f.addSlot(systemURI + "/VirtualMedia/" + id)
				f.docs[systemURI+"/VirtualMedia/"+id]["MediaTypes"] = []string{"DVD"}
			}
		}, []MediaSlot{
			{ID: "9", Types: []string{"DVD"}},
			{ID: "10", Types: []string{"DVD"}},
			{ID: "Disc", Types: []string{"DVD"}},
			{ID: "Extra", Types: []string{"DVD"}},
		}},
		{"below the manager, discs first", func(f *fake) {
			delete(f.docs[systemURI], "VirtualMedia")
			f.docs[managerURI]["VirtualMedia"] = object{"@odata.id": managed}
			f.addSlot(managed + "/1RemovableDisk")
			f.docs[managed+"/1RemovableDisk"]["MediaTypes"] = []string{"USBStick", "Floppy"}
			f.addSlot(managed + "/CD")
			f.docs[managed+"/CD"]["MediaTypes"] = []string{"CD", "DVD"}
			f.docs[managed+"/CD"]["Inserted"] = true
			f.docs[managed+"/CD"]["Image"] = image
		}, []MediaSlot{
			{ID: "CD", Inserted: true, Image: image, Types: []string{"CD", "DVD"}},
			{ID: "1RemovableDisk", Types: []string{"USBStick", "Floppy"}},
		}},
		{"the system's link leads nowhere", func(f *fake) {
			delete(f.docs, systemURI+"/VirtualMedia")
			f.docs[managerURI]["VirtualMedia"] = object{"@odata.id": managed}
			f.addSlot(managed + "/CD")
			delete(f.docs[managed+"/CD"], "Inserted")
			f.docs[managed+"/CD"]["Image"] = image
		}, []MediaSlot{{ID: "CD", Inserted: true, Image: image, Types: []string{"CD", "DVD", "USBStick"}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			c.change(f)
			got, err := f.connect(t).MediaSlots(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMediaSlotsWithoutVirtualMedia(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	delete(f.docs[systemURI], "VirtualMedia")
	_, err := f.connect(t).MediaSlots(t.Context())
	wantError(t, err, Permanent, "offers no virtual media", "Enterprise")
}

func TestInsertMedia(t *testing.T) {
	t.Parallel()
	const other = "http://10.0.0.5:8081/iso/beef/install.iso"
	var (
		insert      = "POST " + insert1URI
		eject       = "POST " + eject1URI
		unknown     = redfishError(400, "Base.1.12.ActionParameterUnknown")
		connected   = redfishError(500, "IDRAC.2.8.VRM0012", "Base.1.12.InternalError")
		unreachable = redfishError(400, "IDRAC.2.8.RAC0720")
		detached    = redfishError(400, "IDRAC.2.8.VRM0021")
	)
	cases := []struct {
		name    string
		is      any // the image that is inserted before
		inserts []answer
		ejects  []answer
		writes  []string
		holds   any
		outcome Outcome
		says    string
	}{
		{name: "into an empty slot", writes: []string{insert}, holds: image},
		{name: "there already", is: image, holds: image},
		{name: "over another image", is: other, writes: []string{eject, insert}, holds: image},
		{name: "over an image that is not shown", inserts: []answer{connected}, writes: []string{insert, eject, insert}, holds: image},
		{
			name: "over an image that keeps coming back", inserts: []answer{connected, connected, connected},
			writes: []string{insert, eject, insert, eject, insert}, outcome: Busy, says: "another image",
		},
		{name: "parameters that the firmware does not know", inserts: []answer{unknown, unknown, unknown}, writes: []string{insert, insert, insert, insert}, holds: image},
		{name: "nothing that the firmware knows", inserts: []answer{unknown, unknown, unknown, unknown}, writes: []string{insert, insert, insert, insert}, outcome: Permanent},
		{name: "the answer is lost", inserts: []answer{{drop: true}}, writes: []string{insert}, holds: image},
		{name: "an error without effect", inserts: []answer{redfishError(500, "Base.1.12.InternalError")}, writes: []string{insert}, outcome: Transient},
		{name: "accepted without effect", inserts: []answer{{status: 204}}, writes: []string{insert}, outcome: Unknown, says: "not confirmed"},
		{name: "an image that cannot be reached at first", inserts: []answer{unreachable, unreachable}, writes: []string{insert, eject, insert, eject, insert}, holds: image},
		{
			name: "an image that cannot be reached", inserts: []answer{unreachable, unreachable, unreachable},
			writes: []string{insert, eject, insert, eject, insert}, outcome: Permanent, says: "media server",
		},
		{name: "detached", inserts: []answer{detached, detached}, writes: []string{insert, eject, insert, eject, insert}, holds: image},
		{name: "used by a console", inserts: []answer{detached, detached, detached}, writes: []string{insert, eject, insert, eject, insert}, outcome: Busy, says: "console"},
		{name: "no licence", inserts: []answer{redfishError(400, "IDRAC.2.8.LIC501")}, writes: []string{insert}, outcome: Permanent, says: "licence"},
		{name: "the other image does not go", is: other, ejects: []answer{{status: 204}}, writes: []string{eject}, holds: other, outcome: Unknown, says: "eject media"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.edit(slot1URI, object{"Inserted": c.is != nil, "Image": c.is})
			f.scripted(insert, c.inserts...)
			f.scripted(eject, c.ejects...)
			wantError(t, f.connect(t).InsertMedia(t.Context(), 0, image), c.outcome, c.says)
			if diff := cmp.Diff(c.writes, f.writes()); diff != "" {
				t.Errorf("writes (-want +got):\n%s", diff)
			}
			if got := f.state(slot1URI, "Image"); got != c.holds {
				t.Errorf("the slot holds %v, want %v", got, c.holds)
			}
		})
	}
}

// TestInsertMediaAttachesTheDrives: the cure for detached media frees the slots that others
// use, and leaves the image that belongs to this one.
func TestInsertMediaAttachesTheDrives(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	slot2, slot3 := systemURI+"/VirtualMedia/2", systemURI+"/VirtualMedia/3"
	f.addSlot(slot3)
	f.edit(slot2, object{"Inserted": true, "Image": "http://10.0.0.6/other.iso"})
	f.edit(slot3, object{"Inserted": true, "Image": image + "?second"})
	f.addAttributes(object{"VirtualMedia.1.Attached": "Detached"})
	insert := f.actions["POST "+insert1URI]
	f.on("POST "+insert1URI, func(body object) answer {
		if f.attributes()["VirtualMedia.1.Attached"] != "AutoAttach" || f.docs[slot2]["Inserted"] == true {
			return redfishError(500, "IDRAC.2.8.VRM0021")
		}
		return insert(body)
	})
	if err := f.connect(t).InsertMedia(t.Context(), 0, image); err != nil {
		t.Fatal(err)
	}
	want := []string{"POST " + insert1URI, "POST " + slot2 + "/Actions/VirtualMedia.EjectMedia", "PATCH " + attributesURI, "POST " + eject1URI, "POST " + insert1URI}
	if diff := cmp.Diff(want, f.writes()); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
}

// TestInsertMediaBesideAnother: firmware that takes one image at a time says of the second
// slot that it is in use.
func TestInsertMediaBesideAnother(t *testing.T) {
	t.Parallel()
	for beside, want := range map[bool]Outcome{true: Permanent, false: Busy} {
		f := newFake(t)
		slot2 := systemURI + "/VirtualMedia/2"
		f.edit(slot1URI, object{"Inserted": beside, "Image": image})
		f.on("POST "+slot2+"/Actions/VirtualMedia.InsertMedia", func(object) answer {
			return redfishError(http.StatusInternalServerError, "IDRAC.2.8.VRM0012")
		})
		err := f.connect(t).InsertMedia(t.Context(), 1, image+"?2")
		wantError(t, err, want, "VRM0012")
		if strings.Contains(err.Error(), "one image at a time") != beside {
			t.Errorf("beside another %t: %v", beside, err)
		}
	}
}

// TestInsertMediaThatAttachesLate: an iDRAC reports a failure, and a minute later the
// image is there.
func TestInsertMediaThatAttachesLate(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.scripted("POST "+insert1URI, redfishError(http.StatusInternalServerError, "IDRAC.2.8.RAC0720"))
	reads := 0
	f.on("GET "+slot1URI, func(object) answer {
		if reads++; reads > 5 {
			f.docs[slot1URI]["Inserted"], f.docs[slot1URI]["Image"] = true, image
		}
		if reads == 3 {
			return answer{status: http.StatusServiceUnavailable, body: "<html>"}
		}
		return answer{status: http.StatusOK, body: f.docs[slot1URI]}
	})
	if err := f.connect(t).InsertMedia(t.Context(), 0, image); err != nil {
		t.Fatal(err)
	}
	if got := len(f.seen("POST " + insert1URI)); got != 1 {
		t.Errorf("inserted %d times, want 1", got)
	}
}

func TestInsertMediaParameters(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	unknown := redfishError(400, "Base.1.12.ActionParameterUnknown")
	f.scripted("POST "+insert1URI, unknown, unknown, unknown)
	if err := f.connect(t).InsertMedia(t.Context(), 0, image); err != nil {
		t.Fatal(err)
	}
	var sent []object
	for _, r := range f.seen("POST " + insert1URI) {
		sent = append(sent, r.body)
		if r.header.Get("If-Match") != "" {
			t.Error("an action carries If-Match")
		}
	}
	want := []object{
		{"Image": image, "Inserted": true, "WriteProtected": true, "TransferProtocolType": "HTTP"},
		{"Image": image, "Inserted": true, "WriteProtected": true},
		{"Image": image, "TransferProtocolType": "HTTP"},
		{"Image": image},
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Error(diff)
	}
}

func TestInsertMediaRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, image string
		slot        int
		says        string
	}{
		{"credentials in the URL", "http://root:" + secret + "@10.0.0.5/a.iso", 0, "carries credentials"},
		{"no host", "/srv/" + secret + ".iso", 0, "with a host"},
		{"no URL", "http://" + secret + "\x00", 0, "with a host"},
		{"another protocol", "ftp://10.0.0.5/a.iso", 0, `"ftp"`},
		{"no such slot", image, 2, "no media slot 2"},
		{"a slot below 0", image, -1, "no media slot -1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			wantError(t, f.connect(t).InsertMedia(t.Context(), c.slot, c.image), Permanent, "r1: insert media", c.says)
			if got := f.writes(); got != nil {
				t.Errorf("it asked nevertheless: %v", got)
			}
		})
	}
}

// TestInsertMediaHidesTheImage: knowing the path may be all it takes to read an image
// that holds a password.
func TestInsertMediaHidesTheImage(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.scripted("POST "+insert1URI, answer{status: 422, body: object{"error": object{
		"code": "IDRAC.2.8.X", "message": "cannot use " + image + " at all",
	}}})
	err := f.connect(t).InsertMedia(t.Context(), 0, image)
	wantError(t, err, Permanent, "cannot use http://10.0.0.5:8081/… at all")
	if strings.Contains(err.Error(), "f00d") {
		t.Errorf("the image's path is in %v", err)
	}
}

func TestEjectMedia(t *testing.T) {
	t.Parallel()
	eject := "POST " + eject1URI
	nothing := redfishError(500, "IDRAC.1.6.VRM0009", "Base.1.12.InternalError")
	cases := []struct {
		name     string
		inserted bool
		ejects   []answer
		writes   []string
		outcome  Outcome
	}{
		{"inserted", true, nil, []string{eject}, Done},
		{"nothing inserted", false, nil, nil, Done},
		{"shown but not there", true, []answer{nothing}, []string{eject}, Done},
		{"the answer is lost", true, []answer{{drop: true}}, []string{eject}, Done},
		{"an error without effect", true, []answer{redfishError(500, "Base.1.12.InternalError")}, []string{eject}, Transient},
		{"refused", true, []answer{redfishError(403, "Base.1.12.InsufficientPrivilege")}, []string{eject}, Permanent},
		{"accepted without effect", true, []answer{{status: 204}}, []string{eject}, Unknown},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			if c.inserted {
				f.edit(slot1URI, object{"Inserted": true, "Image": image})
			}
			f.scripted(eject, c.ejects...)
			wantError(t, f.connect(t).EjectMedia(t.Context(), 0), c.outcome)
			if diff := cmp.Diff(c.writes, f.writes()); diff != "" {
				t.Errorf("writes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEjectAllGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	slot2 := systemURI + "/VirtualMedia/2"
	f.edit(slot1URI, object{"Inserted": true, "Image": image})
	f.edit(slot2, object{"Inserted": true, "Image": image})
	f.scripted("POST "+eject1URI, redfishError(503, "Base.1.12.ServiceTemporarilyUnavailable"))
	b := f.connect(t)
	wantError(t, b.EjectAll(t.Context()), Transient, "eject media")
	if f.state(slot2, "Inserted") != false {
		t.Error("the second slot was not ejected")
	}
	if err := b.EjectAll(t.Context()); err != nil || f.state(slot1URI, "Inserted") != false {
		t.Errorf("the first slot is still inserted: %v", err)
	}
}
