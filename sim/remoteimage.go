package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	// imageChunk is how much an iDRAC's client asks for at a time.
	imageChunk = 128 << 10
	// maxImageHeader is how long the header of an answer may be: httpfs2, the client
	// in an iDRAC, reads it in one go into about this much memory.
	maxImageHeader = 1000
	// maxImageRequests bounds one boot's reading, however odd the image.
	maxImageRequests = 2000
	imageUserAgent   = `httpfs2.c 0.1.5 "The Message"`
)

// newImageClient makes a client as choosy as an iDRAC's: HTTP/1.1, no redirects, no
// proxy, no compression, short headers.
func newImageClient() *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			Protocols:              protocols,
			DisableCompression:     true,
			MaxIdleConnsPerHost:    1,
			MaxResponseHeaderBytes: maxImageHeader,
			IdleConnTimeout:        30 * time.Second,
			ResponseHeaderTimeout:  30 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       time.Minute,
	}
}

// remoteImage reads an image over HTTP ranges, one chunk at a time. It is not safe for
// concurrent use. Its context bounds all reading, since io.ReaderAt takes none.
type remoteImage struct {
	ctx         context.Context //nolint:containedctx // see above
	client      *http.Client
	url         string
	size        int64
	requests    int
	transferred int64
	chunk       []byte // the last one read
	chunkAt     int64  // its offset
	// patience is how long a read is tried again that got no answer or only a part of
	// one, as a drive's reads are, every so often; zero gives up at once.
	patience, retry time.Duration
}

// unanswered is a request that got no answer, or only a part of one.
type unanswered struct{ err error }

func (u *unanswered) Error() string { return u.err.Error() }
func (u *unanswered) Unwrap() error { return u.err }

// persist repeats a read for as long as nobody answers and patience lasts.
func (m *remoteImage) persist(read func() error) error {
	deadline := time.Now().Add(m.patience)
	for {
		err := read()
		if _, silent := errors.AsType[*unanswered](err); !silent || !time.Now().Before(deadline) || !pause(m.ctx, m.retry) {
			return err
		}
	}
}

// checkImage tries what the iDRAC needs of a server: HEAD, then a range.
func checkImage(ctx context.Context, client *http.Client, location string) error {
	image := &remoteImage{ctx: ctx, client: client, url: location}
	if err := image.open(); err != nil {
		return err
	}
	return image.fetch(0)
}

// openPatiently opens an image whose server may be away for a while.
func openPatiently(ctx context.Context, client *http.Client, location string, t Timing) (*remoteImage, error) {
	image := &remoteImage{ctx: ctx, client: client, url: location, patience: t.ReadPatience, retry: t.CallbackRetry}
	return image, image.persist(image.open)
}

func (m *remoteImage) open() error {
	response, err := m.do(http.MethodHead, "")
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil {
		return fmt.Errorf("HEAD of the image: %w", err)
	}
	switch {
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("HEAD of the image answered status %d instead of 200", response.StatusCode)
	case response.Header.Get("Accept-Ranges") != "bytes":
		return errors.New("the image server does not announce Accept-Ranges: bytes")
	case response.ContentLength <= 0:
		return errors.New("the image server does not say the image's Content-Length")
	}
	m.size = response.ContentLength
	return nil
}

func (m *remoteImage) do(method, byteRange string) (*http.Response, error) {
	if m.requests++; m.requests > maxImageRequests {
		return nil, errors.New("the image needs too many reads to boot")
	}
	request, err := http.NewRequestWithContext(m.ctx, method, m.url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("image request: %w", withoutURL(err))
	}
	request.Header.Set("User-Agent", imageUserAgent)
	if byteRange != "" {
		request.Header.Set("Range", byteRange)
	}
	response, err := m.client.Do(request)
	if err != nil {
		return nil, &unanswered{fmt.Errorf("%s of the image: %w", method, withoutURL(err))}
	}
	if !response.ProtoAtLeast(1, 1) {
		_ = response.Body.Close()
		return nil, fmt.Errorf("the image server speaks %s, which an iDRAC does not", response.Proto)
	}
	return response, nil
}

// withoutURL drops the address from an error, because an image's or a callback's URL
// holds an access token.
func withoutURL(err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	return err
}

// fetch reads the chunk that begins at the offset.
func (m *remoteImage) fetch(at int64) (err error) {
	last := min(at+imageChunk, m.size) - 1
	response, err := m.do(http.MethodGet, fmt.Sprintf("bytes=%d-%d", at, last))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode != http.StatusPartialContent {
		return fmt.Errorf("a byte range of the image answered status %d instead of 206", response.StatusCode)
	}
	chunk := make([]byte, last-at+1)
	n, err := io.ReadFull(response.Body, chunk)
	m.transferred += int64(n)
	if err != nil {
		return &unanswered{fmt.Errorf("a byte range of the image ended early: %w", err)}
	}
	m.chunk, m.chunkAt = chunk, at
	return nil
}

// ReadAt implements io.ReaderAt.
func (m *remoteImage) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("image offset %d is negative", off)
	}
	done := 0
	for done < len(p) {
		at := off + int64(done)
		if at >= m.size {
			return done, io.EOF
		}
		if at < m.chunkAt || at >= m.chunkAt+int64(len(m.chunk)) {
			if err := m.persist(func() error { return m.fetch(at - at%imageChunk) }); err != nil {
				return done, err
			}
		}
		done += copy(p[done:], m.chunk[at-m.chunkAt:])
	}
	return done, nil
}
