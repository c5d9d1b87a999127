package store

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// idLen is the length of an id in hexadecimal digits. RackHD clients check that
// an id looks like a MongoDB ObjectId.
const idLen = 24

// newID returns four bytes of time and eight random ones: ids sort roughly by
// age, and need no shared counter to be unique.
func newID(now time.Time) string {
	var b [idLen / 2]byte
	binary.BigEndian.PutUint32(b[:], uint32(now.Unix())) //nolint:gosec // wraps in 2106, and only the sort order would suffer
	_, _ = rand.Read(b[4:])                              // never fails
	return hex.EncodeToString(b[:])
}

func checkID(what, id string) error {
	if len(id) != idLen || !isLowerHex(id) {
		return invalid(what, id, "an id has %d lower-case hexadecimal digits", idLen)
	}
	return nil
}

func isLowerHex(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
