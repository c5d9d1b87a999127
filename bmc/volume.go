package bmc

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	opVolumes      = "list volumes"
	opCreateVolume = "create volume"
	opDeleteVolume = "delete volume"

	// maxVolumeName is what a PERC controller keeps of a name.
	maxVolumeName = 15
	applyNow      = "Immediate"
	applyOnReset  = "OnReset"
)

// Volume is a virtual disk of a storage controller.
type Volume struct {
	ID  string `json:"id"`
	URI string `json:"uri"`
	// Name is what it was given when it was created.
	Name string `json:"name"`
	// RAID is RAID0, RAID1, RAID5, RAID6, RAID10, RAID50, RAID60 or None, where a
	// controller shows a drive as a volume of its own.
	RAID  string `json:"raid,omitempty"`
	Bytes int64  `json:"bytes"`
	// Drives are the URIs of the drives that it is made of.
	Drives []string `json:"drives,omitempty"`
	// WWN is the NAA identifier, by which an operating system knows it too, in lower case
	// without separators; empty where the BMC does not tell.
	WWN string `json:"wwn,omitempty"`
	// Spares are the URIs of the drives that stand by for this volume only.
	Spares []string `json:"spares,omitempty"`
	Health string   `json:"health,omitempty"`
}

// VolumeSpec describes a volume to create.
type VolumeSpec struct {
	// Name identifies it from then on: up to 15 letters, digits, dashes and
	// underscores, once on a controller.
	Name string
	// RAID is the level in Redfish's words, such as RAID1.
	RAID string
	// Drives are ids, serial numbers or URIs of drives of the controller.
	Drives []string
	// Bytes is the capacity. Zero takes all there is.
	Bytes int64
	// StripBytes is the size of a strip on one drive. Zero leaves it to the controller.
	StripBytes int64
	// OnReset waits for the next restart of the server, for controllers that cannot
	// create one while it runs.
	OnReset bool
}

type volumeDoc struct {
	URI           string `json:"@odata.id"`
	ID            string `json:"Id"`
	Name          string
	RAIDType      string
	VolumeType    string
	CapacityBytes int64
	Identifiers   []durableName
	Status        struct{ Health string }
	Links         struct{ Drives, DedicatedSpareDrives []link }
}

// volumeTypes are the levels' names where firmware before 4.x has no RAIDType.
//
//nolint:gochecknoglobals // a constant table
var volumeTypes = map[string]string{
	"NonRedundant": "RAID0", "Mirrored": "RAID1", "StripedWithParity": "RAID5", "SpannedMirrors": "RAID10",
	"SpannedStripesWithParity": "RAID50", "RawDevice": "None",
}

func (d *volumeDoc) volume() Volume {
	v := Volume{
		ID: d.ID, URI: d.URI, Name: d.Name, RAID: cmp.Or(d.RAIDType, volumeTypes[d.VolumeType]),
		Bytes: d.CapacityBytes, Health: d.Status.Health, WWN: wwn(d.Identifiers),
	}
	for _, drive := range d.Links.Drives {
		v.Drives = append(v.Drives, drive.URI)
	}
	for _, drive := range d.Links.DedicatedSpareDrives {
		v.Spares = append(v.Spares, drive.URI)
	}
	return v
}

// Volumes lists the volumes of a storage controller, by its id such as
// RAID.Integrated.1-1.
func (b *BMC) Volumes(ctx context.Context, controller string) ([]Volume, error) {
	storage, err := b.controller(ctx, opVolumes, controller)
	if err != nil {
		return nil, err
	}
	return b.volumesOf(ctx, opVolumes, storage)
}

func (b *BMC) volumesOf(ctx context.Context, op string, storage *storageDoc) ([]Volume, error) {
	if storage.Volumes.URI == "" {
		return nil, nil
	}
	docs, err := readMembers[volumeDoc](ctx, b, op, storage.Volumes.URI)
	if hasStatus(err, http.StatusNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	volumes := make([]Volume, 0, len(docs))
	for i := range docs {
		volumes = append(volumes, docs[i].volume())
	}
	return volumes, nil
}

// StartCreateVolume creates a volume and returns the id of the job that does it. The id
// is empty when a volume of that name, level and drives is there already. It refuses a
// name that another volume has, and drives that belong to one.
//
// It waits until the Lifecycle Controller can take storage work. After an Unknown
// outcome look for the job, which [NewJob] tells, and wait for it: once it has ended, a
// volume that came about is recognised by its name.
func (b *BMC) StartCreateVolume(ctx context.Context, controller string, spec VolumeSpec) (jobID string, err error) {
	if err := spec.check(); err != nil {
		return "", b.refuse(opCreateVolume, err.Error(), "correct the volume's description")
	}
	storage, err := b.controller(ctx, opCreateVolume, controller)
	if err != nil {
		return "", err
	}
	drives, err := b.pickDrives(ctx, storage, spec.Drives)
	if err != nil {
		return "", err
	}
	volumes, err := b.volumesOf(ctx, opCreateVolume, storage)
	if err != nil {
		return "", err
	}
	if there, err := b.placeFor(volumes, spec, drives); err != nil || there {
		return "", err
	}
	if err := b.storageReady(ctx, opCreateVolume); err != nil {
		return "", err
	}
	return b.start(ctx, opCreateVolume, http.MethodPost, storage.Volumes.URI, spec.body(drives))
}

func (s VolumeSpec) check() error {
	switch {
	case s.Name == "" || len(s.Name) > maxVolumeName || strings.ContainsFunc(s.Name, notInVolumeName):
		return fmt.Errorf("%q is not a volume name: up to %d letters, digits, dashes and underscores", s.Name, maxVolumeName)
	case s.RAID == "":
		return fmt.Errorf("volume %s has no RAID level", s.Name)
	case len(s.Drives) == 0:
		return fmt.Errorf("volume %s has no drives", s.Name)
	case s.Bytes < 0 || s.StripBytes < 0:
		return fmt.Errorf("volume %s has a negative size", s.Name)
	}
	return nil
}

func notInVolumeName(r rune) bool {
	letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	return !letter && (r < '0' || r > '9') && r != '-' && r != '_'
}

func (s VolumeSpec) body(drives []Drive) map[string]any {
	links := make([]link, 0, len(drives))
	for _, drive := range drives {
		links = append(links, link{URI: drive.URI})
	}
	body := map[string]any{
		"Name": s.Name, "RAIDType": s.RAID, "Links": map[string]any{"Drives": links},
		"@Redfish.OperationApplyTime": applyNow,
	}
	if s.OnReset {
		body["@Redfish.OperationApplyTime"] = applyOnReset
	}
	if s.Bytes > 0 {
		body["CapacityBytes"] = s.Bytes
	}
	if s.StripBytes > 0 {
		body["StripSizeBytes"] = s.StripBytes
	}
	return body
}

// placeFor tells whether the volume is there, and refuses to disturb another.
func (b *BMC) placeFor(volumes []Volume, spec VolumeSpec, drives []Drive) (there bool, err error) {
	wanted := make([]string, 0, len(drives))
	for _, drive := range drives {
		wanted = append(wanted, drive.URI)
	}
	slices.Sort(wanted)
	for _, v := range volumes {
		if v.Name == spec.Name {
			if v.RAID == spec.RAID && slices.Equal(slices.Sorted(slices.Values(v.Drives)), wanted) {
				return true, nil
			}
			return false, b.refuse(opCreateVolume, fmt.Sprintf("volume %s exists with level %s on %d drives", v.Name, v.RAID, len(v.Drives)), "choose another name, or delete it first")
		}
		if v.RAID == "None" {
			continue // a drive that the controller passes on; it tells itself whether it can be taken
		}
		for _, uri := range v.Drives {
			if slices.Contains(wanted, uri) {
				return false, b.refuse(opCreateVolume, fmt.Sprintf("drive %s belongs to volume %s", lastSegment(uri), v.Name), "choose other drives, or delete that volume first")
			}
		}
	}
	return false, nil
}

// StartDeleteVolume deletes the volume of this name, id or URI, with all data on it
// and returns the id of the job that does it. The id is empty when there is no such
// volume. No other volume is touched; a name that two volumes have is refused. After an
// Unknown outcome look for the job, which [NewJob] tells.
func (b *BMC) StartDeleteVolume(ctx context.Context, controller, volume string) (jobID string, err error) {
	if volume == "" {
		return "", b.refuse(opDeleteVolume, "no volume is named", "give the name or URI of the volume")
	}
	storage, err := b.controller(ctx, opDeleteVolume, controller)
	if err != nil {
		return "", err
	}
	volumes, err := b.volumesOf(ctx, opDeleteVolume, storage)
	if err != nil {
		return "", err
	}
	meant := slices.DeleteFunc(volumes, func(v Volume) bool { return v.Name != volume && v.ID != volume && v.URI != volume })
	switch len(meant) {
	case 0:
		return "", nil
	case 1:
	default:
		return "", b.refuse(opDeleteVolume, fmt.Sprintf("%d volumes are named %s", len(meant), volume), "name the volume by its URI")
	}
	if err := b.storageReady(ctx, opDeleteVolume); err != nil {
		return "", err
	}
	return b.start(ctx, opDeleteVolume, http.MethodDelete, meant[0].URI, nil)
}

func lastSegment(uri string) string { return uri[strings.LastIndexByte(uri, '/')+1:] }
