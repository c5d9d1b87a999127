package iso

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// keyfiles are the networks as connections of NetworkManager, by file name.
func (a Answers) keyfiles() map[string]string {
	files := make(map[string]string)
	for _, d := range a.devices() {
		files[d.name+".nmconnection"] = a.keyfile(d)
	}
	return files
}

func (a Answers) keyfile(d device) string {
	var out strings.Builder
	section := func(name string, lines ...string) {
		fmt.Fprintf(&out, "[%s]\n", name)
		for _, line := range lines {
			if line != "" {
				out.WriteString(line + "\n")
			}
		}
	}
	kind := "ethernet"
	switch {
	case d.bond != nil:
		kind = "bond"
	case d.vlan != 0:
		kind = "vlan"
	}
	common := []string{"id=" + d.name, "uuid=" + a.connectionID(d.name), "type=" + kind, "autoconnect-priority=10"}
	if d.mac == "" {
		common = append(common, "interface-name="+d.name)
	}
	if d.master != "" {
		common = append(common, "master="+d.master, "slave-type=bond")
	}
	section("connection", common...)
	section("ethernet", setting("mac-address", strings.ToUpper(d.mac)), number("mtu", d.mtu))
	if d.bond != nil {
		section("bond", "mode="+d.bond.mode(), "miimon=100")
	}
	if d.vlan != 0 {
		section("vlan", fmt.Sprintf("id=%d", d.vlan), "parent="+a.connectionID(d.parent))
	}
	if d.master == "" {
		section("ipv4", a.keyfileAddresses(d.config, true)...)
		section("ipv6", a.keyfileAddresses(d.config, false)...)
	}
	return out.String()
}

// keyfileAddresses are the settings of one IP version.
func (a Answers) keyfileAddresses(n *Network, four bool) []string {
	switch {
	case n == nil:
		return []string{"method=disabled"}
	case !n.Static():
		return []string{"method=auto"}
	}
	prefixes := n.prefixes(four)
	if len(prefixes) == 0 {
		return []string{"method=disabled"}
	}
	lines := []string{"method=manual"}
	for i, prefix := range prefixes {
		lines = append(lines, fmt.Sprintf("address%d=%s", i+1, prefix))
	}
	lines = append(lines, setting("gateway", n.gateway(four)))
	var servers strings.Builder
	for _, server := range n.DNS {
		if strings.Contains(server, ":") != four {
			servers.WriteString(server + ";")
		}
	}
	return append(lines, setting("dns", servers.String()), setting("dns-search", a.Domain))
}

// connectionID is a UUID (version 8, RFC 9562) that is the same each time.
func (a Answers) connectionID(name string) string {
	sum := sha256.Sum256([]byte("rackflow connection\x00" + a.FQDN() + "\x00" + name))
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// setting is a line key=value, "" if there is no value.
func setting(key, value string) string {
	if value == "" {
		return ""
	}
	return key + "=" + value
}

// number is a setting whose zero is no value.
func number(key string, value int) string {
	if value == 0 {
		return ""
	}
	return fmt.Sprintf("%s=%d", key, value)
}
