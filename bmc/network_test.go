package bmc

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const nicURI = managerURI + "/EthernetInterfaces/NIC.1"

// networked returns a server whose BMC has an interface that does what it is told.
func networked(t *testing.T) *fake {
	t.Helper()
	f := newFake(t)
	f.edit(managerURI, object{"EthernetInterfaces": to(managerURI + "/EthernetInterfaces")})
	f.collect(managerURI + "/EthernetInterfaces")
	f.put(nicURI, object{
		"MACAddress": "D0:8E:79:00:00:01", "HostName": "idrac-ABC1234", "VLAN": object{"VLANEnable": false, "VLANId": 1},
		"DHCPv4": object{"DHCPEnabled": true}, "IPv4StaticAddresses": []object{},
		"IPv4Addresses": []object{{"Address": "10.0.0.20", "SubnetMask": "255.255.255.0", "Gateway": "10.0.0.1", "AddressOrigin": "DHCP"}},
	})
	f.on("PATCH "+nicURI, func(body object) answer { f.readdress(body); return answer{status: 200, body: object{}} })
	return f
}

func (f *fake) readdress(body object) {
	if vlan, ok := body["VLAN"].(object); ok {
		maps.Copy(f.docs[nicURI]["VLAN"].(object), vlan)
	}
	if list, ok := body["IPv4StaticAddresses"].([]any); ok {
		f.docs[nicURI]["IPv4Addresses"], f.docs[nicURI]["DHCPv4"] = list, body["DHCPv4"]
	}
	if list, ok := body["IPv4Addresses"].([]any); ok {
		f.docs[nicURI]["IPv4Addresses"], f.docs[nicURI]["DHCPv4"] = list, body["DHCPv4"]
	}
}

func TestInterfaces(t *testing.T) {
	t.Parallel()
	got, err := networked(t).connect(t).Interfaces(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []Interface{{
		ID: "NIC.1", MAC: "d0:8e:79:00:00:01", HostName: "idrac-ABC1234", VLAN: VLAN{ID: 1}, DHCP: true,
		IPv4: []IPv4{{Address: "10.0.0.20", Mask: "255.255.255.0", Gateway: "10.0.0.1"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSetNetwork(t *testing.T) {
	t.Parallel()
	static := &IPv4{Address: "10.0.0.30", Mask: "255.255.255.0", Gateway: "10.0.0.1"}
	address := object{"Address": "10.0.0.30", "SubnetMask": "255.255.255.0", "Gateway": "10.0.0.1"}
	patch := "PATCH " + nicURI
	cases := []struct {
		name    string
		change  NetworkChange
		prepare func(*fake)
		outcome Outcome
		says    string
		body    object // nil when nothing may be sent
	}{
		{"a tag", NetworkChange{VLAN: &VLAN{Enabled: true, ID: 110}}, nil, Done, "", object{"VLAN": object{"VLANEnable": true, "VLANId": 110.0}}},
		{"no tag already", NetworkChange{VLAN: &VLAN{ID: 7}}, nil, Done, "", nil},
		{"nothing", NetworkChange{}, nil, Done, "", nil},
		{"an address", NetworkChange{IPv4: static}, nil, Done, "", object{"DHCPv4": object{"DHCPEnabled": false}, "IPv4StaticAddresses": []any{address}}},
		{"an address on older firmware", NetworkChange{IPv4: static}, func(f *fake) {
			delete(f.docs[nicURI], "IPv4StaticAddresses")
		}, Done, "", object{"DHCPv4": object{"DHCPEnabled": false}, "IPv4Addresses": []any{object{"Address": "10.0.0.30", "SubnetMask": "255.255.255.0", "Gateway": "10.0.0.1", "AddressOrigin": "Static"}}}},
		{"the answer is lost", NetworkChange{VLAN: &VLAN{Enabled: true, ID: 110}}, func(f *fake) { f.scripted(patch, answer{drop: true}) }, Done, "", object{"VLAN": object{"VLANEnable": true, "VLANId": 110.0}}},
		{"the answer is lost and nothing happened", NetworkChange{VLAN: &VLAN{Enabled: true, ID: 110}}, func(f *fake) {
			f.on(patch, func(object) answer { return answer{drop: true} })
		}, Transient, "set BMC network", object{"VLAN": object{"VLANEnable": true, "VLANId": 110.0}}},
		{"it does not answer any more", NetworkChange{VLAN: &VLAN{Enabled: true, ID: 110}}, func(f *fake) {
			f.on(patch, func(object) answer {
				f.actions["GET "+nicURI] = func(object) answer { panic(http.ErrAbortHandler) }
				return answer{status: 200, body: object{}}
			})
		}, Unknown, "the changed network", object{"VLAN": object{"VLANEnable": true, "VLANId": 110.0}}},
		{"refused", NetworkChange{VLAN: &VLAN{Enabled: true, ID: 110}}, func(f *fake) {
			f.scripted(patch, redfishError(400, "Base.1.12.PropertyValueNotInList"))
		}, Permanent, "PropertyValueNotInList", object{"VLAN": object{"VLANEnable": true, "VLANId": 110.0}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := networked(t)
			if c.prepare != nil {
				c.prepare(f)
			}
			c.change.Interface = "NIC.1"
			wantError(t, f.connect(t).SetNetwork(t.Context(), c.change), c.outcome, c.says)
			sent := f.seen(patch)
			if c.body == nil {
				if len(sent) != 0 {
					t.Errorf("sent %v", sent[0].body)
				}
				return
			}
			if len(sent) != 1 {
				t.Fatalf("sent %d times", len(sent))
			}
			if diff := cmp.Diff(c.body, sent[0].body); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSetNetworkElsewhere: the old address is gone at once, the new one answers later, and
// no session is left there.
func TestSetNetworkElsewhere(t *testing.T) {
	t.Parallel()
	f := networked(t)
	var tries atomic.Int64
	moved := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1) <= 2 {
			panic(http.ErrAbortHandler)
		}
		f.ServeHTTP(w, r)
	}))
	moved.Config.ErrorLog = f.Config.ErrorLog
	moved.StartTLS()
	t.Cleanup(moved.Close)
	f.on("PATCH "+nicURI, func(body object) answer {
		f.readdress(body)
		f.actions["GET "+managerURI+"/EthernetInterfaces"] = nil
		return answer{status: 200, drop: true}
	})
	b := f.connect(t)
	b.pace.network = 0 // as long as it takes
	before := f.sessionCount()
	err := b.SetNetwork(t.Context(), NetworkChange{
		Interface: "NIC.1", IPv4: &IPv4{Address: "10.0.0.30", Mask: "255.255.255.0"}, Endpoint: moved.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	if tries.Load() <= 2 || f.sessionCount() != before {
		t.Errorf("%d requests at the new address, %d sessions, want %d", tries.Load(), f.sessionCount(), before)
	}
}

func TestSetNetworkRefuses(t *testing.T) {
	t.Parallel()
	f := networked(t)
	b := f.connect(t)
	cases := []struct {
		name   string
		change NetworkChange
		says   string
	}{
		{"VLAN 0", NetworkChange{Interface: "NIC.1", VLAN: &VLAN{Enabled: true}}, "VLAN id 0"},
		{"VLAN 4095", NetworkChange{Interface: "NIC.1", VLAN: &VLAN{Enabled: true, ID: 4095}}, "1 to 4094"},
		{"no address", NetworkChange{Interface: "NIC.1", IPv4: &IPv4{Mask: "255.255.255.0"}}, "not an IPv4 address"},
		{"IPv6", NetworkChange{Interface: "NIC.1", IPv4: &IPv4{Address: "fe80::1", Mask: "255.255.255.0"}}, "not an IPv4 address"},
		{"no mask", NetworkChange{Interface: "NIC.1", IPv4: &IPv4{Address: "10.0.0.1"}}, "subnet mask"},
		{"a mask with holes", NetworkChange{Interface: "NIC.1", IPv4: &IPv4{Address: "10.0.0.1", Mask: "255.0.255.0"}}, "subnet mask"},
		{"a gateway elsewhere", NetworkChange{Interface: "NIC.1", IPv4: &IPv4{Address: "10.0.0.2", Mask: "255.255.255.0", Gateway: "10.0.1.1"}}, "gateway"},
		{"an http endpoint", NetworkChange{Interface: "NIC.1", Endpoint: "http://10.0.0.1"}, "https"},
		{"no such interface", NetworkChange{Interface: "NIC.9", VLAN: &VLAN{}}, "[NIC.1]"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			wantError(t, b.SetNetwork(t.Context(), c.change), Permanent, c.says)
		})
	}
	if len(f.writes()) != 0 {
		t.Errorf("sent %v", f.writes())
	}
}
