package boot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rackflow/rackflow/iso"
)

// release is the name of the one that the installer is of: its folder has the number.
func release(t *testing.T) string {
	t.Helper()
	path := strings.TrimPrefix(netboot(t, "linux"), filepath.Clean(*installers)+"/")
	switch number, _, _ := strings.Cut(path, "/"); number {
	case "12":
		return "bookworm"
	case "13":
		return "trixie"
	default:
		t.Skipf("the test knows no Debian %s: add its name here", number)
		return ""
	}
}

// TestDebianInstallation has the real installer of Debian install a server from a
// mirror, by our recipe as it is: it calls back with every step, takes the disk of
// the serial number and no other, and switches the machine off. Then the disk
// boots under its name, and calls back once more.
func TestDebianInstallation(t *testing.T) {
	onlyAll(t)
	needsInstaller(t, release(t))
	mirror := newRelay(t)
	events := make(chan string, 100)
	host := receiveEvents(t, mirror, events)
	base := openBase(t, isolinuxHybrid(t, debianTree(t)))
	img, err := base.Customize(installation(host))
	must(t, err)
	cd, disks := serve(t, img), newDiskPair(t)
	began := time.Now()
	machine := start(t, bios, append(disks.args(), cdrom(cd.cd)...)...)

	awaitEvents(t, machine, events, "started 0", "progress 10")
	t.Logf("after %v the disk is found", time.Since(began).Round(time.Second))
	awaitEvents(t, machine, events, "progress 90", "done 100")
	t.Logf("after %v the system is installed", time.Since(began).Round(time.Second))
	machine.wait(t)
	t.Logf("after %v the machine is off: %d requests and %d bytes went to the mirror, %d bytes came from the CD",
		time.Since(began).Round(time.Second), mirror.requests.Load(), mirror.bytes.Load(), cd.bytes.Load())
	disks.check(t)

	began = time.Now()
	machine = start(t, bios, disks.args()...)
	if !machine.until("srv-0042 ttyS0") {
		t.Error("the installed system does not greet with its name")
	}
	awaitEvents(t, machine, events, "booted 100")
	t.Logf("%v after that, the system has called", time.Since(began).Round(time.Second))
}

// installation has as few packages as make a system, but is else what the recipe
// makes of the answers.
func installation(host string) iso.Customization {
	return iso.Customization{
		Family: "debian",
		Answers: iso.Answers{
			Hostname: "srv-0042", Domain: "example.org", SSHKeys: []string{publicKey},
			Disk:        iso.Disk{Serial: "RF-0042"},
			Network:     &iso.Network{MAC: "52:54:00:12:34:56", Address: "10.0.2.42/24", Gateway: "10.0.2.2", DNS: []string{"10.0.2.3"}},
			Source:      host + "/debian",
			KernelArgs:  []string{"console=ttyS0", "no_timer_check"}, // which an emulator on a busy computer may fail
			Packages:    []string{"wget"},                            // which the standard system has, to call back with
			PostInstall: []string{"test -s /root/.ssh/authorized_keys"},
		},
		Callbacks: iso.Callbacks{
			Started: host + "/callback/started", Progress: host + "/callback/progress", Done: host + "/callback/done",
			Failed: host + "/callback/failed", Booted: host + "/callback/booted",
		},
		Templates: map[string]string{"preseed.cfg.append": `tasksel tasksel/first multiselect
d-i base-installer/install-recommends boolean false
d-i base-installer/initramfs-tools/driver-policy select dep
`},
	}
}

// receiveEvents is a server for one machine: it passes callbacks on as "done 100",
// and has a mirror. The address is the one that qemu's user network has for it.
func receiveEvents(tb testing.TB, mirror http.Handler, events chan<- string) string {
	tb.Helper()
	routes := http.NewServeMux()
	routes.Handle("GET /debian/", mirror)
	routes.HandleFunc("POST /callback/{event}", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Value int }
		if err := json.NewDecoder(io.LimitReader(r.Body, 4096)).Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		events <- fmt.Sprintf("%s %d", r.PathValue("event"), body.Value)
	})
	server := httptest.NewServer(routes)
	tb.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	must(tb, err)
	return "http://10.0.2.2:" + port
}

// awaitEvents waits for exactly these events, in this order.
func awaitEvents(t *testing.T, machine *console, events <-chan string, want ...string) {
	t.Helper()
	timeout := time.After(patience(t))
	for _, next := range want {
		select {
		case event := <-events:
			if event != next {
				t.Fatalf("the machine calls %q, want %q", event, next)
			}
		case <-machine.off:
			t.Fatalf("the machine went off before it called %q", next)
		case <-timeout:
			t.Fatalf("the machine does not call %q", next)
		}
	}
}

// diskPair are a machine's disks, the first of which is not to be touched.
type diskPair struct{ other, mine string }

func newDiskPair(tb testing.TB) diskPair {
	tb.Helper()
	const size = 12 << 30 // Debian's own layout wants 10 of them; the files have holes
	d := diskPair{filepath.Join(tb.TempDir(), "other.img"), filepath.Join(tb.TempDir(), "mine.img")}
	for _, path := range []string{d.other, d.mine} {
		writeFile(tb, path, nil)
		must(tb, os.Truncate(path, size))
	}
	return d
}

// args are qemu's. The disks are SATA's, as those of a BOSS card are.
func (d diskPair) args() []string {
	return []string{
		"-m", "2048", "-smp", "2",
		"-nic", "user,model=e1000,mac=52:54:00:12:34:56",
		"-drive", "if=none,id=other,format=raw,file=" + d.other, "-device", "ide-hd,drive=other,serial=RF-0041",
		"-drive", "if=none,id=mine,format=raw,cache=unsafe,file=" + d.mine, "-device", "ide-hd,drive=mine,serial=RF-0042,bootindex=2",
	}
}

// check says whether one disk alone has been written to.
func (d diskPair) check(t *testing.T) {
	t.Helper()
	const partitions = 1 << 20 // the table, and what boots in front of the first partition
	for path, want := range map[string]bool{d.other: false, d.mine: true} {
		file, err := os.Open(path)
		must(t, err)
		defer file.Close()
		begin := make([]byte, partitions)
		_, err = io.ReadFull(file, begin)
		must(t, err)
		if written := !bytes.Equal(begin, make([]byte, partitions)); written != want {
			t.Errorf("%s: written to is %v, want %v", filepath.Base(path), written, want)
		}
	}
}
