package bmc

import (
	"maps"
	"testing"
)

func TestIdentifyLight(t *testing.T) {
	t.Parallel()
	obey := func(f *fake, uri string) {
		f.on("PATCH "+uri, func(body object) answer { maps.Copy(f.docs[uri], body); return answer{status: 200, body: object{}} })
	}
	cases := []struct {
		name     string
		change   func(*fake)
		outcome  Outcome
		writes   int
		uri      string
		property string
		value    any
	}{
		{"newer", func(f *fake) { f.edit(systemURI, object{"LocationIndicatorActive": false, "IndicatorLED": "Off"}) }, Done, 1, systemURI, "LocationIndicatorActive", true},
		{"older", func(f *fake) { f.edit(systemURI, object{"IndicatorLED": "Off"}) }, Done, 1, systemURI, "IndicatorLED", "Blinking"},
		{"of the chassis", func(f *fake) { f.edit(chassisURI, object{"IndicatorLED": "Off"}) }, Done, 1, chassisURI, "IndicatorLED", "Blinking"},
		{"on already", func(f *fake) { f.edit(systemURI, object{"IndicatorLED": "Lit"}) }, Done, 0, systemURI, "IndicatorLED", "Lit"},
		{"none", func(*fake) {}, Permanent, 0, systemURI, "IndicatorLED", nil},
		{"it does not obey", func(f *fake) {
			f.edit(systemURI, object{"IndicatorLED": "Off"})
			f.on("PATCH "+systemURI, func(object) answer { return answer{status: 200, body: object{}} })
		}, Unknown, 1, systemURI, "IndicatorLED", "Off"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			furnish(f)
			obey(f, systemURI)
			obey(f, chassisURI)
			c.change(f)
			b := f.connect(t)
			wantError(t, b.SetIdentifyLight(t.Context(), true), c.outcome, "")
			if len(f.writes()) != c.writes || f.state(c.uri, c.property) != c.value {
				t.Errorf("%v, %s is %v", f.writes(), c.property, f.state(c.uri, c.property))
			}
			if c.outcome != Done {
				return
			}
			if lit, err := b.IdentifyLight(t.Context()); err != nil || !lit {
				t.Errorf("lit %v, %v", lit, err)
			}
		})
	}
}

func TestIdentifyLightOff(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.edit(systemURI, object{"IndicatorLED": "Blinking"})
	f.on("PATCH "+systemURI, func(body object) answer { maps.Copy(f.docs[systemURI], body); return answer{status: 204} })
	if err := f.connect(t).SetIdentifyLight(t.Context(), false); err != nil || f.state(systemURI, "IndicatorLED") != "Off" {
		t.Errorf("%v, %v", f.state(systemURI, "IndicatorLED"), err)
	}
}
