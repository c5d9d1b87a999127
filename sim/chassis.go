package sim

import "slices"

const (
	powerSubsystemURI   = chassisURI + "/PowerSubsystem"
	thermalURI          = chassisURI + "/Thermal"
	thermalSubsystemURI = chassisURI + "/ThermalSubsystem"
	environmentURI      = chassisURI + "/EnvironmentMetrics"
	sensorsURI          = chassisURI + "/Sensors"
	controlsURI         = chassisURI + "/Controls"
)

func (t table) addChassis(g *generation) {
	t[chassisListURI] = resource{get: (*Server).chassisCollection}
	t[chassisURI] = resource{get: (*Server).chassis, patch: (*Server).patchChassis}
	if g.legacyPower {
		t.addLegacyPower()
	}
	if g.sensors {
		t.addPowerSubsystem()
		t.addThermalSubsystem()
		t.addSensors()
		t.addPowerCap()
	}
}

func (s *Server) chassisCollection() doc {
	return collection(chassisListURI, "Chassis", "Chassis Collection", chassisURI)
}

func (s *Server) chassis() doc {
	body := described(chassisURI, "Chassis", "v1_23_0", "System.Embedded.1", "Computer System Chassis")
	body["Description"] = "It represents the properties for physical components for any system."
	body["ChassisType"] = "RackMount"
	body["Manufacturer"] = maker
	body["Model"] = s.gen.model
	body["SKU"] = s.tag
	body["SerialNumber"] = "SIM" + s.tag
	body["PartNumber"] = "0SIMR6A00"
	body["PowerState"] = s.chassisPower()
	body["Status"] = healthy()
	s.describeLabels(body)
	s.linkChassis(body)
	body["Links"] = doc{
		"ComputerSystems": []doc{ref(systemURI)}, "ComputerSystems@odata.count": 1,
		"ManagedBy": []doc{ref(managerURI)}, "ManagedBy@odata.count": 1,
		"ManagersInChassis": []doc{ref(managerURI)}, "ManagersInChassis@odata.count": 1,
	}
	return body
}

func (s *Server) linkChassis(body doc) {
	body["PCIeDevices"], body["NetworkAdapters"] = ref(pcieURI), ref(adaptersURI)
	if s.gen.legacyPower {
		body["Power"], body["Thermal"] = ref(powerURI), ref(thermalURI)
	}
	if s.gen.sensors {
		body["PowerSubsystem"], body["ThermalSubsystem"] = ref(powerSubsystemURI), ref(thermalSubsystemURI)
		body["EnvironmentMetrics"], body["Sensors"], body["Controls"] = ref(environmentURI), ref(sensorsURI), ref(controlsURI)
	}
}

func (s *Server) chassisPower() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shownPower()
}

// labels tell people which machine they stand before.
type labels struct {
	assetTag string
	blinking bool // the indicator LED
}

// describeLabels shows the labels, which the chassis and the system have in common.
func (s *Server) describeLabels(body doc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body["AssetTag"] = s.labels.assetTag
	body["IndicatorLED"] = "Lit"
	if s.labels.blinking {
		body["IndicatorLED"] = "Blinking"
	}
	body["LocationIndicatorActive"] = s.labels.blinking
}

func (s *Server) patchChassis(body doc) error {
	for name := range body {
		if !isLabel(name) {
			return refusePatch(name, s.chassis())
		}
	}
	return s.setLabels(body)
}

func isLabel(name string) bool {
	return slices.Contains([]string{"AssetTag", "IndicatorLED", "LocationIndicatorActive"}, name)
}

// setLabels applies the labels in a PATCH.
func (s *Server) setLabels(body doc) error {
	led, err := oneOf(body, "IndicatorLED", []string{"Lit", "Blinking"})
	if err != nil {
		return err
	}
	tag, err := text(body, "AssetTag")
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	active, err := flag(body, "LocationIndicatorActive", s.labels.blinking)
	if err != nil {
		return err
	}
	if led != "" {
		active = led == "Blinking"
	}
	s.labels.blinking = active
	if _, sent := body["AssetTag"]; sent {
		s.labels.assetTag = tag
	}
	return nil
}
