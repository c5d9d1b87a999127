package iso

import (
	"errors"
	"strings"
)

// ubuntu is Subiquity's autoinstall, handed over by cloud-init, which reads
// the files of a volume labelled CIDATA. The network-config is for the live
// session, which without it would try DHCP on every interface.
func ubuntu() Recipe {
	return Recipe{
		Label: "CIDATA",
		files: map[string]string{
			"user-data":      "ubuntu.user-data",
			"meta-data":      "ubuntu.meta-data",
			"network-config": "ubuntu.network-config",
		},
		check: refuseGroups,
	}
}

func refuseGroups(a Answers) error {
	var p problems
	p.each("packages", a.Packages, func(name string) string {
		if strings.HasPrefix(name, "@") {
			return "groups are not known to Ubuntu: name its packages"
		}
		return ""
	})
	return errors.Join(p...)
}

// netplan is the part of netplan's configuration that a Network needs.
type netplan struct {
	Version   int                 `json:"version"`
	Ethernets map[string]ethernet `json:"ethernets"`
}

type ethernet struct {
	Match       netplanMatch        `json:"match"`
	DHCP4       bool                `json:"dhcp4"`
	Addresses   []string            `json:"addresses,omitempty"`
	Routes      []netplanRoute      `json:"routes,omitempty"`
	Nameservers map[string][]string `json:"nameservers,omitempty"`
}

type netplanMatch struct {
	MAC string `json:"macaddress"`
}

type netplanRoute struct {
	To  string `json:"to"`
	Via string `json:"via"`
}

// Netplan is the network configuration, in netplan's version 2.
func (f form) Netplan() netplan {
	n := f.Network
	device := ethernet{Match: netplanMatch{MAC: strings.ToLower(n.MAC)}, DHCP4: n.Address == ""}
	if n.Address != "" {
		device.Addresses = []string{n.Address}
	}
	if n.Gateway != "" {
		device.Routes = []netplanRoute{{To: defaultRoute(n.Gateway), Via: n.Gateway}}
	}
	if len(n.DNS) > 0 {
		device.Nameservers = map[string][]string{"addresses": n.DNS}
	}
	return netplan{Version: 2, Ethernets: map[string]ethernet{"installed": device}}
}

// defaultRoute spells the default route out, since "default" is not known to
// the netplan of Ubuntu 20.04.
func defaultRoute(gateway string) string {
	if strings.Contains(gateway, ":") {
		return "::/0"
	}
	return "0.0.0.0/0"
}
