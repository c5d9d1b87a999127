package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
)

func newISO(a *app) *cobra.Command {
	return newNoun("iso", "Manage vendors' installation images",
		newISOAdd(a), newISOList(a), newISOShow(a), newISOBuild(a), newISORemove(a))
}

func newISOList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List images",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := a.client()
			if err != nil {
				return err
			}
			images, err := decode[[]v2.Image](api.ImagesGet(cmd.Context()))
			if err != nil {
				return err
			}
			return a.print(images, func(b *strings.Builder) { a.writeImages(b, images) })
		},
	}
}

func (a *app) writeImages(b *strings.Builder, images []v2.Image) {
	t := newTable("NAME", "SIZE", "MODIFIED", "DIGEST")
	for _, i := range images {
		t.add(i.Name, formatBytes(i.Size), i.Modified.In(a.p.Now().Location()).Format(time.DateTime), i.Digest)
	}
	t.write(b)
}

func newISOShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show IMAGE",
		Short:             "Show an image, by its name or digest, and what it tells of itself",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeImages,
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := a.client()
			if err != nil {
				return err
			}
			image, err := decode[v2.ImageDetails](api.ImagesGetByName(cmd.Context(), args[0]))
			if err != nil {
				return err
			}
			return a.print(image, func(b *strings.Builder) { writeImage(b, image) })
		},
	}
}

func writeImage(b *strings.Builder, i v2.ImageDetails) {
	checksum := ""
	if i.MediaChecksum {
		checksum = "implanted"
	}
	writeFields(b,
		[2]string{"Name", i.Name}, [2]string{"Digest", i.Digest}, [2]string{"Size", formatBytes(i.Size)},
		[2]string{"Label", i.Label}, [2]string{"Family", i.Family}, [2]string{"Product", i.Product},
		[2]string{"Version", i.Version}, [2]string{"Architecture", i.Architecture},
		[2]string{"File systems", strings.Join(i.FileSystems, ", ")},
		[2]string{"Partition tables", strings.Join(i.PartitionTables, ", ")},
		[2]string{"Media checksum", checksum}, [2]string{"Boots", bootRecords(i.Boot)})
}

func bootRecords(records []v2.ImageBoot) string {
	var platforms []string
	for _, r := range records {
		if r.Bootable {
			platforms = append(platforms, r.Platform)
		}
	}
	if len(platforms) == 0 {
		return "not at all"
	}
	return strings.Join(platforms, ", ")
}

const isoRemoveHelp = `Remove an image by its name, or by its digest under all its names.
An image that a run has given to a BMC is not removed.`

func newISORemove(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "remove IMAGE",
		Short:             "Remove an image",
		Long:              isoRemoveHelp,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeImages,
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := a.client()
			if err != nil {
				return err
			}
			return done(api.ImagesDeleteByName(cmd.Context(), args[0]))
		},
	}
}
