package sim

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// expanded reads a collection's members.
func expanded(t *testing.T, s *Server, uri string) []doc {
	t.Helper()
	list, _ := must(t, s, http.StatusOK, http.MethodGet, uri+"?$expand=*($levels=1)", "").body["Members"].([]any)
	found := make([]doc, 0, len(list))
	for _, member := range list {
		found = append(found, member.(doc))
	}
	return found
}

// TestHardwareAddsUp compares the system's summaries with its parts.
func TestHardwareAddsUp(t *testing.T) {
	t.Parallel()
	for _, g := range generations {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			s := startGeneration(t, g.name)
			system := must(t, s, http.StatusOK, http.MethodGet, systemURI, "").body
			var cores, mebibytes float64
			cpus := expanded(t, s, processorsURI)
			for _, cpu := range cpus {
				cores += cpu["TotalCores"].(float64)
			}
			for _, dimm := range expanded(t, s, memoryURI) {
				mebibytes += dimm["CapacityMiB"].(float64)
			}
			want := doc{"Count": float64(len(cpus)), "CoreCount": cores, "LogicalProcessorCount": 2 * cores}
			for name, value := range want {
				if got := system["ProcessorSummary"].(doc)[name]; got != value {
					t.Errorf("%s of the processors is %v, their sum %v", name, got, value)
				}
			}
			if got := system["MemorySummary"].(doc)["TotalSystemMemoryGiB"]; got != mebibytes/1024 {
				t.Errorf("the memory is %v GiB, its modules %v MiB", got, mebibytes)
			}
		})
	}
}

// drives returns the serial number of each drive by its WWN.
func drives(t *testing.T, s *Server) map[string]string {
	t.Helper()
	serials := map[string]string{}
	for _, storage := range expanded(t, s, storageURI) {
		for _, uri := range links(storage["Drives"]) {
			drive := must(t, s, http.StatusOK, http.MethodGet, uri, "").body
			name := drive["Identifiers"].([]any)[0].(doc)["DurableName"].(string)
			serials[name] = drive["SerialNumber"].(string)
		}
	}
	return serials
}

// TestDrivesAreTheSameEachTime lets a test name drives by their serial numbers.
func TestDrivesAreTheSameEachTime(t *testing.T) {
	t.Parallel()
	fleet := startFleet(t, Config{Servers: 2})
	first, second := drives(t, fleet.Servers()[0]), drives(t, fleet.Servers()[1])
	if diff := cmp.Diff(first, drives(t, startOne(t))); diff != "" {
		t.Errorf("drives of two first servers (-one +other):\n%s", diff)
	}
	seen := map[string]bool{}
	for _, serials := range []map[string]string{first, second} {
		for name, serial := range serials {
			if seen[name] || seen[serial] {
				t.Errorf("drive %s, %s is there twice", name, serial)
			}
			seen[name], seen[serial] = true, true
		}
	}
	if len(seen) != 2*2*6 {
		t.Errorf("%d drives in two servers", len(seen)/2)
	}
}

func TestMetadataIsPublic(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+rootURI+"/$metadata", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := insecureClient(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "application/xml; charset=utf-8" {
		t.Errorf("status %d, headers %v", response.StatusCode, response.Header)
	}
}
