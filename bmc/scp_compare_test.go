package bmc

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const exportedXML = `<SystemConfiguration Model="PowerEdge R660" ServiceTag="ABC1234">
  <!-- <Attribute Name="Read.1#Only">1</Attribute> -->
  <Component FQDD="iDRAC.Embedded.1">
    <Attribute Name="NTPConfigGroup.1#NTPEnable">Disabled</Attribute>
    <Attribute Name="NTPConfigGroup.1#NTP1"></Attribute>
  </Component>
  <Component FQDD="RAID.Integrated.1-1">
    <Attribute Name="RAIDresetConfig">False</Attribute>
    <Component FQDD="Disk.Virtual.0:RAID.Integrated.1-1">
      <Attribute Name="RAIDTypes">RAID 1</Attribute>
    </Component>
  </Component>
</SystemConfiguration>`

func TestCompareProfiles(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		want string
		diff []ProfileDifference
	}{
		{"itself", exportedXML, nil},
		{"nothing wanted", `<SystemConfiguration></SystemConfiguration>`, nil},
		{
			"in XML",
			`<SystemConfiguration><Component FQDD="RAID.Integrated.1-1"><Component FQDD="Disk.Virtual.0:RAID.Integrated.1-1">` +
				`<Attribute Name="RAIDTypes">RAID 5</Attribute></Component></Component>` +
				`<Component FQDD="iDRAC.Embedded.1"><Attribute Name="Time.1#Timezone">UTC</Attribute></Component></SystemConfiguration>`,
			[]ProfileDifference{
				{"Disk.Virtual.0:RAID.Integrated.1-1", "RAIDTypes", "RAID 1", "RAID 5"},
				{"iDRAC.Embedded.1", "Time.1#Timezone", "", "UTC"},
			},
		},
		{
			"in JSON",
			`{"SystemConfiguration":{"Components":[{"FQDD":"iDRAC.Embedded.1","Attributes":[
				{"Name":"NTPConfigGroup.1#NTPEnable","Value":"Enabled","Set On Import":"True"},
				{"Name":"NTPConfigGroup.1#NTP1","Value":"","Set On Import":"True"},
				{"Name":"Number.1#Of","Value":7},
				{"Name":"Read.1#Only","Value":"2","Set On Import":"False"}]}]}}`,
			[]ProfileDifference{
				{"iDRAC.Embedded.1", "NTPConfigGroup.1#NTPEnable", "Disabled", "Enabled"},
				{"iDRAC.Embedded.1", "Number.1#Of", "", "7"},
			},
		},
	}
	for _, c := range cases {
		got, err := CompareProfiles([]byte(exportedXML), []byte(c.want))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.diff, got); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

func TestCompareWhatIsNoProfile(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"", "<html></html>", "<SystemConfiguration><Component>" + secret, `{"Systems":[]}`, `{"SystemConfiguration":`, "7"} {
		for _, pair := range [][2]string{{profile, exportedXML}, {exportedXML, profile}} {
			_, err := CompareProfiles([]byte(pair[0]), []byte(pair[1]))
			if err == nil || strings.Contains(err.Error(), secret) {
				t.Errorf("%q: %v", profile, err)
			}
		}
	}
}

// FuzzCompareProfiles: a profile does not differ from itself, also without its white space.
func FuzzCompareProfiles(f *testing.F) {
	f.Add([]byte(exportedXML))
	f.Add([]byte(profileJSON))
	f.Add([]byte(`{"SystemConfiguration":{"Components":[{"FQDD":7,"Attributes":[{"Name":"a","Value":{}}]}]}}`))
	f.Add([]byte(`<SystemConfiguration><Component FQDD="a"><Attribute>`))
	f.Fuzz(func(t *testing.T, profile []byte) {
		differences, err := CompareProfiles(profile, profile)
		if err != nil {
			return
		}
		seen := make(map[profileName]bool)
		for _, d := range differences {
			name := profileName{d.Component, d.Name}
			if !repeated(profile, name) && !seen[name] {
				t.Errorf("%+v differs from itself", d)
			}
			seen[name] = true
		}
	})
}

// repeated tells whether a profile has a setting more than once: the last one counts.
func repeated(profile []byte, name profileName) bool {
	settings, _ := profileSettings(profile)
	count := 0
	for _, setting := range settings {
		if setting.profileName == name {
			count++
		}
	}
	return count > 1
}
