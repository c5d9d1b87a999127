package iso_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/rackflow/rackflow/iso"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

const (
	testHash = "$6$rounds=5000$saltsalt$x2f6n8oE0k1yMt1oVf0tq1Y2l3m4n5o6p7q8r9s0t1u2v3w4x5y6z7A8B9C0D1E2"
	testKey  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPhQ3Yvq0oZ1c9mZ0d7m2ZbJm8T0qv0yG4uQhQp1k2L it's me, $(id)"
	testDisk = "/dev/disk/by-id/ata-DELLBOSS_VD_00c1a2b3"
)

// minimal returns answers that leave everything to the defaults.
func minimal() iso.Answers {
	return iso.Answers{Hostname: "srv-0042", SSHKeys: []string{testKey}}
}

// full returns answers that use every field.
func full() iso.Answers {
	return iso.Answers{
		Hostname:         "srv-0042.example.com",
		RootPasswordHash: testHash,
		SSHKeys:          []string{testKey},
		Disk:             iso.Disk{Path: testDisk},
		Timezone:         "Europe/Berlin",
		Locale:           "de_DE.UTF-8",
		Keyboard:         "de",
		Network: &iso.Network{
			MAC: "00:11:22:aa:bb:cc", Address: "192.0.2.42/24", Gateway: "192.0.2.1",
			DNS: []string{"192.0.2.53", "2001:db8::53"},
		},
		Packages:    []string{"tmux", "vim-enhanced"},
		PostInstall: []string{"systemctl enable sshd", `echo "it's $(hostname)" > /etc/motd`},
	}
}

// rich returns answers that go beyond one interface, one account and one source.
func rich() iso.Answers {
	answers := full()
	answers.Hostname, answers.Domain = "srv-0042", "example.com"
	answers.RootPasswordHash, answers.RootPassword = "", "it's root's"
	answers.Users = []iso.User{
		{Name: "ops", UID: 1500, Password: "it's ops'", SSHKeys: []string{testKey}, Sudo: true},
		{Name: "deploy", SSHKeys: []string{testKey}, Sudo: true},
		{Name: "guest", PasswordHash: testHash},
	}
	answers.Disk = iso.Disk{Model: "PERC H755"}
	answers.Network = &iso.Network{
		Bond: "bond0", Address: "192.0.2.42/24", Addresses: []string{"192.0.2.43/24", "2001:db8::42/64"},
		Gateway: "192.0.2.1", Gateway6: "fe80::1", MTU: 9000,
	}
	answers.Networks = []iso.Network{
		{Bond: "bond0", VLAN: 100, Address: "198.51.100.42/24", DNS: []string{"198.51.100.53"}},
		{MAC: "00:11:22:AA:BB:EE"},
		{Device: "eno4", VLAN: 200, Address: "2001:db8:200::42/64"},
	}
	answers.Bonds = []iso.Bond{{Name: "bond0", Members: []string{"00:11:22:aa:bb:cc", "00:11:22:aa:bb:dd"}, Mode: "802.3ad"}}
	answers.DNS = []string{"192.0.2.53", "2001:db8::53"}
	answers.NTP = []string{"ntp.example.com", "192.0.2.123"}
	answers.Proxy = "http://proxy.example.com:3128"
	answers.Source = "http://mirror.example.com/os"
	answers.Repositories = []iso.Repository{
		{Name: "tools", URL: "https://repo.example.com/tools", Suite: "stable", Components: []string{"main", "extra"}, Key: "https://repo.example.com/key.asc"},
		{Name: "flat", URL: "http://repo.example.com/flat"},
	}
	answers.KVM = true
	answers.Services = iso.Services{Enable: []string{"tuned", "foo@bar.service"}, Disable: []string{"cups.service"}}
	answers.RemoteLogging = "log.example.com:1514"
	answers.KernelArgs = []string{"console=tty0", "console=ttyS0,115200n8"}
	return answers
}

// partitioned returns answers that lay the disk out.
func partitioned() iso.Answers {
	answers := minimal()
	answers.Disk = iso.Disk{Serial: "S4X.1"}
	answers.Partitions = []iso.Partition{{Mount: "/boot", Size: 1024, FS: "ext4"}, {Mount: "swap", Size: 4096}, {Mount: "/"}}
	return answers
}

func callbacks() iso.Callbacks {
	const base = "http://192.0.2.9:8081/callback/tok3n/"
	return iso.Callbacks{Started: base + "started", Progress: base + "progress", Done: base + "done", Failed: base + "failed"}
}

func TestRecipeGolden(t *testing.T) {
	t.Parallel()
	dhcp, ipv6 := minimal(), minimal()
	dhcp.Network = &iso.Network{MAC: "00:11:22:aa:bb:cc"}
	ipv6.Network = &iso.Network{MAC: "00:11:22:aa:bb:cc", Address: "2001:db8::42/64", Gateway: "fe80::1"}
	tests := map[string]struct {
		answers   iso.Answers
		callbacks iso.Callbacks
	}{
		"minimal":     {minimal(), iso.Callbacks{}},
		"full":        {full(), callbacks()},
		"dhcp-mac":    {dhcp, iso.Callbacks{}},
		"ipv6":        {ipv6, iso.Callbacks{}},
		"rich":        {rich(), callbacks()},
		"partitioned": {partitioned(), callbacks()},
	}
	for name, test := range tests {
		for _, family := range []string{"debian", "rhel", "ubuntu"} {
			t.Run(family+"/"+name, func(t *testing.T) {
				t.Parallel()
				answers := test.answers
				if family == "ubuntu" {
					answers.Partitions = nil
				}
				if family == "debian" && !answers.Disk.Named() {
					answers.Disk = iso.Disk{WWN: "naa.5000C500A1B2C3D4"}
				}
				files := render(t, family, answers, test.callbacks)
				compareGolden(t, filepath.Join("testdata", family, name), files)
			})
		}
	}
}

func render(t testing.TB, family string, answers iso.Answers, callbacks iso.Callbacks) map[string]string {
	t.Helper()
	recipe, err := iso.RecipeFor(family)
	if err != nil {
		t.Fatal(err)
	}
	files, err := recipe.Files(answers, callbacks)
	if err != nil {
		t.Fatal(err)
	}
	text := make(map[string]string, len(files))
	for name, content := range files {
		text[name] = string(content)
	}
	return text
}

func compareGolden(t *testing.T, dir string, got map[string]string) {
	t.Helper()
	if *update {
		writeGolden(t, dir, got)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string]string, len(entries))
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		want[entry.Name()] = string(content)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs from %s; if intended, run go test -update (-want +got):\n%s", dir, diff)
	}
}

func writeGolden(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRecipeForUnknownFamily(t *testing.T) {
	t.Parallel()
	_, err := iso.RecipeFor("plan9")
	if !errors.Is(err, iso.ErrUnknownFamily) || !strings.Contains(err.Error(), strings.Join(iso.Families(), ", ")) {
		t.Errorf("error is %v, want ErrUnknownFamily with the known families", err)
	}
}

func TestRecipeSeedCarriesItsFiles(t *testing.T) {
	t.Parallel()
	for family, label := range map[string]string{"rhel": "OEMDRV", "ubuntu": "CIDATA"} {
		recipe, err := iso.RecipeFor(family)
		if err != nil {
			t.Fatal(err)
		}
		image, err := recipe.Seed(full(), callbacks())
		if err != nil {
			t.Fatal(err)
		}
		info, err := iso.Inspect(bytes.NewReader(image), int64(len(image)))
		if !errors.Is(err, iso.ErrNotBootable) || info.Label != label {
			t.Errorf("%s: label %q, error %v; want %q on a data image", family, info.Label, err, label)
		}
		if diff := cmp.Diff(render(t, family, full(), callbacks()), readSeed(t, image)); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", family, diff)
		}
	}
}

func TestRecipeReportsEveryProblemAndNoSecret(t *testing.T) {
	t.Parallel()
	answers := full()
	answers.Hostname, answers.RootPasswordHash = "bad host", "hunter2"
	links := callbacks()
	links.Done = "ftp://192.0.2.9/tok3n"
	for _, family := range iso.Families() {
		recipe, err := iso.RecipeFor(family)
		if err != nil {
			t.Fatal(err)
		}
		_, err = recipe.Files(answers, links)
		if err == nil {
			t.Fatal("no error")
		}
		for _, want := range []string{"hostname:", "rootPasswordHash:", "callbacks.done:"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error does not mention %s: %v", family, want, err)
			}
		}
		for _, secret := range []string{"hunter2", "tok3n"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: error shows the secret %s: %v", family, secret, err)
			}
		}
	}
}

func TestUbuntuRefusesGroups(t *testing.T) {
	t.Parallel()
	answers := full()
	answers.Packages = []string{"tmux", "@core"}
	recipe, err := iso.RecipeFor("ubuntu")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := recipe.Files(answers, callbacks()); err == nil || !strings.Contains(err.Error(), "packages[1]:") {
		t.Errorf("error is %v, want one for packages[1]", err)
	}
	if _, err := iso.RecipeFor("rhel"); err != nil {
		t.Fatal(err)
	}
	if ks := render(t, "rhel", answers, callbacks())["ks.cfg"]; !strings.Contains(ks, "\n@core\n") {
		t.Error("rhel has lost the group @core")
	}
}

// TestCallbacksAreWholeLines holds what both the installer and its simulation
// rely on: a call is one line that begins with curl and gives up in the end.
func TestCallbacksAreWholeLines(t *testing.T) {
	t.Parallel()
	ks := render(t, "rhel", full(), callbacks())["ks.cfg"]
	var calls []string
	for line := range strings.Lines(ks) {
		if strings.HasPrefix(line, "curl ") {
			calls = append(calls, line)
		}
	}
	for _, commands := range autoinstallCommands(t, render(t, "ubuntu", full(), callbacks())["user-data"]) {
		for _, command := range commands {
			if strings.HasPrefix(command, "curl ") {
				calls = append(calls, command)
			}
		}
	}
	if len(calls) != 9 {
		t.Errorf("%d calls, want 5 for rhel and 4 for ubuntu:\n%s", len(calls), strings.Join(calls, "\n"))
	}
	for _, call := range calls {
		if !strings.Contains(call, " --retry ") || !strings.Contains(call, " --max-time ") || !strings.Contains(call, "/callback/tok3n/") {
			t.Errorf("call is not bounded or not for us: %s", call)
		}
	}
}

func autoinstallCommands(t *testing.T, userData string) map[string][]string {
	t.Helper()
	var config struct {
		Autoinstall struct {
			Early []string `json:"early-commands"`
			Late  []string `json:"late-commands"`
			Error []string `json:"error-commands"`
		} `json:"autoinstall"`
	}
	if err := yaml.Unmarshal([]byte(userData), &config); err != nil {
		t.Fatal(err)
	}
	a := config.Autoinstall
	return map[string][]string{"early": a.Early, "late": a.Late, "error": a.Error}
}

// TestUbuntuCommandsSurviveTheShell runs the key command as the installer's
// shell would, on a directory of ours.
func TestUbuntuCommandsSurviveTheShell(t *testing.T) {
	t.Parallel()
	shell := lookPath(t, "sh")
	target := t.TempDir()
	for _, command := range autoinstallCommands(t, render(t, "ubuntu", full(), callbacks())["user-data"])["late"] {
		if !strings.Contains(command, "/target/root/.ssh") {
			continue
		}
		command = strings.ReplaceAll(command, "/target/", target+"/")
		if out, err := exec.CommandContext(t.Context(), shell, "-c", command).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", command, err, out)
		}
	}
	keys, err := os.ReadFile(filepath.Join(target, "root/.ssh/authorized_keys"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(testKey+"\n", string(keys)); diff != "" {
		t.Errorf("authorized_keys (-want +got):\n%s", diff)
	}
}

// TestRHELDefaultDisk runs the %pre script with an lsblk of ours.
func TestRHELDefaultDisk(t *testing.T) {
	t.Parallel()
	shell := lookPath(t, "sh")
	tests := map[string]struct{ lsblk, want string }{
		"virtual media first": {"/dev/sda disk 1 0 usb\n/dev/sr0 rom 1 0 usb\n/dev/sdb disk 0 0 sas\n/dev/sdc disk 0 0 sas\n", "/dev/sdb"},
		"fixed USB":           {"/dev/sda disk 0 0 usb\n/dev/nvme0n1 disk 0 0 nvme\n", "/dev/nvme0n1"},
		"RAID, no transport":  {"/dev/sda disk 0 0\n", "/dev/sda"},
		"read-only":           {"/dev/sda disk 0 1 sata\n/dev/sdb disk 0 0 sata\n", "/dev/sdb"},
		"compressed memory":   {"/dev/zram0 disk 0 0\n/dev/vda disk 0 0 virtio\n", "/dev/vda"},
		"none":                {"/dev/sda disk 1 0 usb\n/dev/loop0 loop 0 1\n", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			include := filepath.Join(dir, "disk.ks")
			stub := "#!/bin/sh\ncat <<'END'\n" + test.lsblk + "END\n"
			if err := os.WriteFile(filepath.Join(dir, "lsblk"), []byte(stub), 0o700); err != nil {
				t.Fatal(err)
			}
			script := diskScript(t, render(t, "rhel", minimal(), iso.Callbacks{})["ks.cfg"])
			script = "PATH='" + dir + "':$PATH\n" + strings.ReplaceAll(script, "/tmp/rackflow-disk.ks", include)
			cmd := exec.CommandContext(t.Context(), shell, "-c", script)
			out, err := cmd.CombinedOutput()
			if (err != nil) != (test.want == "") {
				t.Fatalf("script: %v: %s", err, out)
			}
			content, _ := os.ReadFile(include) // absent when there is no disk
			if got := strings.TrimSpace(strings.TrimPrefix(string(content), "ignoredisk --only-use=")); got != test.want {
				t.Errorf("chose %q, want %q", got, test.want)
			}
		})
	}
}

func diskScript(t *testing.T, ks string) string {
	t.Helper()
	_, rest, ok := strings.Cut(ks, "%pre --erroronfail\n")
	script, _, end := strings.Cut(rest, "%end\n")
	if !ok || !end {
		t.Fatalf("no %%pre --erroronfail section in:\n%s", ks)
	}
	return script
}

func lookPath(t *testing.T, tool string) string {
	t.Helper()
	path, err := exec.LookPath(tool)
	if err != nil {
		t.Skipf("%s is not installed here: %v", tool, err)
	}
	return path
}

// places are the fields that a fuzzed text is put into.
var places = []func(a *iso.Answers, text string){
	func(a *iso.Answers, text string) { a.Hostname = text },
	func(a *iso.Answers, text string) { a.Domain = text },
	func(a *iso.Answers, text string) { a.RootPassword, a.RootPasswordHash = text, "" },
	func(a *iso.Answers, text string) { a.SSHKeys[0] = bareKey + " " + text },
	func(a *iso.Answers, text string) { a.Users[0].Name = text },
	func(a *iso.Answers, text string) { a.Users[1].SSHKeys = []string{bareKey + " " + text} },
	func(a *iso.Answers, text string) { a.Users[2].PasswordHash = text },
	func(a *iso.Answers, text string) { a.Disk = iso.Disk{Model: text} },
	func(a *iso.Answers, text string) { a.Disk = iso.Disk{Serial: text} },
	func(a *iso.Answers, text string) { a.Timezone = text },
	func(a *iso.Answers, text string) { a.Locale = text },
	func(a *iso.Answers, text string) { a.Keyboard = text },
	func(a *iso.Answers, text string) { a.Networks[2].Device = text },
	func(a *iso.Answers, text string) { a.Network.Address = text },
	func(a *iso.Answers, text string) { a.NTP[0] = text },
	func(a *iso.Answers, text string) { a.Proxy = text },
	func(a *iso.Answers, text string) { a.Source = text },
	func(a *iso.Answers, text string) { a.Repositories[0].Name = text },
	func(a *iso.Answers, text string) { a.Repositories[0].URL = text },
	func(a *iso.Answers, text string) { a.Repositories[0].Suite = text },
	func(a *iso.Answers, text string) { a.Repositories[0].Key = text },
	func(a *iso.Answers, text string) { a.Packages[0] = text },
	func(a *iso.Answers, text string) { a.Services.Enable[0] = text },
	func(a *iso.Answers, text string) { a.RemoteLogging = text },
	func(a *iso.Answers, text string) { a.KernelArgs[0] = text },
	func(a *iso.Answers, text string) { a.PostInstall[0] = text },
}

var bareKey = strings.Join(strings.Fields(testKey)[:2], " ")

// FuzzRecipes shows that no accepted value breaks out of its place.
func FuzzRecipes(f *testing.F) {
	for place := range places {
		for _, nasty := range []string{
			"plain", "http://h/a?b=c&d=e", "a'b", `a"b`, "$(reboot)", "`id`", "a\nb", "a\n%end\n%pre", "%include /etc/shadow",
			"- x: y", "#", "\\", "a\\", "a\u2028b", "\x00", "é", "{{ .Callbacks }}", "a;b", "%end",
		} {
			f.Add(uint8(place), nasty)
		}
	}
	lines := strings.Count(render(f, "debian", rich(), callbacks())["preseed.cfg"], "\n")
	f.Fuzz(func(t *testing.T, place uint8, text string) {
		answers := rich() // with hashes in place of passwords, which take their time
		answers.RootPassword, answers.RootPasswordHash = "", testHash
		answers.Users[0].Password, answers.Users[0].PasswordHash = "", testHash
		places[int(place)%len(places)](&answers, text)
		if answers.Validate() != nil || !answers.Disk.Named() {
			return
		}
		checkKickstartShape(t, render(t, "rhel", answers, callbacks())["ks.cfg"])
		if strings.HasPrefix(answers.Packages[0], "@") {
			return
		}
		checkAutoinstall(t, answers, render(t, "ubuntu", answers, callbacks())["user-data"])
		debian := render(t, "debian", answers, callbacks())
		checkPreseedShape(t, debian["preseed.cfg"], lines)
		for name := range debian {
			if strings.HasSuffix(name, ".sh") && strings.Contains(debian[name], "\r") {
				t.Errorf("%s has a stray line break", name)
			}
		}
	})
}

// checkPreseedShape wants every line to be a comment or an answer, and no more of
// them than there are without nasty values.
func checkPreseedShape(t *testing.T, preseed string, most int) {
	t.Helper()
	for line := range strings.Lines(preseed) {
		fields := strings.Fields(line)
		owner := fields[0] == "#" || fields[0] == "d-i" || fields[0] == "tasksel" || fields[0] == "popularity-contest"
		if !owner || strings.HasSuffix(line, "\\\n") || !strings.HasSuffix(line, "\n") {
			t.Errorf("line %q", line)
		}
	}
	if lines := strings.Count(preseed, "\n"); lines > most {
		t.Errorf("%d lines, want at most %d:\n%s", lines, most, preseed)
	}
}

func checkKickstartShape(t *testing.T, ks string) {
	t.Helper()
	var sections []string
	for line := range strings.Lines(ks) {
		if strings.HasPrefix(strings.TrimSpace(line), "%") {
			sections = append(sections, strings.Fields(line)[0])
		}
	}
	want := []string{
		"%include", "%packages", "%end", "%pre", "%end", "%pre", "%end", "%pre-install", "%end", "%post", "%end",
		"%post", "%end", "%post", "%end", "%post", "%end", "%onerror", "%end",
	}
	if diff := cmp.Diff(want, sections); diff != "" {
		t.Errorf("sections (-want +got):\n%s\n%s", diff, ks)
	}
}

func checkAutoinstall(t *testing.T, answers iso.Answers, userData string) {
	t.Helper()
	var config struct {
		Autoinstall struct {
			Identity struct {
				Hostname string `json:"hostname"`
			} `json:"identity"`
			SSH struct {
				Keys []string `json:"authorized-keys"`
			} `json:"ssh"`
			Shutdown string `json:"shutdown"`
		} `json:"autoinstall"`
	}
	if err := yaml.UnmarshalStrict([]byte(userData), &map[string]any{}); err != nil {
		t.Fatalf("not YAML: %v\n%s", err, userData)
	}
	if err := yaml.Unmarshal([]byte(userData), &config); err != nil {
		t.Fatal(err)
	}
	a := config.Autoinstall
	if a.Identity.Hostname != answers.FQDN() || a.Shutdown != "poweroff" {
		t.Errorf("hostname %q, shutdown %q; want %q, poweroff", a.Identity.Hostname, a.Shutdown, answers.FQDN())
	}
	if diff := cmp.Diff(answers.Users[0].SSHKeys, a.SSH.Keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}
