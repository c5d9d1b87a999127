package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/iso"
)

// ImagesGet answers GET /images.
func (h *handlers) ImagesGet(c echo.Context) error {
	images, err := h.Media.Images.List()
	if err != nil {
		return err
	}
	views := make([]v2.Image, len(images))
	for i, image := range images {
		views[i] = imageView(image)
	}
	return c.JSON(http.StatusOK, views)
}

// ImagesGetByName answers GET /images/{image}.
func (h *handlers) ImagesGetByName(c echo.Context, ref v2.ImageRef) error {
	description, err := h.Media.Describe(ref)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, imageDetails(description))
}

// ImagesDeleteByName answers DELETE /images/{image}.
func (h *handlers) ImagesDeleteByName(c echo.Context, ref v2.ImageRef) error {
	if err := h.Media.Remove(c.Request().Context(), ref); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// ImagesCustomize answers POST /images/{image}/customize.
func (h *handlers) ImagesCustomize(c echo.Context, ref v2.ImageRef) (err error) {
	var body v2.ImageCustomization
	if err := h.decode(c, "ImageCustomization", &body); err != nil {
		return err
	}
	answers, err := parseAnswers(body.Answers)
	if err != nil {
		return err
	}
	if err := unhurried(http.NewResponseController(c.Response().Writer)); err != nil {
		return err
	}
	file, err := h.Media.Customize(c.Request().Context(), ref, iso.Customization{
		Family: body.Family, Answers: answers, Templates: body.Templates,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	c.Response().Header().Set(echo.HeaderContentLength, strconv.FormatInt(file.Size, 10))
	return c.Stream(http.StatusOK, echo.MIMEOctetStream, io.NewSectionReader(file, 0, file.Size))
}

// parseAnswers is strict: a mistyped disk would leave the choice of what is erased
// to the recipe.
func parseAnswers(raw json.RawMessage) (answers iso.Answers, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&answers); err != nil {
		return answers, refuse(http.StatusBadRequest, "answers: %s", err)
	}
	return answers, nil
}
