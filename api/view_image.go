package api

import (
	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/iso"
	"github.com/rackflow/rackflow/media"
	"github.com/rackflow/rackflow/store"
)

func imageView(image store.Image) v2.Image {
	return v2.Image{
		Name: image.Name, Digest: image.Digest, Size: image.Size, Modified: image.Modified.UTC(), Uploaded: image.Uploaded,
	}
}

func imageDetails(d media.Description) v2.ImageDetails {
	view := v2.ImageDetails{
		Image: imageView(d.Image), Label: d.Info.Label, MediaChecksum: d.Info.MediaChecksum,
		Family: d.System.Family, Product: d.System.Product, Version: d.System.Version, Architecture: d.System.Architecture,
		FileSystems: fileSystems(d.Info), PartitionTables: partitionTables(d.Info), Boot: []v2.ImageBoot{},
	}
	for _, entry := range d.Info.Boot {
		view.Boot = append(view.Boot, v2.ImageBoot{
			Platform: string(entry.Platform), Bootable: entry.Bootable, Sector: int64(entry.LBA),
		})
	}
	return view
}

func fileSystems(info iso.BaseInfo) []string {
	names := []string{"ISO 9660"}
	return appendIf(appendIf(appendIf(names, info.RockRidge, "Rock Ridge"), info.Joliet, "Joliet"), info.UDF, "UDF")
}

func partitionTables(info iso.BaseInfo) []string {
	return appendIf(appendIf(nil, info.MBR, "MBR"), info.GPT, "GPT")
}

func appendIf(names []string, has bool, name string) []string {
	if !has {
		return names
	}
	return append(names, name)
}

func fetchViews(fetches []media.Fetch) []v2.ImageFetch {
	var views []v2.ImageFetch
	for _, f := range fetches {
		views = append(views, v2.ImageFetch{
			Task: f.Task, Size: f.Size, Bytes: f.Bytes, Highest: f.Highest, First: f.First.UTC(), Last: f.Last.UTC(),
		})
	}
	return views
}
