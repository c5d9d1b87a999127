package bmc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	simpleURI = updateURI + "/Actions/UpdateService.SimpleUpdate"
	pushURI   = updateURI + "/MultipartUpload"
)

func TestSimpleUpdate(t *testing.T) {
	t.Parallel()
	const image = "http://10.0.0.5:8081/fw/secret-token/BIOS_2.2.0.EXE"
	cases := []struct {
		name    string
		update  FirmwareUpdate
		answer  answer
		outcome Outcome
		says    string
		body    object
	}{
		{"at once", FirmwareUpdate{Image: image}, accepted(jid), Done, "", object{
			"ImageURI": image, "TransferProtocol": "HTTP", "@Redfish.OperationApplyTime": "Immediate",
		}},
		{"staged, one target", FirmwareUpdate{Image: image, Targets: []string{firmwareURI + "/" + biosFirmware}, Apply: ApplyOnReset}, accepted(jid), Done, "", object{
			"ImageURI": image, "TransferProtocol": "HTTP", "@Redfish.OperationApplyTime": "OnReset", "Targets": []any{firmwareURI + "/" + biosFirmware},
		}},
		{"refused", FirmwareUpdate{Image: image}, answer{status: 400, body: object{"error": object{"@Message.ExtendedInfo": []object{
			{"MessageId": "IDRAC.2.8.SUP0110", "Message": "cannot read " + image},
		}}}}, Permanent, "http://10.0.0.5:8081/… (SUP0110)", nil},
		{"lost", FirmwareUpdate{Image: image}, answer{drop: true}, Unknown, "update firmware", nil},
		{"no URL", FirmwareUpdate{Image: "BIOS.EXE"}, answer{}, Permanent, "not given by a URL", nil},
		{"credentials", FirmwareUpdate{Image: "http://u:" + secret + "@h/x"}, answer{}, Permanent, "carries credentials", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := withFirmware(t)
			f.on("POST "+simpleURI, func(object) answer { return c.answer })
			job, err := f.connect(t).StartSimpleUpdate(t.Context(), c.update)
			wantError(t, err, c.outcome, c.says)
			if err != nil && strings.Contains(err.Error(), "secret-token") {
				t.Errorf("the image's path is in %v", err)
			}
			if (job == jid) != (c.outcome == Done) {
				t.Errorf("job %q", job)
			}
			if c.body != nil {
				if diff := cmp.Diff(c.body, f.seen("POST " + simpleURI)[0].body); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestSimpleUpdateProtocol(t *testing.T) {
	t.Parallel()
	f := withFirmware(t)
	f.edit(updateURI, object{"Actions": object{"#UpdateService.SimpleUpdate": object{"target": simpleURI, "TransferProtocol@Redfish.AllowableValues": []string{"HTTPS"}}}})
	_, err := f.connect(t).StartSimpleUpdate(t.Context(), FirmwareUpdate{Image: "http://h/x"})
	wantError(t, err, Permanent, "over HTTP", "[HTTPS]")
}

func content(text string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

// receiver takes uploads in front of a fake.
type receiver struct {
	*httptest.Server

	parameters, file, name atomic.Value // strings
	bytes                  atomic.Int64
	requests               atomic.Int64
	refuse                 atomic.Int64 // so many uploads with 401
}

// receive serves the fake's documents and takes uploads itself.
func receive(t *testing.T, f *fake) *receiver {
	t.Helper()
	r := new(receiver)
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != pushURI {
			f.ServeHTTP(w, req)
			return
		}
		r.requests.Add(1)
		if r.refuse.Add(-1) >= 0 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if err := r.take(req); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Location", taskMonitorsURI+"/"+jid)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) take(req *http.Request) error {
	if req.ContentLength <= 0 {
		return errors.New("no length")
	}
	_, params, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	parts := multipart.NewReader(req.Body, params["boundary"])
	first, err := parts.NextPart()
	if err != nil {
		return err
	}
	parameters, _ := io.ReadAll(first)
	r.parameters.Store(first.FormName() + " " + first.Header.Get("Content-Type") + " " + string(parameters))
	second, err := parts.NextPart()
	if err != nil {
		return err
	}
	var start bytes.Buffer
	n, err := io.Copy(&start, io.LimitReader(second, 100))
	if err != nil {
		return err
	}
	rest, err := io.Copy(io.Discard, second)
	if err != nil {
		return err
	}
	r.bytes.Store(n + rest)
	r.name.Store(second.FormName() + " " + second.FileName())
	r.file.Store(start.String())
	return nil
}

func (r *receiver) connect(t *testing.T, f *fake) *BMC {
	t.Helper()
	cfg := f.config()
	cfg.Endpoint, cfg.Fingerprint = r.URL, pinOf(r.Certificate()).String()
	b, err := Connect(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	b.pace = quickPace()
	return b
}

func TestMultipartUpdate(t *testing.T) {
	t.Parallel()
	f := withFirmware(t)
	r := receive(t, f)
	r.refuse.Store(1) // the session has ended
	opened := 0
	file := FirmwareFile{Name: "BIOS_2.2.0.EXE", Size: 7, Open: func() (io.ReadCloser, error) {
		opened++
		return content("package")()
	}}
	job, err := r.connect(t, f).StartMultipartUpdate(t.Context(), file, []string{firmwareURI + "/" + biosFirmware}, ApplyOnReset)
	if err != nil || job != jid {
		t.Fatalf("job %q, %v", job, err)
	}
	want := `UpdateParameters application/json {"@Redfish.OperationApplyTime":"OnReset","Targets":["` + firmwareURI + "/" + biosFirmware + `"]}`
	if got := r.parameters.Load(); got != want {
		t.Errorf("parameters %s, want %s", got, want)
	}
	if r.name.Load() != "UpdateFile BIOS_2.2.0.EXE" || r.file.Load() != "package" || r.requests.Load() != 2 || opened != 2 {
		t.Errorf("%v, %v, %d requests, opened %d times", r.name.Load(), r.file.Load(), r.requests.Load(), opened)
	}
}

func TestMultipartUpdateFails(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		file FirmwareFile
		says string
	}{
		{"shorter than said", FirmwareFile{Name: "a.exe", Size: 10, Open: content("package")}, "length is not the one"},
		{"longer than said", FirmwareFile{Name: "a.exe", Size: 5, Open: content("package")}, "length is not the one"},
		{"not there", FirmwareFile{Name: "a.exe", Size: 5, Open: func() (io.ReadCloser, error) { return nil, errors.New("gone") }}, "cannot be opened"},
		{"no size", FirmwareFile{Name: "a.exe", Open: content("")}, "no file to send"},
		{"no content", FirmwareFile{Name: "a.exe", Size: 5}, "no file to send"},
		{"a name that breaks its header", FirmwareFile{Name: "a\"\r\nX: y", Size: 7, Open: content("package")}, "no file to send"},
		{"a path", FirmwareFile{Name: "../a.exe", Size: 7, Open: content("package")}, "no file to send"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := withFirmware(t)
			r := receive(t, f)
			_, err := r.connect(t, f).StartMultipartUpdate(t.Context(), c.file, nil, "")
			wantError(t, err, Permanent, c.says)
			if r.file.Load() != nil {
				t.Error("the BMC took it for complete")
			}
		})
	}
}

func TestMultipartUpdateNotOffered(t *testing.T) {
	t.Parallel()
	f := withFirmware(t)
	f.edit(updateURI, object{"MultipartHttpPushUri": nil})
	_, err := f.connect(t).StartMultipartUpdate(t.Context(), FirmwareFile{Name: "a", Size: 1, Open: content("x")}, nil, "")
	wantError(t, err, Permanent, "takes no uploads")
}

// zeros reads as so many zeros.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	clear(p[:n])
	z.left -= n
	return int(n), nil
}

// TestMultipartUpdateAtConstantMemory must not run beside other tests, whose memory it
// would measure.
func TestMultipartUpdateAtConstantMemory(t *testing.T) {
	const bound = 64 << 20
	size := int64(1 << 30)
	if testing.Short() {
		size = 2 * bound
	}
	f := withFirmware(t)
	r := receive(t, f)
	b := r.connect(t, f)
	file := FirmwareFile{Name: "big.d9", Size: size, Open: func() (io.ReadCloser, error) { return io.NopCloser(&zeros{size}), nil }}
	ctx, stop := context.WithCancel(t.Context())
	peak := watchHeap(ctx)
	_, err := b.StartMultipartUpdate(ctx, file, nil, ApplyImmediate)
	stop()
	if err != nil {
		t.Fatal(err)
	}
	if got := <-peak; got > bound {
		t.Errorf("%d MiB of heap for a file of %d MiB", got>>20, size>>20)
	}
	if got := r.bytes.Load(); got != size {
		t.Errorf("%d bytes arrived", got)
	}
}

// watchHeap sends the largest heap seen until ctx ends.
func watchHeap(ctx context.Context) <-chan uint64 {
	peak := make(chan uint64, 1)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		var stats runtime.MemStats
		var most uint64
		for {
			runtime.ReadMemStats(&stats)
			most = max(most, stats.HeapInuse)
			select {
			case <-tick.C:
			case <-ctx.Done():
				peak <- most
				return
			}
		}
	}()
	return peak
}

func TestCheckStaged(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, state string
		outcome     Outcome
		says        string
	}{
		{"staged", "Scheduled", Done, ""},
		{"done", "Completed", Done, ""},
		{"fetching", "Downloading", Busy, "still under way"},
		{"failed", "Failed", Permanent, "failed"},
		{"vanished", "", Permanent, "is gone"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := withFirmware(t)
			jobs := []object{{"Id": "JID_1", "JobState": "Completed"}}
			if c.state != "" {
				jobs = append(jobs, object{"Id": jid, "JobState": c.state})
			}
			f.addJobs(jobs...)
			wantError(t, f.connect(t).CheckStaged(t.Context(), jid), c.outcome, c.says)
		})
	}
}
