package bmc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
)

// dellLinks are what a resource has of Dell's own, resources or actions, by their names.
// Their places differ between firmware releases.
type dellLinks map[string]json.RawMessage

// dell returns the URI of one of Dell's resources, or "".
func (m *managerDoc) dell(name string) string { return m.Links.Oem.Dell.uri(name) }

// uri returns where a resource is that is linked to, or "".
func (d dellLinks) uri(name string) string {
	var to link
	if decode(bytes.NewReader(d[name]), &to) != nil {
		return ""
	}
	return to.URI
}

// oemAction returns where to post one of Dell's actions on the manager, or "".
func (m *managerDoc) oemAction(name string) string { return m.Actions.Oem.action(name) }

// action returns the target of an action of Dell's, or "". Its name has differing prefixes:
// EID_674_Manager on old firmware, then OemManager with and without a version.
func (d dellLinks) action(name string) string {
	for full, action := range d {
		var to struct {
			Target string `json:"target"`
		}
		if strings.HasSuffix(full, "."+name) && decode(bytes.NewReader(action), &to) == nil {
			return to.Target
		}
	}
	return ""
}

// dellAction returns where to post an action of one of Dell's services, such as
// SystemErase of DellLCService.
func (b *BMC) dellAction(ctx context.Context, op, service, action string) (target string, err error) {
	manager, err := b.ownManager(ctx, op)
	if err != nil {
		return "", err
	}
	uri := manager.dell(service)
	if uri == "" {
		return "", b.notOffered(op, "the BMC has no "+service)
	}
	var doc struct {
		Actions map[string]struct {
			Target string `json:"target"`
		}
	}
	if _, err := b.get(ctx, op, uri, &doc); err != nil {
		return "", err
	}
	target = doc.Actions["#"+service+"."+action].Target
	if target == "" {
		return "", b.notOffered(op, "the BMC's "+service+" has no "+action)
	}
	return target, nil
}

// errNotOffered is behind the refusals of what this BMC's firmware or licence leaves out.
var errNotOffered = errors.New("not offered by this BMC")

func (b *BMC) notOffered(op, message string) error {
	return &Error{
		Outcome: Permanent, Op: op, Server: b.cfg.Server, Message: message,
		Hint: "its firmware may be too old, or its licence may not cover this", Err: errNotOffered,
	}
}
