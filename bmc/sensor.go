package bmc

import (
	"cmp"
	"context"
)

const (
	opSensors    = "read sensors"
	placeThermal = "thermal"
)

// Sensor is a measurement of the server's chassis.
type Sensor struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Kind is Temperature, Rotational (a fan) or another of Redfish's ReadingTypes.
	Kind    string  `json:"kind"`
	Reading float64 `json:"reading"`
	// Unit is Cel, RPM, %, V, A or W.
	Unit string `json:"unit"`
	// Health is OK, Warning or Critical, or empty where the BMC does not know.
	Health string `json:"health,omitempty"`
	// Warning and Critical are the upper thresholds, nil where there is none.
	Warning  *float64 `json:"warning,omitempty"`
	Critical *float64 `json:"critical,omitempty"`
}

type sensorDoc struct {
	ID         string `json:"Id"`
	Name       string
	Kind       string `json:"ReadingType"`
	Reading    *float64
	Unit       string `json:"ReadingUnits"`
	Status     struct{ Health string }
	Thresholds struct {
		Warning  thresholdDoc `json:"UpperCaution"`
		Critical thresholdDoc `json:"UpperCritical"`
	}
}

type thresholdDoc struct{ Reading *float64 }

// thermalDoc is what firmware without a sensor collection has, and newer keeps.
type thermalDoc struct {
	Temperatures []struct {
		ID       string `json:"MemberId"`
		Name     string
		Reading  *float64 `json:"ReadingCelsius"`
		Status   struct{ Health string }
		Warning  *float64 `json:"UpperThresholdNonCritical"`
		Critical *float64 `json:"UpperThresholdCritical"`
	}
	Fans []struct {
		ID       string `json:"MemberId"`
		Name     string
		FanName  string
		Reading  *float64
		Unit     string `json:"ReadingUnits"`
		Status   struct{ Health string }
		Warning  *float64 `json:"UpperThresholdNonCritical"`
		Critical *float64 `json:"UpperThresholdCritical"`
	}
}

// Sensors reads the sensors that have a value now: all of them where they can be read with
// one request, else temperatures and fans.
func (b *BMC) Sensors(ctx context.Context) ([]Sensor, error) {
	uri, err := b.findSensors(ctx)
	if err != nil {
		return nil, err
	}
	if uri != b.known(placeThermal) {
		docs, err := readMembers[sensorDoc](ctx, b, opSensors, uri)
		if err != nil {
			return nil, err
		}
		return sensorsOf(docs), nil
	}
	var doc thermalDoc
	if _, err := b.get(ctx, opSensors, uri, &doc); err != nil {
		return nil, err
	}
	return doc.sensors(), nil
}

// findSensors returns the collection of sensors, or the thermal resource where that is
// the better one to poll.
func (b *BMC) findSensors(ctx context.Context) (string, error) {
	return b.place("sensors", func() (string, error) {
		doc, err := b.chassisLinks(ctx, opSensors)
		if err != nil {
			return "", err
		}
		if doc.Thermal.URI == "" || doc.Sensors.URI != "" && b.expands() {
			return doc.Sensors.URI, nil
		}
		b.placed(placeThermal, doc.Thermal.URI)
		return doc.Thermal.URI, nil
	})
}

func sensorsOf(docs []sensorDoc) []Sensor {
	sensors := make([]Sensor, 0, len(docs))
	for _, d := range docs {
		if d.Reading == nil {
			continue
		}
		sensors = append(sensors, Sensor{
			ID: d.ID, Name: d.Name, Kind: d.Kind, Reading: *d.Reading, Unit: d.Unit, Health: d.Status.Health,
			Warning: d.Thresholds.Warning.Reading, Critical: d.Thresholds.Critical.Reading,
		})
	}
	return sensors
}

func (d *thermalDoc) sensors() []Sensor {
	sensors := make([]Sensor, 0, len(d.Temperatures)+len(d.Fans))
	for _, t := range d.Temperatures {
		if t.Reading == nil {
			continue
		}
		sensors = append(sensors, Sensor{
			ID: t.ID, Name: t.Name, Kind: "Temperature", Reading: *t.Reading, Unit: "Cel", Health: t.Status.Health,
			Warning: t.Warning, Critical: t.Critical,
		})
	}
	for _, f := range d.Fans {
		if f.Reading == nil {
			continue
		}
		unit := f.Unit
		if unit == "Percent" {
			unit = "%"
		}
		sensors = append(sensors, Sensor{
			ID: f.ID, Name: cmp.Or(f.Name, f.FanName), Kind: "Rotational", Reading: *f.Reading, Unit: unit, Health: f.Status.Health,
			Warning: f.Warning, Critical: f.Critical,
		})
	}
	return sensors
}
