package activities

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ConnectPolicy says where Job.Rest may connect to. Loopback, link-local, unspecified
// and multicast addresses, and those of cloud metadata services, are refused unless
// they are allowed here: who writes a graph shall not reach through the worker what
// only this machine can reach. All other addresses are open.
type ConnectPolicy struct {
	// Allow opens addresses.
	Allow []netip.Prefix
	// AllowHosts opens whatever these names stand for. "*.lab" is every name below lab.
	AllowHosts []string
}

// ParseConnectPolicy reads addresses, prefixes in CIDR notation and names of hosts.
func ParseConnectPolicy(entries []string) (ConnectPolicy, error) {
	var p ConnectPolicy
	for _, entry := range entries {
		if address, err := netip.ParseAddr(entry); err == nil {
			address = address.Unmap().WithZone("")
			p.Allow = append(p.Allow, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		if strings.Contains(entry, "/") {
			prefix, err := netip.ParsePrefix(entry)
			if err != nil {
				return p, fmt.Errorf("%q is no prefix such as 10.0.0.0/8", entry)
			}
			p.Allow = append(p.Allow, prefix.Masked())
			continue
		}
		if entry == "" || strings.ContainsAny(entry, ": \t@") || strings.Contains(strings.TrimPrefix(entry, "*."), "*") {
			return p, fmt.Errorf("%q is no address, prefix or host name", entry)
		}
		p.AllowHosts = append(p.AllowHosts, strings.ToLower(entry))
	}
	return p, nil
}

// refusedAddressError is a call that the policy does not allow.
type refusedAddressError struct{ address netip.Addr }

func (e *refusedAddressError) Error() string {
	return fmt.Sprintf("calls to %s are not allowed; start the worker with --rest-allow %s if they should be", e.address, e.address)
}

// metadata is where some clouds keep a machine's credentials outside of the link-local range.
var metadata = []netip.Prefix{netip.MustParsePrefix("fd00:ec2::254/128"), netip.MustParsePrefix("100.100.100.200/32")}

// translated are the IPv6 addresses that a NAT64 gateway takes for IPv4 (RFC 6052).
var translated = netip.MustParsePrefix("64:ff9b::/96")

// check judges an address that has been resolved.
func (p ConnectPolicy) check(address netip.Addr) error {
	address = address.Unmap().WithZone("")
	if p.opens(address) {
		return nil
	}
	inner := address
	if translated.Contains(address) {
		bytes := address.As16()
		inner = netip.AddrFrom4([4]byte(bytes[12:]))
	}
	special := inner.IsLoopback() || inner.IsLinkLocalUnicast() || inner.IsUnspecified() || inner.IsMulticast()
	if special || slices.ContainsFunc(metadata, func(m netip.Prefix) bool { return m.Contains(inner) }) {
		return &refusedAddressError{address}
	}
	return nil
}

func (p ConnectPolicy) opens(address netip.Addr) bool {
	return slices.ContainsFunc(p.Allow, func(prefix netip.Prefix) bool { return prefix.Contains(address) })
}

func (p ConnectPolicy) opensHost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return slices.ContainsFunc(p.AllowHosts, func(name string) bool {
		below, isPattern := strings.CutPrefix(name, "*")
		return host == name || isPattern && strings.HasSuffix(host, below)
	})
}

const dialTimeout = 10 * time.Second

// dial connects under the policy. The address is judged when the connection is made,
// after the name has been resolved: what a name stood for before does not matter,
// and neither does how the call came to it.
func (p ConnectPolicy) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	if !p.opensHost(host) {
		dialer.ControlContext = p.control
	}
	return dialer.DialContext(ctx, network, address)
}

func (p ConnectPolicy) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	resolved, err := netip.ParseAddrPort(address)
	if err != nil {
		return errors.New("calls go to IP addresses only")
	}
	return p.check(resolved.Addr())
}
