package bmc

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
)

var errNoProfile = errors.New("not a server configuration profile in XML or JSON")

// ProfileDifference is a setting of a profile that a server has with another value.
type ProfileDifference struct {
	// Component is the FQDD, such as BIOS.Setup.1-1, and Name the attribute's.
	Component, Name string
	// Is is empty when the server does not have the setting. Values may be secrets.
	Is, Want string
}

// CompareProfiles lists, in the profile's order, the settings of the profile want that
// differ in is, which was exported from a server. Without any, an import has nothing to do.
// Settings that the profile marks as not to be imported are left out.
func CompareProfiles(is, want []byte) ([]ProfileDifference, error) {
	now, err := profileSettings(is)
	if err != nil {
		return nil, fmt.Errorf("the exported profile is %w", err)
	}
	wanted, err := profileSettings(want)
	if err != nil {
		return nil, fmt.Errorf("the wanted profile is %w", err)
	}
	values := make(map[profileName]string, len(now))
	for _, setting := range now {
		values[setting.profileName] = setting.value
	}
	var differences []ProfileDifference
	for _, setting := range wanted {
		value, there := values[setting.profileName]
		if setting.skipped || there && value == setting.value {
			continue
		}
		differences = append(differences, ProfileDifference{
			Component: setting.component, Name: setting.name, Is: value, Want: setting.value,
		})
	}
	return differences, nil
}

type profileName struct{ component, name string }

type profileSetting struct {
	profileName

	value   string
	skipped bool // on import
}

// profileComponent is a component in either format.
type profileComponent struct {
	FQDD       string             `xml:"FQDD,attr"`
	Attributes []profileAttribute `xml:"Attribute"`
	Components []profileComponent `xml:"Component"`
}

type profileAttribute struct {
	Name string `xml:"Name,attr"`
	// Text is the value in XML, Value in JSON.
	Text     string          `json:"-" xml:",chardata"`
	Value    json.RawMessage `xml:"-"`
	OnImport string          `json:"Set On Import" xml:"-"`
}

func (a *profileAttribute) value() string {
	if a.Value == nil {
		return strings.TrimSpace(a.Text)
	}
	return strings.TrimSpace(scalar(a.Value))
}

func profileSettings(profile []byte) ([]profileSetting, error) {
	components, err := profileComponents(bytes.TrimSpace(profile))
	if err != nil {
		return nil, err
	}
	return appendSettings(nil, components), nil
}

func profileComponents(profile []byte) ([]profileComponent, error) {
	if bytes.HasPrefix(profile, []byte("<")) {
		var doc struct {
			XMLName    xml.Name           `xml:"SystemConfiguration"`
			Components []profileComponent `xml:"Component"`
		}
		if err := xml.Unmarshal(profile, &doc); err != nil {
			return nil, errNoProfile // the parser's error could repeat a secret
		}
		return doc.Components, nil
	}
	var doc struct {
		SystemConfiguration *struct{ Components []profileComponent }
	}
	if lenient(json.Unmarshal(profile, &doc)) != nil || doc.SystemConfiguration == nil {
		return nil, errNoProfile
	}
	return doc.SystemConfiguration.Components, nil
}

func appendSettings(settings []profileSetting, components []profileComponent) []profileSetting {
	for _, component := range components {
		for i := range component.Attributes {
			attribute := &component.Attributes[i]
			settings = append(settings, profileSetting{
				profileName: profileName{component.FQDD, attribute.Name},
				value:       attribute.value(), skipped: attribute.OnImport == "False",
			})
		}
		settings = appendSettings(settings, component.Components)
	}
	return settings
}
