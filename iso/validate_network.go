package iso

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var deviceName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,14}$`)

// bondModes are the kernel's policies of bonding.
var bondModes = []string{
	"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb",
}

func (a Answers) validateNetworks(p *problems) {
	for i, bond := range a.Bonds {
		bond.validate(p, fmt.Sprintf("bonds[%d]", i))
		if slices.ContainsFunc(a.Bonds[:i], func(b Bond) bool { return b.Name == bond.Name }) {
			p.add(fmt.Sprintf("bonds[%d].name", i), fmt.Sprintf("%q: there is one of that name already", bond.Name))
		}
	}
	seen := make(map[string]string)
	check := func(n Network, path string) {
		n.validate(p, path)
		if _, ok := a.bond(n.Bond); n.Bond != "" && !ok {
			p.add(path+".bond", fmt.Sprintf("%q: bonds has none of that name", n.Bond))
		}
		key := strings.ToLower(cmp.Or(n.MAC, n.Device, n.Bond)) + "." + strconv.Itoa(n.VLAN)
		if other, ok := seen[key]; ok && n.validLink() {
			p.add(path, "the same interface and VLAN as "+other)
		}
		seen[key] = path
	}
	if a.Network != nil {
		check(*a.Network, "network")
	}
	for i, n := range a.Networks {
		check(n, fmt.Sprintf("networks[%d]", i))
	}
	p.each("dns", a.DNS, checkAddress)
}

func (b Bond) validate(p *problems, path string) {
	p.add(path+".name", match(deviceName, "a device name such as bond0")(b.Name))
	if len(b.Members) == 0 {
		p.add(path+".members", "missing: want its interfaces, by MAC address")
	}
	p.each(path+".members", b.Members, func(member string) string {
		if strings.Contains(member, ":") {
			return checkMAC(member)
		}
		return match(deviceName, "a MAC address, or a device name such as eno1")(member)
	})
	p.add(path+".mode", optional(b.Mode, oneOf(bondModes...)))
}

// validLink says that exactly one field names the interface.
func (n Network) validLink() bool {
	count := 0
	for _, name := range []string{n.MAC, n.Device, n.Bond} {
		if name != "" {
			count++
		}
	}
	return count == 1
}

func (n Network) validate(p *problems, path string) {
	switch {
	case n.validLink():
		p.add(path+".mac", optional(n.MAC, checkMAC))
		p.add(path+".device", optional(n.Device, match(deviceName, "a device name such as eno1")))
	case n.MAC+n.Device+n.Bond == "":
		p.add(path+".mac", "missing: want the interface's MAC address, or device or bond in its place")
	default:
		p.add(path+".mac", "more than one of mac, device and bond is given: give one")
	}
	if n.VLAN < 0 || n.VLAN > 4094 {
		p.add(path+".vlan", fmt.Sprintf("%d: want 1 to 4094", n.VLAN))
	}
	if n.MTU != 0 && (n.MTU < 576 || n.MTU > 9216) {
		p.add(path+".mtu", fmt.Sprintf("%d: want 576 to 9216", n.MTU))
	}
	n.validateAddresses(p, path)
}

func (n Network) validateAddresses(p *problems, path string) {
	if !n.Static() {
		if n.Gateway != "" || n.Gateway6 != "" || len(n.DNS) > 0 {
			p.add(path+".address", "missing: gateway and dns need one, with DHCP leave them out too")
		}
		return
	}
	p.add(path+".address", optional(n.Address, checkPrefix))
	p.each(path+".addresses", n.Addresses, checkPrefix)
	p.add(path+".gateway", optional(n.Gateway, n.checkGateway))
	p.add(path+".gateway6", optional(n.Gateway6, n.checkGateway6))
	p.each(path+".dns", n.DNS, checkAddress)
}

func checkPrefix(address string) string {
	prefix, err := netip.ParsePrefix(address)
	if err != nil || prefix.Addr().Is4In6() {
		return "want an address with prefix length, such as 192.0.2.10/24"
	}
	return ""
}

// checkGateway lets an address pass if any of the interface's networks has it;
// what is wrong with these is not its concern.
func (n Network) checkGateway(gateway string) string {
	if problem := checkAddress(gateway); problem != "" {
		return problem
	}
	address, _ := netip.ParseAddr(gateway) // checkAddress has parsed it
	networks := slices.Concat(n.prefixes(true), n.prefixes(false))
	if len(networks) == 0 {
		return ""
	}
	for _, network := range networks {
		linkLocal := address.Is6() && address.IsLinkLocalUnicast() && network.Addr().Is6()
		if network.Contains(address) || linkLocal {
			return ""
		}
	}
	return fmt.Sprintf("%s is not in the network %s", gateway, networks[0].Masked())
}

func (n Network) checkGateway6(gateway string) string {
	if !strings.Contains(gateway, ":") {
		return fmt.Sprintf("%q: want an IPv6 address", gateway)
	}
	if strings.Contains(n.Gateway, ":") {
		return "gateway is for IPv6 already: give one of them"
	}
	return n.checkGateway(gateway)
}

func checkMAC(mac string) string {
	const ethernet = 6 // bytes
	parsed, err := net.ParseMAC(mac)
	if err != nil || len(parsed) != ethernet || !strings.EqualFold(parsed.String(), mac) {
		return fmt.Sprintf("%q: want a MAC address such as 00:11:22:33:44:55", mac)
	}
	return ""
}

func checkAddress(address string) string {
	parsed, err := netip.ParseAddr(address)
	if err != nil || parsed.Zone() != "" {
		return fmt.Sprintf("%q: want an IP address", address)
	}
	return ""
}

// checkHost accepts a name or an address.
func checkHost(host string) string {
	if checkAddress(host) != "" && checkHostname(host) != "" {
		return fmt.Sprintf("%q: want a host name or an IP address", host)
	}
	return ""
}

func checkHostPort(text string) string {
	host, port := splitHostPort(text)
	if _, err := strconv.ParseUint(port, 10, 16); err != nil || checkHost(host) != "" {
		return fmt.Sprintf("%q: want a host, or host:port", text)
	}
	return ""
}

// splitHostPort supplies the port of syslog.
func splitHostPort(text string) (host, port string) {
	if host, port, err := net.SplitHostPort(text); err == nil {
		return host, port
	}
	return strings.Trim(text, "[]"), "514"
}
