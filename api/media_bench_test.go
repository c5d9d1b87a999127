package api_test

import (
	"crypto/sha256"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rackflow/rackflow/api"
	"github.com/rackflow/rackflow/iso"
	"github.com/rackflow/rackflow/store"
)

const (
	servedBytes = 256 << 20
	// minShare is what an overlay must reach of a plain file's throughput.
	minShare = 0.7
)

// BenchmarkServe reads an overlay and a plain file of the same size by turns, so
// that a noisy machine is noisy for both, and compares the best of each.
func BenchmarkServe(b *testing.B) {
	s := newSite(b)
	image := filepath.Join(s.images, "rhel.iso")
	s.addImage(b, "rhel.iso")
	if err := os.Truncate(image, servedBytes); err != nil {
		b.Fatal(err)
	}
	made, err := s.media.PutOverlay(b.Context(), "runs/1/build", "rhel.iso", iso.Customization{
		Family: "rhel", Answers: iso.Answers{Hostname: "web-1", Source: "http://mirror.example.com/9", RootPasswordHash: "$6$saltsalt$" + strings.Repeat("a", 86)},
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.store.PutLink(b.Context(), store.Link{
		TokenHash: sha256.Sum256([]byte(mediaToken)), Kind: store.MediaLink, WorkflowID: "run", RunID: "r",
		Ref: made.Source, Expires: time.Now().Add(time.Hour),
	}); err != nil {
		b.Fatal(err)
	}
	links := &api.Links{Store: s.store, Media: s.media, Runs: installer{}}
	overlay := httptest.NewServer(api.NewMediaHandler(links, links, slog.New(slog.DiscardHandler)))
	defer overlay.Close()
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, image) }))
	defer plain.Close()
	best := map[string]time.Duration{}
	for b.Loop() {
		for _, url := range []string{plain.URL + "/x.iso", overlay.URL + mediaPath} {
			took := fetchAll(b, url)
			if old, ok := best[url]; !ok || took < old {
				best[url] = took
			}
		}
	}
	share := float64(best[plain.URL+"/x.iso"]) / float64(best[overlay.URL+mediaPath])
	b.ReportMetric(share, "of-plain-file")
	b.ReportMetric(servedBytes/best[overlay.URL+mediaPath].Seconds()/(1<<20), "MiB/s")
	if share < minShare {
		b.Errorf("an overlay is served at %.2f of a plain file's throughput: want %.1f", share, minShare)
	}
}

func fetchAll(b *testing.B, url string) time.Duration {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil || n < servedBytes || resp.StatusCode != http.StatusOK {
		b.Fatalf("%s: %d bytes, %v", resp.Status, n, err)
	}
	return time.Since(began)
}
