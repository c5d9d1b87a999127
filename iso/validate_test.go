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
		"disk name":             {func(a *iso.Answers) { a.Disk = "sda" }, []string{"disk"}},
		"disk parent":           {func(a *iso.Answers) { a.Disk = "/dev/../etc" }, []string{"disk"}},
		"disk substitution":     {func(a *iso.Answers) { a.Disk = "/dev/$(id)" }, []string{"disk"}},
		"disk pattern":          {func(a *iso.Answers) { a.Disk = "/dev/sd*" }, []string{"disk"}},
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
