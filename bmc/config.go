package bmc

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

const (
	defaultTimeout = 60 * time.Second
	connectTimeout = 30 * time.Second
)

// Config says where a BMC is, how to recognise it and how to log in.
type Config struct {
	// Server names the server in errors, for example by its name or id.
	Server string
	// Endpoint is https://host or https://host:port.
	Endpoint string
	// Username and Password are the BMC account to log in with.
	Username string
	Password string
	// Fingerprint pins the BMC's certificate: the hex SHA-256 of its
	// SubjectPublicKeyInfo as [Fingerprint] returns it. When empty, the
	// certificate is verified against CAs.
	Fingerprint string
	// CAs verify the certificate when there is no Fingerprint. Nil means the
	// system's roots.
	CAs *x509.CertPool
	// Timeout bounds one request and its answer. Zero means 60 s. Making a
	// connection is always bounded by 30 s.
	Timeout time.Duration
}

// String leaves the password out, so that a Config can be printed.
func (c Config) String() string {
	return fmt.Sprintf("%s at %s as %s", c.Server, c.Endpoint, c.Username)
}

// GoString is String, for %#v.
func (c Config) GoString() string { return c.String() }

func (c Config) equal(other Config) bool {
	pools := c.CAs.Equal(other.CAs)
	c.CAs, other.CAs = nil, nil
	return pools && c == other
}

// checked returns the configuration with its defaults and a bare endpoint.
func (c Config) checked() (Config, error) {
	endpoint, err := checkEndpoint(c.Endpoint)
	if err != nil {
		return c, c.invalid(err, "correct the endpoint in the server's BMC settings")
	}
	if c.Username == "" || c.Password == "" {
		return c, c.invalid(errors.New("user name or password is empty"), "add both to the server's BMC settings")
	}
	if c.Fingerprint != "" {
		if _, err := parsePin(c.Fingerprint); err != nil {
			return c, c.invalid(err, "read the BMC's fingerprint again and save it")
		}
	}
	c.Endpoint = endpoint
	if c.Server == "" {
		c.Server = strings.TrimPrefix(endpoint, "https://")
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	return c, nil
}

func (c Config) invalid(err error, hint string) error {
	server := c.Server
	if server == "" {
		server = "BMC"
	}
	return &Error{Outcome: Permanent, Op: opConnect, Server: server, Message: err.Error(), Hint: hint}
}

// checkEndpoint accepts only https and nothing that could carry a secret or
// point below the service root. Its errors never repeat the endpoint, which may
// hold a password by mistake.
func checkEndpoint(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return "", errors.New("the BMC endpoint is not a URL")
	case u.Scheme != "https" || u.Hostname() == "":
		return "", errors.New("the BMC endpoint is not of the form https://host[:port]")
	case u.User != nil:
		return "", errors.New("the BMC endpoint carries credentials")
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.Fragment != "":
		return "", errors.New("the BMC endpoint has more than a host and a port")
	}
	return "https://" + u.Host, nil
}
