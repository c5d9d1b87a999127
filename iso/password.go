package iso

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"slices"
	"strings"
)

// hashSecrets returns a copy in which hashes have taken the place of all clear
// passwords. So that the same answers give the same image, a salt is not drawn
// but derived: from what differs between deployments, and not from the password,
// for which it would be a quick test.
func (a Answers) hashSecrets(deployment string) Answers {
	hash := func(name, password string) string {
		sum := sha512.Sum512([]byte(strings.Join([]string{"rackflow salt", a.FQDN(), name, deployment}, "\x00")))
		return sha512Crypt(password, cryptAlphabet.EncodeToString(sum[:12]))
	}
	if a.RootPassword != "" {
		a.RootPasswordHash, a.RootPassword = hash("root", a.RootPassword), ""
	}
	users := make([]User, len(a.Users))
	for i, user := range a.Users {
		if user.Password != "" {
			user.PasswordHash, user.Password = hash(user.Name, user.Password), ""
		}
		users[i] = user
	}
	a.Users = users
	return a
}

const cryptDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

var cryptAlphabet = base64.NewEncoding(cryptDigits).WithPadding(base64.NoPadding)

// sha512Crypt is the SHA-512 variant of crypt(3), with its default of 5000
// rounds, as Ulrich Drepper specifies it in SHA-crypt.txt; the comments name its
// steps. The salt has at most 16 characters.
func sha512Crypt(password, salt string) string {
	return "$6$" + salt + "$" + encodeCrypt(sha512Rounds([]byte(password), []byte(salt), 5000))
}

func sha512Rounds(password, salt []byte, rounds int) []byte {
	alternate := sha512.Sum512(slices.Concat(password, salt, password)) // 4-8
	digest := sha512.New()
	digest.Write(password)
	digest.Write(salt)
	digest.Write(stretch(alternate[:], len(password))) // 9-10
	for bits := len(password); bits > 0; bits >>= 1 {  // 11
		if bits&1 != 0 {
			digest.Write(alternate[:])
		} else {
			digest.Write(password)
		}
	}
	current := digest.Sum(nil)

	passwords := sha512.Sum512(bytes.Repeat(password, len(password)))          // 13-15
	salts := sha512.Sum512(bytes.Repeat(salt, 16+int(current[0])))             // 17-19
	p, s := stretch(passwords[:], len(password)), stretch(salts[:], len(salt)) // 16, 20
	for round := range rounds {                                                // 21
		current = sha512Round(current, p, s, round)
	}
	return current
}

func sha512Round(current, p, s []byte, round int) []byte {
	digest := sha512.New()
	first, last := current, p
	if round%2 != 0 {
		first, last = p, current
	}
	digest.Write(first)
	if round%3 != 0 {
		digest.Write(s)
	}
	if round%7 != 0 {
		digest.Write(p)
	}
	digest.Write(last)
	return digest.Sum(nil)
}

// stretch repeats a digest to a length.
func stretch(digest []byte, length int) []byte {
	return bytes.Repeat(digest, length/len(digest)+1)[:length]
}

// encodeCrypt writes a digest in crypt's order of bytes and digits (step 22).
func encodeCrypt(digest []byte) string {
	out := make([]byte, 0, 86)
	put := func(value uint, digits int) {
		for range digits {
			out = append(out, cryptDigits[value&63])
			value >>= 6
		}
	}
	high, middle, low := 0, 21, 42
	for range 21 {
		put(uint(digest[high])<<16|uint(digest[middle])<<8|uint(digest[low]), 4)
		high, middle, low = middle+1, low+1, high+1
	}
	put(uint(digest[63]), 2)
	return string(out)
}
