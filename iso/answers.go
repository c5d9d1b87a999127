package iso

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// Answers is what a recipe needs to know to install a server unattended. They
// are the same for all families; a recipe refuses what its installer cannot do.
// Zero values mean the documented default.
type Answers struct {
	// Hostname is a host or domain name of at most 64 characters. Required.
	Hostname string `json:"hostname"`
	// Domain completes a Hostname without dots, and is searched for names.
	Domain string `json:"domain,omitempty"`

	// RootPassword is root's, or the administrator's, clear password. It is hashed
	// before it goes into an answer file, but for families whose installer takes
	// clear ones only.
	RootPassword string `json:"rootPassword,omitempty"`
	// RootPasswordHash is a crypt(3) string, in place of RootPassword. With
	// neither the password is locked; then a key or a user must let someone in.
	RootPasswordHash string `json:"rootPasswordHash,omitempty"`
	// SSHKeys are root's public keys in the form of authorized_keys, without options.
	SSHKeys []string `json:"sshKeys,omitempty"`
	// Users are accounts beside root's.
	Users []User `json:"users,omitempty"`

	// Disk is the only disk that is erased and installed on. Empty: the recipe's
	// own choice if it has one, see [Recipe]; else it is required.
	Disk Disk `json:"disk,omitzero"`
	// Partitions are laid out in this order. Empty: the installer's own layout.
	Partitions []Partition `json:"partitions,omitempty"`

	// Timezone is a name of the tz database. Default: UTC.
	Timezone string `json:"timezone,omitempty"`
	// Locale is a glibc locale. Default: en_US.UTF-8.
	Locale string `json:"locale,omitempty"`
	// Keyboard is an X keyboard layout. Default: us.
	Keyboard string `json:"keyboard,omitempty"`

	// Network is the only interface, or the first.
	Network *Network `json:"network,omitempty"`
	// Networks are interfaces behind Network. The installer itself uses the first
	// of all. None: DHCP.
	Networks []Network `json:"networks,omitempty"`
	// Bonds are the links that networks refer to by name.
	Bonds []Bond `json:"bonds,omitempty"`
	// DNS are the name servers of networks that have an address and name none.
	DNS []string `json:"dns,omitempty"`
	// NTP are time servers, by name or address. Empty: the family's own.
	NTP []string `json:"ntp,omitempty"`
	// Proxy is the HTTP proxy that packages are fetched through.
	Proxy string `json:"proxy,omitempty"`

	// Source is the URL of an installation tree or mirror. Empty: the image. An
	// image without packages (netinst, boot.iso) needs it.
	Source string `json:"source,omitempty"`
	// Repositories are further sources of packages, then and later.
	Repositories []Repository `json:"repositories,omitempty"`
	// Packages are installed beside the minimal system. Groups ("@name") only
	// where the family knows them.
	Packages []string `json:"packages,omitempty"`
	// KVM makes the server a host of virtual machines.
	KVM bool `json:"kvm,omitempty"`
	// Services are what starts at boot, and what does not.
	Services Services `json:"services,omitzero"`
	// RemoteLogging is the syslog server that the installed system logs to, by UDP,
	// as host or host:port. Default port: 514.
	RemoteLogging string `json:"remoteLogging,omitempty"`
	// KernelArgs are for the installer's kernel and for the installed system's.
	KernelArgs []string `json:"kernelArgs,omitempty"`
	// ProductKey is the licence of families that are sold by one.
	ProductKey string `json:"productKey,omitempty"`
	// PostInstall are commands, one line each, run in order as root inside the
	// installed system. The installation fails with the first that does.
	PostInstall []string `json:"postInstall,omitempty"`

	// ESXi, SUSE, Windows and CoreOS are for their family alone; others ignore them.
	ESXi    *ESXi    `json:"esxi,omitempty"`
	SUSE    *SUSE    `json:"suse,omitempty"`
	Windows *Windows `json:"windows,omitempty"`
	CoreOS  *CoreOS  `json:"coreos,omitempty"`
}

// User is an account of the installed system.
type User struct {
	// Name is the login name. Required.
	Name string `json:"name"`
	// UID is the number of the account, 500 to 65533. Default: the system's choice.
	UID int `json:"uid,omitempty"`
	// Password is clear, and hashed as [Answers.RootPassword] is.
	Password string `json:"password,omitempty"`
	// PasswordHash is a crypt(3) string, in place of Password. With neither the
	// password is locked.
	PasswordHash string `json:"passwordHash,omitempty"`
	// SSHKeys are public keys in the form of authorized_keys, without options.
	SSHKeys []string `json:"sshKeys,omitempty"`
	// Sudo lets the user become root, or administrator; one without a password is
	// not asked for it.
	Sudo bool `json:"sudo,omitempty"`
}

// Partition is a part of the disk.
type Partition struct {
	// Mount is where it is mounted, or "swap". Required.
	Mount string `json:"mount"`
	// Size is in MiB. One partition may leave it out and gets the rest.
	Size int `json:"size,omitempty"`
	// FS is a file system: ext4, xfs, vfat, btrfs or swap. Default: the family's own.
	FS string `json:"fs,omitempty"`
}

// Repository is a source of packages.
type Repository struct {
	// Name is a short name for files and messages. Required.
	Name string `json:"name"`
	// URL is where it is. Required.
	URL string `json:"url"`
	// Suite and Components are for APT alone. Default: "/", a flat repository.
	Suite      string   `json:"suite,omitempty"`
	Components []string `json:"components,omitempty"`
	// Key is the URL of the OpenPGP key that signs it. Without one, signatures are
	// not checked.
	Key string `json:"key,omitempty"`
}

// Services are units of systemd, or services of the family.
type Services struct {
	Enable  []string `json:"enable,omitempty"`
	Disable []string `json:"disable,omitempty"`
}

// ESXi is what only ESXi has.
type ESXi struct {
	// SSH and Shell start these services with the host.
	SSH   bool `json:"ssh,omitempty"`
	Shell bool `json:"shell,omitempty"`
	// Switches are standard virtual switches, beside or in place of vSwitch0.
	Switches []ESXiSwitch `json:"switches,omitempty"`
}

// ESXiSwitch is a standard virtual switch.
type ESXiSwitch struct {
	Name    string   `json:"name"`
	Uplinks []string `json:"uplinks,omitempty"` // such as vmnic0
	// Failover is the teaming policy: explicit, iphash, mac or portid.
	Failover string `json:"failover,omitempty"`
}

// SUSE is what only SUSE's installers, AutoYaST and Agama, have.
type SUSE struct {
	// Product is the installer's name of what to install. Default: SLES.
	Product string `json:"product,omitempty"`
	// Modules are those of SLES 15's full medium. Default, with SLES: Basesystem and
	// Server-Applications.
	Modules []string `json:"modules,omitempty"`
}

// Windows is what only Windows Server has.
type Windows struct {
	// Image is the name of the edition on the medium, such as "Windows Server 2022
	// SERVERSTANDARDCORE". Required for Windows.
	Image string `json:"image,omitempty"`
	// DiskNumber is the disk to erase and install on, as Windows' setup counts them
	// from 0: it knows disks by no other name. Required for Windows.
	DiskNumber *int `json:"diskNumber,omitempty"`
	// Organization is the registered owner.
	Organization string `json:"organization,omitempty"`
	// DomainUser and DomainPassword join the server to [Answers.Domain].
	DomainUser     string `json:"domainUser,omitempty"`
	DomainPassword string `json:"domainPassword,omitempty"`
}

// CoreOS is what only Fedora CoreOS and Flatcar have.
type CoreOS struct {
	// Ignition is a configuration that the recipe's own is merged with.
	Ignition json.RawMessage `json:"ignition,omitempty"`
}

// FQDN is Hostname, completed by Domain if it has no dots.
func (a Answers) FQDN() string {
	if a.Domain == "" || strings.Contains(a.Hostname, ".") {
		return a.Hostname
	}
	return a.Hostname + "." + a.Domain
}

// withDefaults returns a copy in which no documented default is left out.
func (a Answers) withDefaults() Answers {
	a.Timezone = cmp.Or(a.Timezone, "UTC")
	a.Locale = cmp.Or(a.Locale, "en_US.UTF-8")
	a.Keyboard = cmp.Or(a.Keyboard, "us")
	if a.Network != nil {
		a.Networks = append([]Network{*a.Network}, a.Networks...)
	}
	a.Networks = slices.Clone(a.Networks)
	for i, n := range a.Networks {
		if n.Static() && len(n.DNS) == 0 {
			a.Networks[i].DNS = a.DNS
		}
	}
	if len(a.Networks) > 0 {
		a.Network = &a.Networks[0]
	}
	return a
}
