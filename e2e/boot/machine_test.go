package boot

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rackflow/rackflow/iso"
)

// patience is how long a machine may run, unless the test binary's own deadline
// comes before that. Emulated, an installer takes two minutes of a core's time:
// on a busy computer that is a multiple.
func patience(t *testing.T) time.Duration {
	t.Helper()
	const longest, toReport = 45 * time.Minute, 20 * time.Second
	if deadline, ok := t.Deadline(); ok {
		return min(longest, time.Until(deadline)-toReport)
	}
	return longest
}

// firmware is what starts the boot loader.
type firmware string

const (
	bios firmware = "BIOS"
	uefi firmware = "UEFI"
)

// args are qemu's arguments for a machine of this firmware.
func (f firmware) args(tb testing.TB) []string {
	tb.Helper()
	if f == bios {
		return []string{"-machine", "pc"}
	}
	code := installed(tb, "ovmf", "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/edk2/x64/OVMF_CODE.4m.fd")
	variables := filepath.Join(tb.TempDir(), "variables.fd")
	writeFile(tb, variables, readFile(tb, strings.Replace(code, "CODE", "VARS", 1)))
	return []string{
		"-machine", "q35",
		"-drive", "if=pflash,format=raw,readonly=on,file=" + code,
		"-drive", "if=pflash,format=raw,file=" + variables,
	}
}

// console is a machine's serial console while it runs.
type console struct {
	changed chan struct{} // closed when the machine is off
	off     chan struct{} // closed then, too, and never sent to

	mutex sync.Mutex
	text  strings.Builder
}

// cdrom are qemu's arguments for a machine that boots from a CD.
func cdrom(path string) []string {
	return []string{"-drive", "media=cdrom,readonly=on,format=raw,file=" + path, "-boot", "d"}
}

// start boots a machine. It is killed at the test's end.
func start(t *testing.T, f firmware, args ...string) *console {
	t.Helper()
	qemu := tool(t, "qemu-system-x86_64", "qemu-system-x86")
	ctx, cancel := context.WithTimeout(t.Context(), patience(t))
	args = append(append(f.args(t),
		"-accel", "tcg", "-cpu", "max", "-m", "1024", "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot",
	), args...)
	machine := exec.CommandContext(ctx, qemu, args...)
	out, err := machine.StdoutPipe()
	must(t, err)
	errors := &strings.Builder{}
	machine.Stderr = errors
	must(t, machine.Start())
	c := &console{changed: make(chan struct{}, 1), off: make(chan struct{})}
	go func() {
		defer close(c.off)
		c.record(out)
	}()
	t.Cleanup(func() {
		cancel()
		<-c.off
		_ = machine.Wait() // it was killed, or its end has been seen
		if t.Failed() {
			t.Logf("%s: %s\nthe console ended with:\n%s", f, errors, tail(c.String()))
		}
	})
	return c
}

// record keeps what the machine prints.
func (c *console) record(out io.Reader) {
	defer close(c.changed)
	const longest = 1 << 20 // boot menus draw without line breaks
	in := bufio.NewScanner(out)
	in.Buffer(nil, longest)
	for in.Scan() {
		c.mutex.Lock()
		c.text.WriteString(in.Text() + "\n")
		c.mutex.Unlock()
		select {
		case c.changed <- struct{}{}:
		default: // nobody has looked since the last line
		}
	}
}

// String is what has been printed so far.
func (c *console) String() string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.text.String()
}

// until waits for the text, and says whether it came before the machine was off.
func (c *console) until(text string) bool {
	for range c.changed {
		if strings.Contains(c.String(), text) {
			return true
		}
	}
	return strings.Contains(c.String(), text)
}

// wait is for a machine that is about to switch itself off.
func (c *console) wait(t *testing.T) {
	t.Helper()
	select {
	case <-c.off:
	case <-time.After(5 * time.Minute):
		t.Fatal("the machine does not switch itself off")
	}
}

// reports are the values that the guest has told, by their keys.
func (c *console) reports() map[string]string {
	reports := make(map[string]string)
	for line := range strings.Lines(c.String()) {
		if _, report, ok := strings.Cut(strings.TrimSpace(line), "REPORT "); ok {
			key, value, _ := strings.Cut(report, " ")
			if sum, file, ok := strings.Cut(value, "  "); ok {
				key, value = key+" "+file, sum
			}
			reports[key] = value
		}
	}
	return reports
}

func tail(text string) string {
	const most = 6000
	return text[max(0, len(text)-most):]
}

// served is an image on an HTTP server.
type served struct {
	cd    string // what qemu is to open
	bytes atomic.Int64
}

// serve puts an image where qemu can read it: on an HTTP server, ranges and all,
// or in a file where qemu has no client.
func serve(tb testing.TB, img *iso.Image) *served {
	tb.Helper()
	s := &served{}
	if clients, err := filepath.Glob("/usr/lib/*/qemu/block-curl.so"); err != nil || len(clients) == 0 {
		tb.Log("qemu reads the image from a file: install Debian's qemu-block-extra to have it read by HTTP")
		s.cd = filepath.Join(tb.TempDir(), "image.iso")
		file, err := os.Create(s.cd)
		must(tb, err)
		_, err = img.WriteTo(file)
		must(tb, err)
		must(tb, file.Close())
		return s
	}
	modified := time.Now()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"`+img.ETag()+`"`)
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(&counted{w, &s.bytes}, r, "", modified, io.NewSectionReader(img, 0, img.Size()))
	}))
	tb.Cleanup(server.Close)
	s.cd = server.URL + "/image.iso"
	return s
}

// counted counts the bytes of the answers' bodies.
type counted struct {
	http.ResponseWriter

	bytes *atomic.Int64
}

func (w *counted) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.bytes.Add(int64(n))
	return n, err //nolint:wrapcheck // it is the writer's own
}
