package iso

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// FieldError says what is wrong with one field. It never quotes a value that
// could be a secret.
type FieldError struct {
	// Path is the field's place in JSON, such as network.dns[1].
	Path string
	// Problem is what is wrong and what is wanted.
	Problem string
}

func (e *FieldError) Error() string { return e.Path + ": " + e.Problem }

// The patterns are the first of two defences: what they let through is quoted
// besides, for the syntax it goes into.
var (
	hostLabel       = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
	cryptHash       = regexp.MustCompile(`^\$(5|6|7|y|gy|2[aby])\$[A-Za-z0-9./$=,]{20,200}$`)
	keyType         = regexp.MustCompile(`^(ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+$`)
	diskPath        = regexp.MustCompile(`^/dev(/[A-Za-z0-9_:=+-][A-Za-z0-9._:=+-]*)+$`)
	timezoneName    = regexp.MustCompile(`^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}$`)
	localeName      = regexp.MustCompile(`^(C|[a-z]{2,3}(_[A-Z]{2})?)(\.[A-Za-z0-9-]+)?(@[a-z]+)?$`)
	keyboardName    = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
	packageName     = regexp.MustCompile(`^(@\^?)?[A-Za-z0-9][A-Za-z0-9+._:~-]*$`)
	callbackVisible = regexp.MustCompile(`^[A-Za-z0-9._~:/?&=%@\[\]-]+$`)
)

// Validate returns nil or every problem at once, each a *[FieldError], joined
// by [errors.Join].
func (a Answers) Validate() error {
	var p problems
	p.add("hostname", checkHostname(a.Hostname))
	p.add("rootPasswordHash", optional(a.RootPasswordHash, checkHash))
	if a.RootPasswordHash == "" && len(a.SSHKeys) == 0 {
		p.add("sshKeys", "neither a key nor rootPasswordHash is given: nobody could log in")
	}
	p.each("sshKeys", a.SSHKeys, checkKey)
	p.add("disk", optional(a.Disk, checkDisk))
	p.add("timezone", optional(a.Timezone, match(timezoneName, "a name such as Europe/Berlin")))
	p.add("locale", optional(a.Locale, match(localeName, "a locale such as en_US.UTF-8")))
	p.add("keyboard", optional(a.Keyboard, match(keyboardName, "an X keyboard layout such as us")))
	if a.Network != nil {
		a.Network.validate(&p)
	}
	p.each("packages", a.Packages, match(packageName, "a package name, or @ and a group name"))
	p.each("postInstall", a.PostInstall, checkCommand)
	return errors.Join(p...)
}

func (n Network) validate(p *problems) {
	p.add("network.mac", checkMAC(n.MAC))
	if n.Address == "" {
		if n.Gateway != "" || len(n.DNS) > 0 {
			p.add("network.address", "missing: gateway and dns need one, with DHCP leave them out too")
		}
		return
	}
	prefix, err := netip.ParsePrefix(n.Address)
	if err != nil || prefix.Addr().Is4In6() {
		p.add("network.address", "want an address with prefix length, such as 192.0.2.10/24")
	}
	p.add("network.gateway", optional(n.Gateway, func(gateway string) string {
		return checkGateway(gateway, prefix)
	}))
	p.each("network.dns", n.DNS, checkAddress)
}

// problems collects FieldErrors; an empty problem is none.
type problems []error

func (p *problems) add(path, problem string) {
	if problem != "" {
		*p = append(*p, &FieldError{Path: path, Problem: problem})
	}
}

func (p *problems) each(path string, values []string, check func(string) string) {
	for i, value := range values {
		p.add(fmt.Sprintf("%s[%d]", path, i), check(value))
	}
}

func optional(value string, check func(string) string) string {
	if value == "" {
		return ""
	}
	return check(value)
}

func match(pattern *regexp.Regexp, want string) func(string) string {
	return func(value string) string {
		if !pattern.MatchString(value) {
			return fmt.Sprintf("%q: want %s", value, want)
		}
		return ""
	}
}

func checkHostname(name string) string {
	const longest = 64 // HOST_NAME_MAX of Linux
	if name == "" {
		return "missing: the server needs a name"
	}
	if len(name) > longest {
		return fmt.Sprintf("%d characters: at most %d are allowed", len(name), longest)
	}
	for part := range strings.SplitSeq(name, ".") {
		if !hostLabel.MatchString(part) {
			return fmt.Sprintf("%q: want letters, digits and hyphens, in parts separated by dots", name)
		}
	}
	return ""
}

func checkHash(hash string) string {
	if !cryptHash.MatchString(hash) {
		return "not a crypt(3) string of SHA-256, SHA-512, yescrypt, scrypt or bcrypt: " +
			"a clear password is not accepted, make a hash with openssl passwd -6"
	}
	return ""
}

// checkKey also catches a key that was cut or wrapped while pasting: the
// blob's first string repeats the type (RFC 4253 6.6).
func checkKey(key string) string {
	const problem = "not a public key: want one line as in authorized_keys, such as ssh-ed25519 AAAA… comment"
	fields := strings.Fields(key)
	if len(fields) < 2 || hasControl(key) || !keyType.MatchString(fields[0]) {
		return problem
	}
	blob, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil || len(blob) < 4 {
		return problem
	}
	length, rest := int64(binary.BigEndian.Uint32(blob)), blob[4:]
	if length >= int64(len(rest)) || string(rest[:length]) != fields[0] {
		return problem
	}
	return ""
}

func checkDisk(disk string) string {
	return match(diskPath, "a path such as /dev/disk/by-id/…")(disk)
}

func checkMAC(mac string) string {
	const ethernet = 6 // bytes
	parsed, err := net.ParseMAC(mac)
	if err != nil || len(parsed) != ethernet || !strings.EqualFold(parsed.String(), mac) {
		return fmt.Sprintf("%q: want a MAC address such as 00:11:22:33:44:55", mac)
	}
	return ""
}

func checkAddress(address string) string {
	parsed, err := netip.ParseAddr(address)
	if err != nil || parsed.Zone() != "" {
		return fmt.Sprintf("%q: want an IP address", address)
	}
	return ""
}

func checkGateway(gateway string, network netip.Prefix) string {
	if problem := checkAddress(gateway); problem != "" {
		return problem
	}
	address, _ := netip.ParseAddr(gateway) // checkAddress has parsed it
	linkLocal := address.Is6() && address.IsLinkLocalUnicast() && network.Addr().Is6()
	if network.IsValid() && !network.Contains(address) && !linkLocal {
		return fmt.Sprintf("%s is not in the network %s", gateway, network.Masked())
	}
	return ""
}

// checkCommand wants one line, since a kickstart file ends a script at a line
// "%end" even inside quotes.
func checkCommand(command string) string {
	if strings.TrimSpace(command) == "" {
		return "empty: leave it out"
	}
	if hasControl(command) {
		return "has a line break or control character: give each command as one line"
	}
	return ""
}

func hasControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == unicode.ReplacementChar || r == '\u2028' || r == '\u2029'
	})
}

// checkCallback does not quote the URL: its token is a secret.
func checkCallback(address string) string {
	const longest = 1000 // bytes; the image's client allows no more either
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") ||
		len(address) > longest || !callbackVisible.MatchString(address) {
		return "want an http or https URL without spaces or quotes, of at most 1000 characters"
	}
	return ""
}
