package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
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
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rackflow/rackflow/api"
	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/iso"
	"github.com/rackflow/rackflow/sim"
	"github.com/rackflow/rackflow/store"
)

const customization = `{"family": "rhel", "answers": {"hostname": "web-1", "source": "http://mirror.example.com/9", "sshKeys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7a8WGQq1ZcPmxGdbVqJbxZCGmGmTYyFHWhGXC2bEwK"]}}`

var vendorISO = sync.OnceValues(func() ([]byte, error) {
	var image bytes.Buffer
	err := sim.WriteBootISO(&image, "RHEL-9-4")
	return image.Bytes(), err
})

func vendorImage(tb testing.TB) []byte {
	tb.Helper()
	data, err := vendorISO()
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// addImage puts an image into the folder, as an operator does.
func (s *site) addImage(tb testing.TB, name string) {
	tb.Helper()
	if err := os.WriteFile(filepath.Join(s.images, name), vendorImage(tb), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// patch sends bytes of an upload.
func (s *site) patch(tb testing.TB, location string, offset int64, body io.Reader) reply {
	tb.Helper()
	req := httptest.NewRequestWithContext(tb.Context(), http.MethodPatch, location, body)
	req.Header.Set("Content-Type", "application/offset+octet-stream")
	req.Header.Set("Upload-Offset", strconv.FormatInt(offset, 10))
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, req)
	r := reply{status: rec.Code, header: rec.Header(), body: rec.Body.String()}
	s.validate(tb, req, r)
	return r
}

// startUpload returns where the bytes go, and how many are there.
func (s *site) startUpload(tb testing.TB, digest string) (location string, offset int64) {
	tb.Helper()
	r := s.want(tb, http.StatusCreated, "POST", "/api/2.0/images",
		fmt.Sprintf(`{"name": "new.iso", "size": %d, "digest": %q}`, len(vendorImage(tb)), digest))
	return r.header.Get("Location"), into[v2.ImageUpload](tb, r).Offset
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func TestImageUpload(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	data := vendorImage(t)
	location, offset := s.startUpload(t, digestOf(data))
	for offset < int64(len(data)) {
		end := min(offset+1_000_000, int64(len(data)))
		// The connection breaks before the piece has come whole.
		broken := io.MultiReader(bytes.NewReader(data[offset:offset+(end-offset)/2]), brokenBody{})
		r := s.patch(t, location, offset, broken)
		if r.status != http.StatusBadRequest || !strings.Contains(r.body, "broke off at byte") {
			t.Fatalf("broken off: %d %s", r.status, r.body)
		}
		head := s.want(t, http.StatusOK, "HEAD", location, "")
		if got := head.header.Get("Upload-Length"); got != strconv.Itoa(len(data)) {
			t.Errorf("length %s", got)
		}
		if offset, _ = strconv.ParseInt(head.header.Get("Upload-Offset"), 10, 64); offset == 0 {
			t.Fatal("what came before the break is gone")
		}
		if r = s.patch(t, location, offset, bytes.NewReader(data[offset:end])); r.status != http.StatusNoContent && end < int64(len(data)) {
			t.Fatalf("%d %s", r.status, r.body)
		}
		if offset = end; end < int64(len(data)) {
			s.want(t, http.StatusNotFound, "GET", "/api/2.0/images/new.iso", "")
			continue
		}
		got := into[v2.ImageDetails](t, r)
		want := v2.ImageDetails{
			Image: v2.Image{Name: "new.iso", Digest: digestOf(data), Size: int64(len(data)), Uploaded: true}, Label: "RHEL-9-4",
			Family: "rhel", FileSystems: []string{"ISO 9660", "Rock Ridge"}, PartitionTables: got.PartitionTables,
			Boot: []v2.ImageBoot{{Platform: "BIOS", Bootable: true}, {Platform: "UEFI", Bootable: true}},
		}
		ignore := cmp.Options{
			cmpopts.IgnoreFields(v2.Image{}, "Modified"), cmpopts.IgnoreFields(v2.ImageBoot{}, "Sector"),
			cmpopts.IgnoreFields(v2.ImageDetails{}, "Product", "Version", "Architecture", "FileSystems"),
		}
		if diff := cmp.Diff(want, got, ignore); diff != "" {
			t.Errorf("image (-want +got):\n%s", diff)
		}
		if got.Product == "" || got.Version == "" || got.Boot[0].Sector == 0 || got.FileSystems[0] != "ISO 9660" {
			t.Errorf("image is %+v", got)
		}
	}
	if _, offset := s.startUpload(t, digestOf(data)); offset != int64(len(data)) {
		t.Errorf("an image that is here is to be sent from byte %d", offset)
	}
}

func TestImageUploadRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	data := vendorImage(t)
	location, _ := s.startUpload(t, digestOf([]byte("other")))
	if r := s.patch(t, location, 5, bytes.NewReader(data)); r.status != http.StatusConflict || !strings.Contains(r.body, "got to byte 0, not 5") {
		t.Errorf("wrong offset: %d %s", r.status, r.body)
	}
	if r := s.patch(t, location, 0, bytes.NewReader(data)); r.status != http.StatusBadRequest || !strings.Contains(r.body, "download it again") {
		t.Errorf("wrong digest: %d %s", r.status, r.body)
	}
	if r := s.patch(t, location, 0, bytes.NewReader(data)); r.status != http.StatusNotFound {
		t.Errorf("after that: %d %s", r.status, r.body)
	}
	s.want(t, http.StatusNotFound, "HEAD", location, "")
	for body, says := range map[string]string{
		`{"name": "x.txt", "size": 1}`:                    "name",
		`{"name": "x.iso", "size": 0}`:                    "size",
		`{"name": "x.iso"}`:                               "size",
		`{"name": "x.iso", "size": 1, "digest": "md5:1"}`: "64 hexadecimal digits",
	} {
		if r := s.want(t, http.StatusBadRequest, "POST", "/api/2.0/images", body); !strings.Contains(r.body, says) {
			t.Errorf("%s: %s", body, r.body)
		}
	}
	s.addImage(t, "taken.iso")
	s.want(t, http.StatusConflict, "POST", "/api/2.0/images", `{"name": "taken.iso", "size": 1}`)
}

// TestImagesOutliveTheServersTimeouts gives requests no time but what they take.
func TestImagesOutliveTheServersTimeouts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	serve := func(read, write time.Duration) string {
		server := httptest.NewUnstartedServer(nil)
		server.Config = api.NewServer(s.handler)
		server.Config.ReadTimeout, server.Config.WriteTimeout = read, write
		server.Start()
		t.Cleanup(server.Close)
		return server.URL
	}
	location, _ := s.startUpload(t, "")
	data := vendorImage(t)
	got, _ := do(t, http.MethodPatch, serve(1, 1)+location, map[string]string{"Upload-Offset": "0"}, bytes.NewReader(data))
	if got.Status != http.StatusOK {
		t.Errorf("upload: %d %s", got.Status, got.Body)
	}
	got, _ = do(t, http.MethodPost, serve(time.Minute, 1)+"/api/2.0/images/new.iso/customize", nil, strings.NewReader(customization))
	if got.Status != http.StatusOK || int64(len(got.Body)) != got.Length || len(got.Body) <= len(data) {
		t.Errorf("customized: %d, %d of %d bytes", got.Status, len(got.Body), got.Length)
	}
}

func TestImageRemoveWhileInUse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addImage(t, "dell rhel.iso")
	link := store.Link{
		TokenHash: [32]byte{1}, Kind: store.MediaLink, WorkflowID: "run-1", RunID: "r", Task: "insert",
		Ref: "image:dell rhel.iso", Expires: time.Now().Add(time.Hour),
	}
	if err := s.store.PutLink(t.Context(), link); err != nil {
		t.Fatal(err)
	}
	r := s.want(t, http.StatusConflict, "DELETE", "/api/2.0/images/dell%20rhel.iso", "")
	if !strings.Contains(r.body, "task insert of run run-1.r uses it") {
		t.Error(r.body)
	}
	if err := s.store.DeleteLinks(t.Context(), "run-1", "r"); err != nil {
		t.Fatal(err)
	}
	s.want(t, http.StatusNoContent, "DELETE", "/api/2.0/images/dell%20rhel.iso", "")
	s.want(t, http.StatusNotFound, "DELETE", "/api/2.0/images/dell%20rhel.iso", "")
}

func TestImageCustomizeRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addImage(t, "rhel.iso")
	for body, says := range map[string]string{
		`{}`: "answers",
		`{"answers": {"hostname": "web-1", "dsk": "sda"}}`:                                  "dsk",
		`{"answers": {"hostname": "not a name!"}}`:                                          "hostname",
		strings.Replace(customization, `"rhel"`, `"beos"`, 1):                               "unknown OS family",
		strings.Replace(customization, `"answers"`, `"templates": {"x": ""}, "answers"`, 1): "no such answer file",
	} {
		if r := s.want(t, http.StatusBadRequest, "POST", "/api/2.0/images/rhel.iso/customize", body); !strings.Contains(r.body, says) {
			t.Errorf("%s: %s", body, r.body)
		}
	}
	s.want(t, http.StatusNotFound, "POST", "/api/2.0/images/gone.iso/customize", customization)
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.runs.fail = &store.Error{Kind: store.Full, What: "image", Ref: "x.iso", Msg: "no space is left"}
	if r := s.do(t, "GET", "/api/2.0/workflows", ""); r.status != http.StatusInsufficientStorage {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// installer takes no events here.
type installer struct{ api.InstallerRuns }

// TestLinkServesOverlay follows an overlay from its token to the BMC, and back into
// the workflow's view.
func TestLinkServesOverlay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addImage(t, "rhel.iso")
	s.want(t, http.StatusCreated, "POST", "/api/2.0/workflows", `{"name": "Graph.Wait"}`)
	wanted := s.want(t, http.StatusOK, "POST", "/api/2.0/images/rhel.iso/customize", customization).body
	var wantedBy v2.ImageCustomization
	if err := json.Unmarshal([]byte(customization), &wantedBy); err != nil {
		t.Fatal(err)
	}
	c := iso.Customization{Family: wantedBy.Family}
	if err := json.Unmarshal(wantedBy.Answers, &c.Answers); err != nil {
		t.Fatal(err)
	}
	made, err := s.media.PutOverlay(t.Context(), "runs/1/build", "rhel.iso", c)
	if err != nil {
		t.Fatal(err)
	}
	link := store.Link{
		TokenHash: sha256.Sum256([]byte(mediaToken)), Kind: store.MediaLink, WorkflowID: "run-0", RunID: "abc", Task: "insert",
		Ref: made.Source, Expires: time.Now().Add(time.Hour),
	}
	if err := s.store.PutLink(t.Context(), link); err != nil {
		t.Fatal(err)
	}
	links := &api.Links{Store: s.store, Media: s.media, Runs: installer{}}
	server := httptest.NewServer(api.NewMediaHandler(links, links, slog.New(slog.DiscardHandler)))
	defer server.Close()

	got, header := do(t, http.MethodGet, server.URL+mediaPath, map[string]string{"Range": "bytes=32768-34815"}, nil)
	if got.Status != http.StatusPartialContent || got.Body != wanted[32768:34816] {
		t.Errorf("%d, %d bytes: not those of the image", got.Status, len(got.Body))
	}
	again, sameHeader := do(t, http.MethodHead, server.URL+mediaPath, nil, nil)
	if again.Length != int64(len(wanted)) || header.Get("ETag") == "" || header.Get("ETag") != sameHeader.Get("ETag") ||
		header.Get("Last-Modified") != sameHeader.Get("Last-Modified") {
		t.Errorf("%d bytes, headers %v and %v", again.Length, header, sameHeader)
	}
	view := into[v2.Workflow](t, s.want(t, http.StatusOK, "GET", "/api/2.0/workflows/run-0.abc", ""))
	want := []v2.ImageFetch{{Task: "insert", Size: int64(len(wanted)), Bytes: 2048, Highest: 34816}}
	if diff := cmp.Diff(want, view.XMedia, cmpopts.IgnoreFields(v2.ImageFetch{}, "First", "Last")); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	if err := s.store.DeleteLinks(t.Context(), "run-0", "abc"); err != nil {
		t.Fatal(err)
	}
	if got, _ := do(t, http.MethodGet, server.URL+mediaPath, nil, nil); got.Status != http.StatusNotFound {
		t.Errorf("after its release: %d", got.Status)
	}
}
