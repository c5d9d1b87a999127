package sim

// Power drawn by a host, in watts.
const (
	wattsOff = 14
	wattsOn  = 286
)

func (s *Server) chassisCollection() doc {
	return collection(chassisListURI, "Chassis", "Chassis Collection", chassisURI)
}

func (s *Server) chassis() doc {
	body := described(chassisURI, "Chassis", "v1_23_0", "System.Embedded.1", "Computer System Chassis")
	body["Description"] = "It represents the properties for physical components for any system."
	body["ChassisType"] = "RackMount"
	body["Manufacturer"] = maker
	body["Model"] = model
	body["SKU"] = s.tag
	body["SerialNumber"] = "SIM" + s.tag
	body["PartNumber"] = "0SIMR6A00"
	body["AssetTag"] = nil
	body["PowerState"] = s.PowerState()
	body["Power"] = ref(powerURI)
	body["Status"] = healthy()
	body["Links"] = doc{
		"ComputerSystems": []doc{ref(systemURI)}, "ComputerSystems@odata.count": 1,
		"ManagedBy": []doc{ref(managerURI)}, "ManagedBy@odata.count": 1,
		"ManagersInChassis": []doc{ref(managerURI)}, "ManagersInChassis@odata.count": 1,
	}
	return body
}

func (s *Server) powerMetering() doc {
	watts := wattsOn
	if s.PowerState() == stateOff {
		watts = wattsOff
	}
	body := described(powerURI, "Power", "v1_7_1", "Power", "Power")
	body["Description"] = "Power"
	body["PowerControl"] = []doc{{
		"@odata.id":           powerURI + "#/PowerControl/0",
		"@odata.type":         "#Power.v1_4_0.PowerControl",
		"MemberId":            "PowerControl",
		"Name":                "System Power Control",
		"PowerCapacityWatts":  1400,
		"PowerConsumedWatts":  watts,
		"PowerAllocatedWatts": 1400,
		"PowerMetrics": doc{
			"IntervalInMin": 1, "AverageConsumedWatts": watts, "MinConsumedWatts": watts, "MaxConsumedWatts": watts,
		},
	}}
	body["PowerControl@odata.count"] = 1
	return body
}
