package bmc

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	opPowerCap    = "read power cap"
	opSetPowerCap = "set power cap"
)

// PowerCap is the limit of what the server may consume.
type PowerCap struct {
	// Watts is 0 when there is no limit.
	Watts int `json:"watts"`
	// Min and Max are the limits that the BMC accepts, 0 where it does not say.
	Min int `json:"min,omitempty"`
	Max int `json:"max,omitempty"`
}

// PowerCap reads the power cap.
func (b *BMC) PowerCap(ctx context.Context) (PowerCap, error) {
	_, limit, err := b.findCap(ctx, opPowerCap)
	return limit, err
}

// SetPowerCap limits the server's consumption, reads it back, and returns what the cap was
// before so that it can be restored. Zero watts remove the limit.
func (b *BMC) SetPowerCap(ctx context.Context, watts int) (previous PowerCap, err error) {
	at, previous, err := b.findCap(ctx, opSetPowerCap)
	if err != nil || previous.Watts == watts {
		return previous, err
	}
	if err := b.checkCap(previous, watts); err != nil {
		return previous, err
	}
	asked := b.patch(ctx, opSetPowerCap, at.uri, at.etag, at.change(watts))
	w := wait{op: opSetPowerCap, what: fmt.Sprintf("a power cap of %d W", watts), every: b.pace.poll, limit: b.pace.boot}
	return previous, b.confirm(ctx, asked, w, func(ctx context.Context) (bool, error) {
		now, _, err := b.readCap(ctx, opSetPowerCap, &at)
		return err == nil && now.Watts == watts, err
	})
}

func (b *BMC) checkCap(limit PowerCap, watts int) error {
	low := watts != 0 && limit.Min > 0 && watts < limit.Min
	high := limit.Max > 0 && watts > limit.Max
	if watts >= 0 && !low && !high {
		return nil
	}
	hint := "give 0 or more"
	if limit.Max > 0 {
		hint = fmt.Sprintf("this server takes %d to %d W", limit.Min, limit.Max)
	}
	return b.refuse(opSetPowerCap, fmt.Sprintf("%d W is out of range", watts), hint)
}

// capPlace is a place where firmware has the power cap, and how it words it there.
type capPlace struct {
	uri    string
	parse  func(props map[string]json.RawMessage) (limit PowerCap, there bool)
	change func(watts int) any

	etag string
}

// findCap returns the first place that has a power cap: of the older Power resource, of
// EnvironmentMetrics, of a Control, or Dell's own attributes.
func (b *BMC) findCap(ctx context.Context, op string) (capPlace, PowerCap, error) {
	places, err := b.capPlaces(ctx, op)
	if err != nil {
		return capPlace{}, PowerCap{}, err
	}
	var (
		chosen *capPlace
		limit  PowerCap
	)
	for i := range places {
		found, there, err := b.readCap(ctx, op, &places[i])
		if err != nil && OutcomeOf(err) != Permanent {
			return capPlace{}, PowerCap{}, err
		}
		if err != nil || !there {
			continue
		}
		if chosen == nil {
			chosen, limit = &places[i], found
		}
		// The Power resource names no range, which the places after it may.
		limit.Min, limit.Max = cmp.Or(limit.Min, found.Min), cmp.Or(limit.Max, found.Max)
		if limit.Max > 0 {
			break
		}
	}
	if chosen != nil {
		return *chosen, limit, nil
	}
	return capPlace{}, PowerCap{}, b.refuse(op, "the BMC offers no power cap", "power capping needs iDRAC Enterprise and power supplies that measure")
}

func (b *BMC) capPlaces(ctx context.Context, op string) ([]capPlace, error) {
	chassis, err := b.chassisLinks(ctx, op)
	if err != nil {
		return nil, err
	}
	places := []capPlace{
		{uri: chassis.Power.URI, parse: parsePowerLimit, change: changePowerLimit},
		{uri: chassis.EnvironmentMetrics.URI, parse: parseEnvironment, change: changeEnvironment},
	}
	if chassis.Controls.URI != "" {
		controls, err := b.members(ctx, op, chassis.Controls.URI)
		if err != nil && OutcomeOf(err) != Permanent {
			return nil, err
		}
		for _, uri := range controls {
			places = append(places, capPlace{uri: uri, parse: parseControl, change: changeControl})
		}
	}
	attributes, err := b.systemAttributes(ctx, op)
	if err != nil {
		return nil, err
	}
	places = append(places, capPlace{uri: attributes, parse: parseAttributes, change: changeAttributes})
	return slices.DeleteFunc(places, func(at capPlace) bool { return at.uri == "" }), nil
}

// systemAttributes returns the URI of Dell's attributes of the server, or "".
func (b *BMC) systemAttributes(ctx context.Context, op string) (string, error) {
	manager, err := b.findManager(ctx, op)
	if err != nil {
		return "", err
	}
	var doc map[string]json.RawMessage
	if _, err := b.get(ctx, op, manager, &doc); err != nil {
		return "", err
	}
	for _, uri := range linksIn(doc, "Links", "Oem", "Dell", "DellAttributes") {
		if strings.HasSuffix(uri, mainSystem) {
			return uri, nil
		}
	}
	return "", nil
}

func (b *BMC) readCap(ctx context.Context, op string, at *capPlace) (limit PowerCap, there bool, err error) {
	var props map[string]json.RawMessage
	if at.etag, err = b.get(ctx, op, at.uri, &props); err != nil {
		return PowerCap{}, false, err
	}
	limit, there = at.parse(props)
	return limit, there, nil
}

func parsePowerLimit(props map[string]json.RawMessage) (PowerCap, bool) {
	var controls []powerControlDoc
	if lenient(json.Unmarshal(props["PowerControl"], &controls)) != nil || len(controls) == 0 || controls[0].Limit == nil {
		return PowerCap{}, false
	}
	return PowerCap{Watts: whole(controls[0].Limit.Watts)}, true
}

// changePowerLimit sends an integer: an iDRAC9 refuses anything else.
func changePowerLimit(watts int) any {
	var limit *int
	if watts > 0 {
		limit = &watts
	}
	return map[string]any{"PowerControl": []any{map[string]any{"PowerLimit": map[string]any{"LimitInWatts": limit}}}}
}

// setPointDoc is a control in the newer schema.
type setPointDoc struct {
	SetPoint *float64
	Min      *float64 `json:"AllowableMin"`
	Max      *float64 `json:"AllowableMax"`
	Mode     string   `json:"ControlMode"`
	Type     string   `json:"ControlType"`
}

func (d setPointDoc) powerCap() PowerCap {
	limit := PowerCap{Watts: whole(d.SetPoint), Min: whole(d.Min), Max: whole(d.Max)}
	if d.Mode == "Disabled" {
		limit.Watts = 0
	}
	return limit
}

func setPoint(watts int) map[string]any {
	if watts == 0 {
		return map[string]any{"ControlMode": "Disabled"}
	}
	return map[string]any{"SetPoint": watts, "ControlMode": "Automatic"}
}

func parseEnvironment(props map[string]json.RawMessage) (PowerCap, bool) {
	var doc *setPointDoc
	if decode(bytes.NewReader(props["PowerLimitWatts"]), &doc) != nil || doc == nil {
		return PowerCap{}, false
	}
	return doc.powerCap(), true
}

func changeEnvironment(watts int) any { return map[string]any{"PowerLimitWatts": setPoint(watts)} }

// parseControl takes the control of power; there are others, of fans and frequencies.
func parseControl(props map[string]json.RawMessage) (PowerCap, bool) {
	body, err := json.Marshal(props)
	var doc setPointDoc
	if err != nil || decode(bytes.NewReader(body), &doc) != nil || doc.Type != "Power" {
		return PowerCap{}, false
	}
	return doc.powerCap(), true
}

func changeControl(watts int) any { return setPoint(watts) }

const (
	attributeCap    = "ServerPwr.1.PowerCapSetting"
	attributeWatts  = "ServerPwr.1.PowerCapValue"
	attributeMin    = "ServerPwr.1.PowerCapMinThres"
	attributeMax    = "ServerPwr.1.PowerCapMaxThres"
	attributeOn     = "Enabled"
	attributeNotSet = "Disabled"
)

func parseAttributes(props map[string]json.RawMessage) (PowerCap, bool) {
	var attributes map[string]json.RawMessage
	if json.Unmarshal(props["Attributes"], &attributes) != nil || attributes[attributeCap] == nil {
		return PowerCap{}, false
	}
	limit := PowerCap{Min: attributeNumber(attributes, attributeMin), Max: attributeNumber(attributes, attributeMax)}
	if textIn(attributes, attributeCap) == attributeOn {
		limit.Watts = attributeNumber(attributes, attributeWatts)
	}
	return limit, true
}

func changeAttributes(watts int) any {
	change := map[string]any{attributeCap: attributeNotSet}
	if watts > 0 {
		change = map[string]any{attributeCap: attributeOn, attributeWatts: watts}
	}
	return map[string]any{"Attributes": change}
}

// attributeNumber reads a number, which an attribute may hold as text such as "415 W".
func attributeNumber(attributes map[string]json.RawMessage, name string) int {
	if number, ok := numberIn(attributes, name); ok {
		return whole(&number)
	}
	text, _, _ := strings.Cut(strings.TrimSpace(textIn(attributes, name)), " ")
	number, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return max(number, 0)
}

// whole returns watts as an integer, or 0 for none. More than a rack's worth is no watts.
func whole(watts *float64) int {
	const rack = 1e6
	if watts == nil || !(*watts > 0 && *watts < rack) {
		return 0
	}
	return int(*watts + 0.5)
}

// numberIn returns a property that is a number.
func numberIn(props map[string]json.RawMessage, name string) (float64, bool) {
	var number *float64
	if json.Unmarshal(props[name], &number) != nil || number == nil {
		return 0, false
	}
	return *number, true
}
