package api_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/api"
	"github.com/rackflow/rackflow/store"
	"github.com/rackflow/rackflow/workflows"
)

// reported are the runs that installers report to.
type reported struct {
	mu     sync.Mutex
	events []workflows.InstallerEvent
	err    error
}

// InstallerEvent implements [api.InstallerRuns].
func (r *reported) InstallerEvent(_ context.Context, workflowID, runID string, event workflows.InstallerEvent) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if workflowID != "server-1" || runID != "abc" {
		return errors.New("another run")
	}
	if r.err == nil {
		r.events = append(r.events, event)
	}
	return r.err
}

// newLinks is a store with a callback for one run.
func newLinks(t *testing.T) (*api.Links, *reported, *site) {
	t.Helper()
	s := newSite(t)
	runs := &reported{}
	if err := s.store.PutLink(t.Context(), store.Link{
		TokenHash: sha256.Sum256([]byte(mediaToken)), Kind: store.CallbackLink, WorkflowID: "server-1", RunID: "abc", Task: "build",
		Name: "callback", Expires: time.Now().Add(time.Hour),
	}); err != nil {
		t.Fatal(err)
	}
	return &api.Links{Store: s.store, Media: s.media, Runs: runs}, runs, s
}

// TestTokenIsUsedOnce reports each event twice, as a replay would.
func TestTokenIsUsedOnce(t *testing.T) {
	t.Parallel()
	links, runs, s := newLinks(t)
	var log lockedBuffer
	server := httptest.NewServer(api.NewMediaHandler(links, links, slog.New(slog.NewTextHandler(&log, nil))))
	defer server.Close()
	call := func(event, body string) int {
		got, _ := do(t, http.MethodPost, server.URL+"/callback/"+mediaToken+"/"+event, nil, strings.NewReader(body))
		return got.Status
	}
	for _, c := range []struct {
		event, body string
		want        int
	}{
		{"started", `{"value":0,"message":"up"}`, 204},
		{"started", `{"value":0,"message":"up"}`, 409},
		{"progress", `{"value":40}`, 204},
		{"progress", `{"value":140}`, 204},
		{"done", `plain text`, 204},
		{"done", `{"message":"forged"}`, 409},
		{"booted", ``, 204},
		{"booted", ``, 409},
	} {
		if got := call(c.event, c.body); got != c.want {
			t.Errorf("%s: status %d, want %d", c.event, got, c.want)
		}
	}
	want := []workflows.InstallerEvent{
		{Event: "started", Message: "up"}, {Event: "progress", Value: 40}, {Event: "progress", Value: 100}, {Event: "done", Message: "plain text"}, {Event: "booted"},
	}
	if diff := cmp.Diff(want, runs.events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if !strings.Contains(log.String(), "a second time") || strings.Contains(log.String(), mediaToken) {
		t.Errorf("the log does not tell of it, or tells too much:\n%s", log.String())
	}
	if err := s.store.DeleteLinks(t.Context(), "server-1", "abc"); err != nil {
		t.Fatal(err)
	}
	for _, event := range []string{"done", "failed"} {
		if got := call(event, ""); got != http.StatusNotFound {
			t.Errorf("%s after the run: status %d, want 404", event, got)
		}
	}
}

// TestEventIsNotLost reports again what the run could not be told.
func TestEventIsNotLost(t *testing.T) {
	t.Parallel()
	links, runs, _ := newLinks(t)
	runs.err = errors.New("Temporal is away")
	if err := links.InstallerEvent(t.Context(), mediaToken, "done", nil); !errors.Is(err, runs.err) {
		t.Fatalf("%v, want %v", err, runs.err)
	}
	runs.err = nil
	if err := links.InstallerEvent(t.Context(), mediaToken, "done", nil); err != nil || len(runs.events) != 1 {
		t.Errorf("%v, events %v", err, runs.events)
	}
	if err := links.InstallerEvent(t.Context(), mediaToken, "done", nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second time: %v", err)
	}
}

// TestTokensAreForOnePurpose offers a token where another kind is wanted.
func TestTokensAreForOnePurpose(t *testing.T) {
	t.Parallel()
	links, _, s := newLinks(t)
	const other = "a-media-token"
	if err := s.store.PutLink(t.Context(), store.Link{
		TokenHash: sha256.Sum256([]byte(other)), Kind: store.MediaLink, WorkflowID: "server-1", RunID: "abc", Ref: "image:x.iso", Expires: time.Now().Add(time.Hour),
	}); err != nil {
		t.Fatal(err)
	}
	if err := links.InstallerEvent(t.Context(), mediaToken, "done", nil); err != nil {
		t.Fatal(err)
	}
	for token, event := range map[string]string{other: "done", "made-up": "done", mediaToken + "/done": "failed"} {
		if err := links.InstallerEvent(t.Context(), token, event, nil); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("an event with token %s: %v", token, err)
		}
	}
	for _, token := range []string{mediaToken, mediaToken + "/done"} {
		if _, err := links.OpenMedia(t.Context(), token); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("media with token %s: %v", token, err)
		}
	}
}

// TestEventsAreLimited reports progress without end, and goes on after a pause.
func TestEventsAreLimited(t *testing.T) {
	t.Parallel()
	links, runs, _ := newLinks(t)
	handler := api.NewMediaHandler(links, links, slog.New(slog.DiscardHandler))
	post := func(token string) (int, string) {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/callback/"+token+"/progress", http.NoBody))
		return recorder.Code, recorder.Header().Get("Retry-After")
	}
	status, after := 0, ""
	for range 100 {
		if status, after = post(mediaToken); status == http.StatusTooManyRequests {
			break
		}
	}
	if status != http.StatusTooManyRequests || after == "" || len(runs.events) < 10 {
		t.Errorf("status %d, Retry-After %q after %d events", status, after, len(runs.events))
	}
	if status, _ := post("another"); status != http.StatusNotFound {
		t.Errorf("another token is answered %d, want 404", status)
	}
}

func TestLimitsForget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var limits api.CallbackLimits
		var allowed int
		for range 1000 {
			if limits.Allow([32]byte{1}) {
				allowed++
			}
		}
		if allowed != api.CallbackBurst {
			t.Errorf("%d at once, want %d", allowed, api.CallbackBurst)
		}
		<-time.After(api.CallbackEvery)
		if !limits.Allow([32]byte{1}) || limits.Allow([32]byte{1}) {
			t.Error("after a pause there is one more, and only one")
		}
		for i := range 3 * api.MaxLimited {
			limits.Allow([32]byte{2, byte(i), byte(i >> 8)})
		}
		if got := limits.Len(); got > api.MaxLimited {
			t.Errorf("%d tokens are remembered", got)
		}
	})
}
