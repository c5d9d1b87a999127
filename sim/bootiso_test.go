package sim

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kdomanski/iso9660"
)

func TestBootISOBoots(t *testing.T) {
	t.Parallel()
	image := bootISO(t)
	if len(image) >= bootISOSize || len(image)%sector != 0 {
		t.Errorf("image has %d bytes", len(image))
	}
	v := openBytes(t, image)
	for _, mode := range overrideModeValues {
		if err := v.loadBootImage(mode); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// TestBootISOTree reads the tree with another library than the writer's and our own. It
// sees the plain ISO 9660 names.
func TestBootISOTree(t *testing.T) {
	t.Parallel()
	image, err := iso9660.OpenImage(bytes.NewReader(bootISO(t)))
	if err != nil {
		t.Fatal(err)
	}
	root, err := image.RootDir()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]byte{}
	readTree(t, got, root, "")
	const label = "RHEL-9-4-0-BaseOS-x86_64"
	for name, want := range bootTree(label) {
		data := got[plainName(name)]
		if name == biosBootFile { // the boot information table is written into it
			want, data = want[64:], data[min(64, len(data)):]
		}
		if !bytes.Equal(want, data) {
			t.Errorf("%s holds %d bytes, want %d", name, len(data), len(want))
		}
	}
	for _, name := range []string{"isolinux/isolinux.cfg", "EFI/BOOT/grub.cfg"} {
		if !strings.Contains(string(got[plainName(name)]), "inst.stage2=hd:LABEL="+label+" quiet") {
			t.Errorf("%s does not name the label:\n%s", name, got[plainName(name)])
		}
	}
}

// plainName is a path in capitals with extensions cut to three characters.
func plainName(name string) string {
	extension := filepath.Ext(name)
	return strings.ToUpper(strings.TrimSuffix(name, extension) + extension[:min(len(extension), 4)])
}

func readTree(t *testing.T, into map[string][]byte, directory *iso9660.File, path string) {
	t.Helper()
	children, err := directory.GetChildren()
	if err != nil {
		t.Fatal(err)
	}
	for _, child := range children {
		name := filepath.ToSlash(filepath.Join(path, child.Name()))
		if child.IsDir() {
			readTree(t, into, child, name)
			continue
		}
		data, err := io.ReadAll(child.Reader())
		if err != nil {
			t.Fatal(err)
		}
		into[name] = data
	}
}

func TestBootISORefusesLabels(t *testing.T) {
	t.Parallel()
	for _, label := range []string{"", "with space", "Ünïcode", strings.Repeat("x", labelLength+1)} {
		if err := WriteBootISO(io.Discard, label); err == nil {
			t.Errorf("label %q was accepted", label)
		}
	}
}

// TestIsoinfoReadsBootISO checks the image with cdrkit where that is installed.
func TestIsoinfoReadsBootISO(t *testing.T) {
	t.Parallel()
	isoinfo, err := exec.LookPath("isoinfo")
	if err != nil {
		t.Skip("isoinfo is not installed")
	}
	path := filepath.Join(t.TempDir(), "boot.iso")
	if err := os.WriteFile(path, bootISO(t), 0o600); err != nil {
		t.Fatal(err)
	}
	described, err := exec.CommandContext(t.Context(), isoinfo, "-d", "-i", path).CombinedOutput()
	if err != nil {
		t.Fatalf("isoinfo -d: %v\n%s", err, described)
	}
	for _, want := range []string{"Volume id: RHEL-9-4-0-BaseOS-x86_64", "El Torito", "Rock Ridge"} {
		if !strings.Contains(string(described), want) {
			t.Errorf("isoinfo -d does not say %q:\n%s", want, described)
		}
	}
	grub, err := exec.CommandContext(t.Context(), isoinfo, "-R", "-i", path, "-x", "/EFI/BOOT/grub.cfg").Output()
	if err != nil || !strings.Contains(string(grub), "menuentry") {
		t.Errorf("isoinfo reads %q, error %v", grub, err)
	}
}

func TestBIOSProgram(t *testing.T) {
	t.Parallel()
	program := biosProgram()
	if !bytes.Equal(program[:3], []byte{0xeb, 0x3e, 0x90}) {
		t.Errorf("does not begin with a jump over the boot information table: % x", program[:3])
	}
	message := int(binary.LittleEndian.Uint16(program[0x45:])) - 0x7c00
	if got, _, _ := strings.Cut(string(program[message:]), "\x00"); got != bootMessage {
		t.Errorf("points at the message %q", got)
	}
}

func TestUEFIProgram(t *testing.T) {
	t.Parallel()
	program, err := pe.NewFile(bytes.NewReader(uefiProgram()))
	if err != nil {
		t.Fatal(err)
	}
	header, ok := program.OptionalHeader.(*pe.OptionalHeader64)
	if !ok || header.Subsystem != pe.IMAGE_SUBSYSTEM_EFI_APPLICATION || program.Machine != pe.IMAGE_FILE_MACHINE_AMD64 {
		t.Fatalf("header %+v, machine %x", program.OptionalHeader, program.Machine)
	}
	text := program.Section(".text")
	code, err := text.Data()
	if err != nil {
		t.Fatal(err)
	}
	if header.AddressOfEntryPoint != text.VirtualAddress {
		t.Errorf("entry point %x is not in the code at %x", header.AddressOfEntryPoint, text.VirtualAddress)
	}
	message := 15 + binary.LittleEndian.Uint32(code[11:15]) // lea ends at byte 15
	if got := code[message : message+4]; !bytes.Equal(got, []byte{'S', 0, 'i', 0}) {
		t.Errorf("points at % x", got)
	}
}

// TestSystemPartition follows the directories and the cluster chains by the rules of
// FAT12.
func TestSystemPartition(t *testing.T) {
	t.Parallel()
	program, grub := bytes.Repeat([]byte("program!"), 200), []byte("set timeout=60\n")
	fat := systemPartition(program, grub)
	entry := func(directory []byte, name string) (cluster, size int) {
		at := bytes.Index(directory, []byte(name))
		if at < 0 {
			t.Fatalf("no entry %q", name)
		}
		return int(binary.LittleEndian.Uint16(directory[at+26:])), int(binary.LittleEndian.Uint32(directory[at+28:]))
	}
	efi, _ := entry(fat[fatRootAt*fatSector:fatDataAt*fatSector], "EFI        ")
	boot, _ := entry(readChain(fat, efi), "BOOT       ")
	for name, want := range map[string][]byte{"BOOTX64 EFI": program, "GRUB    CFG": grub} {
		cluster, size := entry(readChain(fat, boot), name)
		if diff := cmp.Diff(want, readChain(fat, cluster)[:size]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	first := fat[fatReserved*fatSector : (fatReserved+fatLength)*fatSector]
	second := fat[(fatReserved+fatLength)*fatSector : fatRootAt*fatSector]
	if !bytes.Equal(first, second) || !bytes.HasPrefix(first, []byte{0xfd, 0xff, 0xff}) {
		t.Error("the two allocation tables are not equal or begin wrongly")
	}
}

func readChain(fat []byte, cluster int) []byte {
	var data []byte
	for seen := []int{}; cluster < 0xff8 && !slices.Contains(seen, cluster); {
		seen = append(seen, cluster)
		at := (fatDataAt + cluster - 2) * fatSector
		data = append(data, fat[at:at+fatSector]...)
		link := binary.LittleEndian.Uint16(fat[fatReserved*fatSector+cluster*3/2:])
		if cluster%2 == 1 {
			link >>= 4
		}
		cluster = int(link & 0xfff)
	}
	return data
}
