package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	v2 "github.com/rackflow/rackflow/api/v2"
)

const (
	// sendAttempts is how often in a row a connection may break without a byte
	// having come through.
	sendAttempts = 5
	sendPause    = 2 * time.Second
)

// sender brings an image to the server over connections that may break.
type sender struct {
	*app

	api    *v2.Client
	source *isoSource
	upload v2.ImageUpload
}

func (s *sender) send(ctx context.Context) (v2.ImageDetails, error) {
	for attempt := 1; ; attempt++ {
		image, err := s.sendRest(ctx)
		if err == nil || ctx.Err() != nil || !mayGoOn(err, attempt) {
			return image, err
		}
		before := s.upload.Offset
		if s.findOffset(ctx) == nil && s.upload.Offset > before {
			attempt = 1
		}
		if attempt == sendAttempts {
			return image, err
		}
		s.notef("The connection broke: %v. Trying again.", err)
		select {
		case <-time.After(time.Duration(attempt) * sendPause):
		case <-ctx.Done():
			return image, ctx.Err()
		}
	}
}

// mayGoOn tells what may go better the next time. The server may take a while to
// notice that a connection is broken, and refuse the next one until then.
func mayGoOn(err error, attempt int) bool {
	var exit *exitError
	if !errors.As(err, &exit) || exit.code == exitUnreachable {
		return true
	}
	return attempt > 1 && exit.status == http.StatusConflict
}

// sendRest sends what is still missing.
func (s *sender) sendRest(ctx context.Context) (v2.ImageDetails, error) {
	var image v2.ImageDetails
	body := io.NopCloser(http.NoBody)
	if s.upload.Offset < s.upload.Size {
		var err error
		if body, err = s.source.from(ctx, s.upload.Offset); err != nil {
			return image, err
		}
	}
	rest := &watchedBody{ReadCloser: body}
	length := func(_ context.Context, req *http.Request) error {
		req.ContentLength = s.upload.Size - s.upload.Offset
		return nil
	}
	image, err := decode[v2.ImageDetails](s.api.ImagesPatchUploadWithBody(ctx, s.upload.ID,
		&v2.ImagesPatchUploadParams{UploadOffset: s.upload.Offset}, "application/offset+octet-stream", rest, length))
	if err != nil && rest.err != nil {
		err = fmt.Errorf("read the image: %w", rest.err)
	}
	return image, errors.Join(err, body.Close())
}

// findOffset asks how far the upload has got.
func (s *sender) findOffset(ctx context.Context) error {
	resp, err := s.api.ImagesHeadUpload(ctx, s.upload.ID)
	if err != nil {
		return err
	}
	offset, err := strconv.ParseInt(resp.Header.Get("Upload-Offset"), 10, 64)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	s.upload.Offset = offset
	return nil
}

// watchedBody remembers why the image could not be read, since a client says only
// that a request could not be sent.
type watchedBody struct {
	io.ReadCloser

	err error
}

// Read implements [io.Reader].
func (w *watchedBody) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}
