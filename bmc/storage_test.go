package bmc

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	lcURI      = managerURI + "/Oem/Dell/DellLCService"
	readyURI   = lcURI + "/Actions/DellLCService.GetRemoteServicesAPIStatus"
	wipeURI    = lcURI + "/Actions/DellLCService.SystemErase"
	volumesURI = percURI + "/Volumes"
	volume0URI = volumesURI + "/Disk.Virtual.0:RAID.Integrated.1-1"
	drive0URI  = percURI + "/Drives/Disk.Bay.0"
	perc       = "RAID.Integrated.1-1"
)

// withStorage returns a server with drives, a volume and a ready Lifecycle Controller.
func withStorage(t *testing.T) *fake {
	t.Helper()
	f := newFake(t)
	furnish(f)
	f.edit(managerURI, object{"Links": object{"Oem": object{"Dell": object{"DellLCService": to(lcURI)}}}})
	f.put(lcURI, object{"Actions": object{
		"#DellLCService.GetRemoteServicesAPIStatus": object{"target": readyURI},
		"#DellLCService.SystemErase":                object{"target": wipeURI},
	}})
	f.on("POST "+readyURI, always(200, object{"LCStatus": "Ready", "RTStatus": "Ready", "ServerStatus": "OutOfPOST", "Status": "Ready"}))
	return f
}

func TestDrives(t *testing.T) {
	t.Parallel()
	drives, err := withStorage(t).connect(t).Drives(t.Context())
	if err != nil || len(drives) != 8 || drives[7].SerialNumber != "S3N7" || drives[7].Controller != perc {
		t.Errorf("%+v, %v", drives, err)
	}
}

// TestDrivesElsewhere: older firmware has the drives beside the controllers.
func TestDrivesElsewhere(t *testing.T) {
	t.Parallel()
	f := withStorage(t)
	uri := storageURI + "/Drives/Disk.Bay.9"
	f.put(uri, object{"SerialNumber": "X9"})
	f.edit(percURI, object{"Drives": []object{to(uri)}})
	drives, err := f.connect(t).Drives(t.Context())
	if err != nil || len(drives) != 1 || drives[0].URI != uri || drives[0].Controller != perc {
		t.Errorf("%+v, %v", drives, err)
	}
}

func TestCreateVolume(t *testing.T) {
	t.Parallel()
	data := VolumeSpec{Name: "data", RAID: "RAID5", Drives: []string{"Disk.Bay.2", "s3n3", percURI + "/Drives/Disk.Bay.4"}}
	with := func(change func(*VolumeSpec)) VolumeSpec {
		spec := data
		change(&spec)
		return spec
	}
	post := "POST " + volumesURI
	cases := []struct {
		name       string
		controller string
		spec       VolumeSpec
		change     func(*fake)
		outcome    Outcome
		says, job  string
		posts      int
	}{
		{"created", perc, data, nil, Done, "", jid, 1},
		{"there already", perc, VolumeSpec{Name: "system", RAID: "RAID1", Drives: []string{"S3N1", "S3N0"}}, nil, Done, "", "", 0},
		{"another of that name", perc, with(func(s *VolumeSpec) { s.Name = "system" }), nil, Permanent, "volume system exists with level RAID1 on 2 drives", "", 0},
		{"a drive in use", perc, with(func(s *VolumeSpec) { s.Drives = []string{"S3N1", "S3N2"} }), nil, Permanent, "drive Disk.Bay.1 belongs to volume system", "", 0},
		{"a drive that is passed on", perc, with(func(s *VolumeSpec) { s.Drives = []string{"S3N1"} }), func(f *fake) { f.edit(volume0URI, object{"VolumeType": "RawDevice"}) }, Done, "", jid, 1},
		{"a drive twice", perc, with(func(s *VolumeSpec) { s.Drives = []string{"S3N3", "Disk.Bay.3"} }), nil, Permanent, "named twice", "", 0},
		{"no such drive", perc, with(func(s *VolumeSpec) { s.Drives = []string{"S3N99"} }), nil, Permanent, "Disk.Bay.0, Disk.Bay.1", "", 0},
		{"no such controller", "RAID.Slot.9-1", data, nil, Permanent, "[RAID.Integrated.1-1 AHCI.Embedded.1-1", "", 0},
		{"no drives", perc, with(func(s *VolumeSpec) { s.Drives = nil }), nil, Permanent, "has no drives", "", 0},
		{"no level", perc, with(func(s *VolumeSpec) { s.RAID = "" }), nil, Permanent, "has no RAID level", "", 0},
		{"a name that the controller cuts", perc, with(func(s *VolumeSpec) { s.Name = "sixteen-letters-" }), nil, Permanent, "not a volume name", "", 0},
		{"a negative size", perc, with(func(s *VolumeSpec) { s.Bytes = -1 }), nil, Permanent, "negative", "", 0},
		{"SYS518", perc, data, func(f *fake) {
			f.script[post] = []answer{redfishError(500, "IDRAC.2.8.SYS518", "Base.1.12.GeneralError")}
		}, Transient, "SYS518", "", 1},
		{"the answer is lost", perc, data, func(f *fake) { f.script[post] = []answer{{drop: true}} }, Unknown, "", "", 1},
		{"the Lifecycle Controller is not ready", perc, data, func(f *fake) {
			f.on("POST "+readyURI, always(200, object{"LCStatus": "NotInitialized", "RTStatus": "NotReady"}))
		}, Transient, "create volume", "", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := withStorage(t)
			f.on(post, func(object) answer { return accepted(jid) })
			if c.change != nil {
				c.change(f)
			}
			job, err := f.connect(t).StartCreateVolume(t.Context(), c.controller, c.spec)
			wantError(t, err, c.outcome, c.says)
			if job != c.job || len(f.seen(post)) != c.posts {
				t.Errorf("job %q, want %q, %d posts, want %d", job, c.job, len(f.seen(post)), c.posts)
			}
		})
	}
}

func TestCreateVolumeBody(t *testing.T) {
	t.Parallel()
	f := withStorage(t)
	f.on("POST "+volumesURI, func(object) answer { return accepted(jid) })
	spec := VolumeSpec{Name: "data_1", RAID: "RAID0", Drives: []string{"S3N5"}, Bytes: 1 << 30, StripBytes: 65536, OnReset: true}
	if _, err := f.connect(t).StartCreateVolume(t.Context(), perc, spec); err != nil {
		t.Fatal(err)
	}
	want := object{
		"Name": "data_1", "RAIDType": "RAID0", "CapacityBytes": float64(1 << 30), "StripSizeBytes": float64(65536), "@Redfish.OperationApplyTime": "OnReset",
		"Links": object{"Drives": []any{object{"@odata.id": percURI + "/Drives/Disk.Bay.5"}}},
	}
	if diff := cmp.Diff(want, f.seen("POST " + volumesURI)[0].body); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDeleteVolume(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, controller, volume string
		change                   func(*fake)
		outcome                  Outcome
		says, job                string
	}{
		{"by name", perc, "system", nil, Done, "", jid},
		{"by URI", perc, volume0URI, nil, Done, "", jid},
		{"not there", perc, "data", nil, Done, "", ""},
		{"no collection", perc, "system", func(f *fake) { delete(f.docs, volumesURI) }, Done, "", ""},
		{"two of that name", perc, "system", func(f *fake) { f.put(volumesURI+"/Disk.Virtual.1", object{"Name": "system"}) }, Permanent, "2 volumes are named system", ""},
		{"no name", perc, "", nil, Permanent, "no volume is named", ""},
		{"the BMC cannot show it", perc, "system", func(f *fake) { f.on("GET "+volume0URI, always(500, redfishError(500, "IDRAC.2.8.SYS518").body)) }, Transient, "SYS518", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := withStorage(t)
			f.on("DELETE "+volume0URI, func(object) answer { return accepted(jid) })
			if c.change != nil {
				c.change(f)
			}
			job, err := f.connect(t).StartDeleteVolume(t.Context(), c.controller, c.volume)
			wantError(t, err, c.outcome, c.says)
			deleted := len(f.seen("DELETE " + volume0URI))
			if job != c.job || (deleted == 1) != (c.job != "") {
				t.Errorf("job %q, want %q, %d deleted", job, c.job, deleted)
			}
		})
	}
}

func TestVolumes(t *testing.T) {
	t.Parallel()
	volumes, err := withStorage(t).connect(t).Volumes(t.Context(), perc)
	if err != nil || len(volumes) != 1 || volumes[0].Name != "system" || volumes[0].RAID != "RAID1" || len(volumes[0].Drives) != 2 {
		t.Errorf("%+v, %v", volumes, err)
	}
}

func TestEraseTargets(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		serials []string
		want    []string
		says    string
	}{
		{"in the order of their naming", []string{"S3N4", "s3n2 "}, []string{"Disk.Bay.4", "Disk.Bay.2"}, ""},
		{"none", nil, nil, "no drive is named"},
		{"an id is no serial number", []string{"S3N4", "Disk.Bay.1"}, nil, `0 drives have serial number "Disk.Bay.1"`},
		{"empty", []string{""}, nil, "0 drives"},
		{"twice on the server", []string{"TWIN"}, nil, "2 drives have serial number"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := withStorage(t)
			f.edit(percURI+"/Drives/Disk.Bay.6", object{"SerialNumber": "TWIN"})
			f.edit(percURI+"/Drives/Disk.Bay.7", object{"SerialNumber": "TWIN"})
			drives, err := f.connect(t).EraseTargets(t.Context(), c.serials)
			if c.says != "" {
				wantError(t, err, Permanent, c.says)
			}
			var got []string
			for _, drive := range drives {
				got = append(got, drive.ID)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s%v", diff, err)
			}
		})
	}
}

func TestSecureErase(t *testing.T) {
	t.Parallel()
	post := "POST " + drive0URI + "/Actions/Drive.SecureErase"
	cases := []struct {
		name      string
		change    func(*fake)
		outcome   Outcome
		says, job string
		posts     int
	}{
		{"started", nil, Done, "", jid, 1},
		{"exchanged since", func(f *fake) { f.edit(drive0URI, object{"SerialNumber": "NEW1"}) }, Permanent, `serial number "NEW1", not "S3N0"`, "", 0},
		{"without a serial number", func(f *fake) { f.edit(drive0URI, object{"SerialNumber": nil}) }, Permanent, "serial number", "", 0},
		{"cannot", func(f *fake) { f.edit(drive0URI, object{"Actions": object{}}) }, Permanent, "cannot erase itself", "", 0},
		{"gone", func(f *fake) { delete(f.docs, drive0URI) }, Permanent, "erase drive", "", 0},
		{"the answer is lost, and it is not repeated", func(f *fake) { f.script[post] = []answer{{drop: true}} }, Unknown, "", "", 1},
		{"an internal error, and it is not repeated", func(f *fake) { f.script[post] = []answer{redfishError(500, "Base.1.12.InternalError")} }, Unknown, "", "", 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := withStorage(t)
			f.on(post, func(object) answer { return accepted(jid) })
			b := f.connect(t)
			targets, err := b.EraseTargets(t.Context(), []string{"S3N0"})
			if err != nil {
				t.Fatal(err)
			}
			if c.change != nil {
				c.change(f)
			}
			job, err := b.StartSecureErase(t.Context(), targets[0])
			wantError(t, err, c.outcome, c.says)
			if job != c.job || len(f.seen(post)) != c.posts {
				t.Errorf("job %q, want %q, %d posts, want %d", job, c.job, len(f.seen(post)), c.posts)
			}
		})
	}
}

func TestSystemErase(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name       string
		tag        string
		components []string
		outcome    Outcome
		says, job  string
	}{
		{"started", "abc1234", []string{"CryptographicErasePD"}, Done, "", jid},
		{"another server", "XYZ9999", []string{"BIOS"}, Permanent, `this is server "ABC1234", not "XYZ9999"`, ""},
		{"no tag", "", []string{"BIOS"}, Permanent, "this is server", ""},
		{"nothing", "ABC1234", nil, Permanent, "no component", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := withStorage(t)
			f.on("POST "+wipeURI, func(object) answer { return accepted(jid) })
			job, err := f.connect(t).StartSystemErase(t.Context(), c.tag, c.components)
			wantError(t, err, c.outcome, c.says)
			if job != c.job || (len(f.seen("POST "+wipeURI)) == 1) != (c.job != "") {
				t.Errorf("job %q, want %q", job, c.job)
			}
		})
	}
}
