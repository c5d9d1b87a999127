package sim

import (
	"fmt"
	"net"
)

// tagAlphabet is that of Dell service tags: no vowels, so that no words appear.
const tagAlphabet = "0123456789BCDFGHJKLMNPQRSTVWXYZ"

// serviceTag makes the 7-character tag of the index-th server. Tags of different
// indexes differ up to 31^5 servers.
func serviceTag(index int) string {
	tag := []byte("SM00000")
	for i := len(tag) - 1; i > 1; i-- {
		tag[i] = tagAlphabet[index%len(tagAlphabet)]
		index /= len(tagAlphabet)
	}
	return string(tag)
}

// macAddress is in the locally administered range, so that it can never be a real one.
func macAddress(index int) string {
	return net.HardwareAddr{0x02, 0x53, 0x4d, byte(index >> 16), byte(index >> 8), byte(index)}.String()
}

// systemUUID follows Dell's layout, which spells the service tag in the UUID.
func systemUUID(tag string) string {
	return fmt.Sprintf("4c4c4544-%04x-%02x10-80%02x-%012x", tag[0:2], tag[2:3], tag[3:4], tag[4:7]+"SIM")
}
