package api

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"
)

var mediaToken = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)

// mediaHandler serves images to BMCs and takes the installers' callbacks.
type mediaHandler struct {
	source MediaSource
	sink   EventSink
	log    *slog.Logger
}

// NewMediaHandler serves
//
//	GET, HEAD /media/{token}/{name}, an .iso or .img, or an update package of a vendor
//	POST      /callback/{token}/{started|progress|done|failed|booted}
//
// A BMC mounts an image with an HTTP client of its own that is far from
// complete, so this handler must stay free of middleware: a response header
// stays below 512 bytes, there is no redirect, compression or cookie,
// conditional requests are answered as plain ones, and a single range is
// answered with exactly 206. Several ranges at once, which no such client asks
// for, are answered with the whole image, as is what is no range of bytes.
//
// The token is the only authorisation, since a BMC cannot send a header. Logs
// show its digest.
func NewMediaHandler(source MediaSource, sink EventSink, log *slog.Logger) http.Handler {
	h := &mediaHandler{source: source, sink: sink, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /media/{token}/{name}", h.serveMedia)
	mux.HandleFunc("POST /callback/{token}/{event}", h.takeEvent)
	return mux
}

// NewMediaServer returns a server for handler, without address. It has no
// write timeout, for a BMC reads an image over hours; it keeps idle connections
// for 30 minutes, for installers pause; and it speaks HTTP/1.1 only, since BMCs
// know nothing newer.
func NewMediaServer(handler http.Handler) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       30 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		Protocols:         protocols,
	}
}

// tokenDigest tells tokens apart in logs without giving one away.
func tokenDigest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:4])
}

// redact keeps a token out of a log that a source's error has put it in.
func redact(err error, token string) string {
	return strings.ReplaceAll(err.Error(), token, tokenDigest(token))
}
