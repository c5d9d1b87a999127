package iso

import "strings"

// netplan is the part of netplan's configuration, version 2, that networks need.
type netplan struct {
	Version   int                      `json:"version"`
	Ethernets map[string]netplanDevice `json:"ethernets,omitempty"`
	Bonds     map[string]netplanDevice `json:"bonds,omitempty"`
	VLANs     map[string]netplanDevice `json:"vlans,omitempty"`
}

type netplanDevice struct {
	Match       *netplanMatch       `json:"match,omitempty"`
	Interfaces  []string            `json:"interfaces,omitempty"`
	Parameters  map[string]any      `json:"parameters,omitempty"`
	ID          int                 `json:"id,omitempty"`
	Link        string              `json:"link,omitempty"`
	DHCP4       bool                `json:"dhcp4"`
	Addresses   []string            `json:"addresses,omitempty"`
	Routes      []netplanRoute      `json:"routes,omitempty"`
	Nameservers map[string][]string `json:"nameservers,omitempty"`
	MTU         int                 `json:"mtu,omitempty"`
}

type netplanMatch struct {
	MAC string `json:"macaddress"`
}

type netplanRoute struct {
	To  string `json:"to"`
	Via string `json:"via"`
}

// Netplan is the network configuration.
func (f form) Netplan() netplan {
	plan := netplan{
		Version: 2, Ethernets: map[string]netplanDevice{}, Bonds: map[string]netplanDevice{}, VLANs: map[string]netplanDevice{},
	}
	devices := f.devices()
	for _, d := range devices {
		entry := f.netplanDevice(d)
		switch {
		case d.bond != nil:
			entry.Interfaces = members(devices, d.name)
			entry.Parameters = map[string]any{"mode": d.bond.mode(), "mii-monitor-interval": 100}
			plan.Bonds[d.name] = entry
		case d.vlan != 0:
			entry.ID, entry.Link = d.vlan, d.parent
			plan.VLANs[d.name] = entry
		default:
			if d.mac != "" {
				entry.Match = &netplanMatch{MAC: d.mac}
			}
			plan.Ethernets[d.name] = entry
		}
	}
	return plan
}

func (f form) netplanDevice(d device) netplanDevice {
	entry := netplanDevice{MTU: d.mtu}
	n := d.config
	if n == nil {
		return entry
	}
	entry.DHCP4, entry.Addresses = !n.Static(), n.texts()
	for _, gateway := range []string{n.Gateway, n.Gateway6} {
		if gateway != "" {
			entry.Routes = append(entry.Routes, netplanRoute{To: defaultRoute(gateway), Via: gateway})
		}
	}
	if len(n.DNS) > 0 {
		entry.Nameservers = map[string][]string{"addresses": n.DNS}
		if f.Domain != "" {
			entry.Nameservers["search"] = []string{f.Domain}
		}
	}
	return entry
}

// defaultRoute spells the default route out, since "default" is not known to
// the netplan of Ubuntu 20.04.
func defaultRoute(gateway string) string {
	if strings.Contains(gateway, ":") {
		return "::/0"
	}
	return "0.0.0.0/0"
}
