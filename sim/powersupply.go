package sim

import (
	"fmt"
	"time"
)

const powerSuppliesURI = powerSubsystemURI + "/PowerSupplies"

func psuID(i int) string { return fmt.Sprintf("PSU.Slot.%d", i+1) }

func (t table) addPowerSubsystem() {
	t[powerSubsystemURI] = resource{get: (*Server).powerSubsystem}
	uris := make([]string, 0, psuCount)
	for i := range psuCount {
		uri := powerSuppliesURI + "/" + psuID(i)
		uris = append(uris, uri)
		t[uri] = resource{get: func(s *Server) doc { return s.powerSupply(i) }}
	}
	t[powerSuppliesURI] = resource{get: func(*Server) doc {
		return collection(powerSuppliesURI, "PowerSupply", "Power Supply Collection", uris...)
	}}
}

func (s *Server) powerSubsystem() doc {
	body := described(powerSubsystemURI, "PowerSubsystem", "v1_1_2", "PowerSubsystem", "Power Subsystem")
	body["Description"] = "Power subsystem of the chassis"
	body["CapacityWatts"] = wattsCapacity
	body["Allocation"] = doc{"AllocatedWatts": wattsCapacity, "RequestedWatts": wattsCapacity}
	body["PowerSupplies"] = ref(powerSuppliesURI)
	body["Status"] = healthy()
	return body
}

func (s *Server) powerSupply(i int) doc {
	uri := powerSuppliesURI + "/" + psuID(i)
	body := described(uri, "PowerSupply", "v1_6_0", psuID(i), fmt.Sprintf("PS%d Status", i+1))
	body["Description"] = "Power supply of the chassis"
	body["PowerSupplyType"] = "AC"
	body["PowerCapacityWatts"] = wattsCapacity
	body["LineInputStatus"] = "Normal"
	body["HotPluggable"] = true
	body["Manufacturer"] = "DELL"
	body["Model"] = "PWR SPLY,1400W,RDNT"
	body["SerialNumber"] = fmt.Sprintf("SIMPS%s%d", s.tag, i+1)
	body["PartNumber"] = "0SIMPS1A00"
	body["FirmwareVersion"] = "00.1B.53"
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	return body
}

func (t table) addLegacyPower() {
	t[powerURI] = resource{get: (*Server).legacyPower, patch: (*Server).patchLegacyPower}
	t[thermalURI] = resource{get: (*Server).legacyThermal}
}

func (s *Server) legacyPower() doc {
	now := time.Now()
	watts := s.draw(now)
	body := described(powerURI, "Power", "v1_7_1", "Power", "Power")
	body["Description"] = "Power"
	body["PowerControl"] = []doc{{
		"@odata.id":           powerURI + "#/PowerControl/0",
		"@odata.type":         "#Power.v1_4_0.PowerControl",
		"MemberId":            "PowerControl",
		"Name":                "System Power Control",
		"PowerCapacityWatts":  wattsCapacity,
		"PowerConsumedWatts":  watts,
		"PowerAllocatedWatts": wattsCapacity,
		"PowerMetrics": doc{
			"IntervalInMin": 1, "AverageConsumedWatts": watts, "MinConsumedWatts": max(watts-wattsSwing, 0), "MaxConsumedWatts": watts + wattsSwing,
		},
		"PowerLimit": doc{"LimitInWatts": s.powerLimit(), "LimitException": "NoAction", "CorrectionInMs": 0},
	}}
	body["PowerControl@odata.count"] = 1
	supplies := make([]doc, 0, psuCount)
	for i := range psuCount {
		supplies = append(supplies, s.legacySupply(i, watts))
	}
	body["PowerSupplies"] = supplies
	body["PowerSupplies@odata.count"] = len(supplies)
	return body
}

// legacySupply carries its part of the load.
func (s *Server) legacySupply(i, watts int) doc {
	return doc{
		"@odata.id":            fmt.Sprintf("%s#/PowerSupplies/%d", powerURI, i),
		"@odata.type":          "#Power.v1_7_0.PowerSupply",
		"MemberId":             psuID(i),
		"Name":                 fmt.Sprintf("PS%d Status", i+1),
		"PowerSupplyType":      "AC",
		"LineInputVoltage":     230,
		"LineInputVoltageType": "AC240V",
		"PowerCapacityWatts":   wattsCapacity,
		"PowerInputWatts":      watts / psuCount,
		"PowerOutputWatts":     watts * 9 / 10 / psuCount,
		"SerialNumber":         fmt.Sprintf("SIMPS%s%d", s.tag, i+1),
		"Model":                "PWR SPLY,1400W,RDNT",
		"FirmwareVersion":      "00.1B.53",
		"Status":               doc{"Health": "OK", "State": "Enabled"},
	}
}

// patchLegacyPower sets the power cap, the one thing a client can write here.
func (s *Server) patchLegacyPower(body doc) error {
	for name := range body {
		if name != "PowerControl" {
			return refusePatch(name, s.legacyPower())
		}
	}
	controls, ok := body["PowerControl"].([]any)
	if !ok || len(controls) != 1 {
		return refuseType("PowerControl")
	}
	control, ok := controls[0].(doc)
	if !ok {
		return refuseType("PowerControl")
	}
	limit, ok := control["PowerLimit"].(doc)
	if !ok {
		return refuseMissingProperty("PowerLimit")
	}
	return s.setCap(doc{"LimitInWatts": limit["LimitInWatts"]}, "LimitInWatts")
}
