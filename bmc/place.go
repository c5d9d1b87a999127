package bmc

import (
	"context"
	"encoding/json"
	"strings"
)

const (
	serviceRootURI = "/redfish/v1/"
	// mainChassis ends the URI of the server's own chassis on an iDRAC, which lists
	// backplanes and enclosures beside it.
	mainChassis = "/System.Embedded.1"
)

// place returns where something is that does not move while the BMC runs. It is
// found once for each connection; an empty answer of find is not remembered.
func (b *BMC) place(name string, find func() (string, error)) (string, error) {
	if uri := b.known(name); uri != "" {
		return uri, nil
	}
	uri, err := find()
	if err != nil || uri == "" {
		return "", err
	}
	b.placed(name, uri)
	return uri, nil
}

// known returns a place that has been found, or "".
func (b *BMC) known(name string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.places[name]
}

func (b *BMC) placed(name, uri string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.places == nil {
		b.places = make(map[string]string)
	}
	b.places[name] = uri
}

// misplaced forgets a place: an update of the BMC's firmware can move resources.
func (b *BMC) misplaced(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.places, name)
}

// rooted returns the URI that the service root links to by this name, or "".
func (b *BMC) rooted(ctx context.Context, op, name string) (string, error) {
	return b.place(name, func() (string, error) {
		var root map[string]json.RawMessage
		if _, err := b.get(ctx, op, serviceRootURI, &root); err != nil {
			return "", err
		}
		return linkIn(root, name), nil
	})
}

// findManager returns the URI of the BMC's own resource.
func (b *BMC) findManager(ctx context.Context, op string) (string, error) {
	return b.place("manager", func() (string, error) {
		system, err := b.system(ctx, op)
		if err != nil {
			return "", err
		}
		manager, err := b.manager(ctx, op, system)
		if err != nil {
			return "", err
		}
		return manager.URI, nil
	})
}

// findChassis returns the URI of the chassis that the server fills.
func (b *BMC) findChassis(ctx context.Context, op string) (string, error) {
	return b.place("chassis", func() (string, error) {
		system, err := b.findSystem(ctx, op)
		if err != nil {
			return "", err
		}
		var doc struct{ Links struct{ Chassis []link } }
		if _, err := b.get(ctx, op, system, &doc); err != nil {
			return "", err
		}
		uris := make([]string, 0, len(doc.Links.Chassis))
		for _, chassis := range doc.Links.Chassis {
			uris = append(uris, chassis.URI)
		}
		if len(uris) == 0 {
			if uris, err = b.rootMembers(ctx, op, "Chassis"); err != nil {
				return "", err
			}
		}
		return ownChassis(uris), nil
	})
}

func (b *BMC) rootMembers(ctx context.Context, op, name string) ([]string, error) {
	uri, err := b.rooted(ctx, op, name)
	if err != nil || uri == "" {
		return nil, err
	}
	return b.members(ctx, op, uri)
}

func ownChassis(uris []string) string {
	for _, uri := range uris {
		if strings.HasSuffix(uri, mainChassis) {
			return uri
		}
	}
	if len(uris) == 0 {
		return ""
	}
	return uris[0]
}

// linkIn returns the URI that an object refers to at this path, or "".
func linkIn(object map[string]json.RawMessage, path ...string) string {
	uris := linksIn(object, path...)
	if len(uris) != 1 {
		return ""
	}
	return uris[0]
}

// linksIn returns the URIs that an object refers to at this path, where one link or a
// list of them may be. What has another form refers to nothing.
func linksIn(object map[string]json.RawMessage, path ...string) []string {
	for _, name := range path[:len(path)-1] {
		var inner map[string]json.RawMessage
		if json.Unmarshal(object[name], &inner) != nil {
			return nil
		}
		object = inner
	}
	found := object[path[len(path)-1]]
	var one link
	if json.Unmarshal(found, &one) == nil && one.URI != "" {
		return []string{one.URI}
	}
	var many []json.RawMessage
	if json.Unmarshal(found, &many) != nil {
		return nil
	}
	uris := make([]string, 0, len(many))
	for _, element := range many {
		var one link
		if json.Unmarshal(element, &one) == nil && one.URI != "" {
			uris = append(uris, one.URI)
		}
	}
	return uris
}

// textIn returns a property that is a string, or "".
func textIn(object map[string]json.RawMessage, name string) string {
	var text string
	if json.Unmarshal(object[name], &text) != nil {
		return ""
	}
	return text
}
