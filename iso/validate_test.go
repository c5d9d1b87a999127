package iso_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/iso"
)

// paths returns the paths of the problems, in order.
func paths(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("error %T is no list", err)
	}
	var out []string
	for _, problem := range joined.Unwrap() {
		var field *iso.FieldError
		if !errors.As(problem, &field) || field.Problem == "" {
			t.Fatalf("%v is no FieldError with a problem", problem)
		}
		out = append(out, field.Path)
	}
	return out
}

func TestAnswersValidate(t *testing.T) {
	t.Parallel()
	network := func(n iso.Network) func(*iso.Answers) {
		return func(a *iso.Answers) { a.Network = &n }
	}
	const mac = "00:11:22:33:44:55"
	tests := map[string]struct {
		edit func(*iso.Answers)
		want []string
	}{
		"full":                    {func(*iso.Answers) {}, nil},
		"minimal":                 {func(a *iso.Answers) { *a = minimal() }, nil},
		"empty":                   {func(a *iso.Answers) { *a = iso.Answers{} }, []string{"hostname", "sshKeys"}},
		"hostname quote":          {func(a *iso.Answers) { a.Hostname = "a'b" }, []string{"hostname"}},
		"hostname substitution":   {func(a *iso.Answers) { a.Hostname = "$(reboot)" }, []string{"hostname"}},
		"hostname line break":     {func(a *iso.Answers) { a.Hostname = "a\nb" }, []string{"hostname"}},
		"hostname trailing break": {func(a *iso.Answers) { a.Hostname = "a\n" }, []string{"hostname"}},
		"hostname hyphen":         {func(a *iso.Answers) { a.Hostname = "-a" }, []string{"hostname"}},
		"hostname empty part":     {func(a *iso.Answers) { a.Hostname = "a..b" }, []string{"hostname"}},
		"hostname long":           {func(a *iso.Answers) { a.Hostname = strings.Repeat("a.", 32) + "a" }, []string{"hostname"}},
		"clear password":          {func(a *iso.Answers) { a.RootPasswordHash = "secret" }, []string{"rootPasswordHash"}},
		"MD5 password":            {func(a *iso.Answers) { a.RootPasswordHash = "$1$salt$qJH7.N4xYta3aEG/dfqo/0" }, []string{"rootPasswordHash"}},
		"yescrypt password": {func(a *iso.Answers) {
			a.RootPasswordHash = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7"
		}, nil},
		"hash line break":       {func(a *iso.Answers) { a.RootPasswordHash += "\n" }, []string{"rootPasswordHash"}},
		"private key":           {func(a *iso.Answers) { a.SSHKeys = []string{"-----BEGIN OPENSSH PRIVATE KEY-----"} }, []string{"sshKeys[0]"}},
		"cut key":               {func(a *iso.Answers) { a.SSHKeys = []string{testKey, "ssh-ed25519 AAAA"} }, []string{"sshKeys[1]"}},
		"key of another type":   {func(a *iso.Answers) { a.SSHKeys = []string{strings.Replace(testKey, "ed25519", "rsa", 1)} }, []string{"sshKeys[0]"}},
		"key line break":        {func(a *iso.Answers) { a.SSHKeys = []string{testKey + "\n%end"} }, []string{"sshKeys[0]"}},
		"key options":           {func(a *iso.Answers) { a.SSHKeys = []string{`from="*" ` + testKey} }, []string{"sshKeys[0]"}},
		"disk name":             {func(a *iso.Answers) { a.Disk = iso.Disk{Path: "sda"} }, []string{"disk"}},
		"disk parent":           {func(a *iso.Answers) { a.Disk = iso.Disk{Path: "/dev/../etc"} }, []string{"disk"}},
		"disk substitution":     {func(a *iso.Answers) { a.Disk = iso.Disk{Path: "/dev/$(id)"} }, []string{"disk"}},
		"disk pattern":          {func(a *iso.Answers) { a.Disk = iso.Disk{Path: "/dev/sd*"} }, []string{"disk"}},
		"timezone":              {func(a *iso.Answers) { a.Timezone = "../etc" }, []string{"timezone"}},
		"locale":                {func(a *iso.Answers) { a.Locale = "german" }, []string{"locale"}},
		"locale C":              {func(a *iso.Answers) { a.Locale = "C.UTF-8" }, nil},
		"keyboard":              {func(a *iso.Answers) { a.Keyboard = "us intl" }, []string{"keyboard"}},
		"package option":        {func(a *iso.Answers) { a.Packages = []string{"vim", "-vim", "@core", "a b"} }, []string{"packages[1]", "packages[3]"}},
		"commands":              {func(a *iso.Answers) { a.PostInstall = []string{" ", "a\nb", "a\tb", "ok"} }, []string{"postInstall[0]", "postInstall[1]", "postInstall[2]"}},
		"no MAC":                {network(iso.Network{}), []string{"network.mac"}},
		"other MAC notation":    {network(iso.Network{MAC: "0011.2233.4455"}), []string{"network.mac"}},
		"long MAC":              {network(iso.Network{MAC: mac + ":66:77"}), []string{"network.mac"}},
		"DHCP on a MAC":         {network(iso.Network{MAC: mac}), nil},
		"DHCP with gateway":     {network(iso.Network{MAC: mac, Gateway: "192.0.2.1"}), []string{"network.address"}},
		"no prefix length":      {network(iso.Network{MAC: mac, Address: "192.0.2.2"}), []string{"network.address"}},
		"gateway elsewhere":     {network(iso.Network{MAC: mac, Address: "192.0.2.2/24", Gateway: "198.51.100.1"}), []string{"network.gateway"}},
		"gateway of other kind": {network(iso.Network{MAC: mac, Address: "192.0.2.2/24", Gateway: "fe80::1"}), []string{"network.gateway"}},
		"link-local gateway":    {network(iso.Network{MAC: mac, Address: "2001:db8::2/64", Gateway: "fe80::1"}), nil},
		"gateway zone":          {network(iso.Network{MAC: mac, Address: "2001:db8::2/64", Gateway: "fe80::1%eth0"}), []string{"network.gateway"}},
		"DNS name":              {network(iso.Network{MAC: mac, Address: "192.0.2.2/24", DNS: []string{"192.0.2.3", "ns"}}), []string{"network.dns[1]"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := full()
			test.edit(&answers)
			if diff := cmp.Diff(test.want, paths(t, answers.Validate())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnswersValidateLogins(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edit func(*iso.Answers)
		want []string
	}{
		"rich":                 {func(*iso.Answers) {}, nil},
		"two passwords":        {func(a *iso.Answers) { a.RootPasswordHash = testHash }, []string{"rootPasswordHash"}},
		"password line break":  {func(a *iso.Answers) { a.RootPassword = "a\nb" }, []string{"rootPassword"}},
		"password long":        {func(a *iso.Answers) { a.RootPassword = strings.Repeat("a", 129) }, []string{"rootPassword"}},
		"password not UTF-8":   {func(a *iso.Answers) { a.RootPassword = "\xff" }, []string{"rootPassword"}},
		"user name":            {func(a *iso.Answers) { a.Users[0].Name = "a b" }, []string{"users[0].name"}},
		"user root":            {func(a *iso.Answers) { a.Users[0].Name = "root" }, []string{"users[0].name"}},
		"user twice":           {func(a *iso.Answers) { a.Users[1].Name = "ops" }, []string{"users[1].name"}},
		"user id of a service": {func(a *iso.Answers) { a.Users[0].UID = 33 }, []string{"users[0].uid"}},
		"user's two passwords": {func(a *iso.Answers) { a.Users[0].PasswordHash = testHash }, []string{"users[0].passwordHash"}},
		"user's clear hash":    {func(a *iso.Answers) { a.Users[2].PasswordHash = "secret" }, []string{"users[2].passwordHash"}},
		"user's key":           {func(a *iso.Answers) { a.Users[1].SSHKeys = []string{"ssh-rsa x"} }, []string{"users[1].sshKeys[0]"}},
		"user with sudo":       {func(a *iso.Answers) { a.RootPassword, a.SSHKeys = "", nil }, nil},
		"nobody with sudo": {func(a *iso.Answers) {
			a.RootPassword, a.SSHKeys, a.Users = "", nil, []iso.User{{Name: "a", Password: "b"}}
		}, []string{"sshKeys"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := rich()
			test.edit(&answers)
			err := answers.Validate()
			if diff := cmp.Diff(test.want, paths(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("error shows a secret: %v", err)
			}
		})
	}
}

func TestAnswersValidateNetworks(t *testing.T) {
	t.Parallel()
	const mac = "00:11:22:33:44:55"
	tests := map[string]struct {
		edit func(*iso.Answers)
		want []string
	}{
		"unnamed":           {func(a *iso.Answers) { a.Network = &iso.Network{} }, []string{"network.mac"}},
		"named twice":       {func(a *iso.Answers) { a.Network = &iso.Network{MAC: mac, Device: "eno1"} }, []string{"network.mac"}},
		"device":            {func(a *iso.Answers) { a.Network = &iso.Network{Device: "../x"} }, []string{"network.device"}},
		"no such bond":      {func(a *iso.Answers) { a.Networks[0].Bond = "bond9" }, []string{"networks[0].bond"}},
		"same interface":    {func(a *iso.Answers) { a.Networks[0].VLAN = 0 }, []string{"networks[0]"}},
		"same in capitals":  {func(a *iso.Answers) { a.Network = &iso.Network{MAC: "00:11:22:aa:bb:ee"} }, []string{"networks[1]"}},
		"VLAN":              {func(a *iso.Answers) { a.Networks[0].VLAN = 4095 }, []string{"networks[0].vlan"}},
		"MTU":               {func(a *iso.Answers) { a.Network.MTU = 100 }, []string{"network.mtu"}},
		"second address":    {func(a *iso.Answers) { a.Network.Addresses = []string{"192.0.2.3"} }, []string{"network.addresses[0]", "network.gateway6"}},
		"gateway6 of IPv4":  {func(a *iso.Answers) { a.Network.Gateway6 = "192.0.2.1" }, []string{"network.gateway6"}},
		"gateway6 twice":    {func(a *iso.Answers) { a.Network.Gateway = "fe80::2" }, []string{"network.gateway6"}},
		"gateway of second": {func(a *iso.Answers) { a.Network.Addresses[0], a.Network.Gateway = "203.0.113.2/24", "203.0.113.1" }, nil},
		"bond's name":       {func(a *iso.Answers) { a.Bonds = append(a.Bonds, iso.Bond{Name: "a b", Members: []string{mac}}) }, []string{"bonds[1].name"}},
		"bond twice":        {func(a *iso.Answers) { a.Bonds = append(a.Bonds, a.Bonds[0]) }, []string{"bonds[1].name"}},
		"bond of nothing":   {func(a *iso.Answers) { a.Bonds[0].Members = nil }, []string{"bonds[0].members"}},
		"bond's member":     {func(a *iso.Answers) { a.Bonds[0].Members[0] = "00:11" }, []string{"bonds[0].members[0]"}},
		"bond by name":      {func(a *iso.Answers) { a.Bonds[0].Members[0] = "eno1" }, nil},
		"bond's mode":       {func(a *iso.Answers) { a.Bonds[0].Mode = "4" }, []string{"bonds[0].mode"}},
		"DNS":               {func(a *iso.Answers) { a.DNS[1] = "ns" }, []string{"dns[1]"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := rich()
			test.edit(&answers)
			if diff := cmp.Diff(test.want, paths(t, answers.Validate())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnswersValidateTheRest(t *testing.T) {
	t.Parallel()
	number := -1
	tests := map[string]struct {
		edit func(*iso.Answers)
		want []string
	}{
		"domain":      {func(a *iso.Answers) { a.Domain = "a b" }, []string{"domain"}},
		"disk twice":  {func(a *iso.Answers) { a.Disk = iso.Disk{Serial: "a", WWN: "naa.5000c500a1b2c3d7"} }, []string{"disk"}},
		"disk serial": {func(a *iso.Answers) { a.Disk = iso.Disk{Serial: "a'b"} }, []string{"disk.serial"}},
		"disk wwn":    {func(a *iso.Answers) { a.Disk = iso.Disk{WWN: "5000"} }, []string{"disk.wwn"}},
		"disk volume": {func(a *iso.Answers) { a.Disk = iso.Disk{Volume: "Disk.Virtual.0"} }, []string{"disk.volume"}},
		"disk model":  {func(a *iso.Answers) { a.Disk = iso.Disk{Model: "PERC.*("} }, []string{"disk.model"}},
		"no root":     {func(a *iso.Answers) { a.Partitions = []iso.Partition{{Mount: "/var", Size: 1}} }, []string{"partitions"}},
		"two rests":   {func(a *iso.Answers) { a.Partitions = []iso.Partition{{Mount: "/"}, {Mount: "/var"}} }, []string{"partitions"}},
		"mount":       {func(a *iso.Answers) { a.Partitions = []iso.Partition{{Mount: "/"}, {Mount: "/a b", Size: 1}} }, []string{"partitions[1].mount"}},
		"mount twice": {func(a *iso.Answers) { a.Partitions = []iso.Partition{{Mount: "/"}, {Mount: "/", Size: 1}} }, []string{"partitions[1].mount"}},
		"file system": {func(a *iso.Answers) { a.Partitions = []iso.Partition{{Mount: "/", FS: "zfs"}} }, []string{"partitions[0].fs"}},
		"swap on ext4": {func(a *iso.Answers) {
			a.Partitions = []iso.Partition{{Mount: "/"}, {Mount: "swap", FS: "ext4", Size: 1}}
		}, []string{"partitions[1].fs"}},
		"size":   {func(a *iso.Answers) { a.Partitions = []iso.Partition{{Mount: "/", Size: -1}} }, []string{"partitions[0].size"}},
		"ntp":    {func(a *iso.Answers) { a.NTP[0] = "a;b" }, []string{"ntp[0]"}},
		"proxy":  {func(a *iso.Answers) { a.Proxy = "socks://secret@h" }, []string{"proxy"}},
		"source": {func(a *iso.Answers) { a.Source = "nfs:/x" }, []string{"source"}},
		"repository": {func(a *iso.Answers) {
			a.Repositories = []iso.Repository{{Name: "a/b", URL: "x", Suite: "a b", Components: []string{"-"}, Key: "k"}}
		}, []string{"repositories[0].name", "repositories[0].url", "repositories[0].suite", "repositories[0].components[0]", "repositories[0].key"}},
		"service":         {func(a *iso.Answers) { a.Services.Enable[0], a.Services.Disable[0] = "--now", "a b" }, []string{"services.enable[0]", "services.disable[0]"}},
		"syslog":          {func(a *iso.Answers) { a.RemoteLogging = "host:port" }, []string{"remoteLogging"}},
		"syslog by IPv6":  {func(a *iso.Answers) { a.RemoteLogging = "[2001:db8::1]:1514" }, nil},
		"kernel argument": {func(a *iso.Answers) { a.KernelArgs = []string{"a b", `a="b"`, "$(id)", "---"} }, []string{"kernelArgs[0]", "kernelArgs[1]", "kernelArgs[2]", "kernelArgs[3]"}},
		"product key":     {func(a *iso.Answers) { a.ProductKey = "secret" }, []string{"productKey"}},
		"virtual switch": {func(a *iso.Answers) {
			a.ESXi = &iso.ESXi{Switches: []iso.ESXiSwitch{{Name: "a b", Uplinks: []string{"-"}, Failover: "x"}}}
		}, []string{"esxi.switches[0].name", "esxi.switches[0].uplinks[0]", "esxi.switches[0].failover"}},
		"Windows' disk":     {func(a *iso.Answers) { a.Windows = &iso.Windows{DiskNumber: &number} }, []string{"windows.diskNumber"}},
		"Windows' password": {func(a *iso.Answers) { a.Windows = &iso.Windows{DomainPassword: "secret\n"} }, []string{"windows.domainPassword"}},
		"Ignition":          {func(a *iso.Answers) { a.CoreOS = &iso.CoreOS{Ignition: []byte(`[1]`)} }, []string{"coreos.ignition"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := rich()
			test.edit(&answers)
			err := answers.Validate()
			if diff := cmp.Diff(test.want, paths(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("error shows a secret: %v", err)
			}
		})
	}
}

func TestCallbacksValidate(t *testing.T) {
	t.Parallel()
	bad := map[string]string{
		"relative":     "/callback/x",
		"no host":      "http:///x",
		"scheme":       "file:///etc/passwd",
		"space":        "http://h/a b",
		"quote":        "http://h/a'b",
		"substitution": "http://h/$(id)",
		"line break":   "http://h/a\n%end",
		"trailing":     "http://h/a\n",
		"not ASCII":    "http://h/é",
		"long":         "http://h/" + strings.Repeat("a", 1000),
	}
	for name, address := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := iso.Callbacks{Started: "http://[2001:db8::1]:8081/x?y=%20", Failed: address}.Validate()
			if diff := cmp.Diff([]string{"callbacks.failed"}, paths(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if strings.Contains(err.Error(), address) {
				t.Errorf("error repeats the URL, which holds a token: %v", err)
			}
		})
	}
	if err := callbacks().Validate(); err != nil {
		t.Error(err)
	}
	if err := (iso.Callbacks{}).Validate(); err != nil {
		t.Error(err)
	}
}
