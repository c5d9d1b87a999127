package bmc

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIdentify(t *testing.T) {
	t.Parallel()
	dell := Identity{
		ServiceTag: "ABC1234", Manufacturer: "Dell Inc.", Model: "PowerEdge R660", SerialNumber: "CNFCP0011223344",
		UUID: "4c4c4544-0042-4310-8031-b1c04f313233", MACs: []string{"b0:7b:25:00:00:01", "b0:7b:25:00:00:02"},
		BMCModel: "16G Monolithic", BMCFirmware: "7.10.30.00",
	}
	other := dell
	other.Manufacturer, other.ServiceTag = "QEMU", dell.SerialNumber
	noMACs := dell
	noMACs.MACs = nil
	nics := systemURI + "/EthernetInterfaces"
	cases := []struct {
		name   string
		change func(*fake)
		want   Identity
	}{
		{"Dell", func(*fake) {}, dell},
		{"another make", func(f *fake) { f.docs[systemURI]["Manufacturer"] = "QEMU" }, other},
		{"a DPU is listed first", func(f *fake) { f.docs[systemsURI] = members("/redfish/v1/Systems/DPU.1", systemURI) }, dell},
		{"no link to the manager", func(f *fake) { delete(f.docs[systemURI], "Links") }, dell},
		{"no interfaces", func(f *fake) { delete(f.docs, nics) }, noMACs},
		{"no link to interfaces", func(f *fake) { delete(f.docs[systemURI], "EthernetInterfaces") }, noMACs},
		{"one address twice", func(f *fake) {
			f.docs[nics] = members(nics+"/NIC.Integrated.1-1-1", nics+"/NIC.Integrated.1-1-1", nics+"/NIC.Integrated.1-2-1")
		}, dell},
		{"the collection can be expanded", func(f *fake) {
			f.docs["/redfish/v1/"]["ProtocolFeaturesSupported"] = object{"ExpandQuery": object{"ExpandAll": true}}
			f.script["GET "+nics+"?$expand=*($levels=1)"] = []answer{{status: 200, body: object{"Members": []object{
				f.docs[nics+"/NIC.Integrated.1-1-1"], {"@odata.id": nics + "/NIC.Integrated.1-2-1"},
			}}}}
			delete(f.docs, nics+"/NIC.Integrated.1-1-1")
		}, dell},
		{"the collection cannot be expanded after all", func(f *fake) {
			f.docs["/redfish/v1/"]["ProtocolFeaturesSupported"] = object{"ExpandQuery": object{"ExpandAll": true}}
			f.script["GET "+nics+"?$expand=*($levels=1)"] = []answer{redfishError(501, "Base.1.12.QueryNotSupported")}
		}, dell},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			c.change(f)
			got, err := f.connect(t).Identify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestIdentifyFails(t *testing.T) {
	t.Parallel()
	nic := systemURI + "/EthernetInterfaces/NIC.Integrated.1-1-1"
	cases := []struct {
		name    string
		change  func(*fake)
		outcome Outcome
		says    string
	}{
		{"no system", func(f *fake) { f.docs[systemsURI] = members() }, Permanent, "lists no system"},
		{"no manager", func(f *fake) { delete(f.docs[systemURI], "Links"); f.docs[managersURI] = members() }, Permanent, "does not list itself"},
		{"starting", func(f *fake) { f.script["GET "+nic] = []answer{{status: 503, body: "<html>"}} }, Transient, "r1: identify"},
		{"a link to elsewhere", func(f *fake) { f.docs[systemsURI] = members("@example.test/") }, Permanent, "does not link"},
		{"a member that is no object", func(f *fake) {
			f.docs[systemURI+"/EthernetInterfaces"] = object{"Members": []string{nic}}
		}, Transient, "r1: identify"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			c.change(f)
			_, err := f.connect(t).Identify(t.Context())
			wantError(t, err, c.outcome, c.says)
		})
	}
}

// TestLinksAreUsedAsWritten: an iDRAC's %23 and colons name the resource only in
// that form.
func TestLinksAreUsedAsWritten(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	uri := systemURI + "/EthernetInterfaces/iDRAC.Embedded.1%23NIC.1:A"
	f.docs[systemURI+"/EthernetInterfaces"] = members(uri)
	f.docs[uri] = object{"Id": "x", "MACAddress": "B0-7B-25-00-00-03"}
	got, err := f.connect(t).Identify(t.Context())
	if err != nil || len(got.MACs) != 1 || got.MACs[0] != "b0:7b:25:00:00:03" {
		t.Errorf("%v, %v", got.MACs, err)
	}
	if len(f.seen(http.MethodGet+" "+uri)) != 1 {
		t.Error("the link was rewritten")
	}
}
