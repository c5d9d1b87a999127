package bmc

import "strings"

// Drive is a physical drive.
type Drive struct {
	ID  string `json:"id"`
	URI string `json:"uri"`
	// Controller is the id of the storage controller that the BMC lists it under.
	Controller   string `json:"controller,omitempty"`
	Name         string `json:"name"`
	Model        string `json:"model"`
	SerialNumber string `json:"serialNumber"`
	Revision     string `json:"revision,omitempty"`
	// WWN is the NAA identifier in lower case without separators, where there is one.
	WWN string `json:"wwn,omitempty"`
	// Bytes is the capacity.
	Bytes int64 `json:"bytes"`
	// Media is HDD or SSD.
	Media string `json:"media,omitempty"`
	// Bus is SATA, SAS, NVMe or another protocol in Redfish's words.
	Bus string `json:"bus,omitempty"`
	// Health is OK, Warning or Critical, or empty where the BMC does not know.
	Health string `json:"health,omitempty"`
	// Hotspare is Global or Dedicated, or empty for a drive that is no spare.
	Hotspare string `json:"hotspare,omitempty"`
}

type driveDoc struct {
	URI           string `json:"@odata.id"`
	ID            string `json:"Id"`
	Name          string
	Model         string
	SerialNumber  string
	Revision      string
	CapacityBytes int64
	MediaType     string
	Protocol      string
	HotspareType  string
	Identifiers   []durableName
	Status        struct{ Health string }
	Actions       struct {
		SecureErase struct {
			Target string `json:"target"`
		} `json:"#Drive.SecureErase"`
	}
}

func (d *driveDoc) drive(controller string) Drive {
	return Drive{
		ID: d.ID, URI: d.URI, Controller: controller, Name: d.Name, Model: strings.TrimSpace(d.Model),
		SerialNumber: strings.TrimSpace(d.SerialNumber), Revision: d.Revision, WWN: wwn(d.Identifiers),
		Bytes: d.CapacityBytes, Media: d.MediaType, Bus: d.Protocol, Health: d.Status.Health, Hotspare: d.hotspare(),
	}
}

func (d *driveDoc) hotspare() string {
	if d.HotspareType == hotspareNone {
		return ""
	}
	return d.HotspareType
}

type durableName struct {
	Name   string `json:"DurableName"`
	Format string `json:"DurableNameFormat"`
}

func wwn(identifiers []durableName) string {
	for _, id := range identifiers {
		if id.Format == "NAA" || id.Format == "EUI" {
			return strings.ToLower(strings.NewReplacer(":", "", "-", "", "0x", "").Replace(id.Name))
		}
	}
	return ""
}
