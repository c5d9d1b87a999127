package activities_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDeployRackHD(t *testing.T) {
	t.Parallel()
	d := newDeployDevice(t)
	got := d.run(t, "Job.Deploy.RackHD", map[string]any{
		"version": "9", "repo": "http://172.31.128.1:9090/rhel.iso", "families": []any{"rhel"},
		"rootPassword": d.seal(t, password), "hostname": "web-1", "domain": "example.com", "installDisk": "/dev/sda", "kvm": true,
		"users":          []any{map[string]any{"name": "ops", "password": d.seal(t, password), "uid": 1010.0, "sshKey": "ssh-ed25519 AAAA ops"}},
		"networkDevices": []any{map[string]any{"device": "eno1", "ipv4": map[string]any{"ipAddr": "192.0.2.10", "netmask": "255.255.255.0", "gateway": "192.0.2.1"}}},
		"answers":        map[string]any{"keyboard": "de", "domain": "lab.example.com"},
		"deploy":         map[string]any{"callbacks": false},
	})
	deploy, _ := got["deploy"].(map[string]any)
	answers, _ := deploy["answers"].(map[string]any)
	users, _ := answers["users"].([]any)
	user, _ := users[0].(map[string]any)
	for _, secret := range []any{answers["rootPassword"], user["password"]} {
		if text, _ := secret.(string); !strings.HasPrefix(text, "sealed:") {
			t.Errorf("a password came out as %v", secret)
		}
	}
	delete(answers, "rootPassword")
	delete(user, "password")
	want := map[string]any{
		"image": "rhel.iso", "family": "rhel", "callbacks": false, "answers": map[string]any{
			"hostname": "web-1", "domain": "lab.example.com", "disk": "/dev/sda", "kvm": true, "keyboard": "de",
			"users":    []any{map[string]any{"name": "ops", "uid": 1010.0, "sshKeys": []any{"ssh-ed25519 AAAA ops"}}},
			"networks": []any{map[string]any{"device": "eno1", "addresses": []any{"192.0.2.10/24"}, "gateway": "192.0.2.1"}},
		},
	}
	if diff := cmp.Diff(want, deploy); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

// TestDeployRackHDImages tells an image by what RackHD's repo says.
func TestDeployRackHDImages(t *testing.T) {
	t.Parallel()
	d := newDeployDevice(t)
	for name, c := range map[string]struct{ options, want map[string]any }{
		"by its name":        {map[string]any{"repo": "image:rhel.iso"}, map[string]any{"image": "rhel.iso", "source": nil}},
		"the end of a path":  {map[string]any{"repo": "/common/rhel.iso/"}, map[string]any{"image": "rhel.iso", "source": nil}},
		"beside a real repo": {map[string]any{"repo": "http://mirror/9", "image": "rhel.iso"}, map[string]any{"image": "rhel.iso", "source": "http://mirror/9"}},
	} {
		c.options["hostname"] = "web-1"
		got := d.run(t, "Job.Deploy.RackHD", c.options)
		deploy, _ := got["deploy"].(map[string]any)
		answers, _ := deploy["answers"].(map[string]any)
		if diff := cmp.Diff(c.want, map[string]any{"image": deploy["image"], "source": answers["source"]}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDeployRackHDRefuses(t *testing.T) {
	t.Parallel()
	d := newDeployDevice(t)
	for says, options := range map[string]map[string]any{
		"option repo is required":   {"hostname": "web-1"},
		"images folder":             {"repo": "http://mirror/centos/7/os/x86_64"},
		"family rhel, not ubuntu":   {"repo": "rhel.iso", "families": []any{"ubuntu"}},
		"installs suse or agama":    {"repo": "rhel.iso", "families": []any{"suse", "agama"}},
		"version 9.4":               {"repo": "rhel.iso", "version": "7.2"},
		`unknown field "hostnmae"`:  {"repo": "rhel.iso", "hostnmae": "web-1"},
		"installDisk":               {"repo": "rhel.iso", "installDisk": 0.0},
		"answers: want an object":   {"repo": "rhel.iso", "answers": "x"},
		"option repo should be str": {"repo": 7.0},
	} {
		d.refuse(t, "Job.Deploy.RackHD", options, says)
	}
	d.run(t, "Job.Deploy.RackHD", map[string]any{"repo": "rhel.iso", "version": "trusty"})
}
