package api

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// MediaFile is an image to be served. Its content must not change while it is
// open.
type MediaFile struct {
	// Content is read at any offset below Size, by one request at a time.
	Content io.ReaderAt
	// Size is the image's length in bytes.
	Size int64
	// Modified is fixed for the image's life. Zero: unknown.
	Modified time.Time
	// ETag is a quoted entity tag, fixed for the image's life. Empty: none.
	ETag string
	// Note is told of every read of Content: n bytes at off. Nil: nobody is.
	Note func(off int64, n int)
	// Close is called when the request is over. Nil: nothing to close.
	Close func() error
}

// MediaSource finds images by the unguessable token of a deployment.
type MediaSource interface {
	// OpenMedia returns the token's image. An error that is fs.ErrNotExist says
	// that there is none, or none any more.
	OpenMedia(ctx context.Context, token string) (*MediaFile, error)
}

var (
	mediaName   = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}\.(iso|img|exe|bin|d7|d9|d10|pm|usc)$`)
	singleRange = regexp.MustCompile(`^bytes=([0-9]+-[0-9]*|-[0-9]+)$`)
)

func (h *mediaHandler) serveMedia(w http.ResponseWriter, r *http.Request) {
	token, name := r.PathValue("token"), r.PathValue("name")
	if !mediaToken.MatchString(token) || !mediaName.MatchString(name) {
		http.NotFound(w, r)
		return
	}
	log := h.log.With("token", tokenDigest(token), "method", r.Method, "range", r.Header.Get("Range"))
	file, err := h.source.OpenMedia(r.Context(), token)
	if errors.Is(err, fs.ErrNotExist) {
		log.Info("media request with unknown token")
		http.NotFound(w, r)
		return
	}
	if err != nil {
		log.Error("cannot open media", "error", redact(err, token))
		http.Error(w, "image is not available at the moment", http.StatusServiceUnavailable)
		return
	}
	defer closeMedia(file, token, log)
	log.Debug("media request", "size", file.Size)
	sendMedia(w, plainRequest(r), file, watchedReader{file, token, log})
}

func sendMedia(w http.ResponseWriter, r *http.Request, file *MediaFile, content io.ReaderAt) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Accept-Ranges", "bytes")
	if file.ETag != "" {
		w.Header().Set("ETag", file.ETag)
	}
	http.ServeContent(w, r, "", file.Modified, io.NewSectionReader(content, 0, file.Size))
}

// plainRequest returns the request as the image's clients mean it: without
// conditions, and with at most one range of bytes, on GET alone.
func plainRequest(r *http.Request) *http.Request {
	plain := r.Clone(r.Context())
	for name := range plain.Header {
		if strings.HasPrefix(name, "If-") {
			plain.Header.Del(name)
		}
	}
	if r.Method == http.MethodHead || !singleRange.MatchString(plain.Header.Get("Range")) {
		plain.Header.Del("Range")
	}
	return plain
}

// watchedReader notes what is read, and logs the errors that ServeContent can only
// answer by breaking the connection off.
type watchedReader struct {
	file  *MediaFile
	token string
	log   *slog.Logger
}

// ReadAt implements [io.ReaderAt].
func (r watchedReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.file.Content.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		r.log.Error("cannot read media", "offset", off, "error", redact(err, r.token))
	}
	if r.file.Note != nil && n > 0 {
		r.file.Note(off, n)
	}
	return n, err //nolint:wrapcheck // io.Reader's errors are part of its contract
}

func closeMedia(file *MediaFile, token string, log *slog.Logger) {
	if file.Close == nil {
		return
	}
	if err := file.Close(); err != nil {
		log.Error("cannot close media", "error", redact(err, token))
	}
}
