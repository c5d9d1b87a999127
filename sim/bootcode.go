package sim

import (
	"encoding/binary"
	"slices"
	"unicode/utf16"
)

const bootMessage = "Simulated boot image: there is no operating system here.\r\n"

// biosProgram is an El Torito boot image that a BIOS loads at 0x7c00. It prints the
// message on the screen and the first serial port, then halts. Bytes 8 to 63 are left
// to the boot information table.
func biosProgram() []byte {
	const start = 0x40
	code := []byte{
		0x31, 0xc0, // xor ax, ax
		0x8e, 0xd8, // mov ds, ax
		0xbe, 0x00, 0x00, // mov si, message (below)
		0xfc,       // cld
		0xac,       // next: lodsb
		0x84, 0xc0, // test al, al
		0x74, 0x0d, // jz halt
		0xb4, 0x0e, // mov ah, 0x0e
		0xbb, 0x07, 0x00, // mov bx, 7
		0xcd, 0x10, // int 0x10
		0xba, 0xf8, 0x03, // mov dx, 0x3f8
		0xee,       // out dx, al
		0xeb, 0xee, // jmp next
		0xf4,       // halt: hlt
		0xeb, 0xfd, // jmp halt
	}
	binary.LittleEndian.PutUint16(code[5:], uint16(0x7c00+start+len(code)))
	image := make([]byte, sector)
	copy(image, []byte{0xeb, start - 2, 0x90}) // jmp start; nop
	copy(image[start:], slices.Concat(code, []byte(bootMessage), []byte{0}))
	return image
}

// uefiProgram is a PE32+ application for UEFI on x86-64 that prints the message and
// halts. It is position independent, so it needs no relocations.
func uefiProgram() []byte {
	const (
		peHeader      = 0x40
		optional      = peHeader + 24
		optionalSize  = 240
		sectionTable  = optional + optionalSize
		fileAlignment = 0x200
		entryPoint    = 0x1000
	)
	text := uefiText()
	image := make([]byte, 2*fileAlignment)
	le := binary.LittleEndian
	copy(image, "MZ")
	le.PutUint32(image[0x3c:], peHeader)
	copy(image[peHeader:], "PE\x00\x00")
	le.PutUint16(image[peHeader+4:], 0x8664) // x86-64
	le.PutUint16(image[peHeader+6:], 1)      // sections
	le.PutUint16(image[peHeader+20:], optionalSize)
	le.PutUint16(image[peHeader+22:], 0x0022) // executable, large addresses

	le.PutUint16(image[optional:], 0x020b) // PE32+
	le.PutUint32(image[optional+4:], fileAlignment)
	le.PutUint32(image[optional+16:], entryPoint)
	le.PutUint32(image[optional+20:], entryPoint) // base of code
	le.PutUint32(image[optional+32:], 0x1000)     // section alignment
	le.PutUint32(image[optional+36:], fileAlignment)
	le.PutUint32(image[optional+56:], 2*entryPoint) // size in memory
	le.PutUint32(image[optional+60:], fileAlignment)
	le.PutUint16(image[optional+68:], 10) // subsystem: EFI application
	le.PutUint32(image[optional+108:], 16)

	copy(image[sectionTable:], ".text")
	le.PutUint32(image[sectionTable+8:], uint32(len(text)))
	le.PutUint32(image[sectionTable+12:], entryPoint)
	le.PutUint32(image[sectionTable+16:], fileAlignment)
	le.PutUint32(image[sectionTable+20:], fileAlignment)
	le.PutUint32(image[sectionTable+36:], 0x60000020) // code, executable, readable
	copy(image[fileAlignment:], text)
	return image
}

// uefiText is the program's code, entered with the system table in rdx.
func uefiText() []byte {
	code := []byte{
		0x48, 0x83, 0xec, 0x28, // sub rsp, 40
		0x48, 0x8b, 0x4a, 0x40, // mov rcx, [rdx+64]: ConOut
		0x48, 0x8d, 0x15, 0x09, 0x00, 0x00, 0x00, // lea rdx, [rip+9]: the message
		0xff, 0x51, 0x08, // call [rcx+8]: OutputString
		0xf4,       // halt: hlt
		0xeb, 0xfd, // jmp halt
		0x90, 0x90, 0x90, // alignment
	}
	for _, unit := range utf16.Encode([]rune(bootMessage + "\x00")) {
		code = binary.LittleEndian.AppendUint16(code, unit)
	}
	return code
}
