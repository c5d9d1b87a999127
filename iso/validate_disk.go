package iso

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	diskPath   = regexp.MustCompile(`^/dev(/[A-Za-z0-9_:=+-][A-Za-z0-9._:=+-]*)+$`)
	diskSerial = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$`)
	diskWWN    = regexp.MustCompile(`^(0x|naa\.|eui\.)?[0-9A-Fa-f]{16,32}$`)
	diskModel  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,38}[A-Za-z0-9])?$`)
	mountPoint = regexp.MustCompile(`^(swap|/|(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+)$`)
)

func (d Disk) validate(p *problems) {
	given := 0
	check := func(field, value string, check func(string) string) {
		if value != "" {
			given++
			p.add(field, check(value))
		}
	}
	if d == (Disk{Path: d.Path}) {
		p.add("disk", optional(d.Path, match(diskPath, "a path such as /dev/disk/by-id/…")))
		return
	}
	check("disk.path", d.Path, match(diskPath, "a path such as /dev/disk/by-id/…"))
	check("disk.serial", d.Serial, match(diskSerial, "a serial number"))
	check("disk.wwn", d.WWN, match(diskWWN, "16 to 32 hexadecimal digits"))
	check("disk.volume", d.Volume, match(diskWWN, "a volume's durable name of 16 to 32 hexadecimal digits"))
	check("disk.model", d.Model, match(diskModel, "a part of a model's name, such as BOSS"))
	if given > 1 {
		p.add("disk", "more than one of path, serial, wwn, volume and model is given: give one")
	}
}

func validatePartitions(p *problems, partitions []Partition) {
	open := 0
	for i, part := range partitions {
		path := fmt.Sprintf("partitions[%d]", i)
		p.add(path+".mount", match(mountPoint, "swap or a directory such as /var")(part.Mount))
		p.add(path+".fs", optional(part.FS, oneOf("ext4", "xfs", "vfat", "btrfs", "swap")))
		if (part.Mount == "swap") != (part.FS == "swap") && part.FS != "" {
			p.add(path+".fs", "swap and file system do not go together")
		}
		if part.Size < 0 {
			p.add(path+".size", fmt.Sprintf("%d: want MiB, or none for the rest of the disk", part.Size))
		}
		if part.Size == 0 {
			open++
		}
	}
	isRoot := func(part Partition) bool { return part.Mount == "/" }
	if len(partitions) > 0 && !slices.ContainsFunc(partitions, isRoot) {
		p.add("partitions", "none is mounted at /")
	}
	if open > 1 {
		p.add("partitions", "more than one has no size: only one can take the rest of the disk")
	}
	for i, part := range partitions {
		if slices.ContainsFunc(partitions[:i], func(other Partition) bool { return other.Mount == part.Mount }) {
			p.add(fmt.Sprintf("partitions[%d].mount", i), "given twice: "+strings.TrimSpace(part.Mount))
		}
	}
}
