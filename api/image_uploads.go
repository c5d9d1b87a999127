package api

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/store"
)

const (
	uploadOffset = "Upload-Offset"
	uploadLength = "Upload-Length"
	// uploadPause is how long the sender of an image may pause. The rest of the
	// upload takes as long as it takes.
	uploadPause = time.Minute
)

// ImagesPost answers POST /images.
func (h *handlers) ImagesPost(c echo.Context) error {
	var body v2.ImageUploadRequest
	if err := h.decode(c, "ImageUploadRequest", &body); err != nil {
		return err
	}
	u, err := h.Media.Images.StartUpload(store.ImageUpload{
		Name: body.Name, Size: body.Size, Digest: body.Digest, Source: body.Source,
	})
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, basePath+"/images/uploads/"+u.ID)
	return c.JSON(http.StatusCreated, v2.ImageUpload{ID: u.ID, Name: u.Name, Size: u.Size, Offset: u.Offset})
}

// ImagesHeadUpload answers HEAD /images/uploads/{uploadId}.
func (h *handlers) ImagesHeadUpload(c echo.Context, id v2.UploadID) error {
	u, err := h.Media.Images.Upload(id)
	if err != nil {
		return err
	}
	setOffset(c, u)
	c.Response().Header().Set(uploadLength, strconv.FormatInt(u.Size, 10))
	return c.NoContent(http.StatusOK)
}

// ImagesPatchUpload answers PATCH /images/uploads/{uploadId}.
func (h *handlers) ImagesPatchUpload(c echo.Context, id v2.UploadID, params v2.ImagesPatchUploadParams) error {
	ctx := c.Request().Context()
	body := &patientBody{body: c.Request().Body, response: http.NewResponseController(c.Response().Writer)}
	u, err := h.Media.Images.AppendUpload(ctx, id, params.UploadOffset, body)
	switch {
	case body.err != nil && err != nil:
		return refuse(http.StatusBadRequest, "The upload of image %s broke off at byte %d: go on from there", u.Name, u.Offset)
	case err != nil:
		return err
	case u.Offset < u.Size:
		setOffset(c, u)
		return c.NoContent(http.StatusNoContent)
	}
	// Gigabytes are read now to compute their digest.
	if err := unhurried(body.response); err != nil {
		return err
	}
	image, err := h.Media.FinishUpload(ctx, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, imageDetails(image))
}

// ImagesDeleteUpload answers DELETE /images/uploads/{uploadId}.
func (h *handlers) ImagesDeleteUpload(c echo.Context, id v2.UploadID) error {
	if err := h.Media.Images.CancelUpload(id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func setOffset(c echo.Context, u store.ImageUpload) {
	c.Response().Header().Set(uploadOffset, strconv.FormatInt(u.Offset, 10))
}

// patientBody reads a body for as long as something comes.
type patientBody struct {
	body     io.Reader
	response *http.ResponseController
	err      error // why the body ended early
}

// Read implements [io.Reader].
func (b *patientBody) Read(p []byte) (int, error) {
	pause := time.Now().Add(uploadPause)
	if err := setDeadlines(b.response, pause, pause.Add(uploadPause)); err != nil {
		return 0, err
	}
	n, err := b.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err //nolint:wrapcheck // io.Reader's errors are part of its contract
}

// unhurried takes the server's limits from a request whose work is as long as an
// image is large.
func unhurried(r *http.ResponseController) error { return setDeadlines(r, time.Time{}, time.Time{}) }

// setDeadlines leaves alone what is no connection, such as a recorder.
func setDeadlines(r *http.ResponseController, read, write time.Time) error {
	err := errors.Join(r.SetReadDeadline(read), r.SetWriteDeadline(write))
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}
