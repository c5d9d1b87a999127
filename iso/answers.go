package iso

import (
	"cmp"
	"net/netip"
)

// Answers is what a recipe needs to know to install a server unattended. Zero
// values mean the documented default.
type Answers struct {
	// Hostname is a host or domain name of at most 64 characters. Required.
	Hostname string `json:"hostname"`
	// RootPasswordHash is a crypt(3) string, never a clear password. Empty locks
	// the password; then SSHKeys must have one.
	RootPasswordHash string `json:"rootPasswordHash,omitempty"`
	// SSHKeys are public keys in the form of authorized_keys, without options.
	SSHKeys []string `json:"sshKeys,omitempty"`
	// Disk is the only disk that is erased and installed on, best as
	// /dev/disk/by-id/…. Empty: the recipe's own choice, see [Recipe].
	Disk string `json:"disk,omitempty"`
	// Timezone is a name of the tz database. Default: UTC.
	Timezone string `json:"timezone,omitempty"`
	// Locale is a glibc locale. Default: en_US.UTF-8.
	Locale string `json:"locale,omitempty"`
	// Keyboard is an X keyboard layout. Default: us.
	Keyboard string `json:"keyboard,omitempty"`
	// Network is the one interface to configure. Nil: DHCP.
	Network *Network `json:"network,omitempty"`
	// Packages are installed beside the minimal system. Groups ("@name") only
	// where the family knows them.
	Packages []string `json:"packages,omitempty"`
	// PostInstall are shell commands, one line each, run in order as root inside
	// the installed system. The installation fails with the first that does.
	PostInstall []string `json:"postInstall,omitempty"`
}

// Network is the configuration of one interface, during and after installation.
type Network struct {
	// MAC names the interface, as aa:bb:cc:dd:ee:ff. Required.
	MAC string `json:"mac"`
	// Address is an IPv4 or IPv6 address with its prefix length, such as
	// 192.0.2.10/24. Empty: DHCP on this interface.
	Address string `json:"address,omitempty"`
	// Gateway is the default router, in the network of Address.
	Gateway string `json:"gateway,omitempty"`
	// DNS are name servers' addresses.
	DNS []string `json:"dns,omitempty"`
}

// withDefaults returns a copy in which no documented default is left out.
func (a Answers) withDefaults() Answers {
	a.Timezone = cmp.Or(a.Timezone, "UTC")
	a.Locale = cmp.Or(a.Locale, "en_US.UTF-8")
	a.Keyboard = cmp.Or(a.Keyboard, "us")
	return a
}

// prefix is Address parsed; it is not valid when there is none.
func (n Network) prefix() netip.Prefix {
	prefix, _ := netip.ParsePrefix(n.Address) // Validate has seen it; else DHCP
	return prefix
}
