package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// callbacks is the server that installers report to.
type callbacks struct {
	*httptest.Server

	mu       sync.Mutex
	received []string // method, path, type and body
	statuses []int    // of the next answers; then 204
}

func startCallbacks(t *testing.T, statuses ...int) *callbacks {
	t.Helper()
	c := &callbacks{statuses: statuses}
	c.Server = httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(c.Close)
	return c
}

func (c *callbacks) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.received = append(c.received, strings.Join([]string{r.Method, r.URL.Path, r.Header.Get("Content-Type"), string(body)}, " "))
	status := http.StatusNoContent
	if len(c.statuses) > 0 {
		status, c.statuses = c.statuses[0], c.statuses[1:]
	}
	w.WriteHeader(status)
}

func (c *callbacks) got() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.received)
}

// bootFromMedia inserts the images, one a slot, sets the boot override and switches on.
func bootFromMedia(t *testing.T, s *Server, images ...[]byte) (urls []string) {
	t.Helper()
	served := map[string][]byte{}
	for i, image := range images {
		served[fmt.Sprintf("%d.iso", i+1)] = image
	}
	base := serveImages(t, served)
	for i, image := range images {
		urls = append(urls, fmt.Sprintf("%s%d.iso", base, i+1))
		if image != nil {
			insert(t, s, i+1, urls[i])
		}
	}
	must(t, s, http.StatusOK, http.MethodPatch, systemURI, `{"Boot":{"BootSourceOverrideTarget":"Cd","BootSourceOverrideEnabled":"Once"}}`)
	eventually(t, "media", func() bool { return len(s.Media()) > 0 })
	reset(t, s, "On")
	return urls
}

const kickstartFixture = `# made for a test
text
cdrom
network --bootproto=static --device=eno1 --hostname=web-01.example.com
rootpw --iscrypted $6$not-to-be-shown
ignoredisk --only-use=sda
clearpart --all
autopart
poweroff

%%packages
@core
%%end

%%pre --interpreter=/usr/bin/bash
curl -sS --retry 5 -X POST -H 'Content-Type: application/json' -d '{"state":"started"}' %[1]s/cb/one || true
%%end

%%post --erroronfail
URL=%[1]s/cb
curl -fsS -X POST -H "Content-Type: application/json" \
  --data '{"state":"done"}' "$URL/two"
%%end

%%onerror
curl -d state=failed %[1]s/cb/three
%%end
`

func TestKickstartInstall(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	reports := startCallbacks(t)
	file := fmt.Sprintf(kickstartFixture, reports.URL)
	urls := bootFromMedia(t, s, bootISO(t), seedISO(t, "OEMDRV", map[string]string{"ks.cfg": file}))
	await(t, s, PowerState, "to", stateOff)

	want := []string{
		`POST /cb/one application/json {"state":"started"}`,
		`POST /cb/two application/json {"state":"done"}`,
	}
	if diff := cmp.Diff(want, reports.got()); diff != "" {
		t.Errorf("callbacks (-want +got):\n%s", diff)
	}
	sum := sha256.Sum256([]byte(file))
	installed, ok := s.Installed()
	wantInstalled := Installation{
		Hostname: "web-01.example.com", Family: "rhel", AnswerFile: hex.EncodeToString(sum[:]), VendorImage: urls[0],
	}
	if diff := cmp.Diff(wantInstalled, installed, cmpopts.IgnoreFields(Installation{}, "Time")); diff != "" || !ok {
		t.Errorf("installed %t (-want +got):\n%s", ok, diff)
	}
	wantKinds := []string{
		InsertMedia, InsertMedia, BootOverride, Reset, PowerOn, PowerState, PowerState, ImageRead, Boot, ImageRead,
		InstallStarted, InstallProgress, InstallRequest, InstallProgress, InstallProgress, InstallProgress, InstallProgress,
		InstallRequest, ImageRead, InstallDone, PowerOff, PowerState, PowerState,
	}
	if diff := cmp.Diff(wantKinds, kinds(s)); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	started := await(t, s, InstallStarted)
	if started.Detail["directives"] != "cdrom,rootpw,ignoredisk,clearpart,autopart" {
		t.Errorf("directives %q", started.Detail["directives"])
	}
	for _, e := range s.Journal() {
		if strings.Contains(fmt.Sprint(e), "not-to-be-shown") || (e.Kind == InstallRequest && strings.Contains(fmt.Sprint(e), "/cb/")) {
			t.Errorf("the journal shows a secret: %v", e)
		}
	}

	must(t, s, http.StatusNoContent, http.MethodPost, mediaURI+"/1"+ejectAt, `{}`)
	reset(t, s, "On")
	await(t, s, BootedFromDisk, "hostname", "web-01.example.com")
	if name := must(t, s, http.StatusOK, http.MethodGet, systemURI, "").body["HostName"]; name != "web-01.example.com" {
		t.Errorf("HostName is %v", name)
	}
}

func TestAutoinstall(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	reports := startCallbacks(t)
	file := strings.ReplaceAll(`#cloud-config
autoinstall:
  version: 1
  identity: {hostname: db-07, username: admin, password: "$6$not-to-be-shown"}
  early-commands:
    - curl -fsS -d state=started @/started
  late-commands:
    - [curl, -fsS, --json, '{"state": "it''s done"}', "@/done"]
    - curtin in-target --target=/target -- sh -c 'curl -s -XPUT @/inside'
  error-commands:
    - curl -d state=failed @/failed
`, "@", reports.URL)
	bootFromMedia(t, s, bootISO(t), seedISO(t, "cidata", map[string]string{"user-data": file, "meta-data": "{}"}))
	await(t, s, BootedFromDisk, "hostname", "db-07")
	want := []string{
		`POST /started application/x-www-form-urlencoded state=started`,
		`POST /done application/json {"state": "it's done"}`,
		`PUT /inside  `,
	}
	if diff := cmp.Diff(want, reports.got()); diff != "" {
		t.Errorf("callbacks (-want +got):\n%s", diff)
	}
	if installed, _ := s.Installed(); installed.Family != "ubuntu" {
		t.Errorf("family %q", installed.Family)
	}
}

func TestCallbackSurvivesServerRestart(t *testing.T) {
	t.Parallel()
	timing := quick
	timing.CallbackPatience = 100 * time.Millisecond
	s := startFleet(t, Config{Timing: timing}).Servers()[0]
	reports := startCallbacks(t, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusOK)
	dead := startCallbacks(t)
	dead.Close()
	ks := "%pre\ncurl -f --retry 3 " + reports.URL + "/retried\n%end\n%post\ncurl " + dead.URL + "/lost\n%end\n"
	bootFromMedia(t, s, bootISO(t), seedISO(t, "OEMDRV", map[string]string{"ks.cfg": ks}))
	await(t, s, InstallDone)
	if got := len(reports.got()); got != 3 {
		t.Errorf("%d calls, want 3", got)
	}
	await(t, s, InstallRequest, "status", "200")
	failed := await(t, s, InstallRequest, "host", strings.TrimPrefix(dead.URL, "http://"))
	if !strings.Contains(failed.Detail["error"], "refused") || strings.Contains(failed.Detail["error"], "/lost") {
		t.Errorf("lost call: %v", failed.Detail)
	}
}

// TestInstallFails lists what must end in a failed installation and an empty disk.
func TestInstallFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault    *Fault
		ks       string
		statuses []int
		reason   string
	}{
		"fault": {
			fault:  &Fault{Kind: FailInstall, Reason: "disk sda is dead", Count: 1},
			ks:     "poweroff\n%onerror\ncurl -d failed @/error\n%end\n",
			reason: "disk sda is dead",
		},
		"fatal script": {
			ks:       "%post --erroronfail\ncurl -f @/post\n%end\n%onerror\ncurl -d failed @/error\n%end\n",
			statuses: []int{http.StatusForbidden},
			reason:   "late commands: a command ended with status 22",
		},
		"unknown option": {
			ks:     "%pre --erroronfail\ncurl --upload-file x @/pre\n%end\n%onerror\ncurl -d failed @/error\n%end\n",
			reason: "early commands: a command ended with status 2",
		},
		"exit": {
			ks:     "%pre --erroronfail\nexit 3\n%end\n%onerror\ncurl -d failed @/error\n%end\n",
			reason: "early commands: a command ended with status 3",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startOne(t)
			if test.fault != nil {
				if err := s.Break(*test.fault); err != nil {
					t.Fatal(err)
				}
			}
			reports := startCallbacks(t, test.statuses...)
			ks := strings.ReplaceAll(test.ks, "@", reports.URL)
			bootFromMedia(t, s, bootISO(t), seedISO(t, "OEMDRV", map[string]string{"ks.cfg": ks}))
			await(t, s, InstallFailed, "reason", test.reason)
			eventually(t, "the error callback", func() bool {
				return slices.ContainsFunc(reports.got(), func(line string) bool { return strings.HasPrefix(line, "POST /error ") })
			})
			if _, ok := s.Installed(); ok || s.PowerState() != stateOn {
				t.Errorf("installed %t, power %s", ok, s.PowerState())
			}
		})
	}
}

func TestPowerOffStopsInstaller(t *testing.T) {
	t.Parallel()
	timing := quick
	timing.InstallStep = patience
	s := startFleet(t, Config{Timing: timing}).Servers()[0]
	bootFromMedia(t, s, bootISO(t), seedISO(t, "OEMDRV", map[string]string{"ks.cfg": "poweroff\n"}))
	await(t, s, InstallProgress)
	reset(t, s, "ForceOff")
	await(t, s, PowerState, "to", stateOff)
	if _, ok := s.Installed(); ok || has(s, InstallDone) || has(s, InstallFailed) {
		t.Errorf("installed %t; journal %v", ok, kinds(s))
	}
}

// TestPowerOffAfterTheLastCallback has a client cut the power as soon as the installer's
// last call is over: the system is on the disk by then.
func TestPowerOffAfterTheLastCallback(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	reports := startCallbacks(t)
	ks := "%post\ncurl -f " + reports.URL + " || true\nsync\n%end\n"
	bootFromMedia(t, s, bootISO(t), seedISO(t, "OEMDRV", map[string]string{"ks.cfg": ks}))
	await(t, s, InstallRequest)
	reset(t, s, "ForceOff")
	await(t, s, PowerState, "to", stateOff)
	await(t, s, InstallDone)
	if _, ok := s.Installed(); !ok {
		t.Errorf("not installed; journal %v", kinds(s))
	}
}

func TestEjectDuringInstallFails(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	gate := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-gate }))
	t.Cleanup(slow.Close)
	ks := "%pre\ncurl " + slow.URL + "\n%end\n"
	bootFromMedia(t, s, bootISO(t), seedISO(t, "OEMDRV", map[string]string{"ks.cfg": ks}))
	await(t, s, InstallStarted)
	must(t, s, http.StatusNoContent, http.MethodPost, mediaURI+"/1"+ejectAt, `{}`)
	close(gate)
	await(t, s, InstallFailed, "reason", "partition: the installation medium was removed")
}

// TestNeverInstalls lists media that boot or not, but must never count as installed.
func TestNeverInstalls(t *testing.T) {
	t.Parallel()
	image := bootISO(t)
	broken := func(change func(b []byte)) []byte {
		b := slices.Clone(image)
		change(b)
		return b
	}
	seed := func(label, name, data string) []byte { return seedISO(t, label, map[string]string{name: data}) }
	good := seed("OEMDRV", "ks.cfg", "poweroff\n")
	volume, err := openVolume(strings.NewReader(string(image)), int64(len(image)))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := volume.bootEntries()
	if err != nil {
		t.Fatal(err)
	}
	uefi := entries[1]
	tests := map[string]struct {
		boot, seed []byte
		kind       string
		reason     string
	}{
		"seed alone":      {nil, good, BootFailed, "no El Torito"},
		"not an ISO":      {make([]byte, 100*sector), good, BootFailed, "CD001"},
		"too short":       {image[:10*sector], good, BootFailed, "outside the image"},
		"not bootable":    {good, good, BootFailed, "no El Torito"},
		"bad catalogue":   {broken(func(b []byte) { b[volume.catalog*sector+4] ^= 1 }), good, BootFailed, "validation entry"},
		"cut boot image":  {image[:uefi.at+sector], good, BootFailed, "outside the image"},
		"zero boot image": {broken(func(b []byte) { clear(b[uefi.at : uefi.at+uefi.length]) }), good, BootFailed, "empty"},
		"BIOS only":       {broken(func(b []byte) { b[volume.catalog*sector+96] = 0 }), good, BootFailed, "boot mode UEFI"},
		"no seed":         {image, nil, InstallWaiting, "no answer file"},
		"wrong label":     {image, seed("SEED", "ks.cfg", "poweroff\n"), InstallWaiting, "no answer file"},
		"wrong name":      {image, seed("OEMDRV", "kickstart.cfg", "poweroff\n"), InstallWaiting, "no answer file"},
		"wrong for label": {image, seed("CIDATA", "ks.cfg", "poweroff\n"), InstallWaiting, "no answer file"},
		"empty kickstart": {image, seed("OEMDRV", "ks.cfg", " \n"), InstallWaiting, "empty"},
		"open section":    {image, seed("OEMDRV", "ks.cfg", "%post\necho\n"), InstallWaiting, "not ended by %end"},
		"bad user data":   {image, seed("CIDATA", "user-data", "autoinstall: ["), InstallWaiting, "not an autoinstall"},
		"broken seed":     {image, make([]byte, 20*sector), InstallWaiting, "CD001"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startOne(t)
			bootFromMedia(t, s, test.boot, test.seed)
			stopped := await(t, s, test.kind)
			if !strings.Contains(stopped.Detail["reason"], test.reason) {
				t.Errorf("reason %q, want %q", stopped.Detail["reason"], test.reason)
			}
			if _, ok := s.Installed(); ok || has(s, InstallStarted) {
				t.Errorf("installed %t; journal %v", ok, kinds(s))
			}
		})
	}
}

func TestLegacyBoot(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	must(t, s, http.StatusOK, http.MethodPatch, systemURI, `{"Boot":{"BootSourceOverrideMode":"Legacy"}}`)
	bootFromMedia(t, s, bootISO(t))
	await(t, s, Boot, "device", targetCd, "mode", modeLegacy)
}
