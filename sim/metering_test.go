package sim

import (
	"net/http"
	"testing"
	"time"
)

// reading follows a path of property names to a number.
func reading(t *testing.T, s *Server, uri string, path ...string) any {
	t.Helper()
	var value any = must(t, s, http.StatusOK, http.MethodGet, uri, "").body
	for _, name := range path {
		if list, ok := value.([]any); ok {
			value = list[0]
		}
		object, _ := value.(doc)
		value = object[name]
	}
	return value
}

// TestPowerCap sets the cap in each of the ways there are, and reads it in all.
func TestPowerCap(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	reset(t, s, "On")
	await(t, s, PowerState, "to", stateOn)
	for _, test := range []struct {
		uri, body string
		want      any
	}{
		{powerURI, `{"PowerControl":[{"PowerLimit":{"LimitInWatts":250}}]}`, 250.0},
		{environmentURI, `{"PowerLimitWatts":{"SetPoint":240,"ControlMode":"Automatic"}}`, 240.0},
		{powerControlURI, `{"SetPoint":230}`, 230.0},
		{powerControlURI, `{"ControlMode":"Disabled"}`, nil},
		{powerControlURI, `{"ControlMode":"Automatic"}`, 230.0},
		{powerURI, `{"PowerControl":[{"PowerLimit":{"LimitInWatts":null}}]}`, nil},
	} {
		must(t, s, http.StatusOK, http.MethodPatch, test.uri, test.body)
		if got := reading(t, s, powerURI, "PowerControl", "PowerLimit", "LimitInWatts"); got != test.want {
			t.Errorf("%s %s: the limit is %v, want %v", test.uri, test.body, got, test.want)
		}
		mode := capDisabled
		if test.want != nil {
			mode = capAutomatic
			if watts := reading(t, s, environmentURI, "PowerWatts", "Reading"); watts != test.want {
				t.Errorf("%s: it draws %v W", test.body, watts)
			}
		}
		if got := reading(t, s, environmentURI, "PowerLimitWatts", "ControlMode"); got != mode {
			t.Errorf("%s: the mode is %v, want %s", test.body, got, mode)
		}
	}
}

func TestPowerCapRefusals(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	for _, test := range []struct{ uri, body, message string }{
		{powerControlURI, `{"SetPoint":5}`, "Base.1.12.PropertyValueOutOfRange"},
		{powerControlURI, `{"SetPoint":"much"}`, "Base.1.12.PropertyValueTypeError"},
		{powerControlURI, `{"SetPoint":300.5}`, "Base.1.12.PropertyValueTypeError"},
		{powerControlURI, `{"ControlMode":"Automatic"}`, "Base.1.12.ActionParameterMissing"},
		{powerControlURI, `{"AllowableMax":1}`, "Base.1.12.PropertyNotWritable"},
		{environmentURI, `{"PowerWatts":{}}`, "Base.1.12.PropertyNotWritable"},
		{environmentURI, `{"PowerLimitWatts":5}`, "Base.1.12.PropertyValueTypeError"},
		{powerURI, `{"PowerControl":[]}`, "Base.1.12.PropertyValueTypeError"},
		{powerURI, `{"PowerControl":[{}]}`, "Base.1.12.ActionParameterMissing"},
		{powerURI, `{"Colour":"red"}`, "Base.1.12.PropertyUnknown"},
	} {
		if got := must(t, s, http.StatusBadRequest, http.MethodPatch, test.uri, test.body); got.messageID() != test.message {
			t.Errorf("%s %s: %s, want %s", test.uri, test.body, got.messageID(), test.message)
		}
	}
	if _, ok := s.PowerCap(); ok {
		t.Error("there is a cap")
	}
}

func TestReadingsFollowThePower(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	off := reading(t, s, sensorURI("CPU1Temp"), "Reading")
	if fan := reading(t, s, thermalURI, "Fans", "Reading"); fan != 0.0 {
		t.Errorf("while off, fans turn at %v", fan)
	}
	reset(t, s, "On")
	await(t, s, PowerState, "to", stateOn)
	if on := reading(t, s, sensorURI("CPU1Temp"), "Reading"); on == off {
		t.Errorf("on and off it is %v degrees warm", on)
	}
	if fan := reading(t, s, thermalURI, "Fans", "Reading"); fan == 0.0 {
		t.Error("while on, fans stand still")
	}
	if again := s.swing(time.Unix(120, 0)); again != s.swing(time.Unix(121, 0)) || again < -wattsSwing || again > wattsSwing {
		t.Errorf("the swing is %d W", again)
	}
}

func TestTelemetry(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	const power = definitionsURI + "/PowerMetrics"
	values := func() int {
		list, _ := must(t, s, http.StatusOK, http.MethodGet, reportsURI+"/PowerMetrics", "").body["MetricValues"].([]any)
		return len(list)
	}
	if values() != 1 {
		t.Errorf("%d values", values())
	}
	must(t, s, http.StatusOK, http.MethodPatch, power, `{"MetricReportDefinitionEnabled":false,"Schedule":{"RecurrenceInterval":"PT2M"}}`)
	if got := reading(t, s, power, "Schedule", "RecurrenceInterval"); got != "PT120S" || values() != 0 {
		t.Errorf("interval %v, %d values", got, values())
	}
	for _, bad := range []string{`{"Schedule":{"RecurrenceInterval":"soon"}}`, `{"Schedule":{"RecurrenceInterval":"PT1S"}}`, `{"Colour":"red"}`} {
		must(t, s, http.StatusBadRequest, http.MethodPatch, power, bad)
	}
	must(t, startGeneration(t, IDRAC8), http.StatusNotFound, http.MethodGet, telemetryURI, "")
}

func TestIndicator(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	must(t, s, http.StatusOK, http.MethodPatch, systemURI, `{"LocationIndicatorActive":true,"AssetTag":"R7U12"}`)
	if led, tag := reading(t, s, chassisURI, "IndicatorLED"), reading(t, s, chassisURI, "AssetTag"); led != "Blinking" || tag != "R7U12" {
		t.Errorf("LED %v, asset tag %v", led, tag)
	}
	must(t, s, http.StatusOK, http.MethodPatch, chassisURI, `{"IndicatorLED":"Lit"}`)
	if active := reading(t, s, systemURI, "LocationIndicatorActive"); active != false {
		t.Errorf("active: %v", active)
	}
	must(t, s, http.StatusBadRequest, http.MethodPatch, chassisURI, `{"IndicatorLED":"Dancing"}`)
	must(t, s, http.StatusBadRequest, http.MethodPatch, chassisURI, `{"Model":"X"}`)
}
