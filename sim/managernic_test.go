package sim

import (
	"net/http"
	"strings"
	"testing"
)

func TestManagerNetwork(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	uri := s.gen.managerNicURI()
	must(t, s, http.StatusOK, http.MethodPatch, uri, `{"VLAN":{"VLANEnable":true,"VLANId":42}}`)
	must(t, s, http.StatusOK, http.MethodPatch, uri,
		`{"IPv4StaticAddresses":[{"Address":"198.51.100.7","SubnetMask":"255.255.255.128","Gateway":"198.51.100.1"}],"DHCPv4":{"DHCPEnabled":false},"HostName":"bmc-7","StaticNameServers":["198.51.100.53"]}`)
	body := must(t, s, http.StatusOK, http.MethodGet, uri, "").body
	vlan, _ := body["VLAN"].(doc)
	address, _ := body["IPv4Addresses"].([]any)[0].(doc)
	if vlan["VLANEnable"] != true || vlan["VLANId"] != 42.0 || address["Address"] != "198.51.100.7" || body["HostName"] != "bmc-7" {
		t.Errorf("the interface is %v", body)
	}
	must(t, s, http.StatusOK, http.MethodPatch, networkProtocolURI, `{"NTP":{"ProtocolEnabled":true,"NTPServers":["198.51.100.123"]}}`)
	if on := reading(t, s, networkProtocolURI, "NTP", "ProtocolEnabled"); on != true {
		t.Errorf("NTP: %v", on)
	}
	for _, bad := range []string{
		`{"VLAN":{"VLANId":5000}}`, `{"VLAN":{"Colour":1}}`, `{"VLAN":5}`, `{"IPv4Addresses":[]}`, `{"IPv4Addresses":[{"Address":"here"}]}`,
		`{"HostName":5}`, `{"StaticNameServers":[1]}`, `{"MACAddress":"02:00:00:00:00:00"}`, `{"DHCPv4":true}`,
	} {
		must(t, s, http.StatusBadRequest, http.MethodPatch, uri, bad)
	}
	must(t, s, http.StatusBadRequest, http.MethodPatch, networkProtocolURI, `{"SSH":{"ProtocolEnabled":false}}`)
}

// TestEscapedIDs shows that a client must use a link as it is.
func TestEscapedIDs(t *testing.T) {
	t.Parallel()
	s := startGeneration(t, IDRAC8)
	list := must(t, s, http.StatusOK, http.MethodGet, managerNicsURI, "").body
	uri := links(list["Members"])[0]
	if !strings.Contains(uri, "%23") {
		t.Fatalf("the link is %s", uri)
	}
	if id := must(t, s, http.StatusOK, http.MethodGet, uri, "").body["Id"]; id != "iDRAC.Embedded.1#NIC.1" {
		t.Errorf("the id is %v", id)
	}
	must(t, s, http.StatusNotFound, http.MethodGet, strings.ReplaceAll(uri, "%", "%25"), "")
}

func TestSessionTimeout(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	must(t, s, http.StatusOK, http.MethodPatch, sessionServiceURI, `{"SessionTimeout":60}`)
	if got := reading(t, s, sessionServiceURI, "SessionTimeout"); got != 60.0 {
		t.Errorf("timeout %v", got)
	}
	for _, bad := range []string{`{"SessionTimeout":1}`, `{"ServiceEnabled":false}`} {
		must(t, s, http.StatusBadRequest, http.MethodPatch, sessionServiceURI, bad)
	}
	timing := quick
	timing.SessionIdle = 1
	idle := startFleet(t, Config{Timing: timing}).Servers()[0]
	must(t, idle, http.StatusCreated, http.MethodPost, sessionsURI, `{"UserName":"root","Password":"calvin"}`)
	if idle.Sessions() != 0 {
		t.Error("an idle session stays open")
	}
}
