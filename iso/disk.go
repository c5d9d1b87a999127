package iso

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Disk names one disk by exactly one of its fields. In JSON a string alone is
// the Path. An installation that finds no such disk, or more than one, stops
// before it has erased anything.
type Disk struct {
	// Path is a device, best as /dev/disk/by-id/….
	Path string `json:"path,omitempty"`
	// Serial is the serial number.
	Serial string `json:"serial,omitempty"`
	// WWN is the world wide name in hexadecimal, with or without 0x, naa. or eui.
	WWN string `json:"wwn,omitempty"`
	// Volume is the durable name that Redfish has for a RAID volume. Controllers
	// pass it on as WWN.
	Volume string `json:"volume,omitempty"`
	// Model is a part of the model's name that only one disk has, such as BOSS or
	// PERC. Case does not count.
	Model string `json:"model,omitempty"`
}

// UnmarshalJSON implements [json.Unmarshaler].
func (d *Disk) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte{'"'}) {
		*d = Disk{}
		return json.Unmarshal(raw, &d.Path)
	}
	type fields Disk
	decoder := json.NewDecoder(bytes.NewReader(raw))
	// What is not understood could name another disk.
	decoder.DisallowUnknownFields()
	if err := decoder.Decode((*fields)(d)); err != nil {
		return fmt.Errorf("disk: %w", err)
	}
	return nil
}

// MarshalJSON implements [json.Marshaler].
func (d Disk) MarshalJSON() ([]byte, error) {
	if d == (Disk{Path: d.Path}) {
		return json.Marshal(d.Path)
	}
	type fields Disk
	return json.Marshal(fields(d))
}

// Pattern is an extended regular expression for one of udev's properties of the
// disk, written in small letters.
func (d Disk) Pattern() string {
	exact := func(value string) string { return regexp.QuoteMeta(strings.ToLower(value)) + "$" }
	switch {
	case d.Serial != "":
		return "^id_(serial|serial_short|scsi_serial)=" + exact(d.Serial)
	case d.WWN != "" || d.Volume != "":
		return "^id_(wwn|wwn_with_extension|serial_short)=(0x|naa[.]|eui[.])?" + exact(bareWWN(d.WWN+d.Volume))
	default: // udev writes a blank as it is or as _
		words := strings.FieldsFunc(strings.ToLower(d.Model), func(r rune) bool { return r == ' ' || r == '_' })
		for i, word := range words {
			words[i] = regexp.QuoteMeta(word)
		}
		return "^id_model=.*" + strings.Join(words, "[ _]+")
	}
}

// bareWWN is a name's digits alone.
func bareWWN(name string) string {
	for _, prefix := range []string{"0x", "naa.", "eui."} {
		name = strings.TrimPrefix(name, prefix)
	}
	return name
}

// Problem is what an installer says that does not find the disk.
func (d Disk) Problem() string {
	for _, by := range [][2]string{
		{"path", d.Path}, {"serial", d.Serial}, {"wwn", d.WWN}, {"volume", d.Volume}, {"model", d.Model},
	} {
		if by[1] != "" {
			return fmt.Sprintf("not exactly one disk here has %s %s: nothing has been erased", by[0], by[1])
		}
	}
	return "no disk is named"
}

// Named says that the answers name a disk.
func (d Disk) Named() bool { return d != Disk{} }
