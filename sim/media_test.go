package sim

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/kdomanski/iso9660"
)

// bootISO is WriteBootISO's image.
func bootISO(t *testing.T) []byte {
	t.Helper()
	var image bytes.Buffer
	if err := WriteBootISO(&image, "RHEL-9-4-0-BaseOS-x86_64"); err != nil {
		t.Fatal(err)
	}
	return image.Bytes()
}

// seedISO is made by another library than the boot image.
func seedISO(t *testing.T, label string, files map[string]string) []byte {
	t.Helper()
	writer, err := iso9660.NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := writer.Cleanup(); err != nil {
			t.Error(err)
		}
	}()
	for name, data := range files {
		if err := writer.AddFile(strings.NewReader(data), name); err != nil {
			t.Fatal(err)
		}
	}
	var image bytes.Buffer
	if err := writer.WriteTo(&image, label); err != nil {
		t.Fatal(err)
	}
	return image.Bytes()
}

// serveImages serves images with byte ranges, and returns the base URL.
func serveImages(t *testing.T, images map[string][]byte) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		image, ok := images[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, "image.iso", time.Time{}, bytes.NewReader(image))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/"
}

func insert(t *testing.T, s *Server, slot int, image string) {
	t.Helper()
	must(t, s, http.StatusNoContent, http.MethodPost, fmt.Sprintf("%s/%d%s", mediaURI, slot, insertAt), fmt.Sprintf(`{"Image":%q}`, image))
}

func TestInsertAndEject(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	image := serveImages(t, map[string][]byte{"boot.iso": bootISO(t)}) + "boot.iso"
	const uri = mediaURI + "/2"
	body := fmt.Sprintf(`{"Image":%q,"Inserted":true,"WriteProtected":true,"TransferProtocolType":"HTTP","TransferMethod":"Stream","UserName":"u","Password":"secret"}`, image)
	must(t, s, http.StatusNoContent, http.MethodPost, uri+insertAt, body)
	eventually(t, "Inserted", func() bool { return s.Media()["2"] != "" })

	got := must(t, s, http.StatusOK, http.MethodGet, uri+"?$select=Inserted,Image,ImageName,ConnectedVia,WriteProtected,TransferProtocolType,UserName,Password", "").body
	for _, name := range []string{"@odata.id", "@odata.type", "@odata.context"} {
		delete(got, name)
	}
	want := doc{
		"Inserted": true, "Image": image, "ImageName": "boot.iso", "ConnectedVia": "URI", "WriteProtected": true,
		"TransferProtocolType": "HTTP", "UserName": "u", "Password": nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("slot (-want +got):\n%s", diff)
	}
	if again := must(t, s, http.StatusInternalServerError, http.MethodPost, uri+insertAt, body); again.messageID() != "IDRAC.2.8.VRM0012" {
		t.Errorf("second insert: message %s", again.messageID())
	}
	must(t, s, http.StatusNoContent, http.MethodPost, uri+ejectAt, `{}`)
	if again := must(t, s, http.StatusInternalServerError, http.MethodPost, uri+ejectAt, `{}`); again.messageID() != "IDRAC.2.8.VRM0009" {
		t.Errorf("second eject: message %s", again.messageID())
	}
	eventually(t, "ejected", func() bool { return len(s.Media()) == 0 })
	if !has(s, InsertMedia) || !has(s, EjectMedia) {
		t.Errorf("journal: %v", kinds(s))
	}
}

// TestInsertedLags checks that the property follows both actions late.
func TestInsertedLags(t *testing.T) {
	t.Parallel()
	timing := quick
	timing.MediaSettle = patience
	s := startFleet(t, Config{Timing: timing}).Servers()[0]
	insert(t, s, 1, serveImages(t, map[string][]byte{"a.img": []byte("image")})+"a.img")
	if len(s.Media()) != 0 {
		t.Error("the image is shown as inserted at once")
	}
	s.mu.Lock()
	s.slots[0].settles = time.Now()
	s.mu.Unlock()
	must(t, s, http.StatusNoContent, http.MethodPost, mediaURI+"/1"+ejectAt, `{}`)
	if len(s.Media()) != 1 {
		t.Error("the image is shown as ejected at once")
	}
}

// TestInsertChecksTheServer lists image servers that an iDRAC cannot use.
func TestInsertChecksTheServer(t *testing.T) {
	t.Parallel()
	ranges := func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "a.iso", time.Time{}, strings.NewReader(strings.Repeat("image", 1000)))
	}
	var redirects atomic.Int64
	tests := map[string]struct {
		serve  http.HandlerFunc
		reason string
	}{
		"missing": {http.NotFound, "404"},
		"no ranges announced": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5")
		}, "Accept-Ranges"},
		"no length": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Accept-Ranges", "bytes")
			w.(http.Flusher).Flush()
		}, "Content-Length"},
		"ranges ignored": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Accept-Ranges", "bytes")
			r.Header.Del("Range")
			ranges(w, r)
		}, "206"},
		"long header": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", strings.Repeat("x", maxImageHeader))
			ranges(w, r)
		}, "header"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			redirects.Add(1)
			http.Redirect(w, r, "/elsewhere.iso", http.StatusFound)
		}, "302"},
		"short body": {func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				ranges(w, r)
				return
			}
			w.WriteHeader(http.StatusPartialContent)
		}, "early"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startOne(t)
			server := httptest.NewServer(test.serve)
			t.Cleanup(server.Close)
			const token = "unguessable"
			got := must(t, s, http.StatusInternalServerError, http.MethodPost, mediaURI+"/1"+insertAt,
				fmt.Sprintf(`{"Image":"%s/%s/a.iso"}`, server.URL, token))
			if got.messageID() != "IDRAC.2.8.RAC0720" {
				t.Errorf("message %s", got.messageID())
			}
			text := fmt.Sprint(got.body)
			if !strings.Contains(text, test.reason) {
				t.Errorf("%s does not say %q", text, test.reason)
			}
			if strings.Contains(text, token) {
				t.Errorf("the error shows the URL's token: %s", text)
			}
		})
	}
}

func TestInsertFromNowhere(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	got := must(t, startOne(t), http.StatusInternalServerError, http.MethodPost, mediaURI+"/1"+insertAt,
		fmt.Sprintf(`{"Image":"%s/a.iso"}`, server.URL))
	if got.messageID() != "IDRAC.2.8.RAC0720" {
		t.Errorf("message %s", got.messageID())
	}
}

func TestHeaderOfAllowedLength(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Padding", strings.Repeat("x", 600))
		http.ServeContent(w, r, "a.iso", time.Time{}, strings.NewReader(strings.Repeat("image", 100_000)))
	}))
	t.Cleanup(server.Close)
	insert(t, startOne(t), 1, server.URL+"/a.iso")
}

func TestRemoteImageReadsEverything(t *testing.T) {
	t.Parallel()
	data := make([]byte, 3*imageChunk+777)
	for i := range data {
		data[i] = byte(i >> 8)
	}
	client := newImageClient()
	t.Cleanup(client.CloseIdleConnections)
	remote, err := openPatiently(t.Context(), client, serveImages(t, map[string][]byte{"a.iso": data})+"a.iso", Timing{})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct{ at, length int64 }{
		{0, 10}, {imageChunk - 5, 10}, {imageChunk, 2 * imageChunk}, {int64(len(data)) - 5, 5}, {3, int64(len(data)) - 3},
	} {
		got := make([]byte, part.length)
		if _, err := remote.ReadAt(got, part.at); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, data[part.at:part.at+part.length]) {
			t.Errorf("%d bytes at %d differ", part.length, part.at)
		}
	}
	if n, err := remote.ReadAt(make([]byte, 10), int64(len(data))-5); n != 5 || err == nil {
		t.Errorf("past the end: %d bytes, error %v", n, err)
	}
	if _, err := remote.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("a negative offset was read")
	}
}
