package sim

import (
	"slices"
	"time"
)

const (
	maker   = "Dell Inc."
	nicID   = "NIC.Integrated.1-1-1"
	resetAt = "/Actions/ComputerSystem.Reset"
)

func (t table) addSystem(g *generation) {
	t[systemsURI] = resource{get: (*Server).systems}
	t[systemURI] = resource{get: (*Server).system, patch: (*Server).patchSystem}
	t[systemURI+resetAt] = action((*Server).resetAction)
	t[nicsURI] = resource{get: (*Server).nics}
	t[nicURI] = resource{get: (*Server).nic}
	if g.hasBootSettings {
		t.addSystemSettings()
	}
}

func (s *Server) systems() doc {
	return collection(systemsURI, "ComputerSystem", "Computer System Collection", systemURI)
}

func (s *Server) system() doc {
	body := described(systemURI, "ComputerSystem", "v1_20_1", "System.Embedded.1", "System")
	s.describeHardware(body)
	s.describeState(body)
	body["Actions"] = doc{"#ComputerSystem.Reset": doc{
		"target":                            systemURI + resetAt,
		"ResetType@Redfish.AllowableValues": s.gen.resetTypes,
	}}
	body["Bios"] = ref(biosURI)
	body["Processors"] = ref(processorsURI)
	body["Memory"] = ref(memoryURI)
	body["SecureBoot"] = ref(secureBootURI)
	setLinks(body, "PCIeDevices", s.gen.pcieURIs()...)
	body["Storage"] = ref(storageURI)
	body["EthernetInterfaces"] = ref(nicsURI)
	if s.gen.hasBootSettings {
		body["@Redfish.Settings"] = s.settingsLink(systemSettingsURI)
	}
	if s.gen.mediaHome == systemURI {
		body["VirtualMedia"] = ref(s.gen.mediaURI())
	}
	links := doc{
		"Chassis": []doc{ref(chassisURI)}, "Chassis@odata.count": 1,
		"ManagedBy": []doc{ref(managerURI)}, "ManagedBy@odata.count": 1,
	}
	if uri := s.gen.raidServiceURI(); uri != "" {
		links["Oem"] = doc{"Dell": doc{"@odata.type": "#DellOem.v1_3_0.DellOemLinks", "DellRaidService": ref(uri)}}
	}
	body["Links"] = links
	return body
}

func (s *Server) describeHardware(body doc) {
	body["Description"] = "Computer System which represents a machine (physical or virtual) and the local resources such as memory, cpu and other devices that can be accessed from that machine."
	body["SystemType"] = "Physical"
	body["Manufacturer"] = maker
	body["Model"] = s.gen.model
	body["SKU"] = s.tag
	body["SerialNumber"] = "SIM" + s.tag
	body["PartNumber"] = "0SIMR6A00"
	body["UUID"] = systemUUID(s.tag)
	s.describeLabels(body)
	body["BiosVersion"] = s.firmwareVersion(biosFQDD)
	body["MemorySummary"] = doc{
		"TotalSystemMemoryGiB": s.gen.dimms.count * s.gen.dimms.gibibytes, "MemoryMirroring": "System", "Status": healthy(),
	}
	cpu := s.gen.cpus
	body["ProcessorSummary"] = doc{
		"Count": cpu.count, "CoreCount": cpu.count * cpu.cores, "LogicalProcessorCount": 2 * cpu.count * cpu.cores,
		"ThreadingEnabled": true, "Model": cpu.model, "Status": healthy(),
	}
	body["Status"] = healthy()
	body["Oem"] = doc{"Dell": doc{"@odata.type": "#DellOem.v1_3_0.DellOemResources", "DellSystem": dellSystem()}}
}

// dellSystem sums the components up, as an iDRAC does beside the Redfish rollup.
func dellSystem() doc {
	body := doc{"@odata.type": "#DellSystem.v1_4_0.DellSystem", "Id": "System.Embedded.1", "Name": "DellSystem"}
	for _, part := range []string{"CPU", "Fan", "IDSDM", "PS", "Storage", "Temp", "TempStatistics", "Volt"} {
		body[part+"RollupStatus"] = "OK"
	}
	return body
}

func (s *Server) describeState(body doc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body["PowerState"] = s.shownPower()
	body["LastResetTime"] = s.lastReset.Format(time.RFC3339)
	body["HostName"] = ""
	if s.osRunning && s.disk != nil {
		body["HostName"] = s.disk.Hostname
	}
	body["Boot"] = doc{
		"BootOrder":                                         []string{"HardDisk.List.1-1", nicID},
		"BootOrder@odata.count":                             2,
		"BootSourceOverrideEnabled":                         s.override.enabled,
		"BootSourceOverrideMode":                            s.override.mode,
		"BootSourceOverrideTarget":                          s.override.target,
		"UefiTargetBootSourceOverride":                      nil,
		"BootSourceOverrideEnabled@Redfish.AllowableValues": overrideEnabledValues,
		"BootSourceOverrideMode@Redfish.AllowableValues":    overrideModeValues,
		"BootSourceOverrideTarget@Redfish.AllowableValues":  overrideTargetValues,
	}
}

// patchSystem sets the boot override and the labels.
func (s *Server) patchSystem(body doc) error {
	for name := range body {
		if name != "Boot" && !isLabel(name) {
			return refusePatch(name, s.system())
		}
	}
	if err := s.setLabels(body); err != nil {
		return err
	}
	sent, ok := body["Boot"]
	if !ok {
		return nil
	}
	boot, ok := sent.(doc)
	if !ok {
		return refuseType("Boot")
	}
	if s.gen.bootInSettings {
		for name := range boot {
			return refuseReadOnly(name)
		}
	}
	return s.setOverride(boot)
}

func refusePatch(name string, current doc) error {
	if _, known := current[name]; known {
		return refuseReadOnly(name)
	}
	return refuseUnknownProperty(name)
}

// oneOf accepts "" for a property that was not sent.
func oneOf(body doc, name string, allowed []string) (string, error) {
	value, err := text(body, name)
	if err != nil {
		return "", err
	}
	if value != "" && !slices.Contains(allowed, value) {
		return "", refuseValue(value, name, allowed)
	}
	return value, nil
}

func (s *Server) nics() doc {
	return collection(nicsURI, "EthernetInterface", "System Ethernet Interface Collection", nicURI)
}

func (s *Server) nic() doc {
	body := described(nicURI, "EthernetInterface", "v1_9_0", nicID, "System Ethernet Interface")
	body["Description"] = "Integrated NIC 1 Port 1 Partition 1"
	body["MACAddress"] = s.mac
	body["PermanentMACAddress"] = s.mac
	body["InterfaceEnabled"] = true
	body["LinkStatus"] = "LinkUp"
	body["SpeedMbps"] = 25000
	body["AutoNeg"] = true
	body["FullDuplex"] = true
	body["MTUSize"] = nil
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	return body
}
