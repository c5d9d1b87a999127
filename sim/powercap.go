package sim

import (
	"strconv"
	"time"
)

const powerControlURI = controlsURI + "/PowerLimit"

// Values of ControlMode.
const (
	capAutomatic = "Automatic"
	capDisabled  = "Disabled"
)

func (t table) addPowerCap() {
	t[controlsURI] = resource{get: func(*Server) doc {
		return collection(controlsURI, "Control", "Control Collection", powerControlURI)
	}}
	t[powerControlURI] = resource{get: (*Server).powerControl, patch: func(s *Server, body doc) error {
		for name := range body {
			if name != "SetPoint" && name != "ControlMode" {
				return refusePatch(name, s.powerControl())
			}
		}
		return s.setCap(body, "SetPoint")
	}}
	t[environmentURI] = resource{get: (*Server).environment, patch: (*Server).patchEnvironment}
}

func (s *Server) powerControl() doc {
	body := described(powerControlURI, "Control", "v1_3_0", "PowerLimit", "System Power Limit")
	body["Description"] = "Power limit of the system"
	body["PhysicalContext"] = "Chassis"
	body["ControlType"] = "Power"
	body["SetPointType"] = "Single"
	body["SetPointUnits"] = "W"
	s.describeCap(body)
	body["Sensor"] = doc{"Reading": s.draw(time.Now()), "DataSourceUri": sensorURI(powerSensor)}
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	return body
}

// describeCap shows the cap in the words of the Control schema.
func (s *Server) describeCap(body doc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body["ControlMode"] = capDisabled
	body["SetPoint"] = nil
	if s.cap.enabled {
		body["ControlMode"] = capAutomatic
	}
	if s.cap.watts > 0 {
		body["SetPoint"] = s.cap.watts
	}
	body["AllowableMin"] = capLow
	body["AllowableMax"] = capHigh
}

// setCap applies a cap whose watts are the named property. Watts alone switch the cap
// on; a null switches it off.
func (s *Server) setCap(body doc, name string) error {
	mode, err := oneOf(body, "ControlMode", []string{capAutomatic, capDisabled})
	if err != nil {
		return err
	}
	s.mu.Lock()
	wanted := s.cap
	s.mu.Unlock()
	if wanted.watts, err = integer(body, name, wanted.watts, capLow, capHigh); err != nil {
		return err
	}
	if value, sent := body[name]; sent {
		wanted.enabled = value != nil
	}
	if mode != "" {
		wanted.enabled = mode == capAutomatic
	}
	if wanted.enabled && wanted.watts == 0 {
		return refuseMissingProperty(name)
	}
	s.mu.Lock()
	s.cap = wanted
	s.mu.Unlock()
	s.record(PowerCapSet, "enabled", strconv.FormatBool(wanted.enabled), "watts", strconv.Itoa(wanted.watts))
	return nil
}

func (s *Server) environment() doc {
	now := time.Now()
	body := described(environmentURI, "EnvironmentMetrics", "v1_3_1", "EnvironmentMetrics", "Chassis Environment Metrics")
	body["Description"] = "Environment metrics of the chassis"
	body["PowerWatts"] = doc{"Reading": s.draw(now), "DataSourceUri": sensorURI(powerSensor)}
	body["TemperatureCelsius"] = doc{"Reading": inletCelsius, "DataSourceUri": sensorURI(inletSensor)}
	fans := make([]doc, 0, fanCount)
	for i := range fanCount {
		fans = append(fans, doc{"DeviceName": fanName(i), "DataSourceUri": sensorURI(fanID(i)), "Reading": s.rpm(now) / 100, "SpeedRPM": s.rpm(now)})
	}
	body["FanSpeedsPercent"] = fans
	body["FanSpeedsPercent@odata.count"] = len(fans)
	limit := doc{"DataSourceUri": powerControlURI}
	s.describeCap(limit)
	body["PowerLimitWatts"] = limit
	return body
}

// patchEnvironment sets the power cap, the one thing a client can write here.
func (s *Server) patchEnvironment(body doc) error {
	for name := range body {
		if name != "PowerLimitWatts" {
			return refusePatch(name, s.environment())
		}
	}
	limit, ok := body["PowerLimitWatts"].(doc)
	if !ok {
		return refuseType("PowerLimitWatts")
	}
	return s.setCap(limit, "SetPoint")
}
