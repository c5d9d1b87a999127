package sim

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAssignSpare(t *testing.T) {
	t.Parallel()
	for _, name := range []string{IDRAC9v5, IDRAC9v7, IDRAC10} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startGeneration(t, name)
			c := s.gen.controllers[0]
			links, _ := must(t, s, http.StatusOK, http.MethodGet, systemURI, "").body["Links"].(doc)
			if got := fmt.Sprint(links["Oem"]); got == "<nil>" {
				t.Fatalf("the system's links are %v", links)
			}
			at := s.gen.raidServiceURI() + assignSpareAt
			id, _ := accepted(t, s, http.MethodPost, c.volumesURI(), volumeBody(s, "RAID1", 0, 1))
			ended(t, s, id)
			const volume = "Disk.Virtual.0:RAID.Integrated.1-1"
			id, _ = accepted(t, s, http.MethodPost, at, fmt.Sprintf(`{"TargetFQDD":%q}`, c.drives[2].id))
			ended(t, s, id)
			id, _ = accepted(t, s, http.MethodPost, at, fmt.Sprintf(`{"TargetFQDD":%q,"VirtualDiskArray":[%q]}`, c.drives[3].id, volume))
			ended(t, s, id)
			want := map[string]string{c.drives[2].id: "", c.drives[3].id: volume}
			if diff := cmp.Diff(want, s.Hotspares()); diff != "" {
				t.Errorf("hot spares (-want +got):\n%s", diff)
			}
			for i, want := range []string{"None", "None", "Global", "Dedicated"} {
				drive := must(t, s, http.StatusOK, http.MethodGet, s.gen.driveURI(c, c.drives[i]), "").body
				if drive["HotspareType"] != want {
					t.Errorf("drive %d is %v, want %s", i, drive["HotspareType"], want)
				}
			}
			for _, body := range []string{
				`{}`, `{"TargetFQDD":"Disk.Bay.99"}`,
				fmt.Sprintf(`{"TargetFQDD":%q}`, c.drives[0].id), fmt.Sprintf(`{"TargetFQDD":%q}`, c.drives[2].id),
			} {
				must(t, s, http.StatusBadRequest, http.MethodPost, at, body)
			}
			must(t, s, http.StatusBadRequest, http.MethodPost, c.volumesURI(), volumeBody(s, "RAID1", 2, 3))
			id, _ = accepted(t, s, http.MethodDelete, c.volumesURI()+"/"+volume, "")
			ended(t, s, id)
			if diff := cmp.Diff(map[string]string{c.drives[2].id: ""}, s.Hotspares()); diff != "" {
				t.Errorf("hot spares without the volume (-want +got):\n%s", diff)
			}
		})
	}
}
