package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"time"
)

// EventSink takes what installers report.
type EventSink interface {
	// InstallerEvent records an event (started, progress, done, failed, booted) with
	// the body the installer sent, which nobody has checked. An error that is
	// fs.ErrNotExist says that the token is unknown, fs.ErrExist that it has been
	// used for this event, errTooOften that there are too many, any other that the
	// installer should try again.
	InstallerEvent(ctx context.Context, token, event string, detail []byte) error
}

// eventProgress is the only event that is reported more than once.
const eventProgress = "progress"

const (
	maxCallbackBody     = 64 << 10 // bytes
	callbackReadTimeout = 30 * time.Second
	callbackRetryAfter  = "5" // seconds
)

func (h *mediaHandler) takeEvent(w http.ResponseWriter, r *http.Request) {
	token, event := r.PathValue("token"), r.PathValue("event")
	if !mediaToken.MatchString(token) || !isInstallerEvent(event) {
		http.NotFound(w, r)
		return
	}
	log := h.log.With("token", tokenDigest(token), "event", event)
	detail, err := readCallback(w, r)
	if err != nil {
		log.Warn("cannot read installer event", "error", err)
		refuseCallback(w, err)
		return
	}
	err = h.sink.InstallerEvent(r.Context(), token, event, detail)
	switch {
	case err == nil:
		log.Info("installer event", "bytes", len(detail))
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, fs.ErrNotExist):
		log.Warn("installer event with unknown token")
		http.NotFound(w, r)
	case errors.Is(err, fs.ErrExist):
		log.Warn("installer event a second time")
		http.Error(w, "this event has been reported already", http.StatusConflict)
	case errors.Is(err, errTooOften):
		log.Warn("installer events too often")
		w.Header().Set("Retry-After", callbackRetryAfter)
		http.Error(w, "too many events: report progress less often", http.StatusTooManyRequests)
	default:
		log.Error("cannot record installer event", "error", redact(err, token))
		w.Header().Set("Retry-After", callbackRetryAfter)
		http.Error(w, "event is not recorded: try again", http.StatusServiceUnavailable)
	}
}

func isInstallerEvent(event string) bool {
	switch event {
	case "started", eventProgress, "done", "failed", "booted":
		return true
	}
	return false
}

// readCallback gives a slow or dead installer a limited time, since the server
// itself sets none for bodies.
func readCallback(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := setReadDeadline(w, time.Now().Add(callbackReadTimeout)); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallbackBody))
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	// The sink may take longer than the installer may.
	return body, setReadDeadline(w, time.Time{})
}

func setReadDeadline(w http.ResponseWriter, deadline time.Time) error {
	err := http.NewResponseController(w).SetReadDeadline(deadline)
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("set read deadline: %w", err)
	}
	return nil
}

func refuseCallback(w http.ResponseWriter, err error) {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		http.Error(w, "event is larger than 64 KiB", http.StatusRequestEntityTooLarge)
		return
	}
	http.Error(w, "event could not be read", http.StatusBadRequest)
}
