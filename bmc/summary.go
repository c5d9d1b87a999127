package bmc

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// Summary is what is most often asked about a server. What the BMC does not tell stays
// at its zero value.
type Summary struct {
	Manufacturer string `json:"manufacturer"`
	Model        string `json:"model"`
	// ServiceTag is Dell's; on other makes it is the serial number.
	ServiceTag   string `json:"serviceTag"`
	SerialNumber string `json:"serialNumber"`
	UUID         string `json:"uuid"`
	BIOSVersion  string `json:"biosVersion"`
	BMCFirmware  string `json:"bmcFirmware"`
	// CPUs counts processor packages, Cores the cores of all of them.
	CPUs      int        `json:"cpus"`
	CPUModel  string     `json:"cpuModel"`
	Cores     int        `json:"cores"`
	MemoryGiB float64    `json:"memoryGiB"`
	Drives    []Drive    `json:"drives,omitempty"`
	Volumes   []Volume   `json:"volumes,omitempty"`
	NICs      []NIC      `json:"nics,omitempty"`
	Firmware  []Firmware `json:"firmware,omitempty"`
}

// NIC is a network port of the host.
type NIC struct {
	ID string `json:"id"`
	// MAC is the address in use, lower case with colons.
	MAC string `json:"mac"`
	// Link is LinkUp, LinkDown or NoLink, or empty where the BMC does not know.
	Link string `json:"link,omitempty"`
	// SpeedMbps is the speed of the link, 0 without one.
	SpeedMbps int `json:"speedMbps,omitempty"`
}

type summarySystemDoc struct {
	systemDoc

	BIOSVersion      string `json:"BiosVersion"`
	ProcessorSummary struct {
		Count     int
		CoreCount int
		Model     string
	}
	MemorySummary struct {
		GiB float64 `json:"TotalSystemMemoryGiB"`
	}
}

type processorDoc struct {
	Type  string `json:"ProcessorType"`
	Model string
	Cores int `json:"TotalCores"`
}

type nicDoc struct {
	ID                  string `json:"Id"`
	MACAddress          string
	PermanentMACAddress string
	LinkStatus          string
	SpeedMbps           int
}

// summarize reads the documents with the same forgiveness as any other answer: what
// has an unexpected form is left out.
func summarize(resources []Resource) Summary {
	var (
		s               Summary
		packages, cores int // of the processors themselves
		controllers     = map[string]string{}
	)
	for _, r := range resources {
		switch r.Type {
		case "ComputerSystem":
			s.system(r)
		case "Processor":
			if doc, ok := processor(r); ok {
				packages, cores = packages+1, cores+doc.Cores
				s.CPUModel = cmp.Or(s.CPUModel, strings.TrimSpace(doc.Model))
			}
		case "Manager":
			var doc managerDoc
			if fill(r, &doc) {
				s.BMCFirmware = cmp.Or(s.BMCFirmware, doc.FirmwareVersion)
			}
		case "Storage":
			noteDrives(r, controllers)
		case "Drive":
			var doc driveDoc
			if fill(r, &doc) {
				doc.URI = r.URI
				s.Drives = append(s.Drives, doc.drive(controllers[r.URI]))
			}
		case "Volume":
			var doc volumeDoc
			if fill(r, &doc) {
				s.Volumes = append(s.Volumes, doc.volume())
			}
		case "EthernetInterface":
			s.nic(r)
		case "SoftwareInventory":
			var doc firmwareDoc
			if fill(r, &doc) {
				s.Firmware = append(s.Firmware, doc.firmware())
			}
		}
	}
	s.CPUs, s.Cores = cmp.Or(s.CPUs, packages), cmp.Or(s.Cores, cores)
	return s
}

// fill decodes a resource and tells whether that gave anything.
func fill(r Resource, out any) bool {
	return decode(bytes.NewReader(r.Document), out) == nil
}

func (s *Summary) system(r Resource) {
	var doc summarySystemDoc
	if !fill(r, &doc) {
		return
	}
	s.Manufacturer, s.Model, s.SerialNumber, s.UUID = doc.Manufacturer, doc.Model, doc.SerialNumber, doc.UUID
	s.ServiceTag, s.BIOSVersion = serviceTag(&doc.systemDoc), doc.BIOSVersion
	s.CPUs, s.Cores, s.CPUModel = doc.ProcessorSummary.Count, doc.ProcessorSummary.CoreCount, strings.TrimSpace(doc.ProcessorSummary.Model)
	s.MemoryGiB = doc.MemorySummary.GiB
}

// processor returns one that runs the server, unlike a GPU or an FPGA.
func processor(r Resource) (processorDoc, bool) {
	var doc processorDoc
	ok := fill(r, &doc)
	return doc, ok && (doc.Type == "" || doc.Type == "CPU")
}

// noteDrives notes whose drives those of a controller are. Where a drive's URI says that
// itself depends on the firmware.
func noteDrives(r Resource, controllers map[string]string) {
	var doc storageDoc
	if !fill(r, &doc) {
		return
	}
	for _, drive := range doc.Drives {
		controllers[drive.URI] = doc.ID
	}
}

func (s *Summary) nic(r Resource) {
	var doc nicDoc
	if !fill(r, &doc) {
		return
	}
	mac := usableMAC(interfaceDoc{MACAddress: doc.MACAddress, PermanentMACAddress: doc.PermanentMACAddress})
	known := func(nic NIC) bool { return nic.MAC == mac }
	if mac == "" || slices.ContainsFunc(s.NICs, known) {
		return
	}
	s.NICs = append(s.NICs, NIC{ID: doc.ID, MAC: mac, Link: doc.LinkStatus, SpeedMbps: doc.SpeedMbps})
}
