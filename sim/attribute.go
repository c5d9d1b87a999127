package sim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// FQDDs of what has attributes.
const (
	biosFQDD      = "BIOS.Setup.1-1"
	idracFQDD     = "iDRAC.Embedded.1"
	systemFQDD    = "System.Embedded.1"
	lifecycleFQDD = "LifecycleController.Embedded.1"
)

// attribute is a setting of a component. Its kind follows from what is set: values, or a
// range, or neither for a text.
type attribute struct {
	name     string // of a group and a property, such as NIC.1.DNSRacName, or of the BIOS
	label    string
	value    string // the default
	values   []string
	min, max int // of a number; max 0 is none
	readOnly bool
}

const readOnly = true

func choice(name, label, value string, others ...string) attribute {
	return attribute{name: name, label: label, value: value, values: append([]string{value}, others...)}
}

func toggle(name, label, value string) attribute {
	other := "Enabled"
	if value == other {
		other = "Disabled"
	}
	return choice(name, label, value, other)
}

func number(name, label string, value, low, high int) attribute {
	return attribute{name: name, label: label, value: strconv.Itoa(value), min: low, max: high}
}

func words(name, label, value string) attribute {
	return attribute{name: name, label: label, value: value, max: 0}
}

func (a attribute) fixed() attribute {
	a.readOnly = readOnly
	return a
}

func (a attribute) isNumber() bool { return a.max > 0 }

// accept turns what a client sent into the value to keep.
func (a attribute) accept(sent any) (string, error) {
	var value string
	switch sent := sent.(type) {
	case string:
		value = sent
	case float64:
		value = strconv.FormatFloat(sent, 'f', -1, 64)
	default:
		return "", fmt.Errorf("the value of %s is neither text nor a number", a.name)
	}
	switch {
	case a.readOnly:
		return "", fmt.Errorf("%s is read only", a.name)
	case len(a.values) > 0 && !slices.Contains(a.values, value):
		return "", fmt.Errorf("%s cannot be %q: it is one of %s", a.name, value, strings.Join(a.values, ", "))
	case a.isNumber():
		n, err := strconv.Atoi(value)
		if err != nil || n < a.min || n > a.max {
			return "", fmt.Errorf("%s cannot be %q: it is a number from %d to %d", a.name, value, a.min, a.max)
		}
	}
	return value, nil
}

// shown is the value as JSON has it.
func (a attribute) shown(value string) any {
	if !a.isNumber() {
		return value
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return nil
	}
	return n
}

// component is a device with attributes.
type component struct {
	fqdd       string
	attributes []attribute
}

func (c *component) find(name string) (attribute, bool) {
	i := slices.IndexFunc(c.attributes, func(a attribute) bool { return a.name == name })
	if i < 0 {
		return attribute{}, false
	}
	return c.attributes[i], true
}

func (g *generation) component(fqdd string) (*component, bool) {
	i := slices.IndexFunc(g.components, func(c *component) bool { return c.fqdd == fqdd })
	if i < 0 {
		return nil, false
	}
	return g.components[i], true
}

// Attribute returns the value of an attribute of a component, such as "SysProfile" of
// "BIOS.Setup.1-1" or "NIC.1.DNSRacName" of "iDRAC.Embedded.1"; "" if there is none.
func (s *Server) Attribute(fqdd, name string) string {
	c, ok := s.gen.component(fqdd)
	if !ok {
		return ""
	}
	a, _ := c.find(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value(fqdd, a)
}

// value returns an attribute's present value. The caller holds s.mu.
func (s *Server) value(fqdd string, a attribute) string {
	if changed, ok := s.attributes[fqdd][a.name]; ok {
		return changed
	}
	return cmp.Or(s.ownValue(a.name), a.value)
}

// ownValue is the default of the few attributes that differ from server to server.
func (s *Server) ownValue(name string) string {
	switch name {
	case "SystemServiceTag":
		return s.tag
	case "NIC.1.DNSRacName":
		return "idrac-" + s.tag
	case "NIC.1.MACAddress":
		return s.managerMAC()
	case "SystemModelName":
		return s.gen.model
	case "SystemBiosVersion":
		return s.firmwareVersion("BIOS.Setup.1-1")
	default:
		return ""
	}
}

// values returns what all attributes of a component are, by name.
func (s *Server) values(c *component) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	values := make(map[string]any, len(c.attributes))
	for _, a := range c.attributes {
		values[a.name] = a.shown(s.value(c.fqdd, a))
	}
	return values
}

// setAttributes makes accepted values the present ones.
func (s *Server) setAttributes(fqdd string, values map[string]string) {
	if len(values) == 0 {
		return
	}
	s.mu.Lock()
	if s.attributes[fqdd] == nil {
		s.attributes[fqdd] = map[string]string{}
	}
	maps.Copy(s.attributes[fqdd], values)
	if fqdd == biosFQDD && values["BootMode"] != "" {
		s.override.mode = overrideMode(values["BootMode"])
	}
	s.mu.Unlock()
	detail := []string{"target", fqdd}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		detail = append(detail, name, values[name])
	}
	s.record(AttributesSet, detail...)
}

// overrideMode is the Redfish name of a BIOS boot mode.
func overrideMode(bootMode string) string {
	if bootMode == "Bios" {
		return modeLegacy
	}
	return modeUEFI
}

// acceptAttributes checks the attributes of a PATCH; nothing is set if one is refused.
func (c *component) acceptAttributes(sent doc) (map[string]string, error) {
	accepted := make(map[string]string, len(sent))
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		a, ok := c.find(name)
		if !ok {
			return nil, refuseUnknownProperty("Attributes/" + name)
		}
		if a.readOnly {
			return nil, refuseReadOnly("Attributes/" + name)
		}
		value, err := a.accept(sent[name])
		if err != nil {
			return nil, refuseAttribute(name, err)
		}
		accepted[name] = value
	}
	return accepted, nil
}
