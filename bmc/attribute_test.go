package bmc

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const attributesURI = managerURI + "/Oem/Dell/DellAttributes/iDRAC.Embedded.1"

// addAttributes gives the fake attributes of its own, where firmware since 4.00 has them.
func (f *fake) addAttributes(attributes object) {
	f.addAttributesAt(attributesURI, attributes)
	f.linkDell("DellAttributes", "")
	dell := f.docs[managerURI]["Links"].(object)["Oem"].(object)["Dell"].(object)
	dell["DellAttributes"] = []object{{"@odata.id": managerURI + "/Oem/Dell/DellAttributes/System.Embedded.1"}, {"@odata.id": attributesURI}}
}

func (f *fake) addAttributesAt(uri string, attributes object) {
	f.docs[uri] = object{"@odata.id": uri, "Id": "iDRAC.Embedded.1", "Attributes": attributes}
	f.actions["PATCH "+uri] = func(body object) answer {
		change, _ := body["Attributes"].(object)
		maps.Copy(attributes, change)
		return answer{status: http.StatusOK, body: object{}}
	}
}

func (f *fake) attributes() object {
	attributes, _ := f.docs[attributesURI]["Attributes"].(object)
	return attributes
}

func TestSetAttribute(t *testing.T) {
	t.Parallel()
	const name = "VirtualMedia.1.Attached"
	old := managerURI + "/Attributes"
	cases := []struct {
		name    string
		uri     string // linked, unless it is the old place
		is      object
		answers []answer
		writes  []string
		outcome Outcome
	}{
		{"set", attributesURI, object{name: "Detached"}, nil, []string{"PATCH " + attributesURI}, Done},
		{"set already", attributesURI, object{name: "AutoAttach"}, nil, nil, Done},
		{"in the old place", old, object{name: "Attached"}, nil, []string{"PATCH " + old}, Done},
		{"the answer is lost", attributesURI, object{name: "Detached"}, []answer{{drop: true}}, []string{"PATCH " + attributesURI}, Done},
		{"without effect", attributesURI, object{name: "Detached"}, []answer{{status: 200, body: object{}}}, []string{"PATCH " + attributesURI}, Unknown},
		{"no such attribute", attributesURI, object{}, nil, nil, Permanent},
		{"no attributes", "", nil, nil, nil, Permanent},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			switch c.uri {
			case attributesURI:
				f.addAttributes(c.is)
			case old:
				f.addAttributesAt(old, c.is)
			}
			f.scripted("PATCH "+c.uri, c.answers...)
			b := f.connect(t)
			if c.outcome == Unknown {
				b.pace.attribute = 20 * time.Millisecond
			}
			wantError(t, b.setAttribute(t.Context(), "set", name, "AutoAttach"), c.outcome)
			if diff := cmp.Diff(c.writes, f.writes()); diff != "" {
				t.Errorf("writes (-want +got):\n%s", diff)
			}
		})
	}
}
