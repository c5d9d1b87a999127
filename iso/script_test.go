package iso_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/iso"
)

// runScript runs a script with stand-ins for programs, each of which prints its
// own name and arguments; those named in failing fail.
func runScript(t *testing.T, script string, failing ...string) (string, error) {
	t.Helper()
	shell, dir := lookPath(t, "sh"), t.TempDir()
	for _, name := range []string{"wget", "curl", "in-target", "mkdir"} {
		stub := "#!/bin/sh\nfor last; do :; done\necho \"" + name + " $last\"\n"
		for _, fails := range failing {
			if fails == name {
				stub += "exit 1\n"
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(stub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), shell, "-c", script)
	cmd.Env = append(os.Environ(), "PATH="+dir+":/usr/bin:/bin")
	out, err := cmd.Output()
	return string(out), err
}

// TestDebianReportsTheOutcome runs the last script of the installer.
func TestDebianReportsTheOutcome(t *testing.T) {
	t.Parallel()
	answers := minimal()
	answers.Disk = iso.Disk{Serial: "A"}
	answers.SSHKeys, answers.RootPasswordHash = nil, testHash
	answers.PostInstall = []string{"true", "false"}
	script := render(t, "debian", answers, callbacks())["rackflow-late.sh"]
	const base = "wget http://192.0.2.9:8081/callback/tok3n/"
	tests := map[string]struct {
		failing []string
		want    string
		ok      bool
	}{
		"all well":       {nil, base + "progress\nin-target true\nin-target false\n" + base + "done\n", true},
		"no network":     {[]string{"wget"}, base + "progress\nin-target true\nin-target false\n" + base + "done\n", true},
		"command failed": {[]string{"in-target"}, base + "progress\nin-target true\n" + base + "failed\n", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := runScript(t, script, test.failing...)
			if (err == nil) != test.ok {
				t.Errorf("error is %v", err)
			}
			if diff := cmp.Diff(test.want, strings.ReplaceAll(got, "-c ", "")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestScriptsAreShell has a shell read every script without running it.
func TestScriptsAreShell(t *testing.T) {
	t.Parallel()
	shell := lookPath(t, "sh")
	var scripts []string
	for _, answers := range []iso.Answers{full(), rich(), partitioned()} {
		scripts = append(scripts, kickstartScripts(render(t, "rhel", answers, callbacks())["ks.cfg"])...)
		debian := render(t, "debian", answers, callbacks())
		scripts = append(scripts, debian["rackflow-disk.sh"], debian["rackflow-late.sh"])
		answers.Partitions = nil
		for _, commands := range autoinstallCommands(t, render(t, "ubuntu", answers, callbacks())["user-data"]) {
			scripts = append(scripts, commands...)
		}
	}
	for _, script := range scripts {
		cmd := exec.CommandContext(t.Context(), shell, "-n")
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s\n%s", err, out, script)
		}
	}
	if len(scripts) < 40 {
		t.Errorf("%d scripts were found: the search is broken", len(scripts))
	}
}

func kickstartScripts(ks string) []string {
	var scripts []string
	for section := range strings.SplitSeq(ks, "\n%") {
		name, script, _ := strings.Cut(section, "\n")
		if strings.HasPrefix(name, "p") && !strings.HasPrefix(name, "packages") || name == "onerror" {
			scripts = append(scripts, script)
		}
	}
	return scripts
}

func TestKickstartIsValid(t *testing.T) {
	t.Parallel()
	validator := lookPath(t, "ksvalidator")
	for _, answers := range []iso.Answers{minimal(), full(), rich(), partitioned()} {
		file := filepath.Join(t.TempDir(), "ks.cfg")
		if err := os.WriteFile(file, []byte(render(t, "rhel", answers, callbacks())["ks.cfg"]), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, version := range []string{"RHEL8", "RHEL9"} {
			if out, err := exec.CommandContext(t.Context(), validator, "-v", version, file).CombinedOutput(); err != nil {
				t.Errorf("%s: %v: %s", version, err, out)
			}
		}
	}
}

func TestPreseedIsValid(t *testing.T) {
	t.Parallel()
	validator := lookPath(t, "debconf-set-selections")
	for _, answers := range []iso.Answers{full(), rich(), partitioned()} {
		cmd := exec.CommandContext(t.Context(), validator, "--checkonly")
		cmd.Stdin = strings.NewReader(render(t, "debian", answers, callbacks())["preseed.cfg"])
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%v: %s", err, out)
		}
	}
}
