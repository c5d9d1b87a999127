package bmc

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	powerURI       = chassisURI + "/Power"
	environmentURI = chassisURI + "/EnvironmentMetrics"
)

// metered returns a server with these resources of power, each nil where it has none.
func metered(t testing.TB, power, environment object) *fake {
	t.Helper()
	f := newFake(t)
	f.edit(systemURI, object{"Links": object{"ManagedBy": []object{to(managerURI)}, "Chassis": []object{to(chassisURI)}}})
	f.put(chassisURI, object{})
	for uri, doc := range map[string]object{powerURI: power, environmentURI: environment} {
		if doc != nil {
			f.edit(chassisURI, object{lastSegment(uri): to(uri)})
			f.put(uri, doc)
		}
	}
	return f
}

func fullPower() object {
	return object{"PowerControl": []object{{
		"PowerConsumedWatts": 312, "PowerCapacityWatts": 1400, "PowerLimit": object{"LimitInWatts": nil},
		"PowerMetrics": object{"IntervalInMin": 1, "MinConsumedWatts": 300, "AverageConsumedWatts": 311.5, "MaxConsumedWatts": 340},
	}}}
}

func TestPowerReading(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	watts := func(w float64) *float64 { return &w }
	full := PowerReading{
		Time: now, Consumed: 312, Capacity: watts(1400), Min: watts(300), Average: watts(311.5), Max: watts(340), Interval: time.Minute,
	}
	cases := []struct {
		name               string
		power, environment object
		want               PowerReading
		outcome            Outcome
		says               string
	}{
		{"older firmware", fullPower(), nil, full, Done, ""},
		{"both", fullPower(), object{"PowerWatts": object{"Reading": 99}}, full, Done, ""},
		{"no PowerControl", object{"PowerSupplies": []object{}}, object{"PowerWatts": object{"Reading": 287.5}}, PowerReading{Time: now, Consumed: 287.5}, Done, ""},
		{"an empty PowerControl", object{"PowerControl": []object{}}, object{"PowerWatts": object{"Reading": 1}}, PowerReading{Time: now, Consumed: 1}, Done, ""},
		{"odd types beside it", object{"Redundancy": []object{{"Mode": []string{"N+1"}}}, "PowerControl": []object{{"PowerConsumedWatts": 5, "PowerLimit": "none"}}}, nil, PowerReading{Time: now, Consumed: 5}, Done, ""},
		{"newer firmware", nil, object{"PowerWatts": object{"Reading": 0}}, PowerReading{Time: now}, Done, ""},
		{"no reading", object{"PowerControl": []object{{"PowerConsumedWatts": nil}}}, nil, PowerReading{}, Permanent, "measures no power"},
		{"nothing", nil, nil, PowerReading{}, Permanent, "measures no power"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := metered(t, c.power, c.environment)
			for _, uri := range []string{powerURI, environmentURI} {
				if doc, ok := f.docs[uri]; ok {
					f.on("GET "+uri, func(object) answer {
						return answer{status: 200, body: doc, header: map[string]string{"Date": now.Format(time.RFC1123)[:26] + "GMT"}}
					})
				}
			}
			got, err := f.connect(t).PowerReading(t.Context())
			wantError(t, err, c.outcome, c.says)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestPowerPollTakesOneRequest once it is known where to look.
func TestPowerPollTakesOneRequest(t *testing.T) {
	t.Parallel()
	f := metered(t, fullPower(), nil)
	b := f.connect(t)
	read := func() error {
		_, err := b.PowerReading(t.Context())
		return err
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	before := f.gets()
	if err := read(); err != nil || f.gets() != before+1 {
		t.Errorf("%d requests, %v", f.gets()-before, err)
	}
	f.edit(powerURI, object{"PowerControl": []object{{}}})
	wantError(t, read(), Transient, "no reading now")
	// Its firmware is updated and has it elsewhere.
	f.put(environmentURI, object{"PowerWatts": object{"Reading": 7}})
	f.edit(chassisURI, object{"Power": nil, "EnvironmentMetrics": to(environmentURI)})
	f.on("GET "+powerURI, always(404, ""))
	wantError(t, read(), Permanent, "read power consumption")
	if err := read(); err != nil {
		t.Errorf("it is not found again: %v", err)
	}
}

func TestSensors(t *testing.T) {
	t.Parallel()
	limit := func(v float64) *float64 { return &v }
	thermal := object{
		"Temperatures": []object{
			{"MemberId": "0x05", "Name": "Inlet", "ReadingCelsius": 23, "Status": object{"Health": "OK"}, "UpperThresholdNonCritical": 38, "UpperThresholdCritical": 42},
			{"MemberId": "0x06", "Name": "CPU2", "ReadingCelsius": nil},
		},
		"Fans": []object{{"MemberId": "0x17", "FanName": "Fan1A", "Reading": 5400, "ReadingUnits": "RPM"}, {"Reading": nil}, {"MemberId": "0x18", "Name": "Fan1B", "Reading": 30, "ReadingUnits": "Percent"}},
	}
	fromThermal := []Sensor{
		{ID: "0x05", Name: "Inlet", Kind: "Temperature", Reading: 23, Unit: "Cel", Health: "OK", Warning: limit(38), Critical: limit(42)},
		{ID: "0x17", Name: "Fan1A", Kind: "Rotational", Reading: 5400, Unit: "RPM"},
		{ID: "0x18", Name: "Fan1B", Kind: "Rotational", Reading: 30, Unit: "%"},
	}
	fromSensors := []Sensor{{ID: "Inlet", Name: "Inlet Temp", Kind: "Temperature", Reading: 24, Unit: "Cel", Health: "OK", Critical: limit(42)}}
	cases := []struct {
		name             string
		thermal, sensors bool
		expand           bool
		want             []Sensor
		requests         int // of the second reading
	}{
		{"thermal", true, false, false, fromThermal, 1},
		{"sensors at once", true, true, true, fromSensors, 1},
		{"thermal at once before sensors one by one", true, true, false, fromThermal, 1},
		{"sensors one by one", false, true, false, fromSensors, 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := metered(t, nil, nil)
			if c.expand {
				f.offerExpand()
			}
			if c.thermal {
				f.edit(chassisURI, object{"Thermal": to(chassisURI + "/Thermal")})
				f.put(chassisURI+"/Thermal", maps.Clone(thermal))
			}
			if c.sensors {
				f.edit(chassisURI, object{"Sensors": to(chassisURI + "/Sensors")})
				f.collect(chassisURI + "/Sensors")
				f.put(chassisURI+"/Sensors/Inlet", object{"Name": "Inlet Temp", "ReadingType": "Temperature", "ReadingUnits": "Cel", "Reading": 24, "Status": object{"Health": "OK"}, "Thresholds": object{"UpperCritical": object{"Reading": 42}}})
				f.put(chassisURI+"/Sensors/Absent", object{"Reading": nil})
			}
			b := f.connect(t)
			if _, err := b.Sensors(t.Context()); err != nil {
				t.Fatal(err)
			}
			before := f.gets()
			got, err := b.Sensors(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if n := f.gets() - before; n != c.requests {
				t.Errorf("%d requests, want %d", n, c.requests)
			}
		})
	}
}

func TestNoSensors(t *testing.T) {
	t.Parallel()
	_, err := metered(t, nil, nil).connect(t).Sensors(t.Context())
	wantError(t, err, Permanent, "does not link")
}
