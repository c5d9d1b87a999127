package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// Token returns an unguessable URL-safe token of 43 characters for a purpose.
// The same purpose gives the same token, so a step that is tried again hands
// out the same URL, and the token need not be stored anywhere. The parts of a
// purpose are kept apart: ("a", "bc") is not ("ab", "c").
func (k *Keeper) Token(purpose ...string) string {
	mac := hmac.New(sha256.New, k.tokenKey[:])
	for _, part := range purpose {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		mac.Write(length[:])
		mac.Write([]byte(part))
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
