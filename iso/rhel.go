package iso

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
)

// rhel is Anaconda's kickstart. Anaconda reads /ks.cfg from any volume
// labelled OEMDRV of its own accord, and from its own image if told so.
func rhel() Recipe {
	return Recipe{
		Label: "OEMDRV", CallsAtBoot: true,
		files: map[string]string{"ks.cfg": "rhel.ks.cfg"},
		boot: boot{
			entries: []*regexp.Regexp{regexp.MustCompile(`(?i)^install`)},
			args:    kickstartArgs,
		},
		finish: needPackages,
		check:  func(a Answers) error { return errors.Join(refuseBtrfs(a), refuseESP(a)) },
	}
}

// needPackages refuses a vendor's image that only starts the installer, such as
// boot.iso and Fedora's netinst, where no source of packages is given.
func needPackages(e *Editor, f form) error {
	here := func(name string) bool {
		_, err := e.base.Open(name)
		return err == nil
	}
	if f.Source != "" || !here(".treeinfo") && !here(".discinfo") {
		return nil
	}
	if slices.ContainsFunc([]string{"media.repo", "repodata/repomd.xml", "BaseOS/repodata/repomd.xml"}, here) {
		return nil
	}
	return errors.New("it has no packages: take the DVD image, or give source, the URL of an installation tree")
}

// kickstartArgs also leaves out the check of the medium, which the edit has
// changed.
func kickstartArgs(form) KernelArgs {
	return KernelArgs{Remove: []string{"rd.live.check"}, Set: []string{"inst.ks=cdrom:/ks.cfg"}}
}

func refuseBtrfs(a Answers) error {
	var p problems
	for i, part := range a.Partitions {
		if part.FS == "btrfs" {
			p.add(fmt.Sprintf("partitions[%d].fs", i), "RHEL has no btrfs: take xfs or ext4")
		}
	}
	return errors.Join(p...)
}

// refuseESP is for installers that make what the firmware needs by themselves.
func refuseESP(a Answers) error {
	var p problems
	for i, part := range a.Partitions {
		if part.Mount == "/boot/efi" {
			p.add(fmt.Sprintf("partitions[%d].mount", i), "leave /boot/efi out: the installer makes it where the firmware needs one")
		}
	}
	return errors.Join(p...)
}

// KickstartNetworks are the arguments of the network commands. Where they cannot
// say all, they are for the installation alone; see [form.Keyfiles].
func (f form) KickstartNetworks() []string {
	if len(f.Networks) == 0 {
		return []string{"--bootproto=dhcp --device=link --onboot=yes --activate"}
	}
	networks := f.Networks
	if len(f.Keyfiles()) > 0 {
		networks = networks[:1]
	}
	lines := make([]string, len(networks))
	for i, n := range networks {
		lines[i] = strings.Join(f.kickstartNetwork(n), " ")
	}
	return lines
}

func (f form) kickstartNetwork(n Network) []string {
	args := []string{"--device=" + shellWord(f.kickstartDevice(n)), "--onboot=yes", "--activate"}
	if n.VLAN != 0 {
		args = append(args, fmt.Sprintf("--vlanid=%d --interfacename=vlan%d", n.VLAN, n.VLAN))
	}
	if !n.Static() {
		args = append(args, "--bootproto=dhcp")
	}
	if four := n.prefixes(true); len(four) > 0 {
		mask := net.IP(net.CIDRMask(four[0].Bits(), four[0].Addr().BitLen()))
		args = append(args, "--bootproto=static", "--ip="+four[0].Addr().String(), "--netmask="+mask.String())
	} else if n.Static() {
		args = append(args, "--noipv4")
	}
	if six := n.prefixes(false); len(six) > 0 {
		args = append(args, "--ipv6="+six[0].String())
	}
	return append(args, kickstartRoutes(n)...)
}

func kickstartRoutes(n Network) []string {
	var args []string
	if gateway := n.gateway(true); gateway != "" {
		args = append(args, "--gateway="+gateway)
	}
	if gateway := n.gateway(false); gateway != "" {
		args = append(args, "--ipv6gateway="+gateway)
	}
	if len(n.DNS) > 0 {
		args = append(args, "--nameserver="+shellWord(strings.Join(n.DNS, ",")))
	}
	if n.MTU != 0 {
		args = append(args, fmt.Sprintf("--mtu=%d", n.MTU))
	}
	return args
}

// kickstartDevice is what Anaconda knows an interface by. It makes bonds of names
// only, which a MAC address does not tell: the first member alone must do until
// the system is installed.
func (f form) kickstartDevice(n Network) string {
	if bond, ok := f.bond(n.Bond); ok && len(bond.Members) > 0 {
		return bond.Members[0]
	}
	return n.MAC + n.Device
}

// Keyfiles are the connections of the installed system, by file name, if
// kickstart's network commands cannot say them.
func (f form) Keyfiles() map[string]string {
	for _, n := range f.Networks {
		if n.Bond != "" || len(n.prefixes(true)) > 1 || len(n.prefixes(false)) > 1 {
			return f.keyfiles()
		}
	}
	return nil
}
