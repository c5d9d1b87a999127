package bmc

import (
	"encoding/json"
	"maps"
	"testing"
)

const (
	controlURI          = chassisURI + "/Controls/PowerLimit"
	serverAttributesURI = managerURI + "/Oem/Dell/DellAttributes/System.Embedded.1"
)

// capped returns a server that has its power cap at one place, initially 400 W, and the
// URI of that place.
func capped(t *testing.T, place string) (f *fake, uri string) {
	t.Helper()
	setPoint := object{"SetPoint": 400, "AllowableMin": 200, "AllowableMax": 900, "ControlMode": "Automatic"}
	switch place {
	case "limit":
		power := fullPower()
		power["PowerControl"].([]object)[0]["PowerLimit"] = object{"LimitInWatts": 400}
		f, uri = metered(t, power, nil), powerURI
	case "environment":
		f, uri = metered(t, object{}, object{"PowerLimitWatts": setPoint}), environmentURI
	case "control":
		f, uri = metered(t, nil, object{}), controlURI
		f.edit(chassisURI, object{"Controls": to(chassisURI + "/Controls")})
		f.collect(chassisURI + "/Controls")
		f.put(chassisURI+"/Controls/Fan", object{"ControlType": "Percent", "SetPoint": 30})
		setPoint["ControlType"] = "Power"
		f.put(controlURI, setPoint)
	case "attributes":
		f, uri = metered(t, nil, nil), serverAttributesURI
		f.edit(managerURI, object{"Links": object{"Oem": object{"Dell": object{"DellAttributes": []object{to(managerURI + "/Oem/Dell/DellAttributes/iDRAC.Embedded.1"), to(serverAttributesURI)}}}}})
		f.put(serverAttributesURI, object{"Attributes": object{
			attributeCap: "Enabled", attributeWatts: "400 W", attributeMin: 200, attributeMax: 900,
		}})
	}
	f.on("PATCH "+uri, func(body object) answer { f.merge(uri, place, body); return answer{status: 200, body: object{}} })
	return f, uri
}

// merge carries a change of the cap out, as each place wants it worded.
func (f *fake) merge(uri, place string, body object) {
	switch place {
	case "limit":
		control := body["PowerControl"].([]any)[0].(object)
		f.docs[uri]["PowerControl"].([]object)[0]["PowerLimit"] = control["PowerLimit"]
	case "environment":
		maps.Copy(f.docs[uri]["PowerLimitWatts"].(object), body["PowerLimitWatts"].(object))
	case "attributes":
		maps.Copy(f.docs[uri]["Attributes"].(object), body["Attributes"].(object))
	default:
		maps.Copy(f.docs[uri], body)
	}
}

func TestPowerCap(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"limit", "environment", "control", "attributes"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			f, uri := capped(t, place)
			b := f.connect(t)
			limit := PowerCap{Watts: 400, Min: 200, Max: 900}
			if place == "limit" {
				limit.Min, limit.Max = 0, 0
			}
			want := func(watts int) {
				t.Helper()
				limit.Watts = watts
				if got, err := b.PowerCap(t.Context()); err != nil || got != limit {
					t.Errorf("%+v, want %+v, %v", got, limit, err)
				}
			}
			want(400)
			for _, watts := range []int{500, 500, 0, 0, 350} {
				previous, err := b.SetPowerCap(t.Context(), watts)
				if err != nil || previous != limit {
					t.Errorf("to %d W: was %+v, want %+v, %v", watts, previous, limit, err)
				}
				want(watts)
			}
			if n := len(f.seen("PATCH " + uri)); n != 3 {
				t.Errorf("%d changes for 3 different values", n)
			}
		})
	}
}

func TestPowerCapFails(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		watts   int
		change  func(*fake)
		outcome Outcome
		says    string
	}{
		{"too little", 100, nil, Permanent, "200 to 900 W"},
		{"too much", 901, nil, Permanent, "901 W is out of range"},
		{"negative", -1, nil, Permanent, "out of range"},
		{"not honoured", 500, func(f *fake) { f.on("PATCH "+environmentURI, always(200, object{})) }, Unknown, "a power cap of 500 W"},
		{"refused", 500, func(f *fake) {
			f.scripted("PATCH "+environmentURI, redfishError(400, "IDRAC.2.8.LIC501"))
		}, Permanent, "licence"},
		{"the answer is lost, but it happened", 500, func(f *fake) { f.scripted("PATCH "+environmentURI, answer{drop: true}) }, Done, ""},
		{"not offered", 500, func(f *fake) { f.edit(environmentURI, object{"PowerLimitWatts": nil}) }, Permanent, "offers no power cap"},
		{"not readable now", 500, func(f *fake) { f.scripted("GET "+environmentURI, answer{status: 503}) }, Transient, "set power cap"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, _ := capped(t, "environment")
			if c.change != nil {
				c.change(f)
			}
			_, err := f.connect(t).SetPowerCap(t.Context(), c.watts)
			wantError(t, err, c.outcome, c.says)
		})
	}
}

// TestPowerCapRangeFromElsewhere: the Power resource does not say what it takes, Dell's
// attributes do.
func TestPowerCapRangeFromElsewhere(t *testing.T) {
	t.Parallel()
	f, _ := capped(t, "attributes")
	f.edit(chassisURI, object{"Power": to(powerURI)})
	f.put(powerURI, fullPower())
	b := f.connect(t)
	if got, err := b.PowerCap(t.Context()); err != nil || got != (PowerCap{Min: 200, Max: 900}) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err := b.SetPowerCap(t.Context(), 901)
	wantError(t, err, Permanent, "200 to 900 W")
}

// TestPowerCapIsAnInteger: an iDRAC9 refuses 500.0, and null turns the cap off.
func TestPowerCapIsAnInteger(t *testing.T) {
	t.Parallel()
	for watts, want := range map[int]string{
		500: `{"PowerControl":[{"PowerLimit":{"LimitInWatts":500}}]}`,
		0:   `{"PowerControl":[{"PowerLimit":{"LimitInWatts":null}}]}`,
	} {
		got, err := json.Marshal(changePowerLimit(watts))
		if err != nil || string(got) != want {
			t.Errorf("%s, want %s, %v", got, want, err)
		}
	}
}

// FuzzPowerCap: whatever a document holds, a cap is a sensible number of watts or none.
func FuzzPowerCap(f *testing.F) {
	f.Add([]byte(`{"PowerControl":[{"PowerLimit":{"LimitInWatts":1e300}}]}`))
	f.Add([]byte(`{"PowerLimitWatts":{"SetPoint":-5,"AllowableMin":"x"}}`))
	f.Add([]byte(`{"ControlType":"Power","SetPoint":99.6}`))
	f.Add([]byte(`{"Attributes":{"ServerPwr.1.PowerCapSetting":"Enabled","ServerPwr.1.PowerCapValue":"99999999999999999999 W"}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		var props map[string]json.RawMessage
		if json.Unmarshal(doc, &props) != nil {
			t.Skip("no object")
		}
		for _, parse := range []func(map[string]json.RawMessage) (PowerCap, bool){parsePowerLimit, parseEnvironment, parseControl, parseAttributes} {
			limit, there := parse(props)
			if limit.Watts < 0 || limit.Min < 0 || limit.Max < 0 || !there && limit != (PowerCap{}) {
				t.Errorf("%+v, %v", limit, there)
			}
		}
	})
}
