package boot

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rackflow/rackflow/iso"
)

// Debian's boot configurations, as on its images.
const (
	debianGRUB = `set timeout=600
menuentry --hotkey=g 'Graphical install' {
    linux    /install.amd/vmlinuz vga=788 --- quiet
    initrd   /install.amd/gtk/initrd.gz
}
menuentry --hotkey=i 'Install' {
    linux    /install.amd/vmlinuz vga=788 --- quiet
    initrd   /install.amd/initrd.gz
}
`
	debianISOLINUX = `default installgui
timeout 0
label installgui
	menu label ^Graphical install
	menu default
	kernel /install.amd/vmlinuz
	append vga=788 initrd=/install.amd/gtk/initrd.gz --- quiet
label install
	menu label ^Install
	kernel /install.amd/vmlinuz
	append vga=788 initrd=/install.amd/initrd.gz --- quiet
`
)

// TestDebianInstaller has the real installer of Debian find our answers, call back
// and configure a static address without a question, and ask the mirror that the
// answers name for its packages.
func TestDebianInstaller(t *testing.T) {
	onlyAll(t)
	for _, f := range []firmware{bios, uefi} {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			base := openBase(t, isolinuxHybrid(t, debianTree(t)))
			calls := make(chan string, 100)
			receiver := receive(t, calls)
			img, err := base.Customize(debianDeployment(t, base, receiver))
			must(t, err)
			cd := serve(t, img)
			start(t, f, append(cdrom(cd.cd), "-nic", "user,model=e1000,mac=52:54:00:12:34:56")...)
			await(t, calls, "POST /early", "inet 10.0.2.42/24")
			await(t, calls, "GET /debian/dists/", "Release")
			t.Logf("%d of %d bytes were served, %d are stored", cd.bytes.Load(), img.Size(), img.Stored())
		})
	}
}

// debianTree is Debian's image, but for its packages.
func debianTree(tb testing.TB) string {
	tb.Helper()
	tree := tb.TempDir()
	for name, content := range map[string][]byte{
		".disk/info":              []byte(`Debian GNU/Linux 12.12.0 "Bookworm" - Official amd64 NETINST with firmware 20250906-10:22` + "\n"),
		"install.amd/vmlinuz":     readFile(tb, netboot(tb, "linux")),
		"install.amd/initrd.gz":   readFile(tb, netboot(tb, "initrd.gz")),
		"isolinux/isolinux.cfg":   []byte(debianISOLINUX),
		"boot/grub/grub.cfg":      []byte(debianGRUB),
		"EFI/BOOT/grub.cfg":       []byte(debianGRUB),
		"install.amd/gtk/missing": []byte("a kernel that is started with this entry panics\n"),
	} {
		writeFile(tb, filepath.Join(tree, name), content)
	}
	return tree
}

// netboot is the path of one of the installer's own files, of the newest release
// that there is.
func netboot(tb testing.TB, name string) string {
	tb.Helper()
	return installed(tb, "debian-installer-12-netboot-amd64", filepath.Join(*installers, "*/amd64/text/debian-installer/amd64", name))
}

// receive answers a machine's calls, with "not found" but to posts, and passes them on.
func receive(tb testing.TB, calls chan<- string) string {
	tb.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 4096))
		if err == nil && len(calls) < cap(calls) {
			calls <- fmt.Sprintf("%s %s %s", r.Method, r.URL.Path, body)
		}
		if r.Method != http.MethodPost {
			http.NotFound(w, r)
		}
	}))
	tb.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	must(tb, err)
	return "http://10.0.2.2:" + port // the host, as qemu's user network has it
}

// debianDeployment has a command of its own call as soon as there is a network:
// without packages the installer comes no further. In the background it must let
// go of debconf's files, whose end the installer waits for.
func debianDeployment(tb testing.TB, base *iso.Base, receiver string) iso.Customization {
	tb.Helper()
	system, err := base.Detect()
	must(tb, err)
	early := `(until wget -q -O /dev/null --post-data="$(ip -4 address)" ` + receiver + `/early; do sleep 1; done) </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- &`
	return iso.Customization{
		Family: system.Family,
		Answers: iso.Answers{
			Hostname: "srv-0042", Domain: "example.org", SSHKeys: []string{publicKey},
			Disk:       iso.Disk{Model: "BOSS"},
			Network:    &iso.Network{MAC: "52:54:00:12:34:56", Address: "10.0.2.42/24", Gateway: "10.0.2.2", DNS: []string{"10.0.2.3"}},
			Source:     receiver + "/debian",
			KernelArgs: []string{"console=ttyS0", "no_timer_check"}, // which an emulator on a busy computer may fail
		},
		Templates: map[string]string{"preseed.cfg.append": "d-i preseed/early_command string " + early + "\n"},
	}
}

// await waits for a call that has all the texts.
func await(t *testing.T, calls <-chan string, texts ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience(t))
	defer cancel()
	began := time.Now()
	for {
		select {
		case call := <-calls:
			missing := func(text string) bool { return !strings.Contains(call, text) }
			if !slices.ContainsFunc(texts, missing) {
				t.Logf("after %v: %s", time.Since(began).Round(time.Second), call)
				return
			}
		case <-ctx.Done():
			t.Fatalf("no call with %v came", texts)
		}
	}
}
