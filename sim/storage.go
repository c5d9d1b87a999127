package sim

import (
	"fmt"
	"hash/fnv"
)

const storageURI = systemURI + "/Storage"

// controller is a storage controller with its drives.
type controller struct {
	fqdd, model, firmware string
	softwareID, packages  string // as in firmwarePart
	raidTypes             []string
	boots                 bool // its first volume holds the operating system
	drives                []driveModel
}

// driveModel is what is known of a drive but for its serial number.
type driveModel struct {
	id, label, maker, model string
	media, protocol         string
	gigabytes               int64
	speed                   int // Gbit/s
}

// perc makes a RAID controller with n drives of 960 GB.
func perc(model, firmware string, n int, boots bool) *controller {
	c := &controller{
		fqdd: "RAID.Integrated.1-1", model: model, firmware: firmware, softwareID: "108250", packages: "SAS-RAID_Firmware_",
		raidTypes: []string{"RAID0", "RAID1", "RAID5", "RAID6", "RAID10"}, boots: boots,
	}
	for i := range n {
		c.drives = append(c.drives, driveModel{
			id: fmt.Sprintf("Disk.Bay.%d:Enclosure.Internal.0-1:%s", i, c.fqdd), label: fmt.Sprintf("Solid State Disk 0:1:%d", i),
			maker: "KIOXIA", model: "KRM6VRUG960G", media: "SSD", protocol: "SAS", gigabytes: 960, speed: 24,
		})
	}
	return c
}

// boss makes a boot controller with two M.2 drives.
func boss(fqdd, model, firmware string) *controller {
	c := &controller{
		fqdd: fqdd, model: model, firmware: firmware, softwareID: "109696", packages: "BOSS_Firmware_", raidTypes: []string{"RAID1"}, boots: true,
	}
	for i := range 2 {
		c.drives = append(c.drives, driveModel{
			id: fmt.Sprintf("Disk.Direct.%d-%d:%s", i, i, fqdd), label: fmt.Sprintf("SSD %d", i),
			maker: "Intel", model: "SSDSCKKB480G8R", media: "SSD", protocol: "SATA", gigabytes: 480, speed: 6,
		})
	}
	return c
}

func (c *controller) uri() string        { return storageURI + "/" + c.fqdd }
func (c *controller) volumesURI() string { return c.uri() + "/Volumes" }

// driveURI is where a drive is: older firmware has all drives in one place.
func (g *generation) driveURI(c *controller, d driveModel) string {
	if g.drivesBelow {
		return c.uri() + "/Drives/" + d.id
	}
	return storageURI + "/Drives/" + d.id
}

func (t table) addStorage(g *generation) {
	t[storageURI] = resource{get: (*Server).storages}
	t.addRAIDService(g)
	for _, c := range g.controllers {
		t[c.uri()] = resource{get: func(s *Server) doc { return s.storage(c) }}
		t.addVolumes(c)
		for i, d := range c.drives {
			t.addDrive(g, c, i, d)
		}
		if g.drivesBelow {
			t[c.uri()+"/Controllers"] = resource{get: func(*Server) doc { return c.controllerCollection() }}
			t[c.uri()+"/Controllers/"+c.fqdd] = resource{get: func(s *Server) doc { return s.storageController(c) }}
		}
	}
}

func (s *Server) storages() doc {
	var uris []string
	for _, c := range s.gen.controllers {
		uris = append(uris, c.uri())
	}
	return collection(storageURI, "Storage", "Storage Collection", uris...)
}

func (s *Server) storage(c *controller) doc {
	body := described(c.uri(), "Storage", "v1_15_1", c.fqdd, c.model)
	body["Description"] = c.model
	var drives []string
	for _, d := range c.drives {
		drives = append(drives, s.gen.driveURI(c, d))
	}
	setLinks(body, "Drives", drives...)
	body["Volumes"] = ref(c.volumesURI())
	body["Status"] = healthy()
	body["Links"] = doc{"Enclosures": []doc{ref(chassisURI)}, "Enclosures@odata.count": 1}
	if s.gen.drivesBelow {
		body["Controllers"] = ref(c.uri() + "/Controllers")
		return body
	}
	body["StorageControllers"] = []doc{{
		"@odata.id":                    c.uri() + "#/StorageControllers/0",
		"MemberId":                     "0",
		"Name":                         c.model,
		"Manufacturer":                 "DELL",
		"Model":                        c.model,
		"FirmwareVersion":              s.firmwareVersion(c.fqdd),
		"Identifiers":                  []doc{durable(s.serial(c.fqdd, 16))},
		"SupportedControllerProtocols": []string{"PCIe"},
		"SupportedDeviceProtocols":     []string{c.drives[0].protocol},
		"Status":                       doc{"Health": "OK", "State": "Enabled"},
	}}
	body["StorageControllers@odata.count"] = 1
	return body
}

func (c *controller) controllerCollection() doc {
	uri := c.uri() + "/Controllers"
	return collection(uri, "StorageController", "Storage Controller Collection", uri+"/"+c.fqdd)
}

func (s *Server) storageController(c *controller) doc {
	body := described(c.uri()+"/Controllers/"+c.fqdd, "StorageController", "v1_7_1", c.fqdd, c.model)
	body["Description"] = c.model
	body["Manufacturer"] = "DELL"
	body["Model"] = c.model
	body["FirmwareVersion"] = s.firmwareVersion(c.fqdd)
	body["Identifiers"] = []doc{durable(s.serial(c.fqdd, 16))}
	body["SupportedControllerProtocols"] = []string{"PCIe"}
	body["SupportedDeviceProtocols"] = []string{c.drives[0].protocol}
	body["SupportedRAIDTypes"] = c.raidTypes
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	return body
}

func durable(name string) doc { return doc{"DurableName": name, "DurableNameFormat": "NAA"} }

// serial makes a hex number of a device that is the same on each run.
func (s *Server) serial(device string, digits int) string {
	sum := fnv.New128a()
	_, _ = sum.Write([]byte(s.tag + device))
	return fmt.Sprintf("%X", sum.Sum(nil))[:digits]
}
