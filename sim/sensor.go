package sim

import (
	"fmt"
	"time"
)

const (
	powerSensor = "SystemBoardPwrConsumption"
	inletSensor = "SystemBoardInletTemp"
	fanCount    = 4
	psuCount    = 2
)

// sensor is one reading of the chassis.
type sensor struct {
	id, name    string
	kind, units string // ReadingType and ReadingUnits
	context     string // PhysicalContext
	read        func(*Server, time.Time) any
	critical    int // the upper limit; 0: none
}

var sensors = func() []sensor {
	list := []sensor{
		{powerSensor, "System Board Pwr Consumption", "Power", "W", "SystemBoard",
			func(s *Server, now time.Time) any { return s.draw(now) }, 1386},
		{inletSensor, "System Board Inlet Temp", "Temperature", "Cel", "Intake",
			func(*Server, time.Time) any { return inletCelsius }, 42},
		{"SystemBoardExhaustTemp", "System Board Exhaust Temp", "Temperature", "Cel", "Exhaust",
			func(s *Server, now time.Time) any { return s.celsius(now, 14) }, 80},
		{"CPU1Temp", "CPU1 Temp", "Temperature", "Cel", "CPU", func(s *Server, now time.Time) any { return s.celsius(now, 31) }, 95},
		{"CPU2Temp", "CPU2 Temp", "Temperature", "Cel", "CPU", func(s *Server, now time.Time) any { return s.celsius(now, 33) }, 95},
	}
	for i := range fanCount {
		list = append(list, sensor{fanID(i), fanName(i), "Rotational", "RPM", "Fan", func(s *Server, now time.Time) any { return s.rpm(now) }, 0})
	}
	return list
}()

func fanID(i int) string   { return fmt.Sprintf("Fan.Embedded.%d", i+1) }
func fanName(i int) string { return fmt.Sprintf("System Board Fan%d", i+1) }

func sensorURI(id string) string { return sensorsURI + "/" + id }

func (t table) addSensors() {
	uris := make([]string, 0, len(sensors))
	for _, x := range sensors {
		uris = append(uris, sensorURI(x.id))
		t[sensorURI(x.id)] = resource{get: x.doc}
	}
	t[sensorsURI] = resource{get: func(*Server) doc { return collection(sensorsURI, "Sensor", "Sensors Collection", uris...) }}
}

func (x sensor) doc(s *Server) doc {
	body := described(sensorURI(x.id), "Sensor", "v1_8_0", x.id, x.name)
	body["Description"] = "Instance of Sensor Id"
	body["ReadingType"] = x.kind
	body["ReadingUnits"] = x.units
	body["Reading"] = x.read(s, time.Now())
	body["PhysicalContext"] = x.context
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	if x.critical > 0 {
		body["Thresholds"] = doc{"UpperCritical": doc{"Reading": x.critical}}
	}
	return body
}
