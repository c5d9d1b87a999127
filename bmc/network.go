package bmc

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

const (
	opNetwork    = "read BMC network"
	opSetNetwork = "set BMC network"

	maxVLAN = 4094
)

// Interface is a network interface of the BMC itself.
type Interface struct {
	ID       string `json:"id"`
	MAC      string `json:"mac"`
	HostName string `json:"hostName,omitempty"`
	VLAN     VLAN   `json:"vlan"`
	// DHCP tells whether the addresses come from a DHCP server.
	DHCP bool   `json:"dhcp"`
	IPv4 []IPv4 `json:"ipv4,omitempty"`
}

// VLAN is the tag that an interface puts on its packets.
type VLAN struct {
	Enabled bool `json:"enabled"`
	// ID is 1 to 4094. It is kept while the tag is not enabled.
	ID int `json:"id"`
}

// IPv4 is an address of an interface.
type IPv4 struct {
	Address string `json:"address"`
	Mask    string `json:"mask"`
	Gateway string `json:"gateway,omitempty"`
}

// NetworkChange is what to change about one of the BMC's interfaces. What is nil stays.
type NetworkChange struct {
	// Interface is the id of the interface, such as NIC.1.
	Interface string
	VLAN      *VLAN
	// IPv4 becomes the only address, and DHCP is turned off.
	IPv4 *IPv4
	// Endpoint is where the BMC answers afterwards, https://host[:port]. Empty means as
	// before.
	Endpoint string
}

type interfaceConfigDoc struct {
	ID         string `json:"Id"`
	MACAddress string
	HostName   string
	VLAN       struct {
		Enabled bool `json:"VLANEnable"`
		ID      int  `json:"VLANId"`
	}
	DHCP struct {
		Enabled bool `json:"DHCPEnabled"`
	} `json:"DHCPv4"`
	Addresses []struct {
		Address string
		Mask    string `json:"SubnetMask"`
		Gateway string
		Origin  string `json:"AddressOrigin"`
	} `json:"IPv4Addresses"`
	// StaticAddresses is where newer firmware takes addresses, and nil on older.
	StaticAddresses json.RawMessage `json:"IPv4StaticAddresses"`
	URI             string          `json:"@odata.id"`

	etag string
}

func (d *interfaceConfigDoc) config() Interface {
	i := Interface{
		ID: d.ID, MAC: usableMAC(interfaceDoc{MACAddress: d.MACAddress}), HostName: d.HostName,
		VLAN: VLAN{Enabled: d.VLAN.Enabled, ID: d.VLAN.ID}, DHCP: d.DHCP.Enabled,
	}
	for _, address := range d.Addresses {
		i.DHCP = i.DHCP || address.Origin == "DHCP"
		i.IPv4 = append(i.IPv4, IPv4{Address: address.Address, Mask: address.Mask, Gateway: address.Gateway})
	}
	return i
}

// Interfaces reads the BMC's own network interfaces.
func (b *BMC) Interfaces(ctx context.Context) ([]Interface, error) {
	docs, err := b.interfaces(ctx, opNetwork)
	if err != nil {
		return nil, err
	}
	list := make([]Interface, 0, len(docs))
	for i := range docs {
		list = append(list, docs[i].config())
	}
	return list, nil
}

func (b *BMC) interfaces(ctx context.Context, op string) ([]interfaceConfigDoc, error) {
	uri, err := b.place("manager interfaces", func() (string, error) {
		manager, err := b.findManager(ctx, op)
		if err != nil {
			return "", err
		}
		var doc struct{ EthernetInterfaces link }
		_, err = b.get(ctx, op, manager, &doc)
		return doc.EthernetInterfaces.URI, err
	})
	if err != nil {
		return nil, err
	}
	return readMembers[interfaceConfigDoc](ctx, b, op, uri)
}

// SetNetwork changes one of the BMC's interfaces and reads it back, at the new endpoint if
// there is one. It can cut the BMC off for good: make it the last thing that is done, and
// be sure that the switch and the addresses are right. An interface that is as wanted is
// left alone.
//
// The answer to such a change is often lost, so what the BMC shows afterwards decides. One
// that does not answer any more gives Unknown.
func (b *BMC) SetNetwork(ctx context.Context, change NetworkChange) error {
	if err := change.check(); err != nil {
		return b.refuse(opSetNetwork, err.Error(), "correct the network settings")
	}
	doc, err := b.interfaceByID(ctx, opSetNetwork, change.Interface)
	if err != nil || change.holds(doc.config()) {
		return err
	}
	asked := b.patch(ctx, opSetNetwork, doc.URI, doc.etag, change.body(doc.StaticAddresses != nil))
	there, leave := b.elsewhere(change.Endpoint)
	defer leave(context.WithoutCancel(ctx))
	w := wait{op: opSetNetwork, what: "the changed network", every: b.pace.poll, limit: b.pace.network}
	return b.confirm(ctx, asked, w, func(ctx context.Context) (bool, error) {
		at, err := there(ctx)
		if err != nil {
			return false, err
		}
		now, err := at.interfaceByID(ctx, opSetNetwork, change.Interface)
		return err == nil && change.holds(now.config()), err
	})
}

// elsewhere returns how to reach this BMC at another endpoint, and how to log out there
// again. The certificate has to be the same.
func (b *BMC) elsewhere(endpoint string) (there func(context.Context) (*BMC, error), leave func(context.Context)) {
	if endpoint == "" || endpoint == b.cfg.Endpoint {
		return func(context.Context) (*BMC, error) { return b, nil }, func(context.Context) {}
	}
	var other *BMC
	there = func(ctx context.Context) (*BMC, error) {
		if other != nil {
			return other, nil
		}
		cfg := *b.cfg
		cfg.Endpoint = endpoint
		var err error
		if other, err = Connect(ctx, cfg); err != nil {
			return nil, err
		}
		other.pace = b.pace
		return other, nil
	}
	return there, func(ctx context.Context) {
		if other != nil {
			ctx, cancel := context.WithTimeout(ctx, b.cfg.Timeout)
			defer cancel()
			_ = other.Close(ctx) // a session that cannot be logged out times out
		}
	}
}

func (b *BMC) interfaceByID(ctx context.Context, op, id string) (*interfaceConfigDoc, error) {
	docs, err := b.interfaces(ctx, op)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(docs))
	for _, doc := range docs {
		if doc.ID == id {
			fresh := &interfaceConfigDoc{}
			fresh.etag, err = b.get(ctx, op, doc.URI, fresh)
			fresh.URI = doc.URI
			return fresh, err
		}
		ids = append(ids, doc.ID)
	}
	return nil, b.refuse(op, fmt.Sprintf("the BMC has no interface %q", id), fmt.Sprintf("it has %v", ids))
}

func (c NetworkChange) check() error {
	if c.VLAN != nil && c.VLAN.Enabled && (c.VLAN.ID < 1 || c.VLAN.ID > maxVLAN) {
		return fmt.Errorf("VLAN id %d is not 1 to %d", c.VLAN.ID, maxVLAN)
	}
	if c.Endpoint != "" {
		if _, err := checkEndpoint(c.Endpoint); err != nil {
			return err
		}
	}
	if c.IPv4 == nil {
		return nil
	}
	return c.IPv4.check()
}

func (a IPv4) check() error {
	address, err := netip.ParseAddr(a.Address)
	if err != nil || !address.Is4() {
		return fmt.Errorf("%q is not an IPv4 address", a.Address)
	}
	mask, err := netip.ParseAddr(a.Mask)
	if err != nil || !mask.Is4() {
		return fmt.Errorf("%q is not an IPv4 subnet mask", a.Mask)
	}
	bits, size := net.IPMask(mask.AsSlice()).Size()
	if size == 0 {
		return fmt.Errorf("%q is not an IPv4 subnet mask", a.Mask)
	}
	if a.Gateway == "" {
		return nil
	}
	gateway, err := netip.ParseAddr(a.Gateway)
	if err != nil || !netip.PrefixFrom(address, bits).Masked().Contains(gateway) {
		return fmt.Errorf("gateway %q is not in the network of %s", a.Gateway, a.Address)
	}
	return nil
}

// holds tells whether an interface is as wanted. The id of a tag that is not enabled, and a
// gateway that is not given, do not matter.
func (c NetworkChange) holds(i Interface) bool {
	if c.VLAN != nil && (c.VLAN.Enabled != i.VLAN.Enabled || c.VLAN.Enabled && c.VLAN.ID != i.VLAN.ID) {
		return false
	}
	if c.IPv4 == nil {
		return true
	}
	wanted := func(a IPv4) bool {
		return a.Address == c.IPv4.Address && a.Mask == c.IPv4.Mask && (c.IPv4.Gateway == "" || a.Gateway == c.IPv4.Gateway)
	}
	return !i.DHCP && slices.ContainsFunc(i.IPv4, wanted)
}

func (c NetworkChange) body(staticAddresses bool) map[string]any {
	body := map[string]any{}
	if c.VLAN != nil {
		vlan := map[string]any{"VLANEnable": c.VLAN.Enabled}
		if c.VLAN.Enabled {
			vlan["VLANId"] = c.VLAN.ID
		}
		body["VLAN"] = vlan
	}
	if c.IPv4 == nil {
		return body
	}
	address := map[string]any{"Address": c.IPv4.Address, "SubnetMask": c.IPv4.Mask}
	if c.IPv4.Gateway != "" {
		address["Gateway"] = c.IPv4.Gateway
	}
	body["DHCPv4"] = map[string]any{"DHCPEnabled": false}
	if staticAddresses {
		body["IPv4StaticAddresses"] = []any{address}
		return body
	}
	address["AddressOrigin"] = "Static"
	body["IPv4Addresses"] = []any{address}
	return body
}
