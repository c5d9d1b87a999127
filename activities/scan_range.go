package activities

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

const (
	// maxScanned bounds what one scan looks at: addresses times ports.
	maxScanned = 4096
	httpsPort  = 443
)

// bmcCredentials are a user of a BMC, in each of the spellings that RackHD has.
type bmcCredentials struct {
	User     string `json:"user"`
	UserName string `json:"userName"`
	Password string `json:"password"`
}

func (c bmcCredentials) name() string {
	if c.User != "" {
		return c.User
	}
	return c.UserName
}

func (c bmcCredentials) complete() bool { return c.name() != "" && c.Password != "" }

// scanRange is some addresses: a text such as 10.0.0.1-10.0.0.99, 10.0.0.0/24 or
// 10.0.0.7, or RackHD's object.
type scanRange struct {
	first, last netip.Addr
	// host is a name in place of addresses.
	host        string
	port        int
	credentials bmcCredentials
}

// UnmarshalJSON reads both forms.
func (r *scanRange) UnmarshalJSON(data []byte) error {
	var object struct {
		Range       string         `json:"range"`
		StartIP     string         `json:"startIp"`
		EndIP       string         `json:"endIp"`
		Port        int            `json:"port"`
		Credentials bmcCredentials `json:"credentials"`
	}
	text := ""
	if err := json.Unmarshal(data, &text); err != nil {
		if err := json.Unmarshal(data, &object); err != nil {
			return errors.New("a range is a text such as 10.0.0.1-10.0.0.99 or 10.0.0.0/24, or an object with startIp and endIp")
		}
		text = object.Range
	}
	if object.StartIP != "" {
		text = object.StartIP
		if object.EndIP != "" {
			text += "-" + object.EndIP
		}
	}
	parsed, err := parseScanRange(text)
	if err != nil {
		return err
	}
	parsed.port, parsed.credentials = object.Port, object.Credentials
	*r = parsed
	return nil
}

// parseScanRange reads first-last, a prefix in CIDR notation or one address.
func parseScanRange(text string) (scanRange, error) {
	if strings.Contains(text, "/") {
		return parsePrefix(text)
	}
	start, end, both := strings.Cut(text, "-")
	if !both {
		end = start
	}
	first, err := netip.ParseAddr(strings.TrimSpace(start))
	if err != nil {
		return scanRange{}, notRange(text)
	}
	last, err := netip.ParseAddr(strings.TrimSpace(end))
	if err != nil || first.Is4() != last.Is4() || last.Less(first) || first.Zone() != "" || last.Zone() != "" {
		return scanRange{}, notRange(text)
	}
	return scanRange{first: first, last: last}, nil
}

func notRange(text string) error {
	return fmt.Errorf("%q is no range of addresses such as 10.0.0.1-10.0.0.99, 10.0.0.0/24 or 10.0.0.7", text)
}

// parsePrefix leaves out what no host has in IPv4: the address of the network, and that
// for all of it.
func parsePrefix(text string) (scanRange, error) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return scanRange{}, notRange(text)
	}
	first := prefix.Masked().Addr()
	last := lastOf(prefix)
	if hosts := prefix.Addr().BitLen() - prefix.Bits(); prefix.Addr().Is4() && hosts > 1 {
		first, last = first.Next(), last.Prev()
	}
	return scanRange{first: first, last: last}, nil
}

func lastOf(prefix netip.Prefix) netip.Addr {
	bytes := prefix.Masked().Addr().AsSlice()
	for bit := prefix.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	last, _ := netip.AddrFromSlice(bytes) // of the length it came with
	return last
}

// scanURI is the range of one BMC whose URL is known.
func scanURI(uri string) (scanRange, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return scanRange{}, errors.New("option uri should be a URL such as https://10.0.0.5/redfish/v1, without user and password")
	}
	r := scanRange{host: u.Hostname(), port: httpsPort}
	if u.Port() != "" {
		if r.port, err = strconv.Atoi(u.Port()); err != nil {
			return scanRange{}, errors.New("option uri: the port is not a number")
		}
	}
	return r, nil
}

// scanTarget is one place to look for a BMC.
type scanTarget struct {
	host        string
	port        int
	credentials bmcCredentials
	// named tells that somebody expects a BMC right there.
	named bool
}

// address is how the target is shown: without the port that every BMC has.
func (t scanTarget) address() string {
	if t.port == httpsPort {
		return t.host
	}
	return net.JoinHostPort(t.host, strconv.Itoa(t.port))
}

func (t scanTarget) endpoint() string {
	return "https://" + net.JoinHostPort(t.host, strconv.Itoa(t.port))
}

// scanTargets lists every place of the ranges once; of two ranges that have it, the
// first counts.
func scanTargets(ranges []scanRange, ports []int, fallback bmcCredentials) ([]scanTarget, error) {
	var targets []scanTarget
	seen := map[string]bool{}
	for _, r := range ranges {
		if !r.credentials.complete() {
			r.credentials = fallback
		}
		for host := range r.hosts {
			for _, port := range r.ports(ports) {
				target := scanTarget{host: host, port: port, credentials: r.credentials, named: r.host != "" || r.first == r.last}
				if port < 1 || port > 65535 {
					return nil, fmt.Errorf("%d is no port", port)
				}
				if seen[target.endpoint()] {
					continue
				}
				seen[target.endpoint()] = true
				targets = append(targets, target)
				if len(targets) > maxScanned {
					return nil, fmt.Errorf("more than %d addresses: scan smaller ranges one after another", maxScanned)
				}
			}
		}
	}
	return targets, nil
}

func (r scanRange) ports(all []int) []int {
	switch {
	case r.port != 0:
		return []int{r.port}
	case len(all) == 0:
		return []int{httpsPort}
	}
	return all
}

func (r scanRange) hosts(yield func(string) bool) {
	if r.host != "" {
		yield(r.host)
		return
	}
	for address := r.first; address.IsValid(); address = address.Next() {
		if !yield(address.String()) || address == r.last {
			return
		}
	}
}
