package main

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/store"
)

const isoAddHelp = `Add an image from a file, or from an http or https URL that this computer fetches.

An upload or download that was broken off goes on where it stopped when the same
command is given again. An image that is there already is not sent. The image is
visible when it has come whole, has its digest and is an ISO image.

Operators may also put files into the server's images folder.`

func newISOAdd(a *app) *cobra.Command {
	var name, digest string
	cmd := &cobra.Command{
		Use:   "add FILE|URL",
		Short: "Add an image",
		Long:  isoAddHelp,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if digest != "" {
				var err error
				if digest, err = store.ParseDigest(digest); err != nil {
					return usagef("--sha256: %w", err)
				}
			}
			source, err := a.openSource(cmd.Context(), args[0], digest)
			if err != nil {
				return err
			}
			defer func() { _ = source.close() }() // it was open for reading only
			image, err := a.addISO(cmd.Context(), source, name)
			if err != nil {
				return err
			}
			return a.print(image, func(b *strings.Builder) { writeImage(b, image) })
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "`name` of the image, ending in .iso (default: as the file is called)")
	cmd.Flags().StringVar(&digest, "sha256", "", "`digest` that the image must have")
	return cmd
}

// openSource finds out what a file or URL is.
func (a *app) openSource(ctx context.Context, from, digest string) (*isoSource, error) {
	u, err := url.Parse(from)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return a.openISOFile(ctx, from, digest)
	}
	return a.openISOURL(ctx, u, digest)
}

// addISO uploads the image under the name, or the source's own.
func (a *app) addISO(ctx context.Context, source *isoSource, name string) (v2.ImageDetails, error) {
	var image v2.ImageDetails
	if name == "" {
		name = path.Base(source.name)
	}
	api, err := a.patientClient()
	if err != nil {
		return image, err
	}
	upload, err := decode[v2.ImageUpload](api.ImagesPost(ctx, v2.ImageUploadRequest{
		Name: name, Size: source.size, Digest: source.digest, Source: source.tag,
	}))
	if err != nil {
		return image, err
	}
	switch {
	case upload.Offset == upload.Size:
		a.notef("The content of %s is on the server.", name)
	case upload.Offset > 0:
		a.notef("Going on with %s at %s of %s.", name, formatBytes(upload.Offset), formatBytes(upload.Size))
	default:
		a.notef("Sending %s, %s.", name, formatBytes(upload.Size))
	}
	s := sender{app: a, api: api, source: source, upload: upload}
	if image, err = s.send(ctx); err != nil {
		return image, fmt.Errorf("add %s: %w", name, err)
	}
	return image, nil
}
