package sim

import (
	"crypto"
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

// validity is how long a default certificate of an iDRAC lasts.
const validity = 10 * 365 * 24 * time.Hour

// identity is what an iDRAC shows to those who connect.
type identity struct {
	cert        tls.Certificate
	fingerprint string // hex SHA-256 of the SubjectPublicKeyInfo
}

// newIdentity makes a key and a self-signed certificate that ends at a time.
func newIdentity(tag string, notAfter time.Time) (identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}, fmt.Errorf("generate key of server %s: %w", tag, err)
	}
	return signIdentity(key, tag, notAfter)
}

// signIdentity is newIdentity for a key that there is.
func signIdentity(key crypto.Signer, tag string, notAfter time.Time) (identity, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "idrac-" + tag, Organization: []string{"Dell Inc."}},
		NotBefore:    notAfter.Add(-validity),
		NotAfter:     notAfter,
		DNSNames:     []string{"localhost", "idrac-" + tag},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return identity{}, fmt.Errorf("sign certificate of server %s: %w", tag, err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return identity{}, fmt.Errorf("parse certificate of server %s: %w", tag, err)
	}
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return identity{
		cert:        tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf},
		fingerprint: hex.EncodeToString(sum[:]),
	}, nil
}

// certificate chooses what a new connection is shown.
func (s *Server) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if _, ok := s.takeFault(ExpiredCertificate, ""); ok {
		return s.expiredCertificate()
	}
	if _, ok := s.takeFault(NewCertificate, ""); ok {
		if err := s.renewIdentity(); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := s.identity.cert
	return &shown, nil
}

// expiredCertificate has the key of the present one: it is the same certificate, later.
func (s *Server) expiredCertificate() (*tls.Certificate, error) {
	s.mu.Lock()
	key, ok := s.identity.cert.PrivateKey.(crypto.Signer)
	s.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("server %s: the key cannot sign", s.tag)
	}
	expired, err := signIdentity(key, s.tag, time.Now().Add(-24*time.Hour))
	return &expired.cert, err
}

func (s *Server) renewIdentity() error {
	renewed, err := newIdentity(s.tag, time.Now().Add(validity-time.Hour))
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identity = renewed
	return nil
}

// Fingerprint returns the hex SHA-256 of the SubjectPublicKeyInfo of the iDRAC's present
// certificate.
func (s *Server) Fingerprint() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.identity.fingerprint
}
