package bmc

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLinksIn(t *testing.T) {
	t.Parallel()
	var doc map[string]json.RawMessage
	text := `{"One":{"@odata.id":"/a"},"Many":[{"@odata.id":"/a"},7,{},{"@odata.id":"/b%23c"}],"Deep":{"er":{"@odata.id":"/d"}},"Text":"/e","Empty":[],"@odata.id":"/self"}`
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		path []string
		want []string
	}{
		{[]string{"One"}, []string{"/a"}},
		{[]string{"Many"}, []string{"/a", "/b%23c"}},
		{[]string{"Deep", "er"}, []string{"/d"}},
		{[]string{"Deep", "est"}, nil},
		{[]string{"Text", "er"}, nil},
		{[]string{"Text"}, nil},
		{[]string{"Absent"}, nil},
	}
	for _, c := range cases {
		if diff := cmp.Diff(c.want, linksIn(doc, c.path...)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.path, diff)
		}
	}
	if linkIn(doc, "One") != "/a" || linkIn(doc, "Many") != "" || linkIn(nil, "One") != "" {
		t.Error("one link is not one")
	}
	if textIn(doc, "@odata.id") != "/self" || textIn(doc, "One") != "" {
		t.Error("text is not text")
	}
}

// TestPlace: what was found is remembered, and neither an empty answer nor a failure.
func TestPlace(t *testing.T) {
	t.Parallel()
	b := newFake(t).connect(t)
	asked := 0
	find := func(uri string, err error) func() (string, error) {
		return func() (string, error) { asked++; return uri, err }
	}
	failed := errors.New("failed")
	for _, step := range []struct {
		uri  string
		err  error
		want string
	}{{"", nil, ""}, {"/x", failed, ""}, {"/a", nil, "/a"}, {"/b", nil, "/a"}} {
		got, err := b.place("p", find(step.uri, step.err))
		if got != step.want || !errors.Is(err, step.err) {
			t.Errorf("%q, %v, want %q", got, err, step.want)
		}
	}
	if asked != 3 {
		t.Errorf("asked %d times", asked)
	}
	b.misplaced("p")
	if got, _ := b.place("p", find("/c", nil)); got != "/c" {
		t.Errorf("%q after it was forgotten", got)
	}
}

func TestFindChassis(t *testing.T) {
	t.Parallel()
	enclosure := "/redfish/v1/Chassis/Enclosure.Internal.0-1"
	cases := []struct {
		name   string
		links  []object
		listed []string
		want   string
	}{
		{"linked", []object{to(enclosure), to(chassisURI)}, nil, chassisURI},
		{"another make", []object{to("/redfish/v1/Chassis/1")}, nil, "/redfish/v1/Chassis/1"},
		{"only listed", nil, []string{enclosure, chassisURI}, chassisURI},
		{"none", nil, nil, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.edit(systemURI, object{"Links": object{"Chassis": c.links}})
			f.edit(serviceRootURI, object{"Chassis": to("/redfish/v1/Chassis")})
			f.docs["/redfish/v1/Chassis"] = members(c.listed...)
			got, err := f.connect(t).findChassis(t.Context(), "test")
			if err != nil || got != c.want {
				t.Errorf("%q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestPagesFollowNextLink(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	first := members("/1", "/2")
	first["Members@odata.nextLink"] = "/list?$skip=2"
	f.docs["/list"] = first
	f.scripted("GET /list?$skip=2", answer{status: 200, body: members("/3")})
	list, err := f.connect(t).pages(t.Context(), "test", "/list")
	if err != nil || len(list.Members) != 3 {
		t.Errorf("%d members, %v", len(list.Members), err)
	}
	if list, err = f.connect(t).pages(t.Context(), "test", "/list"); err != nil || len(list.Members) != 2*maxPages {
		t.Errorf("%d members of an endless chain, %v", len(list.Members), err)
	}
}
