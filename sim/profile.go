package sim

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// profile is a server configuration profile: the settings of components.
type profile struct {
	components []profileComponent
}

type profileComponent struct {
	fqdd     string
	settings []profileSetting
}

// profileSetting has its name in a profile's spelling: NIC.1#DNSRacName.
type profileSetting struct{ name, value string }

// profileName is how a profile spells the name of an attribute: the group and the
// property are parted by another sign.
func profileName(attribute string) string {
	if i := strings.LastIndexByte(attribute, '.'); i >= 0 {
		return attribute[:i] + "#" + attribute[i+1:]
	}
	return attribute
}

func attributeName(setting string) string { return strings.Replace(setting, "#", ".", 1) }

// xmlProfile is the document as XML.
type xmlProfile struct {
	XMLName    xml.Name       `xml:"SystemConfiguration"`
	Model      string         `xml:"Model,attr,omitempty"`
	ServiceTag string         `xml:"ServiceTag,attr,omitempty"`
	TimeStamp  string         `xml:"TimeStamp,attr,omitempty"`
	Components []xmlComponent `xml:"Component"`
}

type xmlComponent struct {
	FQDD       string         `xml:"FQDD,attr"`
	Attributes []xmlAttribute `xml:"Attribute"`
	Components []xmlComponent `xml:"Component"`
}

type xmlAttribute struct {
	Name  string `xml:"Name,attr"`
	Value string `xml:",chardata"`
}

// jsonProfile is the document as JSON.
type jsonProfile struct {
	SystemConfiguration *jsonConfiguration `json:"SystemConfiguration"`
}

type jsonConfiguration struct {
	Comments   []map[string]string `json:"Comments,omitempty"`
	Model      string              `json:"Model,omitempty"`
	ServiceTag string              `json:"ServiceTag,omitempty"`
	TimeStamp  string              `json:"TimeStamp,omitempty"`
	Components []jsonComponent     `json:"Components"`
}

type jsonComponent struct {
	FQDD       string          `json:"FQDD"`
	Attributes []jsonAttribute `json:"Attributes"`
	Components []jsonComponent `json:"Components,omitempty"`
}

type jsonAttribute struct {
	Name        string `json:"Name"`
	Value       any    `json:"Value"`
	SetOnImport string `json:"Set On Import,omitempty"`
	Comment     string `json:"Comment,omitempty"`
}

var errNotAProfile = errors.New("it is not a server configuration profile in XML or JSON")

// parseProfile reads a profile in either form.
func parseProfile(text string) (profile, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") {
		return parseJSONProfile(text)
	}
	var parsed xmlProfile
	if err := xml.Unmarshal([]byte(text), &parsed); err != nil {
		return profile{}, fmt.Errorf("%w: %w", errNotAProfile, err)
	}
	var p profile
	p.addXML(parsed.Components)
	return p, nil
}

func (p *profile) addXML(list []xmlComponent) {
	for _, c := range list {
		found := profileComponent{fqdd: c.FQDD}
		for _, a := range c.Attributes {
			found.settings = append(found.settings, profileSetting{a.Name, strings.TrimSpace(a.Value)})
		}
		p.components = append(p.components, found)
		p.addXML(c.Components)
	}
}

func parseJSONProfile(text string) (profile, error) {
	var parsed jsonProfile
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		return profile{}, fmt.Errorf("%w: %w", errNotAProfile, err)
	}
	if parsed.SystemConfiguration == nil {
		return profile{}, errNotAProfile
	}
	var p profile
	p.addJSON(parsed.SystemConfiguration.Components)
	return p, nil
}

func (p *profile) addJSON(list []jsonComponent) {
	for _, c := range list {
		found := profileComponent{fqdd: c.FQDD}
		for _, a := range c.Attributes {
			if a.SetOnImport != "False" {
				found.settings = append(found.settings, profileSetting{a.Name, fmt.Sprint(a.Value)})
			}
		}
		p.components = append(p.components, found)
		p.addJSON(c.Components)
	}
}

// exportProfile makes the profile of the components for which wanted is true, without
// what an import could not set.
func (s *Server) exportProfile(wanted func(fqdd string) bool) []jsonComponent {
	components := []jsonComponent{}
	for _, c := range s.gen.components {
		if !wanted(c.fqdd) {
			continue
		}
		values := s.values(c)
		exported := jsonComponent{FQDD: c.fqdd, Attributes: []jsonAttribute{}}
		for _, a := range c.attributes {
			if !a.readOnly {
				exported.Attributes = append(exported.Attributes, jsonAttribute{
					Name: profileName(a.name), Value: fmt.Sprint(values[a.name]), SetOnImport: "True", Comment: "Read and Write",
				})
			}
		}
		components = append(components, exported)
	}
	return components
}

func (s *Server) profileJSON(components []jsonComponent) ([]byte, error) {
	return json.MarshalIndent(jsonProfile{&jsonConfiguration{
		Comments: []map[string]string{{"Comment": "Export type is Normal,JSON"}},
		Model:    s.gen.model, ServiceTag: s.tag, TimeStamp: time.Now().Format(time.ANSIC), Components: components,
	}}, "", "  ")
}

func (s *Server) profileXML(components []jsonComponent) ([]byte, error) {
	document := xmlProfile{Model: s.gen.model, ServiceTag: s.tag, TimeStamp: time.Now().Format(time.ANSIC)}
	for _, c := range components {
		converted := xmlComponent{FQDD: c.FQDD}
		for _, a := range c.Attributes {
			converted.Attributes = append(converted.Attributes, xmlAttribute{a.Name, fmt.Sprint(a.Value)})
		}
		document.Components = append(document.Components, converted)
	}
	return xml.MarshalIndent(document, "", "  ")
}

// profileTargets are the names that groups of components have in Target.
var profileTargets = map[string]string{
	"IDRAC": idracFQDD, "BIOS": biosFQDD, "SYSTEM": systemFQDD, "LC": lifecycleFQDD, "NIC": nicID, "RAID": "RAID.",
}

// parseTargets reads Target: a list, or a text with commas. It tells which components are
// meant; none named means all.
func parseTargets(sent any) (func(fqdd string) bool, error) {
	var names []string
	switch sent := sent.(type) {
	case nil:
	case string:
		names = strings.Split(sent, ",")
	case []any:
		for _, name := range sent {
			name, ok := name.(string)
			if !ok {
				return nil, refuseType("Target")
			}
			names = append(names, name)
		}
	default:
		return nil, refuseType("Target")
	}
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
	}
	return func(fqdd string) bool {
		return len(names) == 0 || slices.ContainsFunc(names, func(name string) bool {
			group, known := profileTargets[strings.ToUpper(name)]
			return strings.EqualFold(name, "ALL") || name == fqdd || known && strings.HasPrefix(fqdd, group)
		})
	}, nil
}
