package api_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/api"
)

const (
	mediaToken = "Zm9v-unguessable_0123456789abcdef"
	mediaPath  = "/media/" + mediaToken + "/srv-0042.iso"
)

// mediaContent is 10,000 bytes in which every place can be told from the next.
func mediaContent() []byte {
	var out bytes.Buffer
	for n := range 2000 {
		fmt.Fprintf(&out, "%05d", n)
	}
	return out.Bytes()
}

// mediaFake is both source and sink.
type mediaFake struct {
	content io.ReaderAt
	openErr error
	sinkErr error

	mu     sync.Mutex
	closed int
	events []string
}

func (f *mediaFake) OpenMedia(_ context.Context, token string) (*api.MediaFile, error) {
	if f.openErr != nil {
		return nil, f.openErr
	}
	if token != mediaToken {
		return nil, fmt.Errorf("token %s: %w", token, fs.ErrNotExist)
	}
	return &api.MediaFile{
		Content:  f.content,
		Size:     int64(len(mediaContent())),
		Modified: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
		ETag:     `"5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"`,
		Close: func() error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.closed++
			return errors.New("close " + token)
		},
	}, nil
}

func (f *mediaFake) InstallerEvent(_ context.Context, token, event string, detail []byte) error {
	if f.sinkErr != nil {
		return f.sinkErr
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, token+" "+event+" "+string(detail))
	return nil
}

// lockedBuffer is a log that several requests may write to.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// startMedia serves fake as the product does and returns the server's URL and
// its log.
func startMedia(t *testing.T, fake *mediaFake) (string, *lockedBuffer) {
	t.Helper()
	if fake.content == nil {
		fake.content = bytes.NewReader(mediaContent())
	}
	log := &lockedBuffer{}
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server := httptest.NewUnstartedServer(nil)
	server.Config = api.NewMediaServer(api.NewMediaHandler(fake, fake, logger))
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, log
}

// answer is the part of a response that tests compare.
type answer struct {
	Status       int
	Length       int64
	ContentRange string
	Body         string
}

func do(t *testing.T, method, url string, header map[string]string, body io.Reader) (answer, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.ContentLength, resp.Header.Get("Content-Range"), string(content)}, resp.Header
}

func TestMediaRanges(t *testing.T) {
	t.Parallel()
	url, _ := startMedia(t, &mediaFake{})
	all := string(mediaContent())
	whole := answer{200, 10000, "", all}
	part := func(from, to int) answer {
		return answer{206, int64(to - from + 1), fmt.Sprintf("bytes %d-%d/10000", from, to), all[from : to+1]}
	}
	tests := map[string]struct {
		header map[string]string
		want   answer
	}{
		"none":                  {nil, whole},
		"first":                 {map[string]string{"Range": "bytes=0-2047"}, part(0, 2047)},
		"one byte":              {map[string]string{"Range": "bytes=0-0"}, part(0, 0)},
		"last byte":             {map[string]string{"Range": "bytes=9999-9999"}, part(9999, 9999)},
		"middle":                {map[string]string{"Range": "bytes=4096-6143"}, part(4096, 6143)},
		"open-ended":            {map[string]string{"Range": "bytes=9000-"}, part(9000, 9999)},
		"from 0, open-ended":    {map[string]string{"Range": "bytes=0-"}, part(0, 9999)},
		"suffix":                {map[string]string{"Range": "bytes=-100"}, part(9900, 9999)},
		"suffix beyond start":   {map[string]string{"Range": "bytes=-20000"}, part(0, 9999)},
		"beyond end":            {map[string]string{"Range": "bytes=9990-131071"}, part(9990, 9999)},
		"several":               {map[string]string{"Range": "bytes=0-1,4-5"}, whole},
		"other unit":            {map[string]string{"Range": "lines=0-1"}, whole},
		"malformed":             {map[string]string{"Range": "bytes=x"}, whole},
		"fresh If-None-Match":   {map[string]string{"If-None-Match": "*"}, whole},
		"fresh If-Modified":     {map[string]string{"If-Modified-Since": "Sun, 22 Nov 2026 13:00:00 GMT"}, whole},
		"stale If-Match":        {map[string]string{"If-Match": `"other"`}, whole},
		"stale If-Unmodified":   {map[string]string{"If-Unmodified-Since": "Sun, 22 Nov 2020 13:00:00 GMT"}, whole},
		"stale If-Range":        {map[string]string{"If-Range": `"other"`, "Range": "bytes=0-0"}, part(0, 0)},
		"wants it compressed":   {map[string]string{"Accept-Encoding": "gzip"}, whole},
		"wants another type":    {map[string]string{"Accept": "text/html"}, whole},
		"client's known header": {map[string]string{"User-Agent": `httpfs2.c 0.1.5 "The Message"`, "Range": "bytes=0-1"}, part(0, 1)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := do(t, http.MethodGet, url+mediaPath, test.header, nil)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMediaRangeNotSatisfiable(t *testing.T) {
	t.Parallel()
	url, _ := startMedia(t, &mediaFake{})
	for _, wrong := range []string{"bytes=10000-", "bytes=20000-20001"} {
		got, _ := do(t, http.MethodGet, url+mediaPath, map[string]string{"Range": wrong}, nil)
		if got.Status != http.StatusRequestedRangeNotSatisfiable || got.ContentRange != "bytes */10000" {
			t.Errorf("%s: status %d, Content-Range %q; want 416, bytes */10000", wrong, got.Status, got.ContentRange)
		}
	}
}

func TestMediaHead(t *testing.T) {
	t.Parallel()
	url, _ := startMedia(t, &mediaFake{})
	for _, header := range []map[string]string{nil, {"Range": "bytes=0-0"}, {"If-None-Match": "*"}} {
		got, fields := do(t, http.MethodHead, url+mediaPath, header, nil)
		if diff := cmp.Diff(answer{200, 10000, "", ""}, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", header, diff)
		}
		if fields.Get("Accept-Ranges") != "bytes" {
			t.Errorf("Accept-Ranges is %q, want bytes", fields.Get("Accept-Ranges"))
		}
	}
}

// TestMediaHeaderSize reads answers as the BMC's client does: raw, with one
// fixed buffer for the whole header and no patience for other spellings.
func TestMediaHeaderSize(t *testing.T) {
	t.Parallel()
	url, _ := startMedia(t, &mediaFake{})
	for _, request := range []string{
		"HEAD " + mediaPath + " HTTP/1.1\r\nHost: 192.0.2.9\r\n\r\n",
		"GET " + mediaPath + " HTTP/1.1\r\nHost: 192.0.2.9\r\nRange: bytes=0-131071\r\n\r\n",
		"GET " + mediaPath + " HTTP/1.1\r\nHost: 192.0.2.9\r\nRange: bytes=20000-\r\n\r\n",
		"GET /media/unknown/x.iso HTTP/1.1\r\nHost: 192.0.2.9\r\n\r\n",
	} {
		header := rawHeader(t, strings.TrimPrefix(url, "http://"), request)
		if len(header) >= 512 {
			t.Errorf("header has %d bytes, want less than 512:\n%s", len(header), header)
		}
		if !strings.HasPrefix(header, "HTTP/1.1 ") || !strings.Contains(header, "\r\nContent-Length: ") {
			t.Errorf("header lacks what the client looks for:\n%s", header)
		}
		for _, unwanted := range []string{"Set-Cookie", "Location", "Content-Encoding", "Transfer-Encoding"} {
			if strings.Contains(header, unwanted) {
				t.Errorf("header has %s:\n%s", unwanted, header)
			}
		}
	}
}

func rawHeader(t *testing.T, address, request string) string {
	t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	var header strings.Builder
	reader := bufio.NewReader(conn)
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		header.WriteString(line)
		if line == "\r\n" {
			return header.String()
		}
	}
}

func TestMediaPaths(t *testing.T) {
	t.Parallel()
	url, _ := startMedia(t, &mediaFake{})
	tests := map[string]struct {
		method, path string
		want         int
	}{
		"iso":              {http.MethodGet, "/media/" + mediaToken + "/a.iso", 200},
		"img":              {http.MethodGet, "/media/" + mediaToken + "/a_b-C.1.img", 200},
		"other extension":  {http.MethodGet, "/media/" + mediaToken + "/a.sh", 404},
		"no name":          {http.MethodGet, "/media/" + mediaToken + "/.iso", 404},
		"no file":          {http.MethodGet, "/media/" + mediaToken, 404},
		"deeper":           {http.MethodGet, "/media/" + mediaToken + "/a/b.iso", 404},
		"escaped slash":    {http.MethodGet, "/media/" + mediaToken + "/..%2Fb.iso", 404},
		"unknown token":    {http.MethodGet, "/media/unknown/a.iso", 404},
		"odd token":        {http.MethodGet, "/media/a%2F..%2Fb/a.iso", 404},
		"long token":       {http.MethodGet, "/media/" + strings.Repeat("a", 201) + "/a.iso", 404},
		"root":             {http.MethodGet, "/", 404},
		"write":            {http.MethodPut, mediaPath, 405},
		"read an event":    {http.MethodGet, "/callback/" + mediaToken + "/done", 405},
		"unknown event":    {http.MethodPost, "/callback/" + mediaToken + "/exploded", 404},
		"event, odd token": {http.MethodPost, "/callback/a.b/done", 404},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, _ := do(t, test.method, url+test.path, nil, nil); got.Status != test.want {
				t.Errorf("status %d, want %d", got.Status, test.want)
			}
		})
	}
}

func TestMediaIsClosed(t *testing.T) {
	t.Parallel()
	fake := &mediaFake{content: bytes.NewReader(mediaContent())}
	handler := api.NewMediaHandler(fake, fake, slog.New(slog.DiscardHandler))
	for _, ranges := range []string{"", "bytes=0-0", "bytes=20000-"} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, mediaPath, nil)
		req.Header.Set("Range", ranges)
		handler.ServeHTTP(httptest.NewRecorder(), req)
	}
	if fake.closed != 3 {
		t.Errorf("closed %d times, want 3", fake.closed)
	}
}

func TestMediaSourceErrorsAreHidden(t *testing.T) {
	t.Parallel()
	url, log := startMedia(t, &mediaFake{openErr: errors.New("bucket 10.1.2.3 refuses " + mediaToken)})
	got, _ := do(t, http.MethodGet, url+mediaPath, nil, nil)
	if got.Status != http.StatusServiceUnavailable || strings.Contains(got.Body, "bucket") {
		t.Errorf("status %d, body %q; want 503 without the cause", got.Status, got.Body)
	}
	if !strings.Contains(log.String(), "bucket 10.1.2.3 refuses") {
		t.Errorf("the cause is not in the log:\n%s", log)
	}
}

// brokenMedia fails at any read.
type brokenMedia struct{}

func (brokenMedia) ReadAt([]byte, int64) (int, error) { return 0, errors.New("disk on fire") }

func TestMediaReadErrorBreaksOffAndIsLogged(t *testing.T) {
	t.Parallel()
	url, log := startMedia(t, &mediaFake{content: brokenMedia{}})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+mediaPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil {
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
	}
	if err == nil {
		t.Error("the client cannot tell that the image is incomplete")
	}
	if !strings.Contains(log.String(), "disk on fire") {
		t.Errorf("the cause is not in the log:\n%s", log)
	}
}

func TestInstallerEvents(t *testing.T) {
	t.Parallel()
	fake := &mediaFake{}
	url, _ := startMedia(t, fake)
	var want []string
	for _, event := range []string{"started", "progress", "done", "failed", "booted"} {
		got, fields := do(t, http.MethodPost, url+"/callback/"+mediaToken+"/"+event, nil, strings.NewReader(`{"value":1}`))
		if got.Status != http.StatusNoContent || fields.Get("Location") != "" {
			t.Errorf("%s: status %d, want 204", event, got.Status)
		}
		want = append(want, mediaToken+" "+event+` {"value":1}`)
	}
	limit := strings.Repeat("x", 64<<10)
	if got, _ := do(t, http.MethodPost, url+"/callback/"+mediaToken+"/done", nil, strings.NewReader(limit)); got.Status != http.StatusNoContent {
		t.Errorf("64 KiB: status %d, want 204", got.Status)
	}
	want = append(want, mediaToken+" done "+limit)
	if got, _ := do(t, http.MethodPost, url+"/callback/"+mediaToken+"/done", nil, strings.NewReader(limit+"x")); got.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("64 KiB and a byte: status %d, want 413", got.Status)
	}
	fake.mu.Lock()
	defer fake.mu.Unlock()
	if diff := cmp.Diff(want, fake.events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestInstallerEventErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err        error
		status     int
		retryAfter bool
	}{
		"unknown token": {fmt.Errorf("no such token: %w", fs.ErrNotExist), 404, false},
		"sink is down":  {errors.New("no connection to 10.1.2.3 for " + mediaToken), 503, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, _ := startMedia(t, &mediaFake{sinkErr: test.err})
			got, fields := do(t, http.MethodPost, url+"/callback/"+mediaToken+"/done", nil, nil)
			if got.Status != test.status || strings.Contains(got.Body, "10.1.2.3") {
				t.Errorf("status %d, body %q; want %d without the cause", got.Status, got.Body, test.status)
			}
			seconds, err := strconv.Atoi(fields.Get("Retry-After"))
			if (err == nil && seconds > 0) != test.retryAfter {
				t.Errorf("Retry-After is %q", fields.Get("Retry-After"))
			}
		})
	}
}

func TestInstallerEventBrokenOff(t *testing.T) {
	t.Parallel()
	fake := &mediaFake{}
	handler := api.NewMediaHandler(fake, fake, slog.New(slog.DiscardHandler))
	body := io.MultiReader(strings.NewReader(`{"value"`), brokenBody{})
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/callback/"+mediaToken+"/done", body)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, req)
	if recorder.Code != http.StatusBadRequest || len(fake.events) > 0 {
		t.Errorf("status %d, events %v; want 400 and none", recorder.Code, fake.events)
	}
}

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestMediaLogsShowNoToken(t *testing.T) {
	t.Parallel()
	callback := "/callback/" + mediaToken + "/done"
	for name, fake := range map[string]*mediaFake{
		"good":  {},
		"bad":   {openErr: errors.New("cannot open " + mediaToken), sinkErr: errors.New("cannot record " + mediaToken)},
		"gone":  {openErr: fmt.Errorf("%s: %w", mediaToken, fs.ErrNotExist), sinkErr: fmt.Errorf("%s: %w", mediaToken, fs.ErrNotExist)},
		"burnt": {content: brokenMedia{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, log := startMedia(t, fake)
			do(t, http.MethodHead, url+mediaPath, nil, nil)
			do(t, http.MethodPost, url+callback, nil, nil)
			do(t, http.MethodPost, url+callback, nil, strings.NewReader(strings.Repeat("x", 65<<10)))
			text := log.String()
			if strings.Contains(text, mediaToken) {
				t.Errorf("log shows the token:\n%s", text)
			}
			if strings.Count(text, "token=") < 3 {
				t.Errorf("log does not tell the tokens apart:\n%s", text)
			}
		})
	}
}

// TestMediaServer holds the settings that a default server lacks.
func TestMediaServer(t *testing.T) {
	t.Parallel()
	server := api.NewMediaServer(http.NotFoundHandler())
	if server.WriteTimeout != 0 || server.ReadTimeout != 0 {
		t.Error("a read of an image lasts hours and must not be cut off")
	}
	if server.IdleTimeout < 15*time.Minute || server.ReadHeaderTimeout <= 0 {
		t.Errorf("IdleTimeout %v, ReadHeaderTimeout %v", server.IdleTimeout, server.ReadHeaderTimeout)
	}
	if server.Protocols == nil || server.Protocols.HTTP2() || server.Protocols.UnencryptedHTTP2() || !server.Protocols.HTTP1() {
		t.Errorf("protocols are %v, want HTTP/1 alone", server.Protocols)
	}
}

// TestMediaWithCurl fetches a range and posts an event as installers do.
func TestMediaWithCurl(t *testing.T) {
	t.Parallel()
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skipf("curl is not installed here: %v", err)
	}
	fake := &mediaFake{}
	url, _ := startMedia(t, fake)
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), curl, append([]string{"-f", "-s", "-S"}, args...)...)
		cmd.Env = append(os.Environ(), "no_proxy=127.0.0.1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("curl %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	if got := run("-r", "5-14", url+mediaPath); got != "0000100002" {
		t.Errorf("range is %q", got)
	}
	if got := run("-X", "POST", "-d", `{"value":100}`, "-w", "%{http_code}", url+"/callback/"+mediaToken+"/done"); got != "204" {
		t.Errorf("event was answered with %s, want 204", got)
	}
	fake.mu.Lock()
	defer fake.mu.Unlock()
	if diff := cmp.Diff([]string{mediaToken + ` done {"value":100}`}, fake.events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
