package bmc

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// setAttribute sets one of Dell's attributes of the BMC itself, such as
// VirtualMedia.1.Attached, and confirms it.
func (b *BMC) setAttribute(ctx context.Context, op, name, value string) error {
	uri, err := b.ownAttributes(ctx, op)
	if err != nil {
		return err
	}
	etag, is, err := b.attribute(ctx, op, uri, name)
	if err != nil || is == value {
		return err
	}
	asked := b.patch(ctx, op, uri, etag, map[string]any{"Attributes": map[string]string{name: value}})
	w := wait{op: op, what: fmt.Sprintf("%s is %s", name, value), every: b.pace.poll, limit: b.pace.attribute}
	return b.confirm(ctx, asked, w, func(ctx context.Context) (bool, error) {
		_, is, err := b.attribute(ctx, op, uri, name)
		return err == nil && is == value, err
	})
}

func (b *BMC) attribute(ctx context.Context, op, uri, name string) (etag, value string, err error) {
	var doc struct{ Attributes map[string]json.RawMessage }
	etag, err = b.get(ctx, op, uri, &doc)
	if hasStatus(err, http.StatusNotFound) || err == nil && doc.Attributes[name] == nil {
		return "", "", b.notOffered(op, "the BMC has no attribute "+name)
	}
	return etag, scalar(doc.Attributes[name]), err
}

// ownAttributes finds the BMC's own attributes: linked to since firmware 4.00, below the
// manager before. The other linked ones are the server's and the Lifecycle Controller's.
func (b *BMC) ownAttributes(ctx context.Context, op string) (string, error) {
	return b.place("attributes", func() (string, error) {
		manager, err := b.ownManager(ctx, op)
		if err != nil {
			return "", err
		}
		var links []link
		if err := lenient(json.Unmarshal(manager.Links.Oem.Dell["DellAttributes"], &links)); err != nil {
			return manager.URI + "/Attributes", nil //nolint:nilerr // it does not link to them
		}
		own := manager.URI[strings.LastIndexByte(manager.URI, '/'):]
		for _, to := range links {
			if strings.HasSuffix(to.URI, own) {
				return to.URI, nil
			}
		}
		return manager.URI + "/Attributes", nil
	})
}
