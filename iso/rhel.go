package iso

import (
	"net"
	"strings"
)

// rhel is Anaconda's kickstart. Anaconda reads /ks.cfg from any volume
// labelled OEMDRV of its own accord.
func rhel() Recipe {
	return Recipe{
		Label: "OEMDRV",
		files: map[string]string{"ks.cfg": "rhel.ks.cfg"},
		check: func(Answers) error { return nil },
	}
}

// KickstartNetwork is the arguments of the network command that configures the
// interface.
func (f form) KickstartNetwork() string {
	return strings.Join(kickstartNetwork(f.Network), " ")
}

func kickstartNetwork(n *Network) []string {
	if n == nil {
		return []string{"--bootproto=dhcp", "--device=link", "--onboot=yes", "--activate"}
	}
	args := []string{"--device=" + shellWord(n.MAC), "--onboot=yes", "--activate"}
	prefix := n.prefix()
	switch {
	case !prefix.IsValid():
		args = append(args, "--bootproto=dhcp")
	case prefix.Addr().Is4():
		mask := net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())
		args = append(args, "--bootproto=static", "--ip="+prefix.Addr().String(), "--netmask="+net.IP(mask).String())
	default:
		args = append(args, "--noipv4", "--ipv6="+prefix.String())
	}
	if n.Gateway != "" {
		args = append(args, gatewayOption(n.Gateway)+shellWord(n.Gateway))
	}
	if len(n.DNS) > 0 {
		args = append(args, "--nameserver="+shellWord(strings.Join(n.DNS, ",")))
	}
	return args
}

func gatewayOption(gateway string) string {
	if strings.Contains(gateway, ":") {
		return "--ipv6gateway="
	}
	return "--gateway="
}
