package bmc

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withManagerMedia moves virtual media to where firmware before 6.00 has it.
func (f *fake) withManagerMedia() {
	delete(f.docs[systemURI], "VirtualMedia")
	f.docs[managerURI]["VirtualMedia"] = object{"@odata.id": managerURI + "/VirtualMedia"}
	f.addSlot(managerURI + "/VirtualMedia/CD")
}

func TestBootMediaOnceOfTheSystem(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	if err := f.connect(t).BootMediaOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"PATCH " + systemURI}, f.writes()); diff != "" {
		t.Error(diff)
	}
}

func TestBootMediaOnceOfTheBMC(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		state   string
		answers []answer
		outcome Outcome
	}{
		{"imported", "Completed", nil, Done},
		{"refused by the job", "CompletedWithErrors", nil, Permanent},
		{"a change is pending", "Completed", []answer{redfishError(400, "IDRAC.2.8.LC068")}, Busy},
		{"another job is running", "Completed", []answer{redfishError(503, "IDRAC.2.8.RAC0679")}, Busy},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.withManagerMedia()
			f.addProfiles(dellJob(jid, c.state))
			f.scripted("POST "+importURI, c.answers...)
			wantError(t, f.connect(t).BootMediaOnce(t.Context()), c.outcome)
			want := object{
				"ImportBuffer": `<SystemConfiguration><Component FQDD="iDRAC.Embedded.1"><Attribute Name="ServerBoot.1#BootOnce">Enabled</Attribute>` +
					`<Attribute Name="ServerBoot.1#FirstBootDevice">VCD-DVD</Attribute></Component></SystemConfiguration>`,
				"ShutdownType": "NoReboot", "ShareParameters": object{"Target": "IDRAC"},
			}
			if diff := cmp.Diff(want, f.seen("POST " + importURI)[0].body); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBootMediaOnceWithoutMedia(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	delete(f.docs[systemURI], "VirtualMedia")
	wantError(t, f.connect(t).BootMediaOnce(t.Context()), Permanent, "no virtual media")
}
