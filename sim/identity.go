package sim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"net"
	"time"
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

// newCertificate makes the self-signed certificate of one iDRAC, and its fingerprint:
// the hex SHA-256 of the SubjectPublicKeyInfo.
func newCertificate(tag string) (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", fmt.Errorf("generate key of server %s: %w", tag, err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "idrac-" + tag, Organization: []string{"Dell Inc."}},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(10, 0, 0),
		DNSNames:     []string{"localhost", "idrac-" + tag},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, "", fmt.Errorf("sign certificate of server %s: %w", tag, err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, "", fmt.Errorf("parse certificate of server %s: %w", tag, err)
	}
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, hex.EncodeToString(sum[:]), nil
}
