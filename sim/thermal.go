package sim

import (
	"fmt"
	"time"
)

const (
	thermalMetricsURI = thermalSubsystemURI + "/ThermalMetrics"
	fansURI           = thermalSubsystemURI + "/Fans"
)

func (t table) addThermalSubsystem() {
	t[thermalSubsystemURI] = resource{get: (*Server).thermalSubsystem}
	t[thermalMetricsURI] = resource{get: (*Server).thermalMetrics}
	uris := make([]string, 0, fanCount)
	for i := range fanCount {
		uri := fansURI + "/" + fanID(i)
		uris = append(uris, uri)
		t[uri] = resource{get: func(s *Server) doc { return s.fan(i) }}
	}
	t[fansURI] = resource{get: func(*Server) doc { return collection(fansURI, "Fan", "Fan Collection", uris...) }}
}

func (s *Server) thermalSubsystem() doc {
	body := described(thermalSubsystemURI, "ThermalSubsystem", "v1_3_1", "ThermalSubsystem", "Thermal Subsystem")
	body["Description"] = "Thermal subsystem of the chassis"
	body["ThermalMetrics"] = ref(thermalMetricsURI)
	body["Fans"] = ref(fansURI)
	body["Status"] = healthy()
	return body
}

func (s *Server) thermalMetrics() doc {
	now := time.Now()
	body := described(thermalMetricsURI, "ThermalMetrics", "v1_3_1", "ThermalMetrics", "Chassis Thermal Metrics")
	body["Description"] = "Temperatures of the chassis"
	readings := []doc{}
	for _, x := range sensors {
		if x.kind == "Temperature" {
			readings = append(readings, doc{"DeviceName": x.name, "DataSourceUri": sensorURI(x.id), "Reading": x.read(s, now)})
		}
	}
	body["TemperatureReadingsCelsius"] = readings
	body["TemperatureReadingsCelsius@odata.count"] = len(readings)
	return body
}

func (s *Server) fan(i int) doc {
	body := described(fansURI+"/"+fanID(i), "Fan", "v1_5_2", fanID(i), fanName(i))
	body["Description"] = "Fan of the chassis"
	body["HotPluggable"] = true
	body["PhysicalContext"] = "SystemBoard"
	body["SpeedPercent"] = doc{"DataSourceUri": sensorURI(fanID(i)), "Reading": s.rpm(time.Now()) / 100, "SpeedRPM": s.rpm(time.Now())}
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	return body
}

func (s *Server) legacyThermal() doc {
	now := time.Now()
	body := described(thermalURI, "Thermal", "v1_7_1", "Thermal", "Thermal")
	body["Description"] = "Represents the properties for Temperature and Cooling"
	temperatures := []doc{}
	for _, x := range sensors {
		if x.kind != "Temperature" {
			continue
		}
		temperatures = append(temperatures, doc{
			"@odata.id":              fmt.Sprintf("%s#/Temperatures/%d", thermalURI, len(temperatures)),
			"@odata.type":            "#Thermal.v1_7_0.Temperature",
			"MemberId":               x.id,
			"Name":                   x.name,
			"ReadingCelsius":         x.read(s, now),
			"UpperThresholdCritical": x.critical,
			"PhysicalContext":        x.context,
			"Status":                 doc{"Health": "OK", "State": "Enabled"},
		})
	}
	fans := make([]doc, 0, fanCount)
	for i := range fanCount {
		fans = append(fans, doc{
			"@odata.id":       fmt.Sprintf("%s#/Fans/%d", thermalURI, i),
			"@odata.type":     "#Thermal.v1_7_0.Fan",
			"MemberId":        fanID(i),
			"Name":            fanName(i),
			"Reading":         s.rpm(now),
			"ReadingUnits":    "RPM",
			"PhysicalContext": "SystemBoard",
			"Status":          doc{"Health": "OK", "State": "Enabled"},
		})
	}
	body["Temperatures"], body["Temperatures@odata.count"] = temperatures, len(temperatures)
	body["Fans"], body["Fans@odata.count"] = fans, len(fans)
	return body
}
