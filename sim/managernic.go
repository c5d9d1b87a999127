package sim

import (
	"net"
	"slices"
	"strconv"
)

// Network of the manager.
const (
	managerNicsURI     = managerURI + "/EthernetInterfaces"
	networkProtocolURI = managerURI + "/NetworkProtocol"
)

// managerNic is how the iDRAC is connected.
type managerNic struct {
	vlan               bool
	vlanID             int
	dhcp               bool
	address, mask, via string
	names              []string // DNS servers
	hostname           string
	ntp                bool
	ntpServers         []string
}

func newManagerNic(tag string) managerNic {
	return managerNic{
		vlanID: 1, address: "192.0.2.10", mask: "255.255.255.0", via: "192.0.2.1",
		names: []string{"192.0.2.53"}, hostname: "idrac-" + tag, ntpServers: []string{"192.0.2.123"},
	}
}

// managerNicURI escapes the # that older firmware has in the id.
func (g *generation) managerNicURI() string {
	if g.escapedIDs {
		return managerNicsURI + "/iDRAC.Embedded.1%23NIC.1"
	}
	return managerNicsURI + "/NIC.1"
}

func (t table) addManagerNetwork(g *generation) {
	t[managerNicsURI] = resource{get: func(s *Server) doc {
		return collection(managerNicsURI, "EthernetInterface", "Ethernet Network Interface Collection", s.gen.managerNicURI())
	}}
	t[g.managerNicURI()] = resource{get: (*Server).managerNicDoc, patch: (*Server).patchManagerNic}
	t[networkProtocolURI] = resource{get: (*Server).networkProtocol, patch: (*Server).patchNetworkProtocol}
}

func (s *Server) managerNicDoc() doc {
	s.mu.Lock()
	n := s.network
	s.mu.Unlock()
	id := "NIC.1"
	if s.gen.escapedIDs {
		id = "iDRAC.Embedded.1#NIC.1"
	}
	body := described(s.gen.managerNicURI(), "EthernetInterface", "v1_12_1", id, "Manager Ethernet Interface")
	body["Description"] = "Management Network Interface"
	body["InterfaceEnabled"] = true
	body["LinkStatus"] = "LinkUp"
	body["MACAddress"] = s.managerMAC()
	body["PermanentMACAddress"] = s.managerMAC()
	body["SpeedMbps"] = 1000
	body["AutoNeg"] = true
	body["FullDuplex"] = true
	body["MTUSize"] = 1500
	body["HostName"] = n.hostname
	body["FQDN"] = n.hostname
	body["NameServers"] = n.names
	body["StaticNameServers"] = n.names
	body["DHCPv4"] = doc{"DHCPEnabled": n.dhcp}
	address := doc{"Address": n.address, "SubnetMask": n.mask, "Gateway": n.via, "AddressOrigin": "Static"}
	if n.dhcp {
		address["AddressOrigin"] = "DHCP"
	}
	body["IPv4Addresses"] = []doc{address}
	body["IPv4StaticAddresses"] = []doc{{"Address": n.address, "SubnetMask": n.mask, "Gateway": n.via}}
	body["VLAN"] = doc{"VLANEnable": n.vlan, "VLANId": n.vlanID}
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	return body
}

// patchManagerNic changes what the resource says. The simulated iDRAC goes on listening
// where it does.
func (s *Server) patchManagerNic(body doc) error {
	current := s.managerNicDoc()
	s.mu.Lock()
	wanted, err := s.network.change(body, current)
	if err == nil {
		s.network = wanted
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	s.record(ManagerNetwork, "address", wanted.address, "vlan", vlanText(wanted))
	return nil
}

func (n managerNic) change(body, current doc) (managerNic, error) {
	changes := map[string]func(*managerNic, any) error{
		"VLAN":                (*managerNic).setVLAN,
		"DHCPv4":              (*managerNic).setDHCP,
		"IPv4Addresses":       (*managerNic).setAddress,
		"IPv4StaticAddresses": (*managerNic).setAddress,
		"HostName":            (*managerNic).setHostname,
		"StaticNameServers":   (*managerNic).setNames,
	}
	for name, value := range body {
		change, ok := changes[name]
		if !ok {
			return n, refusePatch(name, current)
		}
		if err := change(&n, value); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (n *managerNic) setVLAN(value any) error {
	vlan, ok := value.(doc)
	if !ok {
		return refuseType("VLAN")
	}
	for name := range vlan {
		if !slices.Contains([]string{"VLANEnable", "VLANId", "VLANPriority"}, name) {
			return refuseUnknownProperty("VLAN/" + name)
		}
	}
	enabled, err := flag(vlan, "VLANEnable", n.vlan)
	if err != nil {
		return err
	}
	id, err := integer(vlan, "VLANId", n.vlanID, 1, 4094)
	if err != nil {
		return err
	}
	n.vlan, n.vlanID = enabled, id
	return nil
}

func (n *managerNic) setDHCP(value any) error {
	dhcp, ok := value.(doc)
	if !ok {
		return refuseType("DHCPv4")
	}
	var err error
	n.dhcp, err = flag(dhcp, "DHCPEnabled", n.dhcp)
	return err
}

// setAddress takes the first address of a list, the only one an iDRAC has.
func (n *managerNic) setAddress(value any) error {
	list, ok := value.([]any)
	if !ok || len(list) != 1 {
		return refuseType("IPv4Addresses")
	}
	entry, ok := list[0].(doc)
	if !ok {
		return refuseType("IPv4Addresses")
	}
	for name, to := range map[string]*string{"Address": &n.address, "SubnetMask": &n.mask, "Gateway": &n.via} {
		value, err := text(entry, name)
		if err != nil {
			return err
		}
		if value == "" {
			continue
		}
		if net.ParseIP(value).To4() == nil {
			return refuseFormat(value, "IPv4Addresses/"+name)
		}
		*to = value
	}
	return nil
}

func (n *managerNic) setHostname(value any) error {
	name, ok := value.(string)
	if !ok {
		return refuseType("HostName")
	}
	n.hostname = name
	return nil
}

func (n *managerNic) setNames(value any) error {
	names, err := texts(value, "StaticNameServers")
	n.names = names
	return err
}

func vlanText(n managerNic) string {
	if !n.vlan {
		return "none"
	}
	return strconv.Itoa(n.vlanID)
}

func (s *Server) networkProtocol() doc {
	s.mu.Lock()
	n := s.network
	s.mu.Unlock()
	body := described(networkProtocolURI, "ManagerNetworkProtocol", "v1_10_0", "NetworkProtocol", "Manager Network Protocol")
	body["Description"] = "Manager Network Service"
	body["HostName"] = n.hostname
	body["FQDN"] = n.hostname
	body["HTTP"] = doc{"ProtocolEnabled": true, "Port": 80}
	body["HTTPS"] = doc{"ProtocolEnabled": true, "Port": 443}
	body["SSH"] = doc{"ProtocolEnabled": true, "Port": 22}
	body["IPMI"] = doc{"ProtocolEnabled": false, "Port": 623}
	body["SNMP"] = doc{"ProtocolEnabled": true, "Port": 161}
	body["KVMIP"] = doc{"ProtocolEnabled": true, "Port": 5900}
	body["VirtualMedia"] = doc{"ProtocolEnabled": true, "Port": 5900}
	body["NTP"] = doc{"ProtocolEnabled": n.ntp, "Port": 123, "NTPServers": n.ntpServers}
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	return body
}

// patchNetworkProtocol sets NTP, the one thing a client can write here.
func (s *Server) patchNetworkProtocol(body doc) error {
	for name := range body {
		if name != "NTP" {
			return refusePatch(name, s.networkProtocol())
		}
	}
	ntp, ok := body["NTP"].(doc)
	if !ok {
		return refuseType("NTP")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	enabled, err := flag(ntp, "ProtocolEnabled", s.network.ntp)
	if err != nil {
		return err
	}
	servers := s.network.ntpServers
	if value, sent := ntp["NTPServers"]; sent {
		if servers, err = texts(value, "NTP/NTPServers"); err != nil {
			return err
		}
	}
	s.network.ntp, s.network.ntpServers = enabled, servers
	return nil
}
