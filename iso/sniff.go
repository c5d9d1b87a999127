package iso

import (
	"bytes"
	"fmt"
)

// signature recognises a kind of file that people offer in place of an ISO.
type signature struct {
	offset int
	magic  string
	advice string
}

// signatures are tried in order; text is compared without regard to case.
var signatures = []signature{
	{0, "\x1f\x8b", "it is gzip-compressed: unpack it with gunzip first"},
	{0, "\xfd7zXZ\x00", "it is xz-compressed: unpack it with unxz first"},
	{0, "\x28\xb5\x2f\xfd", "it is zstd-compressed: unpack it with unzstd first"},
	{0, "BZh", "it is bzip2-compressed: unpack it with bunzip2 first"},
	{0, "PK\x03\x04", "it is a zip archive: unpack it and take the .iso from inside"},
	{0, "7z\xbc\xaf\x27\x1c", "it is a 7-Zip archive: unpack it and take the .iso from inside"},
	{0, "Rar!", "it is a RAR archive: unpack it and take the .iso from inside"},
	{257, "ustar", "it is a tar archive: unpack it and take the .iso from inside"},
	{0, "QFI\xfb", "it is a qcow2 disk of a virtual machine: take the vendor's installation ISO instead"},
	{0, "KDMV", "it is a VMDK disk of a virtual machine: take the vendor's installation ISO instead"},
	{0, "vhdxfile", "it is a VHDX disk of a virtual machine: take the vendor's installation ISO instead"},
	{0, "MSWIM\x00\x00\x00", "it is a Windows WIM archive: take the ISO it comes from instead"},
	{0, "version https://git-lfs", "it is a Git LFS pointer: fetch the file itself with git lfs pull"},
	{0, "<!doctype html", "it is an HTML page, perhaps a log-in or error page: download the file itself"},
	{0, "<html", "it is an HTML page, perhaps a log-in or error page: download the file itself"},
	{0, "<?xml", "it is an XML document, perhaps an error answer: download the file itself"},
	{0, "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00", "it is a raw CD dump with 2352-byte sectors: convert it to .iso with bchunk first"},
	{510, "\x55\xaa", "it is a disk image with a partition table: take the vendor's installation ISO instead"},
}

// notISO says what the file is instead, as well as its first sector can tell.
func notISO(img image) error {
	if img.size <= 0 {
		return fmt.Errorf("%w: the file is empty: download or copy it again", ErrNotISO)
	}
	head, err := img.sector(0)
	if err != nil {
		return err
	}
	if advice := recognise(head); advice != "" {
		return fmt.Errorf("%w: %s", ErrNotISO, advice)
	}
	if img.size < (firstDescriptor+1)*sectorSize {
		return fmt.Errorf("%w: %d bytes are too few for one: download or copy it again", ErrNotISO, img.size)
	}
	return fmt.Errorf("%w: %s: check that it is the vendor's .iso file", ErrNotISO, describeDescriptor(img))
}

func recognise(head []byte) string {
	for _, s := range signatures {
		end := s.offset + len(s.magic)
		if bytes.EqualFold(head[s.offset:end], []byte(s.magic)) {
			return s.advice
		}
	}
	return ""
}

// describeDescriptor says what is wrong where the descriptors should be.
func describeDescriptor(img image) string {
	sector, err := img.sector(firstDescriptor)
	if err != nil {
		return fmt.Sprintf("sector %d cannot be read", firstDescriptor)
	}
	switch string(sector[1:6]) {
	case "CD001":
		return "it has volume descriptors, but no primary one"
	case "BEA01", "NSR02", "NSR03":
		return "it is a UDF image without an ISO 9660 part"
	}
	return fmt.Sprintf("sector %d has no CD001 signature", firstDescriptor)
}
