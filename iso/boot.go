package iso

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// boot is how a family's installer is started.
type boot struct {
	// entries match the title of the installer's entry, without signs of hotkeys,
	// the best first. If none does, the first entry that loads a kernel is taken.
	entries []*regexp.Regexp
	// args changes the kernel's arguments. Nil: boot configurations stay as they are.
	args func(f form) KernelArgs
	// initrd, if not empty, is the path in the image of an initrd that is loaded
	// behind the vendor's.
	initrd string
}

// espConfigs are where boot loaders keep a GRUB configuration inside the UEFI
// boot image; case does not count.
var espConfigs = []string{
	"efi/boot/grub.cfg", "efi/debian/grub.cfg", "efi/ubuntu/grub.cfg", "efi/redhat/grub.cfg", "efi/centos/grub.cfg",
	"efi/fedora/grub.cfg", "efi/rocky/grub.cfg", "efi/almalinux/grub.cfg", "efi/opensuse/grub.cfg",
	"boot/grub/grub.cfg", "boot/grub2/grub.cfg",
}

// apply edits every boot configuration of the image that starts a kernel.
func (o boot) apply(e *Editor, f form) error {
	args := o.args(f)
	args.Add = append(slices.Clone(args.Add), f.KernelArgs...)
	edit := bootEdit{boot: o, args: args, editor: e}
	files := configFiles(e.base)
	steps := []func(configs) error{edit.grub, edit.isolinux, edit.bootCfg}
	for _, step := range steps {
		if err := step(files); err != nil {
			return err
		}
	}
	if edit.count == 0 {
		return errors.New("no boot configuration (grub.cfg, isolinux.cfg, boot.cfg) starts a kernel: " +
			"check that this is the family's installation image")
	}
	return edit.esp()
}

// configs are the boot configurations of an image, by their paths.
type configs struct {
	grub, bootCfg []string
	// isolinux has the files of each directory of ISOLINUX, the main one first.
	isolinux [][]string
}

func configFiles(b *Base) configs {
	var found configs
	folders := make(map[string][]string)
	var mains []string
	for file := range b.Walk() {
		dir, name := path.Split(strings.ToLower(file.Path))
		switch {
		case file.Dir || path.Ext(name) != ".cfg":
		case name == "grub.cfg":
			found.grub = append(found.grub, file.Path)
		case name == "boot.cfg":
			found.bootCfg = append(found.bootCfg, file.Path)
		case name == "isolinux.cfg" || name == "syslinux.cfg":
			mains = append(mains, file.Path)
		default:
			folders[dir] = append(folders[dir], file.Path)
		}
	}
	for _, main := range mains {
		dir, _ := path.Split(strings.ToLower(main))
		found.isolinux = append(found.isolinux, append([]string{main}, folders[dir]...))
	}
	return found
}

// bootEdit is an edit of boot configurations under way.
type bootEdit struct {
	boot

	args   KernelArgs
	editor *Editor
	count  int // configurations that start a kernel
}

// errNoKernel says that a configuration starts no kernel of its own, as one that
// leads to another does.
var errNoKernel = errors.New("no entry loads a kernel")

func (b *bootEdit) grub(files configs) error {
	for _, file := range files.grub {
		err := b.editor.Patch(file, b.patchGRUB)
		if errors.Is(err, errNoKernel) {
			continue
		}
		if err != nil {
			return err
		}
		b.count++
	}
	return nil
}

// esp does the same to the configurations inside the UEFI boot image, which count
// where the image is booted as a disk.
func (b *bootEdit) esp() error {
	for _, file := range espConfigs {
		err := b.editor.PatchESP(file, b.patchGRUB)
		absent := errors.Is(err, errNoKernel) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrNotBootable)
		if err != nil && !absent {
			return err
		}
	}
	return nil
}

func (b *bootEdit) patchGRUB(old []byte) ([]byte, error) {
	config := ParseGRUB(old)
	entries := slices.DeleteFunc(config.Entries(), func(e GRUBEntry) bool { return !config.LoadsKernel(e) })
	chosen, ok := choose(b.entries, entries, func(e GRUBEntry) string { return e.Title })
	if !ok {
		return nil, errNoKernel
	}
	if _, err := config.EditArgs(chosen.Path, b.args); err != nil {
		return nil, err
	}
	if b.initrd != "" {
		if err := config.AddInitrd(chosen.Path, "/"+b.initrd); err != nil {
			return nil, err
		}
	}
	if err := config.SetDefault(chosen.Path); err != nil {
		return nil, err
	}
	if err := config.SetTimeout(0); err != nil {
		return nil, err
	}
	return config.Bytes(), nil
}

// choose takes what the first pattern fits, or else the first there is.
func choose[T any](patterns []*regexp.Regexp, all []T, title func(T) string) (T, bool) {
	for _, pattern := range patterns {
		for _, one := range all {
			if pattern.MatchString(strings.TrimLeft(title(one), "*^ ")) {
				return one, true
			}
		}
	}
	if len(all) == 0 {
		var none T
		return none, false
	}
	return all[0], true
}

// isolinuxLabel is an entry of ISOLINUX and the file it is in.
type isolinuxLabel struct {
	IsolinuxEntry

	file string
}

func (b *bootEdit) isolinux(files configs) error {
	for _, folder := range files.isolinux {
		labels, err := b.isolinuxLabels(folder)
		if err != nil {
			return err
		}
		chosen, ok := choose(b.entries, labels, func(l isolinuxLabel) string { return l.Title })
		if !ok {
			continue
		}
		if err := b.startIsolinux(folder, chosen); err != nil {
			return err
		}
		b.count++
	}
	return nil
}

// isolinuxLabels are the entries of a folder's files that load a kernel.
func (b *bootEdit) isolinuxLabels(folder []string) ([]isolinuxLabel, error) {
	var labels []isolinuxLabel
	for _, file := range folder {
		raw, err := b.editor.current(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, entry := range ParseIsolinux(raw).Entries() {
			labels = append(labels, isolinuxLabel{entry, file})
		}
	}
	return labels, nil
}

// startIsolinux edits the label where it is, and all that chooses what starts: of
// several files the last one counts.
func (b *bootEdit) startIsolinux(folder []string, chosen isolinuxLabel) error {
	for i, file := range folder {
		err := b.editor.Patch(file, func(old []byte) ([]byte, error) {
			config := ParseIsolinux(old)
			if file == chosen.file {
				if err := b.editLabel(config, chosen.Label); err != nil {
					return nil, err
				}
			}
			if i == 0 || config.StartsByItself() {
				config.Boot(chosen.Label)
			}
			return config.Bytes(), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bootEdit) editLabel(config *IsolinuxConfig, label string) error {
	if config.runsProgram(label) {
		return nil
	}
	if _, err := config.EditArgs(label, b.args); err != nil {
		return err
	}
	if b.initrd == "" {
		return nil
	}
	return config.AddInitrd(label, "/"+b.initrd)
}

func (b *bootEdit) bootCfg(files configs) error {
	for _, file := range files.bootCfg {
		err := b.editor.Patch(file, func(old []byte) ([]byte, error) {
			config := ParseBootCfg(old)
			if config.Get("kernel") == "" {
				return nil, errNoKernel
			}
			if err := config.EditArgs(b.args); err != nil {
				return nil, err
			}
			err := config.SetTimeout(0)
			return config.Bytes(), err
		})
		if errors.Is(err, errNoKernel) {
			continue
		}
		if err != nil {
			return err
		}
		b.count++
	}
	return nil
}
