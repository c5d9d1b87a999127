package bmc

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name            string
		system, manager object
		want            Health
		ailing          []string
	}{
		{
			name: "an iDRAC", manager: object{"Status": object{"Health": "OK"}},
			system: object{
				"PowerState": "On", "Status": object{"Health": "OK", "HealthRollup": "Critical"},
				"Oem": object{"Dell": object{"DellSystem": object{
					"FanRollupStatus": "Warning", "StorageRollupStatus": "Critical", "PSRollupStatus": "OK",
					"CPURollupStatus": nil, "RollupStatus": "OK", "ServerAllocationWatts": 12,
				}}},
			},
			want:   Health{Status: "Critical", Power: "On", BMC: "OK", Parts: map[string]string{"Fan": "Warning", "PS": "OK", "Storage": "Critical"}},
			ailing: []string{"Fan", "Storage"},
		},
		{
			name: "another make", manager: object{"Status": object{"HealthRollup": "Warning"}},
			system: object{"PowerState": "Off", "Status": object{"Health": "OK"}, "Oem": object{"Dell": object{"DellSystem": "odd"}}},
			want:   Health{Status: "OK", Power: "Off", BMC: "Warning"},
		},
		{name: "silent", system: object{"PowerState": nil}, manager: object{"Status": object{}}, want: Health{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.edit(systemURI, c.system)
			f.edit(managerURI, c.manager)
			got, err := f.connect(t).Health(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if ailing := got.Ailing(); !slices.Equal(c.ailing, ailing) {
				t.Errorf("ailing are %v, want %v", ailing, c.ailing)
			}
		})
	}
}
