package boot

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// wantedModules let the kernel read a CD at either of qemu's machines.
var wantedModules = []string{"ata_piix", "ahci", "sr_mod", "isofs"}

// reporter is what the initial ramdisk runs: it tells on the serial console what
// kernel and CD say, and switches the machine off.
const reporter = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /dev /cd
mount -t proc proc /proc
mount -t devtmpfs dev /dev
exec > /dev/ttyS0 2>&1
while read -r module; do insmod "/modules/$module"; done < /modules/list
echo "REPORT cmdline $(cat /proc/cmdline)"
n=0
while [ ! -b /dev/sr0 ] && [ $n -lt 60 ]; do n=$((n+1)); sleep 1; done
for options in ro ro,norock ro,norock,nojoliet; do
  mount -t iso9660 -o "$options" /dev/sr0 /cd
  for file in /cd/ks.cfg /cd/media.repo /cd/images/install.img; do
    echo "REPORT $options $(sha256sum "$file")"
  done
  umount /cd
done
echo "REPORT end"
poweroff -f
`

// reporterInitrd is an initial ramdisk of busybox, the kernel's modules and the
// script.
func reporterInitrd(tb testing.TB, kernelVersion string) []byte {
	tb.Helper()
	var archive newc
	archive.directory("bin")
	archive.directory("modules")
	archive.file("bin/busybox", 0o755, readFile(tb, installed(tb, "busybox-static", "/bin/busybox")))
	archive.file("init", 0o755, []byte(reporter))
	var list []string
	for _, path := range moduleFiles(tb, kernelVersion) {
		list = append(list, filepath.Base(path))
		archive.file("modules/"+filepath.Base(path), 0o644, readFile(tb, path))
	}
	archive.file("modules/list", 0o644, []byte(strings.Join(list, "\n")+"\n"))
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(archive.end())
	must(tb, err)
	must(tb, w.Close())
	return out.Bytes()
}

// moduleFiles are the modules' files, each behind those that it needs.
func moduleFiles(tb testing.TB, kernelVersion string) []string {
	tb.Helper()
	root := "/lib/modules/" + kernelVersion
	needs := make(map[string][]string)
	for line := range strings.Lines(string(readFile(tb, installed(tb, "linux-image-amd64", root+"/modules.dep")))) {
		file, others, _ := strings.Cut(line, ":")
		needs[file] = strings.Fields(others)
	}
	var files []string
	seen := make(map[string]bool)
	var add func(file string)
	add = func(file string) {
		if seen[file] {
			return
		}
		seen[file] = true
		for _, other := range needs[file] {
			add(other)
		}
		files = append(files, filepath.Join(root, file))
	}
	for file := range needs {
		for _, name := range wantedModules {
			if strings.HasSuffix(file, "/"+name+".ko") {
				add(file)
			}
		}
	}
	return files
}

// newc is an archive as the kernel unpacks it into its first file system, in
// cpio's "new ASCII" format.
type newc struct{ raw []byte }

func (a *newc) directory(name string) { a.add(name, 0o040755, nil) }

func (a *newc) file(name string, permissions int, content []byte) {
	a.add(name, 0o100000|permissions, content)
}

func (a *newc) add(name string, mode int, content []byte) {
	a.raw = fmt.Appendf(a.raw, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name)+1, 0, name)
	a.pad()
	a.raw = append(a.raw, content...)
	a.pad()
}

func (a *newc) pad() {
	for len(a.raw)%4 != 0 {
		a.raw = append(a.raw, 0)
	}
}

func (a *newc) end() []byte {
	a.add("TRAILER!!!", 0, nil)
	return a.raw
}
