package iso_test

import (
	"strings"
	"testing"

	"github.com/rackflow/rackflow/iso"
)

// TestBooted has the installed system call at its first start, in all families that can.
func TestBooted(t *testing.T) {
	t.Parallel()
	const url = "http://192.0.2.1:8081/callback/abc/booted"
	families := map[string]bool{"rhel": true, "ubuntu": true, "debian": true, "agama": true}
	for _, family := range iso.Families() {
		recipe, err := iso.RecipeFor(family)
		if err != nil {
			t.Fatal(err)
		}
		if recipe.CallsAtBoot != families[family] {
			t.Errorf("%s: calls at boot %v", family, recipe.CallsAtBoot)
		}
		if !recipe.CallsAtBoot {
			continue
		}
		answers := iso.Answers{Hostname: "web-1", SSHKeys: []string{testKey}, Disk: iso.Disk{Path: "/dev/disk/by-id/x"}}
		for _, want := range []bool{true, false} {
			var callbacks iso.Callbacks
			if want {
				callbacks.Booted = url
			}
			files, err := recipe.Files(answers, callbacks)
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, content := range files {
				all.Write(content)
			}
			for _, part := range []string{url, "systemctl enable rackflow-booted.service", "/usr/local/sbin/rackflow-booted"} {
				if strings.Contains(all.String(), part) != want {
					t.Errorf("%s: %q is there: %v, want %v", family, part, !want, want)
				}
			}
		}
	}
	if err := (iso.Callbacks{Booted: "not a URL"}).Validate(); err == nil || !strings.Contains(err.Error(), "callbacks.booted") {
		t.Errorf("not a URL: %v", err)
	}
}
