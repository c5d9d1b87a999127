package bmc

import (
	"context"
	"net/http"
	"strings"
)

const (
	opFirmware    = "read firmware inventory"
	updateService = "UpdateService"
	placeFirmware = "FirmwareInventory"

	// steadyReads in a row show that a BMC which has updated itself has settled.
	steadyReads = 3
)

// Firmware is one firmware image that a component has, runs or could return to.
type Firmware struct {
	// ID is the BMC's name for it, such as "Installed-159-2.19.1__BIOS.Setup.1-1".
	ID string `json:"id"`
	// URI names it as a target of an update.
	URI     string `json:"uri"`
	Name    string `json:"name"`
	Version string `json:"version"`
	// ComponentID is the vendor's number for the kind of component that it fits.
	ComponentID string `json:"componentId,omitempty"`
	Updateable  bool   `json:"updateable"`
	// Installed is false for a previous or available version.
	Installed bool `json:"installed"`
}

type firmwareDoc struct {
	URI        string `json:"@odata.id"`
	ID         string `json:"Id"`
	Name       string
	Version    string
	SoftwareID string `json:"SoftwareId"`
	Updateable bool
}

// firmware: an iDRAC lists what a component could return to beside what it runs, told
// apart only by the id.
func (d firmwareDoc) firmware() Firmware {
	other := strings.HasPrefix(d.ID, "Previous-") || strings.HasPrefix(d.ID, "Available-")
	return Firmware{
		ID: d.ID, URI: d.URI, Name: d.Name, Version: d.Version,
		ComponentID: d.SoftwareID, Updateable: d.Updateable, Installed: !other,
	}
}

// FirmwareInventory lists the firmware of all components.
func (b *BMC) FirmwareInventory(ctx context.Context) ([]Firmware, error) {
	uri, err := b.place(placeFirmware, func() (string, error) {
		service, err := b.updateService(ctx, opFirmware)
		if err != nil {
			return "", err
		}
		return service.FirmwareInventory.URI, nil
	})
	if err != nil {
		return nil, err
	}
	docs, err := readMembers[firmwareDoc](ctx, b, opFirmware, uri)
	if err != nil {
		return nil, err
	}
	list := make([]Firmware, 0, len(docs))
	for _, doc := range docs {
		list = append(list, doc.firmware())
	}
	return list, nil
}

type updateServiceDoc struct {
	FirmwareInventory link
	MultipartPushURI  string `json:"MultipartHttpPushUri"`
	Actions           struct {
		SimpleUpdate struct {
			Target    string   `json:"target"`
			Protocols []string `json:"TransferProtocol@Redfish.AllowableValues"`
		} `json:"#UpdateService.SimpleUpdate"`
	}
}

func (b *BMC) updateService(ctx context.Context, op string) (*updateServiceDoc, error) {
	uri, err := b.rooted(ctx, op, updateService)
	if err != nil {
		return nil, err
	}
	doc := new(updateServiceDoc)
	_, err = b.get(ctx, op, uri, doc)
	return doc, err
}

// UpToDate tells whether every component of this kind runs this version already, so that
// there is nothing to update. It is false when the server has no such component.
func UpToDate(list []Firmware, componentID, version string) bool {
	found := false
	for _, fw := range list {
		if !fw.Installed || fw.ComponentID != componentID {
			continue
		}
		if fw.Version != version {
			return false
		}
		found = true
	}
	return found
}

// AwaitFirmware waits until the BMC has reported this version three times in a row. An
// update of the BMC itself takes it away for minutes, with refused connections and logins;
// it comes back more than once before it stays.
func (b *BMC) AwaitFirmware(ctx context.Context, componentID, version string) error {
	agreed := 0
	w := wait{op: opFirmware, what: "component " + componentID + " at version " + version, every: b.pace.firmware}
	return b.until(ctx, w, func(ctx context.Context) (bool, error) {
		list, err := b.FirmwareInventory(ctx)
		if hasStatus(err, http.StatusNotFound) {
			b.misplaced(placeFirmware)
			return false, nil
		}
		if err == nil && UpToDate(list, componentID, version) {
			agreed++
		} else {
			agreed = 0
		}
		return agreed == steadyReads, err
	})
}
