package iso

import (
	"fmt"
	"strings"
)

// networkdFiles are the networks as units of systemd-networkd, by file name.
func (a Answers) networkdFiles() map[string]string {
	files := make(map[string]string)
	devices := a.devices()
	for _, d := range devices {
		if d.bond != nil {
			files["10-"+d.name+".netdev"] = fmt.Sprintf("[NetDev]\nName=%s\nKind=bond\n[Bond]\nMode=%s\nMIIMonitorSec=0.1\n", d.name, d.bond.mode())
		}
		if d.vlan != 0 {
			files["10-"+d.name+".netdev"] = fmt.Sprintf("[NetDev]\nName=%s\nKind=vlan\n[VLAN]\nId=%d\n", d.name, d.vlan)
		}
		files["20-"+d.name+".network"] = a.networkdNetwork(d, devices)
	}
	return files
}

func (a Answers) networkdNetwork(d device, devices []device) string {
	var out strings.Builder
	line := func(text string) {
		if text != "" {
			out.WriteString(text + "\n")
		}
	}
	line("[Match]")
	line(setting("PermanentMACAddress", d.mac)) // its VLANs and bond have the same address
	if d.mac == "" {
		line("Name=" + d.name)
	}
	if d.mtu != 0 {
		line(fmt.Sprintf("[Link]\nMTUBytes=%d", d.mtu))
	}
	line("[Network]")
	line(setting("Bond", d.master))
	for _, other := range devices {
		if other.parent == d.name {
			line("VLAN=" + other.name)
		}
	}
	a.networkdAddresses(line, d.config)
	return out.String()
}

func (a Answers) networkdAddresses(line func(string), n *Network) {
	if n == nil {
		line("LinkLocalAddressing=no")
		return
	}
	if !n.Static() {
		line("DHCP=yes")
		return
	}
	for _, address := range n.texts() {
		line("Address=" + address)
	}
	line(setting("Gateway", n.Gateway))
	line(setting("Gateway", n.Gateway6))
	for _, server := range n.DNS {
		line("DNS=" + server)
	}
	line(setting("Domains", a.Domain))
}
