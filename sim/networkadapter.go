package sim

const (
	adaptersURI       = chassisURI + "/NetworkAdapters"
	adapterID         = "NIC.Integrated.1"
	adapterURI        = adaptersURI + "/" + adapterID
	portID            = adapterID + "-1"
	adapterPortsURI   = adapterURI + "/NetworkPorts"
	portURI           = adapterPortsURI + "/" + portID
	deviceFunctionURI = adapterURI + "/NetworkDeviceFunctions"
	functionURI       = deviceFunctionURI + "/" + nicID
)

func (t table) addNetworkAdapter() {
	t[adaptersURI] = resource{get: func(*Server) doc {
		return collection(adaptersURI, "NetworkAdapter", "Network Adapter Collection", adapterURI)
	}}
	t[adapterURI] = resource{get: (*Server).networkAdapter}
	t[adapterPortsURI] = resource{get: func(*Server) doc {
		return collection(adapterPortsURI, "NetworkPort", "NetworkPort Collection", portURI)
	}}
	t[portURI] = resource{get: (*Server).networkPort}
	t[deviceFunctionURI] = resource{get: func(*Server) doc {
		return collection(deviceFunctionURI, "NetworkDeviceFunction", "NetworkDeviceFunction Collection", functionURI)
	}}
	t[functionURI] = resource{get: (*Server).networkFunction}
}

func (s *Server) networkAdapter() doc {
	body := described(adapterURI, "NetworkAdapter", "v1_9_0", adapterID, "Network Adapter View")
	body["Description"] = "Network Adapter View"
	body["Manufacturer"] = "Broadcom Inc. and subsidiaries"
	body["Model"] = "Broadcom Adv. Dual 25Gb Ethernet"
	body["PartNumber"] = "0W7T3J"
	body["SerialNumber"] = s.serial(adapterID, 14)
	body["NetworkPorts"] = ref(adapterPortsURI)
	body["NetworkDeviceFunctions"] = ref(deviceFunctionURI)
	controller := doc{
		"FirmwarePackageVersion": s.firmwareVersion(nicID),
		"ControllerCapabilities": doc{"NetworkDeviceFunctionCount": 1, "NetworkPortCount": 1},
	}
	links := doc{}
	setLinks(links, "NetworkPorts", portURI)
	setLinks(links, "NetworkDeviceFunctions", functionURI)
	setLinks(links, "PCIeDevices", s.gen.pcieDevices()[0].uri())
	controller["Links"] = links
	body["Controllers"] = []doc{controller}
	body["Controllers@odata.count"] = 1
	body["Status"] = doc{"Health": "OK", "HealthRollup": "OK", "State": "Enabled"}
	return body
}

func (s *Server) networkPort() doc {
	body := described(portURI, "NetworkPort", "v1_4_1", portID, "Network Port View")
	body["Description"] = "Network Port View"
	body["PhysicalPortNumber"] = "1"
	body["LinkStatus"] = "Up"
	body["ActiveLinkTechnology"] = "Ethernet"
	body["CurrentLinkSpeedMbps"] = 25000
	body["AssociatedNetworkAddresses"] = []string{s.mac}
	body["VendorId"] = "14E4"
	body["Status"] = doc{"Health": "OK", "HealthRollup": "OK", "State": "Enabled"}
	return body
}

func (s *Server) networkFunction() doc {
	body := described(functionURI, "NetworkDeviceFunction", "v1_9_0", nicID, "NetworkDeviceFunction")
	body["Description"] = "NetworkDeviceFunction"
	body["DeviceEnabled"] = true
	body["NetDevFuncType"] = "Ethernet"
	body["NetDevFuncCapabilities"] = []string{"Ethernet"}
	body["MaxVirtualFunctions"] = 0
	body["Ethernet"] = doc{"MACAddress": s.mac, "PermanentMACAddress": s.mac, "MTUSize": nil}
	body["AssignablePhysicalPorts"] = []doc{ref(portURI)}
	body["AssignablePhysicalPorts@odata.count"] = 1
	body["PhysicalPortAssignment"] = ref(portURI)
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	body["Links"] = doc{"PCIeFunction": ref(s.gen.pcieDevices()[0].functionURI())}
	return body
}
