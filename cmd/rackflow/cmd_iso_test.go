package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/rackflow/rackflow/api"
	"github.com/rackflow/rackflow/media"
	"github.com/rackflow/rackflow/seal"
	"github.com/rackflow/rackflow/sim"
	"github.com/rackflow/rackflow/store"
)

var vendorISO = sync.OnceValues(func() ([]byte, error) {
	var image bytes.Buffer
	err := sim.WriteBootISO(&image, "RHEL-9-4")
	return image.Bytes(), err
})

// imageSite is the real API over a real images folder, and a mirror to download
// from. Both answer without a network.
type imageSite struct {
	t      *testing.T
	image  []byte
	dir    string
	images *store.Images
	api    http.Handler
	// cut is after how many bytes connections break, most often; 0 is never.
	cut, breaks int
	// busy makes the server refuse, once, the upload after one that broke.
	busy bool
	// asked are the requests to the mirror.
	asked []string
	// plain makes the mirror one that knows no ranges.
	plain bool
}

func newImageSite(t *testing.T) *imageSite {
	t.Helper()
	image, err := vendorISO()
	if err != nil {
		t.Fatal(err)
	}
	s := &imageSite{t: t, image: image, dir: t.TempDir()}
	if s.images, err = store.OpenImages(s.dir); err != nil {
		t.Fatal(err)
	}
	blobs, err := store.OpenBlobs(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	library := media.New(media.Config{Images: s.images, Blobs: blobs, Keeper: seal.NewLocal([seal.KeySize]byte{1})})
	t.Cleanup(func() {
		library.Close()
		if err := errors.Join(s.images.Close(), blobs.Close()); err != nil {
			t.Error(err)
		}
	})
	if s.api, err = api.New(api.Config{Media: library, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	return s
}

// RoundTrip implements [http.RoundTripper].
func (s *imageSite) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	if req.URL.Host == "mirror" {
		return s.mirror(rec, req), nil
	}
	if req.Method == http.MethodPatch && s.busy && s.breaks < 3 {
		s.busy = false
		rec.WriteHeader(http.StatusConflict)
		_, _ = rec.WriteString(`{"message": "another request is at work on it", "status": "409", "UUID": "u"}`)
		return rec.Result(), nil
	}
	breaks := req.Method == http.MethodPatch && s.breaks > 0 && req.ContentLength > int64(s.cut)
	if breaks {
		s.breaks--
		req.Body = io.NopCloser(io.MultiReader(io.LimitReader(req.Body, int64(s.cut)), iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
	s.api.ServeHTTP(rec, req)
	if breaks {
		return nil, io.ErrUnexpectedEOF
	}
	resp := rec.Result()
	resp.ContentLength = int64(rec.Body.Len())
	return resp, nil
}

func (s *imageSite) mirror(rec *httptest.ResponseRecorder, req *http.Request) *http.Response {
	s.asked = append(s.asked, req.Method+" "+req.Header.Get("Range"))
	if s.plain {
		req.Header.Del("Range")
	}
	rec.Header().Set("ETag", `"v1"`)
	http.ServeContent(rec, req, "", time.Time{}, bytes.NewReader(s.image))
	resp := rec.Result()
	resp.ContentLength, _ = strconv.ParseInt(rec.Header().Get("Content-Length"), 10, 64)
	if req.Method == http.MethodGet && s.cut > 0 && s.breaks > 0 {
		s.breaks--
		resp.Body = io.NopCloser(io.MultiReader(io.LimitReader(rec.Body, int64(s.cut)), iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
	return resp
}

func (s *imageSite) digest() string {
	sum := sha256.Sum256(s.image)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// run runs a command line and returns its output.
func (s *imageSite) run(args ...string) (code exitCode, stdout, stderr string) {
	c := newCase(args...)
	c.files["isos/rhel.iso"] = s.image
	c.files["answers.yaml"] = []byte("hostname: web-1\nsource: http://mirror.example.com/9\nsshKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7a8WGQq1ZcPmxGdbVqJbxZCGmGmTYyFHWhGXC2bEwK]\n")
	p := c.process()
	p.HTTP = s
	code = run(s.t.Context(), p)
	return code, c.stdout.String(), c.stderr.String()
}

// stored is the content of an image in the folder.
func (s *imageSite) stored(name string) []byte {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

func TestISOAdd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from, as     string
		cut, breaks  int
		plain, busy  bool
		says, mirror string
	}{
		"file":                   {from: "isos/rhel.iso", as: "rhel.iso", says: "Sending rhel.iso"},
		"file that breaks":       {from: "isos/rhel.iso", as: "rhel.iso", cut: 300_000, breaks: 3, says: "The connection broke"},
		"file, slow server":      {from: "isos/rhel.iso", as: "rhel.iso", cut: 300_000, breaks: 3, busy: true, says: "another request is at work"},
		"URL":                    {from: "http://mirror/9/rhel-9.iso?x=1", as: "rhel-9.iso", says: "Sending rhel-9.iso", mirror: "HEAD ,GET "},
		"URL that breaks":        {from: "http://mirror/rhel.iso", as: "rhel.iso", cut: 300_000, breaks: 1, says: "read the image", mirror: "HEAD ,GET ,GET bytes=300000-"},
		"URL that has no ranges": {from: "http://mirror/rhel.iso", as: "rhel.iso", cut: 300_000, breaks: 1, plain: true, mirror: "HEAD ,GET ,GET bytes=300000-"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newImageSite(t)
				s.cut, s.breaks, s.plain, s.busy = test.cut, test.breaks, test.plain, test.busy
				code, stdout, stderr := s.run("iso", "add", test.from, "--sha256", s.digest())
				if code != exitOK || !strings.Contains(stdout, s.digest()) || !strings.Contains(stderr, test.says) {
					t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
				}
				if !bytes.Equal(s.stored(test.as), s.image) {
					t.Error("another content is stored")
				}
				if asked := strings.Join(s.asked, ","); asked != test.mirror {
					t.Errorf("the mirror was asked %s; want %s", asked, test.mirror)
				}
				s.asked = nil
				code, _, stderr = s.run("iso", "add", test.from, "--sha256", s.digest(), "--name", "again.iso")
				if code != exitOK || !strings.Contains(stderr, "is on the server") || len(s.asked) > 1 {
					t.Errorf("once more: exit code %d, asked %v\n%s", code, s.asked, stderr)
				}
			})
		})
	}
}

// TestISOAddResumes gives a command again whose first call could not go on.
func TestISOAddResumes(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"isos/rhel.iso", "http://mirror/rhel.iso"} {
		synctest.Test(t, func(t *testing.T) {
			s := newImageSite(t)
			s.cut, s.breaks = 0, 1000
			if from != "isos/rhel.iso" {
				s.cut = 100_000
			}
			if code, _, stderr := s.run("iso", "add", from, "--timeout", "3s"); code != exitUnreachable && code != exitTimeout {
				t.Fatalf("%s: exit code %d: %s", from, code, stderr)
			}
			s.breaks = 0
			if code, _, stderr := s.run("iso", "add", from); code != exitOK {
				t.Fatalf("%s: exit code %d: %s", from, code, stderr)
			}
			if !bytes.Equal(s.stored("rhel.iso"), s.image) {
				t.Errorf("%s: another content is stored", from)
			}
		})
	}
}

func TestISOAddGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newImageSite(t)
		s.cut, s.breaks = 0, 1000
		code, _, stderr := s.run("iso", "add", "isos/rhel.iso")
		if code != exitUnreachable || strings.Count(stderr, "Trying again") != sendAttempts-1 {
			t.Errorf("exit code %d: %s", code, stderr)
		}
	})
}

func TestISOAddRefuses(t *testing.T) {
	t.Parallel()
	other := "sha256:" + strings.Repeat("0", 64)
	for says, test := range map[string]struct {
		args   []string
		change func(*imageSite)
		code   exitCode
	}{
		"and not " + other:   {[]string{"isos/rhel.iso", "--sha256", other}, nil, exitRefused},
		"should be " + other: {[]string{"http://mirror/rhel.iso", "--sha256", other}, nil, exitRefused},
		"HTML page":          {[]string{"http://mirror/rhel.iso"}, func(s *imageSite) { s.image = bytes.Repeat([]byte("<html>"), 20_000) }, exitRefused},
		"ends in .iso":       {[]string{"http://mirror/rhel", "--name", "a"}, nil, exitRefused},
		"with 0 bytes":       {[]string{"http://mirror/rhel.iso"}, func(s *imageSite) { s.image = nil }, exitRefused},
		"truncated":          {[]string{"isos/rhel.iso"}, func(s *imageSite) { s.image = s.image[:len(s.image)/2] }, exitRefused},
		"image of that name": {[]string{"isos/rhel.iso"}, func(s *imageSite) { s.put("rhel.iso") }, exitRefused},
	} {
		s := newImageSite(t)
		if test.change != nil {
			test.change(s)
		}
		code, _, stderr := s.run(append([]string{"iso", "add"}, test.args...)...)
		if code != test.code || !strings.Contains(stderr, says) {
			t.Errorf("exit code %d, want %d: %s; want it to say %q", code, test.code, stderr, says)
		}
	}
}

func (s *imageSite) put(name string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte("x"), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func TestISOBuild(t *testing.T) {
	t.Parallel()
	s := newImageSite(t)
	if code, _, stderr := s.run("iso", "add", "isos/rhel.iso"); code != exitOK {
		t.Fatal(stderr)
	}
	out := filepath.Join(t.TempDir(), "web-1.iso")
	code, _, stderr := s.run("iso", "build", "rhel.iso", "answers.yaml", out)
	if code != exitOK || !strings.Contains(stderr, "web-1.iso has ") {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	data, err := os.ReadFile(out)
	if err != nil || len(data) <= len(s.image) || !bytes.Contains(data, []byte("--hostname=web-1")) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if code, _, stderr := s.run("iso", "build", "rhel.iso", "answers.yaml", out); code != exitFailure || !strings.Contains(stderr, "is there already") {
		t.Errorf("over a file: exit code %d: %s", code, stderr)
	}
	if left, err := os.ReadDir(filepath.Dir(out)); err != nil || len(left) != 1 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

func TestFormatBytes(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999.9 kB", 999_950: "1.0 MB", 5_720_000_000: "5.7 GB", 3_000_000_000_000_000: "3000.0 TB",
	} {
		if got := formatBytes(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
