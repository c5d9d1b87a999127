package iso

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// device is a network device of the installed system, in terms that netplan,
// NetworkManager and networkd share.
type device struct {
	// name is the interface's own name, or, if mac is set, one that only the
	// configuration knows it by.
	name string
	mac  string // in small letters; "" for a device that is made, or known by name
	bond *Bond
	// master is the name of the bond that the device is a member of.
	master string
	// parent is the name of the device that the VLAN vlan is on.
	parent string
	vlan   int
	// config is what the device carries of its own; nil: nothing.
	config *Network
	mtu    int
}

// devices lists what networks stand on, each before what stands on it.
func (a Answers) devices() []device {
	var found []device
	for i := range a.Networks {
		n := &a.Networks[i]
		link := a.addLinks(&found, *n)
		if n.VLAN == 0 {
			found[link].config, found[link].mtu = n, max(found[link].mtu, n.MTU)
			continue
		}
		found[link].mtu = max(found[link].mtu, n.MTU) // frames must pass the link below
		vlan := device{name: fmt.Sprintf("vlan%d", n.VLAN), parent: found[link].name, vlan: n.VLAN, config: n, mtu: n.MTU}
		if slices.ContainsFunc(found, func(d device) bool { return d.name == vlan.name }) {
			vlan.name = fmt.Sprintf("vlan%d-%d", n.VLAN, i)
		}
		found = append(found, vlan)
	}
	return found
}

// addLinks adds the devices that frames of a network leave by, if they are not
// there yet, and returns the index of the one that it stands on.
func (a Answers) addLinks(found *[]device, n Network) int {
	mac := strings.ToLower(n.MAC)
	i := slices.IndexFunc(*found, func(d device) bool {
		return d.vlan == 0 && d.mac == mac && (mac != "" || d.name == cmp.Or(n.Device, n.Bond))
	})
	if i >= 0 {
		return i
	}
	link := device{name: cmp.Or(n.Device, n.Bond), mac: mac}
	if bond, ok := a.bond(n.Bond); ok {
		link.bond = &bond
		for _, member := range bond.Members {
			port := device{name: member, master: bond.Name}
			if strings.Contains(member, ":") {
				port.name, port.mac = portName(*found), strings.ToLower(member)
			}
			*found = append(*found, port)
		}
	}
	if mac != "" {
		link.name = portName(*found)
	}
	*found = append(*found, link)
	return len(*found) - 1
}

// portName makes a name for a device that is known by its MAC address.
func portName(found []device) string { return fmt.Sprintf("port%d", len(found)) }

// mode is the bond's policy, spelled out.
func (b Bond) mode() string { return cmp.Or(b.Mode, "active-backup") }

// members are the names of a bond's members.
func members(devices []device, bond string) []string {
	var names []string
	for _, d := range devices {
		if d.master == bond {
			names = append(names, d.name)
		}
	}
	return names
}
