package iso

import (
	"net/netip"
	"slices"
	"strings"
)

// Network is the configuration of one interface, during and after installation.
// Exactly one of MAC, Device and Bond names the interface.
type Network struct {
	// MAC names the interface, as aa:bb:cc:dd:ee:ff.
	MAC string `json:"mac,omitempty"`
	// Device is the kernel's name for it, such as eno1 or vmnic0. It may differ
	// between installer and installed system: a MAC is safer.
	Device string `json:"device,omitempty"`
	// Bond is the name of one of [Answers.Bonds].
	Bond string `json:"bond,omitempty"`
	// VLAN is the tag of the frames, 1 to 4094. Default: untagged. Networks that
	// differ in it may share an interface.
	VLAN int `json:"vlan,omitempty"`

	// Address is an IPv4 or IPv6 address with its prefix length, such as
	// 192.0.2.10/24. Without any address: DHCP on this interface.
	Address string `json:"address,omitempty"`
	// Addresses are further ones.
	Addresses []string `json:"addresses,omitempty"`
	// Gateway is the default router, in the network of an address.
	Gateway string `json:"gateway,omitempty"`
	// Gateway6 is the one for IPv6, where Gateway is for IPv4.
	Gateway6 string `json:"gateway6,omitempty"`
	// DNS are name servers' addresses.
	DNS []string `json:"dns,omitempty"`
	// MTU is in bytes. Default: the system's.
	MTU int `json:"mtu,omitempty"`
}

// Bond is a link made of several interfaces.
type Bond struct {
	// Name is that of the device, such as bond0. Required.
	Name string `json:"name"`
	// Members are its interfaces: MAC addresses, or the kernel's names. Required.
	Members []string `json:"members"`
	// Mode is the kernel's name of the policy. Default: active-backup.
	Mode string `json:"mode,omitempty"`
}

// Static says that the interface has an address of its own.
func (n Network) Static() bool { return n.Address != "" || len(n.Addresses) > 0 }

// texts are all addresses as they were given.
func (n Network) texts() []string {
	if n.Address == "" {
		return n.Addresses
	}
	return append([]string{n.Address}, n.Addresses...)
}

// prefixes are the addresses of one IP version, in order.
func (n Network) prefixes(four bool) []netip.Prefix {
	var found []netip.Prefix
	for _, text := range n.texts() {
		if prefix, err := netip.ParsePrefix(text); err == nil && prefix.Addr().Is4() == four {
			found = append(found, prefix)
		}
	}
	return found
}

// gateway is the default router of one IP version, if there is one.
func (n Network) gateway(four bool) string {
	for _, gateway := range []string{n.Gateway, n.Gateway6} {
		if gateway != "" && !strings.Contains(gateway, ":") == four {
			return gateway
		}
	}
	return ""
}

// bond finds a bond by name.
func (a Answers) bond(name string) (Bond, bool) {
	i := slices.IndexFunc(a.Bonds, func(b Bond) bool { return b.Name == name })
	if i < 0 {
		return Bond{}, false
	}
	return a.Bonds[i], true
}
