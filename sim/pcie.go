package sim

const pcieURI = chassisURI + "/PCIeDevices"

// pcieDevice is a card or an on-board device.
type pcieDevice struct{ id, name, maker, class string }

// pcieDevices are the network adapter and the storage controllers.
func (g *generation) pcieDevices() []pcieDevice {
	devices := []pcieDevice{{"1-0", "BCM57414 NetXtreme-E 10Gb/25Gb RDMA Ethernet Controller", "Broadcom Inc.", "NetworkController"}}
	for i, c := range g.controllers {
		devices = append(devices, pcieDevice{string(rune('2'+i)) + "-0", c.model, "Broadcom / LSI", "MassStorageController"})
	}
	return devices
}

func (d pcieDevice) uri() string         { return pcieURI + "/" + d.id }
func (d pcieDevice) functionURI() string { return d.uri() + "/PCIeFunctions/" + d.id + "-0" }

func (t table) addPCIe(g *generation) {
	t[pcieURI] = resource{get: (*Server).pcieCollection}
	for _, d := range g.pcieDevices() {
		t[d.uri()] = resource{get: func(s *Server) doc { return s.pcieDevice(d) }}
		functions := d.uri() + "/PCIeFunctions"
		t[functions] = resource{get: func(*Server) doc {
			return collection(functions, "PCIeFunction", "PCIeFunction Collection", d.functionURI())
		}}
		t[d.functionURI()] = resource{get: func(*Server) doc { return d.function() }}
	}
}

func (g *generation) pcieURIs() []string {
	var uris []string
	for _, d := range g.pcieDevices() {
		uris = append(uris, d.uri())
	}
	return uris
}

func (s *Server) pcieCollection() doc {
	return collection(pcieURI, "PCIeDevice", "PCIeDevice Collection", s.gen.pcieURIs()...)
}

func (s *Server) pcieDevice(d pcieDevice) doc {
	body := described(d.uri(), "PCIeDevice", "v1_11_1", d.id, d.name)
	body["Description"] = d.name
	body["Manufacturer"] = d.maker
	body["Model"] = d.name
	body["DeviceType"] = "SingleFunction"
	body["SerialNumber"] = s.serial("pcie"+d.id, 10)
	body["PartNumber"] = "0SIM" + s.serial("part"+d.id, 4)
	body["PCIeInterface"] = doc{"MaxPCIeType": "Gen4", "PCIeType": "Gen4", "MaxLanes": 8, "LanesInUse": 8}
	body["PCIeFunctions"] = ref(d.uri() + "/PCIeFunctions")
	body["Status"] = doc{"Health": "OK", "HealthRollup": "OK", "State": "Enabled"}
	body["Links"] = doc{"Chassis": []doc{ref(chassisURI)}, "Chassis@odata.count": 1}
	return body
}

func (d pcieDevice) function() doc {
	body := described(d.functionURI(), "PCIeFunction", "v1_5_0", d.id+"-0", d.name)
	body["Description"] = d.name
	body["FunctionId"] = 0
	body["FunctionType"] = "Physical"
	body["DeviceClass"] = d.class
	body["VendorId"] = "0x14e4"
	body["DeviceId"] = "0x16d7"
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	body["Links"] = doc{"PCIeDevice": ref(d.uri())}
	return body
}
