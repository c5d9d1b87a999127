package iso

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
)

// debian is debian-installer's preseed. It comes in an initrd of its own behind
// the vendor's, so that it answers the first question already and on whatever
// medium; the scripts that it calls come with it. The installer configures one
// interface; where there are more, the installed system has networkd.
func debian() Recipe {
	return Recipe{
		CallsAtBoot: true,
		files: map[string]string{
			"preseed.cfg":      "debian.preseed.cfg",
			"rackflow-disk.sh": "debian.disk.sh",
			"rackflow-late.sh": "debian.late.sh",
		},
		pack: packPreseed,
		boot: boot{
			entries: []*regexp.Regexp{regexp.MustCompile(`(?i)^install$`), regexp.MustCompile(`(?i)^automated install$`)},
			args:    preseedArgs,
			initrd:  preseedInitrd,
		},
		needsDisk: true,
		check:     func(a Answers) error { return errors.Join(refuseGroups(a), refuseFirstVLAN(a), refuseESP(a)) },
	}
}

// preseedInitrd is the path of the second initrd.
const preseedInitrd = "preseed.cpio"

// packPreseed puts the files where the installer looks for them: in the root of
// its first file system.
func packPreseed(files map[string][]byte) (map[string][]byte, error) {
	archive, err := packCPIO(files)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", preseedInitrd, err)
	}
	return map[string][]byte{preseedInitrd: archive}, nil
}

// preseedArgs keep back all questions that the preseed has an answer to.
func preseedArgs(form) KernelArgs {
	return KernelArgs{Set: []string{"auto=true", "priority=critical", "DEBIAN_FRONTEND=text"}}
}

// refuseFirstVLAN is for netcfg, which knows no VLANs.
func refuseFirstVLAN(a Answers) error {
	if networks := a.withDefaults().Networks; len(networks) > 0 && networks[0].VLAN != 0 {
		return &FieldError{Path: "network.vlan", Problem: "Debian's installer knows no VLANs: put a network without one first"}
	}
	return nil
}

// ShortName is the host name up to its first dot.
func (f form) ShortName() string {
	name, _, _ := strings.Cut(f.FQDN(), ".")
	return name
}

// DomainName is the rest of it.
func (f form) DomainName() string {
	_, domain, _ := strings.Cut(f.FQDN(), ".")
	return domain
}

// installerNetwork is what netcfg takes.
type installerNetwork struct {
	Interface string
	Address   string
	Netmask   string // "" for IPv6, where Address has its prefix length
	Gateway   string
	DNS       []string
}

// InstallerNetwork is the first network, as far as netcfg can have it: with one
// address, and of a bond the first member.
func (f form) InstallerNetwork() installerNetwork {
	n := f.Networks[0]
	device := strings.ToLower(n.MAC) + n.Device
	if bond, ok := f.bond(n.Bond); ok && len(bond.Members) > 0 {
		device = strings.ToLower(bond.Members[0])
	}
	out := installerNetwork{Interface: cmp.Or(device, "auto"), DNS: n.DNS}
	if four := n.prefixes(true); len(four) > 0 {
		out.Address = four[0].Addr().String()
		out.Netmask = net.IP(net.CIDRMask(four[0].Bits(), four[0].Addr().BitLen())).String()
		out.Gateway = n.gateway(true)
	} else if six := n.prefixes(false); len(six) > 0 {
		out.Address, out.Gateway = six[0].String(), n.gateway(false)
	}
	return out
}

// NetworkdFiles are the units of the installed system, by file name, if there is
// more than the installer can configure itself.
func (f form) NetworkdFiles() map[string]string {
	if len(f.Networks) == 0 {
		return nil
	}
	first := f.Networks[0]
	if len(f.Networks) == 1 && first.Bond == "" && first.MTU == 0 && len(first.texts()) < 2 {
		return nil
	}
	return f.networkdFiles()
}

// mirror is Source as the installer takes it.
type mirror struct{ Scheme, Host, Path string }

// Mirror is empty if there is no Source.
func (f form) Mirror() mirror {
	parsed, err := url.Parse(f.Source)
	if err != nil || f.Source == "" {
		return mirror{}
	}
	return mirror{Scheme: parsed.Scheme, Host: parsed.Host, Path: cmp.Or(parsed.Path, "/")}
}

// PartmanRecipe is Partitions as partman-auto takes them, behind what the
// firmware needs, be it BIOS or UEFI.
func (f form) PartmanRecipe() string {
	parts := []string{
		"rackflow ::",
		"1 1 1 free $iflabel{ gpt } $reusemethod{ } method{ biosgrub } .",
		"538 538 1075 free $iflabel{ gpt } $reusemethod{ } method{ efi } format{ } .",
	}
	for _, p := range f.Partitions {
		size := fmt.Sprintf("%d %d %d", p.Size, p.Size, p.Size)
		if p.Size == 0 {
			size = "1024 1000000 -1"
		}
		if p.Mount == "swap" {
			parts = append(parts, size+" linux-swap method{ swap } format{ } .")
			continue
		}
		fs := cmp.Or(p.FS, "ext4")
		if fs == "vfat" {
			fs = "fat32" // partman's name for it
		}
		parts = append(parts, fmt.Sprintf("%s %s method{ format } format{ } use_filesystem{ } filesystem{ %s } mountpoint{ %s } .", size, fs, fs, p.Mount))
	}
	return strings.Join(parts, " ")
}
