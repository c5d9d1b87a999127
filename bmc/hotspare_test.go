package bmc

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	raidURI  = systemURI + "/Oem/Dell/DellRaidService"
	spareURI = raidURI + "/Actions/DellRaidService.AssignSpare"
	drive5   = percURI + "/Drives/Disk.Bay.5"
)

// withRAIDService links the system to Dell's service.
func withRAIDService(t *testing.T) *fake {
	t.Helper()
	f := withStorage(t)
	f.edit(systemURI, object{"Links": object{
		"ManagedBy": []object{to(managerURI)}, "Oem": object{"Dell": object{"DellRaidService": to(raidURI)}},
	}})
	f.put(raidURI, object{"Actions": object{"#DellRaidService.AssignSpare": object{"target": spareURI}}})
	f.on("POST "+spareURI, func(object) answer { return accepted(jid) })
	return f
}

func TestAssignSpare(t *testing.T) {
	t.Parallel()
	hotspare := func(kind string) func(*fake) {
		return func(f *fake) { f.edit(drive5, object{"HotspareType": kind}) }
	}
	dedicated := func(f *fake) {
		hotspare(HotspareDedicated)(f)
		f.edit(volume0URI, object{"Links": object{"DedicatedSpareDrives": []object{to(drive5)}}})
	}
	global := object{"TargetFQDD": "Disk.Bay.5"}
	ofSystem := object{"TargetFQDD": "Disk.Bay.5", "VirtualDiskArray": []any{"Disk.Virtual.0:RAID.Integrated.1-1"}}
	cases := []struct {
		name          string
		drive, volume string
		change        func(*fake)
		outcome       Outcome
		says          string
		body          object // that is posted
	}{
		{"for all", "s3n5", "", nil, Done, "", global},
		{"for all, none so far", "Disk.Bay.5", "", hotspare("None"), Done, "", global},
		{"for a volume by name", "S3N5", "system", nil, Done, "", ofSystem},
		{"for a volume by id", drive5, "Disk.Virtual.0:RAID.Integrated.1-1", nil, Done, "", ofSystem},
		{"for all already", "S3N5", "", hotspare(HotspareGlobal), Done, "", nil},
		{"for the volume already", "S3N5", "system", dedicated, Done, "", nil},
		{"for all instead of one", "S3N5", "", dedicated, Permanent, "Dedicated already", nil},
		{"for one instead of all", "S3N5", "system", hotspare(HotspareGlobal), Permanent, "Global already", nil},
		{"in use", "S3N1", "", nil, Permanent, "Disk.Bay.1 belongs to volume system", nil},
		{"no drive", "S3N99", "", nil, Permanent, `no drive "S3N99"`, nil},
		{"no volume", "S3N5", "data", nil, Permanent, `no volume "data"`, nil},
		{"refused", "S3N5", "", func(f *fake) {
			f.script["POST "+spareURI] = []answer{redfishError(400, "IDRAC.2.8.STOR009")}
		}, Permanent, "STOR009", global},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := withRAIDService(t)
			if c.change != nil {
				c.change(f)
			}
			job, err := f.connect(t).StartAssignSpare(t.Context(), c.drive, c.volume)
			wantError(t, err, c.outcome, c.says)
			if wanted := c.body != nil && err == nil; (job == jid) != wanted {
				t.Errorf("job %q", job)
			}
			var posted object
			if sent := f.seen("POST " + spareURI); len(sent) > 0 {
				posted = sent[0].body
			}
			if diff := cmp.Diff(c.body, posted); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestAssignSpareWithoutDell: others offer the drive's property, if anything.
func TestAssignSpareWithoutDell(t *testing.T) {
	t.Parallel()
	f := withStorage(t)
	f.on("PATCH "+drive5, func(body object) answer {
		f.docs[drive5]["HotspareType"] = body["HotspareType"]
		return answer{status: http.StatusOK, body: object{}}
	})
	b := f.connect(t)
	for range 2 {
		if _, err := b.StartAssignSpare(t.Context(), "S3N5", ""); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.state(drive5, "HotspareType"); got != HotspareGlobal || len(f.seen("PATCH "+drive5)) != 1 {
		t.Errorf("the drive is %v after %d changes", got, len(f.seen("PATCH "+drive5)))
	}
	_, err := b.StartAssignSpare(t.Context(), "S3N6", "system")
	wantError(t, err, Permanent, "DellRaidService")
	f.on("PATCH "+percURI+"/Drives/Disk.Bay.7", always(http.StatusMethodNotAllowed, object{}))
	_, err = b.StartAssignSpare(t.Context(), "S3N7", "")
	wantError(t, err, Permanent, "drives cannot be written")
}
