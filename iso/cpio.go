package iso

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// packCPIO returns the files as an archive in the newc format, which the Linux
// kernel takes for an initrd. All belong to root, who alone may read them. The
// same files give the same archive; its length is a multiple of four, so that
// another one may follow.
func packCPIO(files map[string][]byte) ([]byte, error) {
	const readable = 0o100400 // a regular file
	var out bytes.Buffer
	inode := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == "" || strings.ContainsAny(name, "/\x00") {
			return nil, fmt.Errorf("file name %q: want one without directories", name)
		}
		if len(files[name]) > math.MaxUint32 {
			return nil, fmt.Errorf("file %s has %d bytes: at most 4 GiB fit", name, len(files[name]))
		}
		inode++
		writeCPIO(&out, name, inode, readable, files[name])
	}
	writeCPIO(&out, "TRAILER!!!", 0, 0, nil)
	return out.Bytes(), nil
}

// writeCPIO writes one member: a header of hexadecimal numbers, the name and the
// content, each padded to four bytes.
func writeCPIO(out *bytes.Buffer, name string, inode, mode int, content []byte) {
	const owner, links, date, device, checksum = 0, 1, 0, 0, 0
	out.WriteString("070701")
	for _, field := range []int{
		inode, mode, owner, owner, links, date, len(content), device, device, device, device, len(name) + 1, checksum,
	} {
		fmt.Fprintf(out, "%08x", field)
	}
	out.WriteString(name + "\x00")
	padCPIO(out)
	out.Write(content)
	padCPIO(out)
}

func padCPIO(out *bytes.Buffer) {
	out.Write(make([]byte, -out.Len()&3))
}
