package iso

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// rackhdPayload is the options of RackHD's installation graphs, as its
// documentation and its schema install-os-types.json have them.
type rackhdPayload struct {
	rackhdNetworkBoot

	Repo                string            `json:"repo"`
	Hostname            string            `json:"hostname"`
	Domain              string            `json:"domain"`
	RootPassword        string            `json:"rootPassword"`
	RootSSHKey          string            `json:"rootSshKey"`
	Users               []rackhdUser      `json:"users"`
	Timezone            string            `json:"timezone"`
	NTP                 string            `json:"ntp"`
	NTPServers          []string          `json:"ntpServers"`
	DNSServers          []string          `json:"dnsServers"`
	NetworkDevices      []rackhdNetwork   `json:"networkDevices"`
	Bonds               []rackhdBond      `json:"bonds"`
	SwitchDevices       []rackhdSwitch    `json:"switchDevices"`
	InstallDisk         any               `json:"installDisk"`
	InstallPartitions   []rackhdPartition `json:"installPartitions"`
	KVM                 bool              `json:"kvm"`
	Packages            []string          `json:"packages"`
	EnableServices      []string          `json:"enableServices"`
	DisableServices     []string          `json:"disableServices"`
	PostInstallCommands []string          `json:"postInstallCommands"`
	RemoteLogging       any               `json:"remoteLogging"`
	ProductKey          string            `json:"productkey"`
	Comport             string            `json:"comport"`

	InstallScriptURI  string `json:"installScriptUri"`
	IgnitionScriptURI string `json:"ignitionScriptUri"`
}

// rackhdNetworkBoot is what means nothing where the image is the installer.
type rackhdNetworkBoot struct {
	Version              json.RawMessage `json:"version"`
	OSType               json.RawMessage `json:"osType"`
	OSName               json.RawMessage `json:"osName"`
	Profile              json.RawMessage `json:"profile"`
	InstallType          json.RawMessage `json:"installType"`
	InstallScript        json.RawMessage `json:"installScript"`
	CompletionURI        json.RawMessage `json:"completionUri"`
	RackHDCallbackScript json.RawMessage `json:"rackhdCallbackScript"`
	ProgressMilestones   json.RawMessage `json:"progressMilestones"`
	SMBUser              json.RawMessage `json:"smbUser"`
	SMBPassword          json.RawMessage `json:"smbPassword"`
	NodeID               json.RawMessage `json:"nodeId"`
	TaskTimeout          json.RawMessage `json:"_taskTimeout"`
}

type rackhdUser struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	UID      int    `json:"uid"`
	SSHKey   string `json:"sshKey"`
}

type rackhdNetwork struct {
	Device        string         `json:"device"`
	IPv4          *rackhdAddress `json:"ipv4"`
	IPv6          *rackhdAddress `json:"ipv6"`
	ESXSwitchName string         `json:"esxSwitchName"`
}

type rackhdAddress struct {
	IPAddr  string `json:"ipAddr"`
	Gateway string `json:"gateway"`
	Netmask string `json:"netmask"`
	VLANIDs []int  `json:"vlanIds"`
	MTU     int    `json:"mtu"`
}

type rackhdBond struct {
	Name               string   `json:"name"`
	NICs               []string `json:"nics"`
	BondVLANInterfaces []struct {
		VLANID int            `json:"vlanid"`
		IPv4   *rackhdAddress `json:"ipv4"`
		IPv6   *rackhdAddress `json:"ipv6"`
	} `json:"bondvlaninterfaces"`
}

type rackhdSwitch struct {
	SwitchName     string   `json:"switchName"`
	Uplinks        []string `json:"uplinks"`
	FailoverPolicy string   `json:"failoverPolicy"`
}

type rackhdPartition struct {
	MountPoint string `json:"mountPoint"`
	Size       any    `json:"size"`
	FSType     string `json:"fsType"`
}

// FromRackHD returns the answers that the options of a RackHD installation graph
// mean. What only its network boot needs is left out; repo becomes Source. RackHD's
// default root password is not taken over: a payload without one needs keys. The
// answers are still to be validated.
//
// Errors are *[FieldError], joined, and name the options as RackHD does. No message
// repeats a value that could be a secret.
func FromRackHD(options map[string]any) (Answers, error) {
	raw, err := json.Marshal(options)
	if err != nil {
		return Answers{}, fmt.Errorf("encode RackHD's options: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	var in rackhdPayload
	if err := decoder.Decode(&in); err != nil {
		return Answers{}, fmt.Errorf("RackHD's options: %w", err)
	}
	return in.answers()
}

func (in rackhdPayload) answers() (Answers, error) {
	var p problems
	a := Answers{
		Hostname: in.Hostname, Domain: in.Domain, RootPassword: in.RootPassword, Timezone: in.Timezone,
		NTP: in.NTPServers, DNS: in.DNSServers, Source: in.Repo, Packages: in.Packages, KVM: in.KVM,
		Services:    Services{Enable: in.EnableServices, Disable: in.DisableServices},
		PostInstall: in.PostInstallCommands, ProductKey: in.ProductKey,
	}
	if in.NTP != "" {
		a.NTP = append([]string{in.NTP}, a.NTP...)
	}
	if in.RootSSHKey != "" {
		a.SSHKeys = []string{in.RootSSHKey}
	}
	if strings.HasPrefix(in.Comport, "tty") {
		a.KernelArgs = []string{"console=tty0", "console=" + in.Comport + ",115200n8"}
	}
	if in.InstallScriptURI != "" || in.IgnitionScriptURI != "" {
		p.add("installScriptUri", "an installer's script is not fetched by URL: give its text as a template")
	}
	a.Users = in.users()
	a.Disk = in.disk(&p)
	a.Partitions = in.partitions(&p)
	a.RemoteLogging = in.remoteLogging(&p)
	in.networks(&p, &a)
	in.switches(&a)
	return a, errors.Join(p...)
}

func (in rackhdPayload) users() []User {
	var users []User
	for _, u := range in.Users {
		user := User{Name: u.Name, Password: u.Password, UID: u.UID}
		if u.SSHKey != "" {
			user.SSHKeys = []string{u.SSHKey}
		}
		users = append(users, user)
	}
	return users
}

// disk takes a device's path, or the name that ESXi gives a disk.
func (in rackhdPayload) disk(p *problems) Disk {
	switch disk := in.InstallDisk.(type) {
	case nil:
		return Disk{}
	case string:
		if diskWWN.MatchString(disk) {
			return Disk{WWN: disk}
		}
		if strings.HasPrefix(disk, "/") {
			return Disk{Path: disk}
		}
	}
	p.add("installDisk", "want a device's path or a name such as naa.6…: RackHD's drive numbers and firstdisk do not name one disk for certain")
	return Disk{}
}

func (in rackhdPayload) partitions(p *problems) []Partition {
	var parts []Partition
	for i, part := range in.InstallPartitions {
		if part.MountPoint == "biosboot" || part.MountPoint == "/boot/efi" {
			continue // made where the firmware needs it
		}
		size, err := strconv.Atoi(fmt.Sprint(part.Size))
		if err != nil && part.Size != "auto" {
			p.add(fmt.Sprintf("installPartitions[%d].size", i), "want MiB, or auto for the rest of the disk")
		}
		parts = append(parts, Partition{Mount: part.MountPoint, Size: size, FS: part.FSType})
	}
	return parts
}

func (in rackhdPayload) remoteLogging(p *problems) string {
	switch target := in.RemoteLogging.(type) {
	case string:
		return target
	case bool:
		if target {
			p.add("remoteLogging", "name the syslog server in place of true")
		}
	case nil:
	default:
		p.add("remoteLogging", "want the syslog server's name")
	}
	return ""
}

func (in rackhdPayload) networks(p *problems, a *Answers) {
	for i, device := range in.NetworkDevices {
		path := fmt.Sprintf("networkDevices[%d]", i)
		if device.ESXSwitchName != "" {
			p.add(path+".esxSwitchName", "the management network is on vSwitch0: make another by postInstallCommands")
		}
		n := Network{Device: device.Device}
		if _, err := net.ParseMAC(device.Device); err == nil {
			n = Network{MAC: device.Device}
		}
		a.Networks = append(a.Networks, n.withRackHD(p, path, device.IPv4, device.IPv6))
	}
	for i, bond := range in.Bonds {
		a.Bonds = append(a.Bonds, Bond{Name: bond.Name, Members: bond.NICs})
		for k, vlan := range bond.BondVLANInterfaces {
			n := Network{Bond: bond.Name, VLAN: vlan.VLANID}
			path := fmt.Sprintf("bonds[%d].bondvlaninterfaces[%d]", i, k)
			a.Networks = append(a.Networks, n.withRackHD(p, path, vlan.IPv4, vlan.IPv6))
		}
	}
}

// withRackHD adds addresses. RackHD may give each IP version VLANs of its own, which
// would be several networks.
func (n Network) withRackHD(p *problems, path string, four, six *rackhdAddress) Network {
	for _, version := range []struct {
		name    string
		address *rackhdAddress
	}{{"ipv4", four}, {"ipv6", six}} {
		address := version.address
		if address == nil {
			continue
		}
		path := path + "." + version.name
		for _, id := range address.VLANIDs {
			if len(address.VLANIDs) > 1 || n.VLAN != 0 && id != n.VLAN {
				p.add(path+".vlanIds", "want one VLAN for a network: give each VLAN an entry of its own")
				break
			}
			n.VLAN = id
		}
		n.MTU = max(n.MTU, address.MTU)
		n.Addresses = append(n.Addresses, address.prefix(p, path))
		if n.Gateway == "" {
			n.Gateway = address.Gateway
		} else {
			n.Gateway6 = address.Gateway
		}
	}
	return n
}

// prefix joins address and netmask, which for IPv6 is a prefix length or a mask.
func (r rackhdAddress) prefix(p *problems, path string) string {
	if length, err := strconv.Atoi(strings.TrimPrefix(r.Netmask, "/")); err == nil {
		return r.IPAddr + "/" + strconv.Itoa(length)
	}
	mask, err := netip.ParseAddr(r.Netmask)
	if err == nil {
		ones, bits := net.IPMask(mask.AsSlice()).Size()
		if bits != 0 {
			return r.IPAddr + "/" + strconv.Itoa(ones)
		}
	}
	p.add(path+".netmask", fmt.Sprintf("%q: want a mask such as 255.255.255.0", r.Netmask))
	return r.IPAddr
}

func (in rackhdPayload) switches(a *Answers) {
	if len(in.SwitchDevices) == 0 {
		return
	}
	a.ESXi = &ESXi{}
	for _, s := range in.SwitchDevices {
		a.ESXi.Switches = append(a.ESXi.Switches, ESXiSwitch{Name: s.SwitchName, Uplinks: s.Uplinks, Failover: s.FailoverPolicy})
	}
}
