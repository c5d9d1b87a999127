package bmc

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
)

const opIdentify = "identify"

// Identity is what tells one server from another, and how far its BMC is.
type Identity struct {
	// ServiceTag is Dell's; on other makes it is the serial number.
	ServiceTag   string `json:"serviceTag"`
	Manufacturer string `json:"manufacturer"`
	Model        string `json:"model"`
	SerialNumber string `json:"serialNumber"`
	UUID         string `json:"uuid"`
	// MACs are the host's, in the BMC's order, lower case with colons.
	MACs        []string `json:"macs"`
	BMCModel    string   `json:"bmcModel"`
	BMCFirmware string   `json:"bmcFirmware"`
}

// Identify reads the server's identity.
func (b *BMC) Identify(ctx context.Context) (Identity, error) {
	system, err := b.system(ctx, opIdentify)
	if err != nil {
		return Identity{}, err
	}
	manager, err := b.manager(ctx, opIdentify, system)
	if err != nil {
		return Identity{}, err
	}
	macs, err := b.macs(ctx, system)
	if err != nil {
		return Identity{}, err
	}
	return Identity{
		ServiceTag:   serviceTag(system),
		Manufacturer: system.Manufacturer,
		Model:        system.Model,
		SerialNumber: system.SerialNumber,
		UUID:         system.UUID,
		MACs:         macs,
		BMCModel:     manager.Model,
		BMCFirmware:  manager.FirmwareVersion,
	}, nil
}

// serviceTag: Dell's SKU is the service tag, and its serial number the mainboard's.
func serviceTag(system *systemDoc) string {
	if strings.HasPrefix(system.Manufacturer, "Dell") && system.SKU != "" {
		return system.SKU
	}
	return system.SerialNumber
}

type interfaceDoc struct {
	MACAddress          string
	PermanentMACAddress string
}

// macs returns no addresses for a server that lists no interfaces, as some do
// until they have first been powered on.
func (b *BMC) macs(ctx context.Context, system *systemDoc) ([]string, error) {
	if system.EthernetInterfaces.URI == "" {
		return nil, nil
	}
	docs, err := readMembers[interfaceDoc](ctx, b, opIdentify, system.EthernetInterfaces.URI)
	if hasStatus(err, http.StatusNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var macs []string
	for _, doc := range docs {
		if mac := usableMAC(doc); mac != "" && !slices.Contains(macs, mac) {
			macs = append(macs, mac)
		}
	}
	return macs, nil
}

// usableMAC prefers the address in use, which is the one an installer sees.
func usableMAC(doc interfaceDoc) string {
	for _, text := range []string{doc.MACAddress, doc.PermanentMACAddress} {
		mac, err := net.ParseMAC(text)
		if err == nil && slices.ContainsFunc(mac, func(octet byte) bool { return octet != 0 }) {
			return mac.String()
		}
	}
	return ""
}
