package iso

import "errors"

var (
	// ErrNotISO says that a file is no ISO 9660 image at all. The message
	// around it names what was found instead.
	ErrNotISO = errors.New("not an ISO 9660 image")
	// ErrNotBootable says that an image is sound, but firmware cannot boot it.
	ErrNotBootable = errors.New("not a bootable ISO image")
	// ErrTruncated says that an image is shorter than it claims to be, as after
	// a broken download.
	ErrTruncated = errors.New("truncated ISO image")
	// ErrUnknownFamily says that no recipe exists for an OS family.
	ErrUnknownFamily = errors.New("unknown OS family")
)
