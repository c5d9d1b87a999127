package iso_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/iso"
)

func fromRackHD(t *testing.T, payload string) (iso.Answers, error) {
	t.Helper()
	var options map[string]any
	if err := json.Unmarshal([]byte(payload), &options); err != nil {
		t.Fatal(err)
	}
	return iso.FromRackHD(options)
}

// TestFromRackHD takes an example in the form of RackHD's documentation.
func TestFromRackHD(t *testing.T) {
	t.Parallel()
	got, err := fromRackHD(t, `{
		"osName": "CentOS", "version": "7", "repo": "http://172.31.128.1:8080/repo/centos/7",
		"rootPassword": "RackHDRocks!", "hostname": "rackhd-node", "domain": "example.com", "timezone": "Etc/UTC",
		"users": [{"name": "rackhd1", "password": "123456", "uid": 1010, "sshKey": "ssh-rsa AAAA"}],
		"dnsServers": ["172.12.88.91"], "ntp": "0.pool.ntp.org", "ntpServers": ["1.pool.ntp.org"],
		"networkDevices": [
			{"device": "eth0", "ipv4": {"ipAddr": "192.168.1.29", "gateway": "192.168.1.1", "netmask": "255.255.255.0", "vlanIds": [104]},
			 "ipv6": {"ipAddr": "fec0::6ab4:0:5efe:157.60.14.21", "gateway": "fe80::5efe:131.107.25.1", "netmask": "ffff:ffff:ffff:ffff::", "vlanIds": [104]}},
			{"device": "68:b5:99:c1:ab:cd"}],
		"bonds": [{"name": "bond0", "nics": ["eth1", "eth2"],
			"bondvlaninterfaces": [{"vlanid": 106, "ipv4": {"ipAddr": "192.168.106.29", "gateway": "192.168.106.1", "netmask": "255.255.255.0"}}]}],
		"switchDevices": [{"switchName": "vSwitch1", "uplinks": ["vmnic1"], "failoverPolicy": "explicit"}],
		"rootSshKey": "ssh-rsa BBBB", "installDisk": "/dev/sda",
		"installPartitions": [{"mountPoint": "biosboot", "size": "1", "fsType": "biosboot"}, {"mountPoint": "/boot", "size": "500", "fsType": "ext4"}, {"mountPoint": "/", "size": "auto", "fsType": "xfs"}],
		"kvm": true, "packages": ["git"], "enableServices": ["ntpd"], "disableServices": ["postfix"],
		"postInstallCommands": ["touch a.txt"], "remoteLogging": false, "comport": "ttyS0", "completionUri": "renasar-ansible.pub"
	}`)
	if err != nil {
		t.Fatal(err)
	}
	want := iso.Answers{
		Hostname: "rackhd-node", Domain: "example.com", RootPassword: "RackHDRocks!", SSHKeys: []string{"ssh-rsa BBBB"}, Timezone: "Etc/UTC",
		Users: []iso.User{{Name: "rackhd1", Password: "123456", UID: 1010, SSHKeys: []string{"ssh-rsa AAAA"}}},
		DNS:   []string{"172.12.88.91"}, NTP: []string{"0.pool.ntp.org", "1.pool.ntp.org"},
		Networks: []iso.Network{
			{
				Device: "eth0", VLAN: 104, Addresses: []string{"192.168.1.29/24", "fec0::6ab4:0:5efe:157.60.14.21/64"},
				Gateway: "192.168.1.1", Gateway6: "fe80::5efe:131.107.25.1",
			},
			{MAC: "68:b5:99:c1:ab:cd"},
			{Bond: "bond0", VLAN: 106, Addresses: []string{"192.168.106.29/24"}, Gateway: "192.168.106.1"},
		},
		Bonds:      []iso.Bond{{Name: "bond0", Members: []string{"eth1", "eth2"}}},
		Disk:       iso.Disk{Path: "/dev/sda"},
		Partitions: []iso.Partition{{Mount: "/boot", Size: 500, FS: "ext4"}, {Mount: "/", FS: "xfs"}},
		Source:     "http://172.31.128.1:8080/repo/centos/7", KVM: true, Packages: []string{"git"},
		Services:    iso.Services{Enable: []string{"ntpd"}, Disable: []string{"postfix"}},
		PostInstall: []string{"touch a.txt"},
		KernelArgs:  []string{"console=tty0", "console=ttyS0,115200n8"},
		ESXi:        &iso.ESXi{Switches: []iso.ESXiSwitch{{Name: "vSwitch1", Uplinks: []string{"vmnic1"}, Failover: "explicit"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFromRackHDDisks(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		disk string
		want iso.Disk
		ok   bool
	}{
		"none":      {"null", iso.Disk{}, true},
		"path":      {`"/dev/disk/by-id/a"`, iso.Disk{Path: "/dev/disk/by-id/a"}, true},
		"ESXi":      {`"naa.6001636001f8b1e01f1c4b1e0a2c8a2e"`, iso.Disk{WWN: "naa.6001636001f8b1e01f1c4b1e0a2c8a2e"}, true},
		"number":    {"0", iso.Disk{}, false},
		"firstdisk": {`"firstdisk"`, iso.Disk{}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := fromRackHD(t, `{"hostname":"a","installDisk":`+test.disk+`}`)
			if (err == nil) != test.ok {
				t.Fatalf("error is %v", err)
			}
			if diff := cmp.Diff(test.want, got.Disk); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFromRackHDRefuses(t *testing.T) {
	t.Parallel()
	const address = `"ipAddr":"192.0.2.2","gateway":"192.0.2.1","netmask":`
	tests := map[string]struct{ payload, want string }{
		"unknown option":    {`{"hostnaem":"a"}`, "hostnaem"},
		"wrong kind":        {`{"hostname":5}`, "hostname"},
		"script by URL":     {`{"installScriptUri":"http://h/ks"}`, "installScriptUri: "},
		"odd mask":          {`{"networkDevices":[{"device":"eth0","ipv4":{` + address + `"255.0.255.0"}}]}`, "networkDevices[0].ipv4.netmask: "},
		"several VLANs":     {`{"networkDevices":[{"device":"eth0","ipv4":{` + address + `"255.255.255.0","vlanIds":[5,6]}}]}`, "networkDevices[0].ipv4.vlanIds: "},
		"switch":            {`{"networkDevices":[{"device":"vmnic0","esxSwitchName":"vSwitch0"}]}`, "networkDevices[0].esxSwitchName: "},
		"size":              {`{"installPartitions":[{"mountPoint":"/","size":"much"}]}`, "installPartitions[0].size: "},
		"logging":           {`{"remoteLogging":true}`, "remoteLogging: "},
		"logging to number": {`{"remoteLogging":5}`, "remoteLogging: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := fromRackHD(t, test.payload)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one with %q", err, test.want)
			}
		})
	}
}

func FuzzFromRackHD(f *testing.F) {
	f.Add([]byte(`{"hostname":"a","networkDevices":[{"device":"eth0","ipv4":{"ipAddr":"1","netmask":"::","vlanIds":[1,2]}}]}`))
	f.Add([]byte(`{"installDisk":[],"installPartitions":[{"size":{}}],"remoteLogging":{}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var options map[string]any
		if json.Unmarshal(raw, &options) != nil {
			return
		}
		if answers, err := iso.FromRackHD(options); err == nil {
			_ = answers.Validate() // must not panic either
		}
	})
}
