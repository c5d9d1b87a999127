package iso

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"slices"
)

// mediaChecksum marks a checksum over the whole image that implantisomd5 has
// left in the application use area of the primary descriptor.
var mediaChecksum = []byte("ISO MD5SUM")

// Where the application use area of a volume descriptor lies (ECMA-119 8.4.32).
const (
	applicationUseAt     = 883
	applicationUseLength = 512
)

// maxImageBytes keeps sector numbers within their 32 bits, and leaves room for
// what edits add.
const maxImageBytes = 4 << 40

// Base is a vendor's image, read once and then edited for any number of servers.
// It never changes and may be used by many goroutines at once, provided that its
// reader may.
type Base struct {
	img       image
	info      BaseInfo
	trees     []*tree // the primary one first
	catalogue uint32  // sector of the El Torito catalogue; 0: none
	// fingerprint tells images apart by what Open has read of them.
	fingerprint [sha256.Size]byte
}

// BaseInfo is what Open learns about an image.
type BaseInfo struct {
	Info

	// RockRidge says that the primary tree has POSIX names.
	RockRidge bool `json:"rockRidge"`
	// UDF says that the image has a UDF file system too. Systems that read it,
	// Windows above all, do not see edits of files.
	UDF bool `json:"udf"`
	// MBR and GPT say which partition tables make the image boot as a disk.
	MBR bool `json:"mbr"`
	GPT bool `json:"gpt"`
	// MediaChecksum says that a checksum is implanted, which an installer may
	// compare with the image; any edit makes it wrong.
	MediaChecksum bool `json:"mediaChecksum"`
}

// File is a file or directory of an image.
type File struct {
	Path string // from the root, without a leading slash
	Size int64  // bytes; 0 for a directory
	Dir  bool
}

// Open reads the descriptors, directories, boot catalogue and partition tables
// of the image r, which has size bytes and must not change while the Base or an
// Image made of it is in use. It keeps the directories in memory, of which it
// accepts at most 32 MiB a tree; files are read when asked for.
//
// Errors wrap ErrNotISO or ErrTruncated where that is the cause. An image that
// firmware cannot boot is accepted, and its Info has no boot entries.
func Open(r io.ReaderAt, size int64) (*Base, error) {
	info, err := Inspect(r, size)
	if err != nil && !errors.Is(err, ErrNotBootable) {
		return nil, err
	}
	if size > maxImageBytes {
		return nil, fmt.Errorf("open image %q: it has %d bytes, at most %d are supported", info.Label, size, int64(maxImageBytes))
	}
	b := &Base{img: image{r: r, size: size}, info: BaseInfo{Info: info}}
	if err := b.read(); err != nil {
		return nil, fmt.Errorf("open image %q: %w", info.Label, err)
	}
	return b, nil
}

func (b *Base) read() error {
	sum := sha256.New()
	note := func(raw []byte) { sum.Write(raw) }
	if err := b.readDescriptors(note); err != nil {
		return err
	}
	if err := b.readPartitions(note); err != nil {
		return err
	}
	sum.Write(binary.LittleEndian.AppendUint64(nil, uint64(b.img.size)))
	sum.Sum(b.fingerprint[:0])
	return nil
}

// readDescriptors reads the trees behind the volume descriptors.
func (b *Base) readDescriptors(note func([]byte)) error {
	for lba := uint32(firstDescriptor); lba < firstDescriptor+maxDescriptors; lba++ {
		d, err := readDescriptor(b.img, lba)
		if err != nil {
			return err
		}
		if d == nil {
			break
		}
		note(d)
		if d[0] == descriptorTerminator {
			b.info.UDF = hasUDF(b.img, lba+1)
			break
		}
		if err := b.readDescribed(lba, d, note); err != nil {
			return err
		}
	}
	return nil
}

// readDescribed reads what one descriptor leads to. Only the first descriptor of
// each kind counts.
func (b *Base) readDescribed(lba uint32, d []byte, note func([]byte)) error {
	switch {
	case d[0] == descriptorPrimary && len(b.trees) == 0:
		b.info.MediaChecksum = bytes.Contains(d[applicationUseAt:applicationUseAt+applicationUseLength], mediaChecksum)
		return b.readTree(&tree{descriptor: lba}, d, note)
	case d[0] == descriptorSupplementary && isJoliet(d[88:120]) && len(b.trees) == 1:
		return b.readTree(&tree{descriptor: lba, joliet: true}, d, note)
	case d[0] == descriptorBoot && b.catalogue == 0 && len(b.info.Boot) > 0:
		b.catalogue = binary.LittleEndian.Uint32(d[71:])
	}
	return nil
}

func (b *Base) readTree(t *tree, d []byte, note func([]byte)) error {
	root := record(d[156 : 156+34])
	reader := treeReader{img: b.img, tree: t, seen: make(map[uint32]bool), fingerprint: note}
	if err := reader.read(root.extent()); err != nil {
		return fmt.Errorf("read tree of sector %d: %w", t.descriptor, err)
	}
	b.trees = append(b.trees, t)
	b.info.RockRidge = b.info.RockRidge || t.susp.present
	return nil
}

// hasUDF looks for the volume recognition sequence of ECMA-167 behind the ISO
// 9660 descriptors.
func hasUDF(img image, lba uint32) bool {
	for n := range uint32(maxDescriptors) {
		sector, err := img.sector(lba + n)
		if err != nil {
			return false
		}
		switch string(sector[1:6]) {
		case "NSR02", "NSR03":
			return true
		case "BEA01", "BOOT2", "CDW02":
		default:
			return false
		}
	}
	return false
}

// Info returns what is known of the image.
func (b *Base) Info() BaseInfo {
	info := b.info
	info.Boot = slices.Clone(info.Boot)
	return info
}

// main is the tree that people see: Rock Ridge before Joliet before plain names,
// as Linux chooses.
func (b *Base) main() *tree {
	if !b.trees[0].susp.present && len(b.trees) > 1 {
		return b.trees[1]
	}
	return b.trees[0]
}

// Walk yields all files and directories with the names that Linux shows, each
// directory before what it holds, in the image's own order. Symbolic links are
// left out, and so are directories that Rock Ridge has moved elsewhere.
func (b *Base) Walk() iter.Seq[File] {
	return func(yield func(File) bool) { walk(b.main().root, "", yield) }
}

func walk(d *directory, prefix string, yield func(File) bool) bool {
	for _, e := range d.entries {
		if e.name == "" || e.rock.link || e.rock.relocated && e.dir == nil {
			continue
		}
		file := File{Path: path.Join(prefix, e.name), Dir: e.dir != nil}
		if !file.Dir {
			file.Size = e.size()
		}
		if !yield(file) || file.Dir && !walk(e.dir, file.Path, yield) {
			return false
		}
	}
	return true
}

// Open returns the content of a file, wherever its extents lie. The error wraps
// [fs.ErrNotExist] if there is none of that path.
func (b *Base) Open(name string) (*io.SectionReader, error) {
	parts, err := splitPath(name)
	if err != nil {
		return nil, err
	}
	_, e, err := b.lookup(parts)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	content, err := b.content(e)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return content, nil
}

// lookup finds a file and returns its path as the image spells it.
func (b *Base) lookup(parts []string) (string, entry, error) {
	t := b.main()
	d, spelled := t.root, ""
	for depth, part := range parts {
		i := t.find(d, part)
		if i < 0 {
			return "", entry{}, fmt.Errorf("%w on the image", fs.ErrNotExist)
		}
		e := d.entries[i]
		spelled = path.Join(spelled, e.name)
		if depth == len(parts)-1 {
			return spelled, e, e.regular()
		}
		if e.dir == nil {
			return "", entry{}, fmt.Errorf("%s is not a directory", spelled)
		}
		d = e.dir
	}
	return "", entry{}, fs.ErrNotExist
}

// place is where a file's content begins, which is the same in all trees; zero if
// there is no such file.
func (b *Base) place(parts []string) extentRef {
	if _, e, err := b.lookup(parts); err == nil {
		return e.records[0].extent()
	}
	return extentRef{}
}

// regular refuses what has no content of its own.
func (e entry) regular() error {
	switch {
	case e.dir != nil:
		return errors.New("it is a directory, not a file")
	case e.rock.link:
		return errors.New("it is a symbolic link: name the file it points to")
	case e.rock.relocated:
		return errors.New("it is a directory that Rock Ridge has moved elsewhere")
	case e.rock.compressed:
		return errors.New("it is compressed by zisofs, which is not supported")
	}
	return nil
}

func (b *Base) content(e entry) (*io.SectionReader, error) {
	var parts extents
	for i, part := range e.extents() {
		if e.records[i][26] != 0 {
			return nil, errors.New("it is interleaved, which is not supported")
		}
		begin := int64(part.lba) * sectorSize
		if part.length > 0 && begin+int64(part.length) > b.img.size {
			return nil, fmt.Errorf("%w: the file lies beyond its end", ErrTruncated)
		}
		parts.list = append(parts.list, part)
	}
	parts.r = b.img.r
	return io.NewSectionReader(parts, 0, e.size()), nil
}

// extents reads the parts of a file one behind the other.
type extents struct {
	r    io.ReaderAt
	list []extentRef
}

// ReadAt implements [io.ReaderAt].
func (e extents) ReadAt(p []byte, off int64) (int, error) {
	var done int
	for _, part := range e.list {
		if length := int64(part.length); off >= length {
			off -= length
			continue
		}
		want := min(int64(len(p)-done), int64(part.length)-off)
		n, err := e.r.ReadAt(p[done:done+int(want)], int64(part.lba)*sectorSize+off)
		done += n
		if n < int(want) {
			return done, err
		}
		if done == len(p) {
			return done, nil
		}
		off = 0
	}
	return done, io.EOF
}
