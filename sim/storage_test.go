package sim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// volumeBody asks for a volume on some of the RAID controller's drives.
func volumeBody(s *Server, raid string, drives ...int) string {
	c := s.gen.controllers[0]
	var links []string
	for _, i := range drives {
		links = append(links, fmt.Sprintf(`{"@odata.id":%q}`, s.gen.driveURI(c, c.drives[i])))
	}
	return fmt.Sprintf(`{"Name":"data","RAIDType":%q,"Links":{"Drives":[%s]}}`, raid, strings.Join(links, ","))
}

func TestVolumes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{IDRAC9v5, IDRAC9v7, IDRAC10} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startGeneration(t, name)
			c := s.gen.controllers[0]
			before := s.Volumes()
			id, _ := accepted(t, s, http.MethodPost, c.volumesURI(), volumeBody(s, "RAID5", 0, 1, 2))
			if j := ended(t, s, id); j.State != jobCompleted || j.Type != jobRealTime {
				t.Errorf("job %+v", j)
			}
			want := Volume{
				ID: "Disk.Virtual.0:RAID.Integrated.1-1", Name: "data", Controller: c.fqdd, RAIDType: "RAID5",
				Drives: []string{c.drives[0].id, c.drives[1].id, c.drives[2].id}, Bytes: 2 * 960e9,
			}
			if diff := cmp.Diff(append(slices.Clone(before), want), s.Volumes()); diff != "" {
				t.Errorf("volumes (-want +got):\n%s", diff)
			}
			uri := c.volumesURI() + "/" + want.ID
			if body := must(t, s, http.StatusOK, http.MethodGet, uri, "").body; body["Name"] != "data" || body["RAIDType"] != "RAID5" {
				t.Errorf("volume %v", body)
			}
			drive := must(t, s, http.StatusOK, http.MethodGet, s.gen.driveURI(c, c.drives[1]), "").body
			if volumes, _ := drive["Links"].(doc)["Volumes"].([]any); len(volumes) != 1 {
				t.Errorf("the drive's links are %v", drive["Links"])
			}
			must(t, s, http.StatusBadRequest, http.MethodPost, s.gen.driveURI(c, c.drives[1])+secureEraseAt, `{}`)
			id, _ = accepted(t, s, http.MethodDelete, uri, "")
			ended(t, s, id)
			if diff := cmp.Diff(before, s.Volumes()); diff != "" {
				t.Errorf("volumes after the deletion (-want +got):\n%s", diff)
			}
			must(t, s, http.StatusNotFound, http.MethodDelete, uri, "")
		})
	}
}

func TestVolumeAtReset(t *testing.T) {
	t.Parallel()
	s := startGeneration(t, IDRAC8)
	c := s.gen.controllers[0]
	drive := s.gen.driveURI(c, c.drives[4])
	id, _ := accepted(t, s, http.MethodPost, c.volumesURI(), fmt.Sprintf(
		`{"VolumeType":"NonRedundant","Drives":[{"@odata.id":%q}],"CapacityBytes":1000,"@Redfish.OperationApplyTime":"OnReset"}`, drive))
	if len(s.Volumes()) != 1 {
		t.Errorf("volumes before the boot: %v", s.Volumes())
	}
	reset(t, s, "On")
	if j := ended(t, s, id); j.Type != jobRAID {
		t.Errorf("job %+v", j)
	}
	if made := s.Volumes()[1]; made.RAIDType != "RAID0" || made.Bytes != 1000 || made.Name != "Virtual Disk 1" {
		t.Errorf("volume %+v", made)
	}
}

func TestVolumeRefusals(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	c, other := s.gen.controllers[0], s.gen.controllers[1]
	for name, body := range map[string]string{
		"too few drives":   volumeBody(s, "RAID5", 0, 1),
		"one drive twice":  volumeBody(s, "RAID1", 0, 0),
		"unknown type":     volumeBody(s, "RAID7", 0, 1),
		"no type":          `{"Name":"x"}`,
		"other controller": fmt.Sprintf(`{"RAIDType":"RAID0","Links":{"Drives":[{"@odata.id":%q}]}}`, s.gen.driveURI(other, other.drives[0])),
		"too large":        strings.Replace(volumeBody(s, "RAID1", 0, 1), "{", `{"CapacityBytes":9e15,`, 1),
		"negative":         strings.Replace(volumeBody(s, "RAID1", 0, 1), "{", `{"CapacityBytes":-1,`, 1),
		"unknown property": `{"Colour":"red"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			must(t, s, http.StatusBadRequest, http.MethodPost, c.volumesURI(), body)
		})
	}
}

func TestCapacity(t *testing.T) {
	t.Parallel()
	c := perc("", "", 4, false)
	for raid, want := range map[string]int64{"RAID0": 4 * 960e9, "RAID1": 960e9, "RAID5": 3 * 960e9, "RAID6": 2 * 960e9, "RAID10": 2 * 960e9} {
		if got := c.capacity(Volume{RAIDType: raid, Drives: make([]string, 4)}); got != want {
			t.Errorf("%s holds %d, want %d", raid, got, want)
		}
	}
}

func TestSecureErase(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	c := s.gen.controllers[0]
	uri := s.gen.driveURI(c, c.drives[3])
	serial, _ := must(t, s, http.StatusOK, http.MethodGet, uri, "").body["SerialNumber"].(string)
	id, _ := accepted(t, s, http.MethodPost, uri+secureEraseAt, `{}`)
	ended(t, s, id)
	await(t, s, DriveErased, "drive", c.drives[3].id, "serial", serial)
	old := startGeneration(t, IDRAC8)
	c = old.gen.controllers[0]
	must(t, old, http.StatusNotFound, http.MethodPost, old.gen.driveURI(c, c.drives[3])+secureEraseAt, `{}`)
}

func TestSystemErase(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	s.setAttributes(biosFQDD, map[string]string{"NumLock": "Off"})
	s.mu.Lock()
	s.disk = &Installation{Hostname: "web-01"}
	s.mu.Unlock()
	reset(t, s, "On")
	await(t, s, BootedFromDisk)
	uri := s.gen.dellHome + "/DellLCService" + systemEraseAt
	must(t, s, http.StatusBadRequest, http.MethodPost, uri, `{}`)
	must(t, s, http.StatusBadRequest, http.MethodPost, uri, `{"Component":["Everything"]}`)
	id, _ := accepted(t, s, http.MethodPost, uri, `{"Component":["BIOS","CryptographicErasePD"]}`)
	if j := ended(t, s, id); j.State != jobCompleted {
		t.Errorf("job %+v", j)
	}
	await(t, s, PowerState, "to", stateOff)
	if _, ok := s.Installed(); ok || len(s.Volumes()) != 0 || s.Attribute(biosFQDD, "NumLock") != "On" {
		t.Errorf("installed %t, volumes %v, NumLock %s", ok, s.Volumes(), s.Attribute(biosFQDD, "NumLock"))
	}
	await(t, s, SystemErased, "components", "BIOS,CryptographicErasePD")
}
