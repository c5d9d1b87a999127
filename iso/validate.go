package iso

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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
	hostLabel      = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
	cryptHash      = regexp.MustCompile(`^\$(5|6|7|y|gy|2[aby])\$[A-Za-z0-9./$=,]{20,200}$`)
	keyType        = regexp.MustCompile(`^(ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+$`)
	userName       = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)
	timezoneName   = regexp.MustCompile(`^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}$`)
	localeName     = regexp.MustCompile(`^(C|[a-z]{2,3}(_[A-Z]{2})?)(\.[A-Za-z0-9-]+)?(@[a-z]+)?$`)
	keyboardName   = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
	packageName    = regexp.MustCompile(`^(@\^?)?[A-Za-z0-9][A-Za-z0-9+._:~-]*$`)
	repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	suiteName      = regexp.MustCompile(`^[A-Za-z0-9./][A-Za-z0-9._/-]*$`)
	serviceName    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9@_.:-]*$`)
	kernelArg      = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(=[A-Za-z0-9._:=,/@+%\[\]~^-]*)?$`)
	productKey     = regexp.MustCompile(`^[A-Za-z0-9]{5}(-[A-Za-z0-9]{5}){4}$`)
	visibleURL     = regexp.MustCompile(`^[A-Za-z0-9._~:/?&=%@\[\]-]+$`)
)

// Validate returns nil or every problem at once, each a *[FieldError], joined
// by [errors.Join].
func (a Answers) Validate() error {
	var p problems
	p.add("hostname", checkHostname(a.Hostname))
	p.add("domain", optional(a.Domain, checkHostname))
	if len(a.Hostname) <= longestHostname && len(a.FQDN()) > longestHostname {
		p.add("domain", fmt.Sprintf("%d characters together with hostname: at most %d are allowed", len(a.FQDN()), longestHostname))
	}
	a.validateLogins(&p)
	a.Disk.validate(&p)
	validatePartitions(&p, a.Partitions)
	p.add("timezone", optional(a.Timezone, match(timezoneName, "a name such as Europe/Berlin")))
	p.add("locale", optional(a.Locale, match(localeName, "a locale such as en_US.UTF-8")))
	p.add("keyboard", optional(a.Keyboard, match(keyboardName, "an X keyboard layout such as us")))
	a.validateNetworks(&p)
	a.validateSoftware(&p)
	return errors.Join(p...)
}

func (a Answers) validateLogins(p *problems) {
	p.add("rootPassword", optional(a.RootPassword, checkPassword))
	p.add("rootPasswordHash", optional(a.RootPasswordHash, checkHash))
	if a.RootPassword != "" && a.RootPasswordHash != "" {
		p.add("rootPasswordHash", "rootPassword is given too: give one of them")
	}
	p.each("sshKeys", a.SSHKeys, checkKey)
	for i, user := range a.Users {
		user.validate(p, fmt.Sprintf("users[%d]", i))
		if slices.ContainsFunc(a.Users[:i], func(u User) bool { return u.Name == user.Name }) {
			p.add(fmt.Sprintf("users[%d].name", i), fmt.Sprintf("%q: there is one of that name already", user.Name))
		}
	}
	if !a.admitsSomeone() {
		p.add("sshKeys", "neither a key nor a password is given, for root or a user with sudo: nobody could log in")
	}
}

// admitsSomeone says that the system can be administered once it is installed.
func (a Answers) admitsSomeone() bool {
	return a.RootPassword != "" || a.RootPasswordHash != "" || len(a.SSHKeys) > 0 ||
		slices.ContainsFunc(a.Users, func(u User) bool {
			return u.Sudo && (u.Password != "" || u.PasswordHash != "" || len(u.SSHKeys) > 0)
		})
}

func (u User) validate(p *problems, path string) {
	p.add(path+".name", checkUserName(u.Name))
	if u.UID != 0 && (u.UID < 500 || u.UID > 65533) {
		p.add(path+".uid", fmt.Sprintf("%d: want 500 to 65533", u.UID))
	}
	p.add(path+".password", optional(u.Password, checkPassword))
	p.add(path+".passwordHash", optional(u.PasswordHash, checkHash))
	if u.Password != "" && u.PasswordHash != "" {
		p.add(path+".passwordHash", "password is given too: give one of them")
	}
	p.each(path+".sshKeys", u.SSHKeys, checkKey)
}

func checkUserName(name string) string {
	if name == "root" {
		return "root has answers of its own: rootPassword and sshKeys"
	}
	return match(userName, "a login name of small letters, digits, - and _")(name)
}

// validateSoftware checks what is installed, and what is done with it.
func (a Answers) validateSoftware(p *problems) {
	p.each("ntp", a.NTP, checkHost)
	p.add("proxy", optional(a.Proxy, checkURL))
	p.add("source", optional(a.Source, checkURL))
	for i, r := range a.Repositories {
		r.validate(p, fmt.Sprintf("repositories[%d]", i))
	}
	p.each("packages", a.Packages, match(packageName, "a package name, or @ and a group name"))
	p.each("services.enable", a.Services.Enable, match(serviceName, "the name of a service"))
	p.each("services.disable", a.Services.Disable, match(serviceName, "the name of a service"))
	p.add("remoteLogging", optional(a.RemoteLogging, checkHostPort))
	p.each("kernelArgs", a.KernelArgs, match(kernelArg, "one argument without blanks or quotes, such as console=ttyS0,115200"))
	p.add("productKey", optional(a.ProductKey, checkProductKey))
	p.each("postInstall", a.PostInstall, checkCommand)
	a.validateFamilyParts(p)
}

func (r Repository) validate(p *problems, path string) {
	p.add(path+".name", match(repositoryName, "letters, digits, - and _")(r.Name))
	p.add(path+".url", checkURL(r.URL))
	p.add(path+".suite", optional(r.Suite, match(suiteName, "a suite such as bookworm")))
	p.each(path+".components", r.Components, match(suiteName, "a component such as main"))
	p.add(path+".key", optional(r.Key, checkURL))
}

func (a Answers) validateFamilyParts(p *problems) {
	if a.ESXi != nil {
		for i, s := range a.ESXi.Switches {
			path := fmt.Sprintf("esxi.switches[%d]", i)
			p.add(path+".name", match(repositoryName, "a name such as vSwitch1")(s.Name))
			p.each(path+".uplinks", s.Uplinks, match(deviceName, "an adapter such as vmnic0"))
			p.add(path+".failover", optional(s.Failover, oneOf("explicit", "iphash", "mac", "portid")))
		}
	}
	if s := a.SUSE; s != nil {
		p.add("suse.product", optional(s.Product, match(packageName, "a product such as SLES")))
		p.each("suse.modules", s.Modules, match(repositoryName, "a module such as Basesystem"))
	}
	if w := a.Windows; w != nil {
		p.add("windows.image", optional(w.Image, checkText))
		if w.DiskNumber != nil && *w.DiskNumber < 0 {
			p.add("windows.diskNumber", fmt.Sprintf("%d: want 0 or more", *w.DiskNumber))
		}
		p.add("windows.organization", optional(w.Organization, checkText))
		p.add("windows.domainUser", optional(w.DomainUser, checkText))
		p.add("windows.domainPassword", optional(w.DomainPassword, checkPassword))
	}
	if c := a.CoreOS; c != nil && len(c.Ignition) > 0 && !isObject(c.Ignition) {
		p.add("coreos.ignition", "want a JSON object")
	}
}

func isObject(raw json.RawMessage) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal(raw, &object) == nil && object != nil
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

const longestHostname = 64 // HOST_NAME_MAX of Linux

func checkHostname(name string) string {
	if name == "" {
		return "missing: the server needs a name"
	}
	if len(name) > longestHostname {
		return fmt.Sprintf("%d characters: at most %d are allowed", len(name), longestHostname)
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

// checkPassword does not say more of the value than it must.
func checkPassword(password string) string {
	const longest = 128 // bytes; hashing takes time that grows with the square
	if len(password) > longest || hasControl(password) || !utf8.ValidString(password) {
		return "want at most 128 bytes without line breaks or control characters"
	}
	return ""
}

func checkProductKey(key string) string {
	if !productKey.MatchString(key) {
		return "want five groups of five letters and digits, joined by hyphens"
	}
	return ""
}

// checkText accepts what fits on one line.
func checkText(text string) string {
	const longest = 256
	if len(text) > longest || hasControl(text) || !utf8.ValidString(text) || strings.TrimSpace(text) == "" {
		return "want one line of text, of at most 256 bytes"
	}
	return ""
}

func oneOf(allowed ...string) func(string) string {
	return func(value string) string {
		if slices.Contains(allowed, value) {
			return ""
		}
		return fmt.Sprintf("%q: want one of %s", value, strings.Join(allowed, ", "))
	}
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

// checkURL does not quote the URL: it may hold a password or a token.
func checkURL(address string) string {
	const longest = 1000 // bytes; the image's client allows no more either
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") ||
		len(address) > longest || !visibleURL.MatchString(address) {
		return "want an http or https URL without spaces or quotes, of at most 1000 characters"
	}
	return ""
}
